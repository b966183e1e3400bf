#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `half policy lint` as people and CI meet it. usage: HALF SOURCE
set -eu
half=$1
source=$2
seed=$source/tests/data/configs/seed-notebook.hex
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
    echo "test_lint: $*" >&2
    exit 1
}

# the five recipes pass, and no line of their allow lists is idle
for policy in "$source"/policies/*.yaml; do
    "$half" policy lint "$policy" >"$dir/out" 2>"$dir/err" ||
        fail "$policy does not pass: $(cat "$dir/out")"
    [ ! -s "$dir/err" ] || fail "$(cat "$dir/err")"
done

# a finished chip passes with its policy, and only where it is what that says
policy=$source/policies/connected-device.yaml
lint_bytes() {
    code=0
    "$half" policy lint "$@" >"$dir/out" 2>"$dir/err" || code=$?
}
"$half" policy compile "$policy" --format raw -o "$dir/device"
printf '\0\0' | dd of="$dir/device" bs=1 seek=86 conv=notrunc 2>/dev/null
lint_bytes --hex "$dir/device"
[ "$code" = 1 ] && grep -q '^high   PRIV-REGEN at slot 2' "$dir/out" ||
    fail "bytes accept findings by themselves: $code $(cat "$dir/out")"
lint_bytes --hex "$dir/device" -p "$policy"
[ "$code" = 0 ] && [ ! -s "$dir/err" ] &&
    grep -q '^high   PRIV-REGEN at slot 2 (ldevid)$' "$dir/out" &&
    grep -q 'allowed: renewing is what it is for' "$dir/out" ||
    fail "its policy is not taken: $code $(cat "$dir/out" "$dir/err")"
"$half" sim create --seed 01 --config "$dir/device" "$dir/device.vchip" \
    >/dev/null
lint_bytes --chip "sim:$dir/device.vchip" --policy "$policy" --json
[ "$code" = 0 ] && grep -q '"name": "ldevid"' "$dir/out" ||
    fail "nor of a chip: $code $(cat "$dir/out" "$dir/err")"
printf '\203' | dd of="$dir/device" bs=1 seek=24 conv=notrunc 2>/dev/null
lint_bytes --hex "$dir/device" -p "$policy"
[ "$code" = 1 ] && grep -q 'slot 2 is not configured as .*half diff' "$dir/err" &&
    grep -q 'PRIV-REGEN at ldevid allows nothing' "$dir/err" &&
    grep -q '^high   PRIV-REGEN at slot 2$' "$dir/out" ||
    fail "another slot 2 is accepted: $code $(cat "$dir/out" "$dir/err")"
lint_bytes "$policy" -p "$policy"
[ "$code" = 2 ] && grep -q 'FILE is a policy itself' "$dir/err" ||
    fail "a policy is judged by another: $code $(cat "$dir/err")"
"$half" sim create --variant 508a "$dir/old.vchip" >/dev/null
lint_bytes --chip "sim:$dir/old.vchip" -p "$policy"
[ "$code" = 1 ] && grep -q 'for ATECC608, but this chip' "$dir/err" ||
    fail "a policy of another chip is taken: $code $(cat "$dir/err")"
printf 'policy: p\nchip: ATECC608\nslots: {}\nallow:\n%s\n%s\n%s\n' \
    '  - rule: ADDRESS-CHANGEABLE-ONCE' '    where: chip' \
    '    reason: "the factory moves it"' >"$dir/zone.yaml"
sed 's/^allow/interface: {address-change: once}\n&/' "$dir/zone.yaml" \
    >"$dir/moves.yaml"
"$half" policy compile "$dir/moves.yaml" -o "$dir/moves.hex"
lint_bytes --hex "$dir/moves.hex" -p "$dir/moves.yaml"
grep -q 'allowed: the factory moves it' "$dir/out" ||
    fail "what is accepted of the chip is not: $(cat "$dir/out" "$dir/err")"
lint_bytes --hex "$dir/moves.hex" -p "$dir/zone.yaml"
grep -q 'at .chip. does not hold' "$dir/err" &&
    ! grep -q 'allowed: the factory moves it' "$dir/out" ||
    fail "another chip is accepted: $(cat "$dir/out" "$dir/err")"

# without its allow list the default policy does not
sed '/^allow:/,$d' "$source/policies/connected-device.yaml" >"$dir/bare.yaml"
code=0
"$half" policy lint "$dir/bare.yaml" >"$dir/out" || code=$?
[ "$code" = 1 ] || fail "a finding that nobody allowed passes: exit $code"
grep -q '^high   PRIV-REGEN at slot 2 (ldevid)' "$dir/out" ||
    fail "slot 2 is not named: $(cat "$dir/out")"

# an idle line of an allow list is told
cat >>"$dir/bare.yaml" <<'YAML'
allow:
  - rule: KEY-READABLE
    where: identity
    reason: "there was a reason for this once"
YAML
"$half" policy lint "$dir/bare.yaml" >/dev/null 2>"$dir/err" || :
at=$(grep -n 'rule: KEY-READABLE' "$dir/bare.yaml" | cut -d: -f1)
grep -q "bare.yaml:$at: .*KEY-READABLE at identity allows nothing\$" "$dir/err" ||
    fail "an idle line of the allow list is not told: $(cat "$dir/err")"
sed -i s/KEY-READABLE/KEY-READIBLE/ "$dir/bare.yaml"
"$half" policy lint "$dir/bare.yaml" >/dev/null 2>"$dir/err" || :
grep -q 'there is no such rule; did you mean KEY-READABLE?' "$dir/err" ||
    fail "a rule that does not exist is not told: $(cat "$dir/err")"

# of bytes nobody has said what they are for: data that anyone reads is no
# secret because a policy made from them would call it one
python3 - "$seed" >"$dir/bytes.hex" <<'PY'
import sys
b = bytearray(bytes.fromhex("".join(open(sys.argv[1]))))
b[30:32] = 0x00, 0x46  # slot 5: clear reads, writes encrypted with slot 6
b[106:108] = 0xDC, 0x06
print(b.hex())
PY
"$half" policy lint --all --hex "$dir/bytes.hex" >"$dir/out" || :
grep -q 'REQRANDOM-OFF at slot 6' "$dir/out" || fail "bytes.hex is not judged"
grep -q 'READABLE at slot 5' "$dir/out" && fail "data is called a secret"

# a secret that the whole fleet shares
cat >"$dir/fleet.yaml" <<'YAML'
policy: fleet
chip: ATECC608
slots:
  0: {name: identity, purpose: identity}
  5: {name: secret, purpose: secret, content: shared}
YAML
code=0
"$half" policy lint "$dir/fleet.yaml" >"$dir/out" 2>&1 || code=$?
[ "$code" = 1 ] && grep -q 'FLEET-SECRET at slot 5' "$dir/out" ||
    fail "a fleet secret passes: $code $(cat "$dir/out")"

# docs/lint.md has every rule as the program has it
sed -n 's/^RULE([A-Z0-9_]*, "\([^"]*\)", "\([^"]*\)", "\([^"]*\)")$/| `\1` | \2 | \3 |/p' \
    "$source/host/lint/lint.def" >"$dir/rules"
[ "$(wc -l <"$dir/rules")" -gt 40 ] || fail "lint.def cannot be read"
while read -r row; do
    grep -qF "$row" "$source/docs/lint.md" || fail "docs/lint.md lacks: $row"
done <"$dir/rules"

code=0
"$half" policy lint --hex "$seed" >"$dir/out" || code=$?
[ "$code" = 1 ] || fail "the seed chip passes"
grep -q '^20 high, 8 medium, 13 low, 10 info' "$dir/out" ||
    fail "counts differ: $(tail -n 1 "$dir/out")"

"$half" policy lint --json --hex "$seed" >"$dir/json" || :
"$half" policy lint --format sarif --hex "$seed" >"$dir/sarif" || :
python3 - "$dir/json" "$dir/sarif" <<'PY' || fail "JSON or SARIF is wrong"
import json, sys
lint = json.load(open(sys.argv[1]))
assert lint["counts"] == {"high": 20, "medium": 8, "low": 13, "info": 10}
for f in lint["findings"]:
    assert f["why"] and f["fix"] and f["bits"] and f["rule"]
sarif = json.load(open(sys.argv[2]))
assert sarif["version"] == "2.1.0"
run = sarif["runs"][0]
rules = run["tool"]["driver"]["rules"]
assert len(run["results"]) == 51
for r in run["results"]:
    assert rules[r["ruleIndex"]]["id"] == r["ruleId"]
    assert r["level"] in ("error", "warning", "note")
    place = r["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("seed-notebook.hex")
    assert "region" not in place # bytes have no lines that anybody wrote
# the 20 high ones; secure boot with a slot that is no public key; ECDH in clear
# beside an enabled IO protection key; five keys with nonces of anybody's choice
assert sum(r["level"] == "error" for r in run["results"]) == 27
PY

# each finding stands beside the line that says so
mkdir "$dir/a dir"
cat >"$dir/a dir/lines.yaml" <<'YAML'
policy: lines
chip: ATECC608
interface:
  watchdog: 1.3s
  address-change: once
slots:
  0:
    name: identity
    purpose: identity
    regenerate: yes
  5:
    name: secret
    purpose: secret
    content: shared
    bits:
      WriteConfig: 0
  6: {name: open, purpose: secret,
      read: anyone}
  8:
    name: data
    purpose: data
allow:
  - rule: PRIV-REGEN
    where: identity
    reason: "this is a test of lines"
YAML
code=0
"$half" policy lint --all "$dir/a dir/lines.yaml" >"$dir/out" || code=$?
[ "$code" = 1 ] || fail "lines.yaml passes"
grep -q 'PRIV-REGEN at slot 0 (identity), .*/lines.yaml:10$' "$dir/out" ||
    fail "the line of regenerate is not told: $(cat "$dir/out")"
