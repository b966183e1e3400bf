# SPDX-License-Identifier: Apache-2.0
"""What is an error by default, item by item.

Each item has a small policy that is sound but for one line, the line that
breaks it, and the rules that must then fail: these and no other. The sound
one must pass. usage: HALF
"""
import json
import subprocess
import sys

HEAD = "policy: p\nchip: ATECC608\nslots:\n  0: {name: identity, purpose: identity}\n"

# what is wrong, (the sound text, the one that is not), rules that fail
ITEMS = [
    ("a secret that the fleet shares",
     "  5: {name: s, purpose: secret, content: %s}\n", ("unique", "shared"),
     {"FLEET-SECRET"}),
    ("a seal key that the fleet shares",
     "  9: {name: s, purpose: seal-key, content: %s}\n", ("unique", "shared"),
     {"FLEET-SECRET"}),
    ("an identity that anyone regenerates",
     "  1: {name: id, purpose: identity, regenerate: %s}\n", ("no", "yes"),
     {"PRIV-REGEN"}),
    ("an identity that is regenerable and can never be locked",
     "  1: {name: id, purpose: identity, regenerate: yes, lock: %s}\n",
     ("once-filled", "never"), {"PRIV-REGEN"}),
    ("an identity that is regenerable and is left unlocked",
     "  1: {name: id, purpose: identity, regenerate: yes, lock: %s}\n",
     ("once-filled", "later"), {"PRIV-REGEN"}),
    ("an identity that who has a readable key overwrites",
     "  1: {name: id, purpose: identity, write: with k}\n"
     "  5: {name: k, purpose: wrapping-key, read: %s}\n",
     ("nobody", "anyone"), {"PRIV-OVERWRITE", "KEY-READABLE"}),
    ("a secret readable in clear",
     "  5: {name: s, purpose: secret, read: %s}\n", ("nobody", "anyone"),
     {"SECRET-READABLE"}),
    ("a secret that nobody calls so, readable in clear",
     "  5: {name: s, purpose: secret, bits: {IsSecret: %s}}\n", ("1", "0"),
     {"SECRET-READABLE"}),
    ("a secret readable with a key that is itself readable",
     "  5: {name: s, purpose: secret, read: with k}\n"
     "  6: {name: k, purpose: wrapping-key, read: %s}\n",
     ("nobody", "anyone"), {"SECRET-READABLE", "KEY-READABLE"}),
    ("a secret readable with a key that is readable with a readable key",
     "  5: {name: s, purpose: secret, read: with k}\n"
     "  6: {name: k, purpose: wrapping-key, read: with l}\n"
     "  7: {name: l, purpose: wrapping-key, read: %s}\n",
     ("nobody", "anyone"), {"SECRET-READABLE", "KEY-READABLE"}),
    ("a write key that is writable",
     "  5: {name: k, purpose: wrapping-key, write: %s}\n"
     "  8: {name: d, purpose: data, write: with k, read: anyone}\n",
     ("nobody", "anyone"), {"KEY-WRITABLE"}),
    ("a secret that is writable",
     "  5: {name: s, purpose: secret, write: %s}\n", ("nobody", "anyone"),
     {"SECRET-WRITABLE"}),
    ("a boot key that anyone replaces",
     "  15: {name: b, purpose: boot-key, file: f, write: %s}\n"
     "secure-boot: {mode: check-signature, public-key: b}\n",
     ("nobody", "anyone"), {"SECUREBOOT-PUBKEY-WRITABLE"}),
    ("a validation key that anyone replaces",
     "  13: {name: v, purpose: public-key, file: f, write: %s}\n"
     "  14: {name: k, purpose: validated-key, validated-by: v}\n",
     ("nobody", "anyone"), {"PARENT-KEY-WRITABLE", "VALIDATED-KEY-BYPASS"}),
    ("a stored boot digest that anyone writes",
     "  7: {name: g, purpose: boot-digest, write: %s}\n"
     "  15: {name: b, purpose: boot-key, file: f}\n"
     "secure-boot: {mode: store-digest, public-key: b, stored-in: g}\n",
     ("nobody", "anyone"), {"SECUREBOOT-DIGEST-WRITABLE", "SECRET-WRITABLE"}),
    ("secure boot with a slot that is no public key",
     "  8: {name: d, purpose: constant, file: f}\n"
     "  15: {name: b, purpose: boot-key, file: f}\n"
     "secure-boot: {mode: check-signature, public-key: %s}\n", ("b", "d"),
     {"SECUREBOOT-PUBKEY-TYPE"}),
    ("a bus address that anyone changes",
     "interface: {address-change: %s}\n", ("never", "once"),
     {"ADDRESS-CHANGEABLE-ONCE"}),
    ("a data zone left open",
     "locks: {data: %s}\n", ("at-provisioning", "later"), {"DATA-UNLOCKED"}),
    ("a configuration left open",
     "locks: {configuration: %s, data: later}\n"
     "allow: [{rule: DATA-UNLOCKED, where: chip, reason: it is not asked}]\n",
     ("at-provisioning", "later"), {"CONFIG-UNLOCKED"}),
    ("ECDH in clear where IO protection was asked",
     "  3: {name: u, purpose: update-key}\n"
     "  6: {name: io, purpose: io-protection}\n"
     "io-protection: {key: io, ecdh-result: %s}\n", ("encrypted", "clear"),
     {"ECDH-CLEAR"}),
    ("a key that answers to nonces of anybody's choice",
     "  5: {name: s, purpose: secret, fresh-nonce: %s}\n", ("yes", "no"),
     {"REQRANDOM-OFF"}),
    ("a key that waits for its own proof",
     "  5: {name: a, purpose: secret, authorised-by: %s}\n", ("nobody", "a"),
     {"AUTH-CYCLE"}),
    ("a key that waits for a proof that waits for itself",
     "  1: {name: ca, purpose: issuer, authorised-by: a}\n"
     "  5: {name: a, purpose: secret, authorised-by: b}\n"
     "  6: {name: b, purpose: secret, authorised-by: %s}\n", ("nobody", "a"),
     {"AUTH-CYCLE"}),
    ("a rollback counter that every use of a key advances",
     "  1: {name: ca, purpose: issuer, limited-use: %s}\n"
     "counters: {0: {name: rollback}}\n", ("no", "yes"),
     {"ROLLBACK-COUNTER"}),
    ("a limit of uses that anyone raises",
     "  1: {name: ca, purpose: issuer}\n"
     "  8: {name: limit, purpose: constant, file: f, write: %s}\n"
     "counters: {0: {stops-at: limit}}\n", ("nobody", "anyone"),
     {"COUNT-MATCH"}),
]


def lint(half, text):
    done = subprocess.run([half, "policy", "lint", "--json", "-"], input=text,
                          capture_output=True, text=True, timeout=60,
                          check=False)
    answer = json.loads(done.stdout)
    assert "findings" in answer, (text, done.stderr)
    return done.returncode, {f["rule"] for f in answer["findings"]
                             if f["error"] and "allowed" not in f}


def main():
    wrong = 0
    for what, text, (sound, broken), rules in ITEMS:
        for value, code, failing in ((sound, 0, set()), (broken, 1, rules)):
            got = lint(sys.argv[1], HEAD + text % value)
            if got != (code, failing):
                wrong += 1
                print(f"{what}: {value}: exit {got[0]}, errors {got[1]}; "
                      f"expected exit {code}, errors {failing}")
    print(f"{len(ITEMS)} items, {wrong} wrong")
    return wrong != 0


sys.exit(main())
