#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SHA, HMAC, MAC, random, self test, against other programs.
. "$(dirname "$0")/lib.sh"

provisioned_chip thing
for size in 0 1 55 56 63 64 65 127 128 5000 100000; do
    head -c $size /dev/urandom >file
    exits 0 "sha of $size bytes" "$half" chip sha file
    same "is sha256sum's" "$(cat out)" "$(sha256sum file | cut -d' ' -f1)"
done
exits 0 "sha of standard input" sh -c '"$1" chip sha - <file' sh "$half"
same "is the same" "$(cat out)" "$(sha256sum file | cut -d' ' -f1)"
exits 2 "sha of a directory" "$half" chip sha .
exits 2 "sha of nothing" "$half" chip sha

hmac()
{
    openssl dgst -sha256 -mac HMAC -macopt hexkey:"$(hex_of key4)" -r "$1" |
        cut -d' ' -f1
}
for size in 0 63 64 3000; do
    head -c $size /dev/urandom >file
    exits 0 "hmac of $size bytes" "$half" chip hmac --slot 4 file
    same "is OpenSSL's" "$(cat out)" "$(hmac file)"
done
exits 1 "hmac with a private key is refused" "$half" chip hmac --slot 0 file
complains "the chip's reason"

challenge=$(head -c 32 /dev/urandom | hex_of)
exits 0 "mac" "$half" chip mac --slot 4 --challenge "$challenge"
mac=$(cat out)
same "is the digest of docs/chip part 2, 4.1" "$mac" "$(python3 - "$challenge" \
    "$serial" <<'EOF'
import hashlib, sys
challenge, serial = (bytes.fromhex(a) for a in sys.argv[1:])
key = open("key4", "rb").read()
print(hashlib.sha256(key + challenge + bytes([8, 0, 4, 0]) + bytes(11)
                     + serial[8:9] + bytes(4) + serial[:2] + bytes(2)).hexdigest())
EOF
)"
exits 0 "checkmac" "$half" chip checkmac --slot 4 --challenge "$challenge" \
    --response "$mac"
prints '^valid'
exits 1 "checkmac of another challenge" "$half" chip checkmac --slot 4 \
    --challenge "${mac}" --response "$mac"
complains 'NOT valid'
exits 0 "mac with the serial number" "$half" chip mac --slot 4 \
    --challenge "$challenge" --with-serial
differ "is another" "$(cat out)" "$mac"
exits 0 "checkmac of that" "$half" chip checkmac --slot 4 --challenge \
    "$challenge" --response "$(cat out)" --client-serial "$serial"
numin=000102030405060708090a0b0c0d0e0f10111213
exits 0 "mac over a fresh nonce" "$half" chip mac --slot 4 --fresh \
    --challenge $numin
random=$(sed -n 's/^random //p' out)
same "is the digest over TempKey as a host computes it" \
    "$(sed -n 's/^mac *//p' out)" "$(python3 - $numin "$random" <<'PY'
import hashlib, sys
key = open("key4", "rb").read()
numin, random = map(bytes.fromhex, sys.argv[1:])
tempkey = hashlib.sha256(random + numin + b"\x16\0\0").digest()
print(hashlib.sha256(key + tempkey + b"\x08\x01\x04\0" + bytes(11) + b"\xee" +
                     bytes(4) + b"\x01\x23" + bytes(2)).hexdigest())
PY
)"
exits 2 "a fresh nonce takes 20 bytes" "$half" chip mac --slot 4 --fresh \
    --challenge "$challenge"
exits 2 "a short challenge" "$half" chip mac --slot 4 --challenge 00
exits 2 "no challenge" "$half" chip mac --slot 4
exits 1 "mac with a private key is refused" "$half" chip mac --slot 0 \
    --challenge "$challenge"
complains "the chip's reason"

exits 0 "random" "$half" chip random
same "32 bytes" "$(tr -d '\n' <out | wc -c)" 64
first=$(cat out)
exits 0 "random again" "$half" chip random
differ "others" "$(cat out)" "$first"
exits 0 "a thousand bytes" "$half" chip random --bytes 1000 --format raw -o file
same "a thousand" "$(wc -c <file)" 1000
exits 2 "none" "$half" chip random --bytes 0
exits 2 "too many" "$half" chip random --bytes 2M
exits 2 "not a number" "$half" chip random --bytes many

exits 0 "selftest" "$half" chip selftest
prints '^ecdsa +passed'
exits 0 "two tests" "$half" chip selftest aes sha
same "two" "$(grep -c passed out)" 2
exits 2 "no such test" "$half" chip selftest des
complains 'rng, ecdsa'

# The 508A ends an HMAC in its own way, and has no self test.
new_chip old 02 508a
head -c 1000 /dev/urandom >file
exits 2 "a 508A cannot test itself" "$half" chip selftest
exits 0 "sha on a 508A" "$half" chip sha file
same "is sha256sum's" "$(cat out)" "$(sha256sum file | cut -d' ' -f1)"