(cd "$dir" && "$half" policy lint --format sarif "a dir/lines.yaml") \
    >"$dir/sarif" || :
"$half" policy lint --json "$dir/a dir/lines.yaml" >"$dir/json" || :
printf 'policy: p\nchip: ATECC608\nslots:\n  0: {nmae: a, purpose: dta}\n' \
    >"$dir/bad.yaml"
code=0
"$half" policy lint --format sarif "$dir/bad.yaml" >"$dir/bad.sarif" \
    2>"$dir/err" || code=$?
[ "$code" = 2 ] || fail "what is no policy exits with $code"
"$half" policy lint --format sarif - <"$dir/a dir/lines.yaml" \
    >"$dir/pipe.sarif" || :
"$half" sim create --seed 01 "$dir/it.vchip" >/dev/null
"$half" policy lint --format sarif --chip "sim:$dir/it.vchip" \
    >"$dir/chip.sarif" || :
python3 - "$dir" "$(dirname "$0")" <<'PY' || fail "lines or SARIF are wrong"
import json, sys
sys.path.insert(0, sys.argv[2])
from sarif import check

def load(name):
    with open(f"{sys.argv[1]}/{name}", encoding="utf-8") as f:
        return json.load(f)

WANTED = {("ADDRESS-CHANGEABLE-ONCE", "zone"): 5, ("PRIV-REGEN", "slot 0"): 10,
          ("FLEET-SECRET", "slot 5"): 14, ("SECRET-WRITABLE", "slot 5"): 16,
          ("SECRET-READABLE", "slot 6"): 18, ("DATA-OPEN", "slot 8"): 19}
