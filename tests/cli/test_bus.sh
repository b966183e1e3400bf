#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Several chips on one bus, behind a socket: scan, addresses, reasons.
. "$(dirname "$0")/lib.sh"

"$half" sim create a.vchip --seed a1 >/dev/null || exit 2
"$half" sim create b.vchip --seed b2 --variant tflxtls >/dev/null || exit 2
mkfifo ready
"$half" sim serve --chip a.vchip --chip b.vchip --socket bus.sock \
    --exit-with $$ >ready 2>log &
server=$!
read -r line <ready || {
    cat log >&2
    exit 1
}

exits 0 "scan finds both" "$half" chip scan unix:bus.sock
prints '^unix:bus.sock@0x36  ATECC608B  [0-9a-f]{18}  configuration locked, data locked$'
prints '^unix:bus.sock@0x60  ATECC608B .* configuration NOT locked, data NOT locked$'
same "and nothing else" "$(wc -l <out)" 2
exits 0 "scan in JSON" "$half" chip scan unix:bus.sock --json
same "lists both" "$(json '[f["address"] for f in j["found"]]')" '[54, 96]'
same "as addresses for --chip" "$(json 'j["found"][0]["chip"]')" \
    unix:bus.sock@0x36
same "with their serial numbers" "$(json 'len(set(f["serial"] for f in j["found"]))')" 2
export HALF_CHIP=unix:bus.sock@0x36
exits 0 "the one at 0x36 gives its public key" "$half" chip pubkey --slot 0
cp out pub.pem
exits 0 "and signs" "$half" chip sign --slot 0 --format der -o sig pub.pem
exits 0 "so that OpenSSL agrees" \
    openssl dgst -sha256 -verify pub.pem -signature sig pub.pem
exits 1 "a refusal comes with the chip's reason" \
    "$half" chip sign --slot 1 pub.pem
complains "the chip's reason: .*SlotConfig"
exits 1 "the identity key cannot be replaced" sh -c \
    '"$1" chip genkey --slot 0 --confirm "$("$1" chip info --json |
     python3 -c "import json, sys; print(json.load(sys.stdin)[\"serial\"])")"' \
    sh "$half"
complains "the chip's reason: .*GenKey"
exits 2 "nobody at 0x50" "$half" chip info --chip unix:bus.sock@0x50
complains 'no chip answers'
exits 2 "a socket that is not there" "$half" chip info --chip unix:none.sock
exits 2 "scan of a socket that is not there" "$half" chip scan unix:none.sock
exits 2 "scan of nothing" env -u HALF_CHIP "$half" chip scan
kill $server
wait $server
exits 2 "a server that has gone" "$half" chip info
exits 0 "scan of a chip in a file" "$half" chip scan sim:a.vchip
prints '^sim:a.vchip  ATECC608B  [0-9a-f]{18}  '

# A chip at /dev/i2c-1, where nobody can say why it refused.
export ASAN_OPTIONS=verify_asan_link_order=0
exits 0 "scan of an adapter" \
    "$half" sim exec --chip a.vchip -- "$half" chip scan i2c:1
prints '^i2c:1@0x60  ATECC608B'
exits 1 "a refusal over I2C comes with its reason" \
    "$half" sim exec --chip a.vchip -- \
    "$half" chip sign --slot 0 --chip i2c:1@0x60 pub.pem
complains "the chip's reason: .*configuration zone is unlocked"
exits 1 "in JSON too" "$half" sim exec --chip a.vchip -- \
    "$half" chip sign --slot 0 --chip i2c:1@0x60 --json pub.pem
same "steps" "$(json 'j["error"]["steps"][0][:4]')" Lock

# Things that go wrong on the way.
exits 0 "one flipped bit in an answer" \
    "$half" sim fault a.vchip flip,arg=20,opcode=info,count=1
exits 0 "is repaired by asking again" "$half" chip info --chip sim:a.vchip
exits 0 "a chip that vanishes" "$half" sim fault a.vchip vanish
exits 2 "is told as absent" "$half" chip info --chip sim:a.vchip --json
same "with its code" "$(json 'j["error"]["code"]')" HD_ERR_ABSENT
