#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a blank chip to a locked one: write, lock, and every refusal between.
. "$(dirname "$0")/lib.sh"

new_chip blank
python3 "$tests/config.py" "$work" 608b

exits 0 "info describes a blank chip" "$half" chip info
prints 'ATECC608B'
prints "serial +$serial"
prints 'configuration NOT locked'
exits 1 "random fails closed on an unlocked chip" "$half" chip random
complains 'constant'
exits 1 "signing is refused before the configuration is locked" \
    "$half" chip sign --slot 0 "$half"
complains "the chip's reason: .*configuration"

exits 0 "the configuration is written" "$half" chip write config config.hex
exits 0 "the configuration reads as written" "$half" chip read config
same "but for the bytes that belong to the chip" \
    "$(cut -c33-168,177- out)" "$(cut -c33-168,177- config.hex)"

cp blank.vchip before
exits 2 "lock config without --confirm shows it and stops" \
    "$half" chip lock config
prints '[0-9]+ high, [0-9]+ medium findings once it is locked'
prints 'slot  0 +P-256 private'
complains "Nothing was done.*--confirm $serial"
exits 2 "lock config with another serial number stops" \
    "$half" chip lock config --confirm 0123000000000000ee
complains 'not the serial number'
exits 1 "lock config with a wrong --crc stops" \
    "$half" chip lock config --crc 0x1234 --confirm "$serial"
complains 'nothing was locked'
sed 's/^\(.\{40\}\)../\1aa/' config.hex >other.hex
exits 1 "lock config with another --expect names the byte" \
    "$half" chip lock config --expect other.hex --confirm "$serial"
complains 'configuration byte 20 is'
exits 0 "it is still not locked" "$half" chip info --json
same "config_locked is false" "$(json 'j["config_locked"]')" False
exits 2 "writing a file that is no hex is refused" \
    sh -c 'echo "no hex" | "$1" chip write config' sh "$half"
complains 'not hex'
exits 0 "lock config" \
    "$half" chip lock config --expect config.hex --confirm "$serial"
prints '^locked'
exits 1 "the second lock is refused" \
    "$half" chip lock config --confirm "$serial"
complains 'locked already'
exits 1 "the configuration cannot be written any more" \
    "$half" chip write config config.hex
complains "the chip's reason"

exits 1 "slots cannot be read yet" "$half" chip read data --slot 8
complains "the chip's reason"
exits 1 "half a block cannot be written yet" \
    "$half" chip write data --slot 8 --format raw key4 --offset 4
printf 'abcd' >four
exits 0 "--pad fills up" "$half" chip write data --slot 14 --format raw --pad four
prints '72 bytes'
for slot in 3 4 5 6 7 8 9 10 13 14 15; do
    exits 0 "slot $slot is written" \
        "$half" chip write data --slot $slot --format raw slot$slot
done
exits 0 "OTP is written" "$half" chip write otp --format raw otp
exits 1 "a private slot takes no clear data" \
    "$half" chip write data --slot 0 --format raw slot3
complains "the chip's reason"
openssl ecparam -name prime256v1 -genkey -noout -out stranger.pem
chmod 600 stranger.pem
exits 2 "writing a private key needs --confirm" \
    "$half" chip write data --slot 11 --format private stranger.pem
exits 0 "a private key is written" "$half" chip write data --slot 11 \
    --format private stranger.pem --confirm "$serial"
exits 0 "its public key comes out" "$half" chip pubkey --slot 11
same "and is the one OpenSSL computes" "$(cat out)" \
    "$(openssl pkey -in stranger.pem -pubout)"

exits 2 "lock data without --expect says what is needed" \
    "$half" chip lock data --confirm "$serial"
complains '--expect FILE with 1020 bytes'
head -c 1000 expect >short
exits 2 "lock data with a short --expect is refused" \
    "$half" chip lock data --expect short --confirm "$serial"
exits 2 "lock data without --confirm stops" \
    "$half" chip lock data --expect expect
exits 1 "lock data refuses content that differs" \
    "$half" chip lock data --crc 0x0001 --confirm "$serial"
complains "the chip's reason"
exits 0 "lock data" "$half" chip lock data --expect expect --confirm "$serial"
exits 0 "both locks are seen" "$half" chip info --json
same "data_locked" "$(json 'j["config_locked"] and j["data_locked"]')" True
exits 1 "the second lock data is refused" \
    "$half" chip lock data --expect expect --confirm "$serial"

exits 0 "info says in words what the configuration says in bits" "$half" chip info
prints '^ +0  P-256 private +never +GenKey +signs; signs internal'
prints '^ +2  .*ECDH into slot 3'
prints '^ +4  secret +never +never +-$'
prints '^ +5  secret +encrypted, key 4 +encrypted, key 4 '
prints '^ +7  .*uses counted'
prints '^ +8  data +clear +clear '
prints '^ +9  AES key +never +never'
prints '^ +10  P-256 public +clear +clear +verifies'
prints '^ +11  P-256 private +never +PrivWrite, key 4 '
prints '^ +12  P-256 private .* signs internal messages; public key readable$'

exits 0 "OTP reads back" "$half" chip read otp --format raw -o got
same "as written" "$(hex_of got)" "$(hex_of otp)"
exits 0 "a clear slot reads back" "$half" chip read data --slot 8 --format raw -o got
same "as written" "$(hex_of got)" "$(hex_of slot8)"

exits 2 "lock slot without --confirm stops" "$half" chip lock slot 8
exits 1 "a slot that is not lockable refuses" \
    "$half" chip lock slot 4 --confirm "$serial"
complains "the chip's reason: .*ockable"
exits 0 "lock slot" "$half" chip lock slot 8 --confirm "$serial"
exits 1 "a locked slot cannot be written" \
    "$half" chip write data --slot 8 --format raw slot8
complains "the chip's reason"
exits 0 "info says so" "$half" chip info --json
same "locked" "$(json '[s["slot"] for s in j["slots"] if s["locked"]]')" '[8]'
exits 2 "lock what is no zone is refused" "$half" chip lock everything
exits 2 "lock slot needs a number" "$half" chip lock slot