told = {(f["rule"], f["where"]): f["line"] for f in load("json")["findings"]}
for key, line in WANTED.items():
    assert told.get(key) == line, (key, line, told)
runs = {name: check(load(name)) for name in
        ("sarif", "bad.sarif", "pipe.sarif", "chip.sarif")}
marked = {}
for r in runs["sarif"]["results"]:
    location = r["locations"][0]
    place = location["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20dir/lines.yaml"
    where = location["logicalLocations"][0]["name"]
    marked[r["ruleId"], where] = place["region"]["startLine"]
    assert ("suppressions" in r) == (r["ruleId"] == "PRIV-REGEN")
assert marked == told
mistakes = [(r["ruleId"], r["level"], r["message"]["text"],
             r["locations"][0]["physicalLocation"]["region"]["startLine"])
            for r in runs["bad.sarif"]["results"]]
assert [m[0] for m in mistakes] == ["NOT-A-POLICY"] * 2, mistakes
assert "'nmae'" in mistakes[0][2] and "'dta'" in mistakes[1][2]
assert [m[3] for m in mistakes] == [4, 4]
uri = runs["bad.sarif"]["results"][0]["locations"][0]["physicalLocation"]
assert uri["artifactLocation"]["uri"].startswith("file:///")
for name in ("pipe.sarif", "chip.sarif"): # no file, no place in one
    assert runs[name]["results"]
    for r in runs[name]["results"]:
        assert "physicalLocation" not in r["locations"][0]
PY
