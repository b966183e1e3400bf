#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Slots: in clear, encrypted, part of them, and keys kept from the command line.
. "$(dirname "$0")/lib.sh"

provisioned_chip thing

exits 0 "part of a slot" "$half" chip read data --slot 8 --offset 100 --length 7
same "from any offset" "$(cat out)" "$(tail -c +101 slot8 | head -c 7 | hex_of)"
exits 0 "as a dump" "$half" chip read data --slot 8 --length 20 --format dump
prints '^ +16  '
exits 2 "past the end is refused" "$half" chip read data --slot 8 --offset 416
exits 2 "longer than the slot is refused" \
    "$half" chip read data --slot 8 --offset 410 --length 7
exits 2 "data needs --slot" "$half" chip read data
complains '--slot'
exits 2 "config takes no --slot" "$half" chip read config --slot 1
exits 1 "a secret slot never gives its content" "$half" chip read data --slot 4
complains "the chip's reason"
exits 1 "nor a private key" "$half" chip read data --slot 0
exits 1 "an encrypted slot gives nothing in clear" \
    "$half" chip read data --slot 5
exits 0 "but encrypted" "$half" chip read data --slot 5 --key-slot 4 \
    --key-file key4 --format raw -o got
same "the content" "$(hex_of got)" "$(hex_of slot5)"
same "for its owner only" "$(stat -c %a got)" 600
exits 1 "not with another slot's key" \
    "$half" chip read data --slot 5 --key-slot 6 --key-file io.key
exits 0 "a wrong key" "$half" chip read data --slot 5 --key-slot 4 \
    --key-file io.key
differ "reads noise" "$(cat out)" "$(hex_of slot5)"
exits 2 "--key-slot alone" "$half" chip read data --slot 5 --key-slot 4
complains 'belong together'

head -c 36 /dev/urandom >new
exits 1 "an encrypted slot takes nothing in clear" \
    "$half" chip write data --slot 5 --format raw new
exits 0 "write encrypted" "$half" chip write data --slot 5 --format raw new \
    --key-slot 4 --key-file key4
exits 0 "read encrypted" "$half" chip read data --slot 5 --key-slot 4 \
    --key-file key4
same "the new content" "$(cat out)" "$(hex_of new)"
exits 1 "a wrong key writes nothing" "$half" chip write data --slot 5 \
    --format raw slot5 --key-slot 4 --key-file io.key
complains "the chip's reason: .*MAC"
exits 0 "read again" "$half" chip read data --slot 5 --key-slot 4 \
    --key-file key4
same "still the same" "$(cat out)" "$(hex_of new)"
exits 0 "a word in the middle of a clear slot" \
    sh -c 'echo 01:02:03:04 | "$1" chip write data --slot 8 --offset 60' sh "$half"
exits 0 "reads back" "$half" chip read data --slot 8 --offset 58 --length 8
same "between its neighbours" "$(cat out)" \
    "$(tail -c +59 slot8 | head -c 2 | hex_of)01020304$(tail -c +65 slot8 | head -c 2 | hex_of)"
exits 2 "three bytes are refused" \
    sh -c 'echo 010203 | "$1" chip write data --slot 8' sh "$half"
complains 'multiples'
exits 2 "too many bytes are refused" \
    "$half" chip write data --slot 14 --format raw slot8
complains 'do not fit'
exits 2 "nothing is refused" \
    sh -c '"$1" chip write data --slot 8 </dev/null' sh "$half"
exits 1 "a slot that is never written refuses" \
    "$half" chip write data --slot 4 --format raw slot4
complains "the chip's reason: .*SlotConfig"
exits 2 "a locked OTP zone needs --confirm" \
    "$half" chip write otp --format raw otp
exits 1 "and refuses on a 608" \
    "$half" chip write otp --format raw otp --confirm "$serial"

chmod 640 key4
exits 2 "a key file that the group may read is refused" \
    "$half" chip read data --slot 5 --key-slot 4 --key-file key4
complains 'holds a secret, but others may read it'
chmod 620 key4
exits 2 "and one that the group may change" \
    "$half" chip read data --slot 5 --key-slot 4 --key-file key4
complains 'mode 620.*chmod 600 key4'
chmod 600 key4
if [ "$(id -u)" = 0 ]; then
    chown 65534 key4
    exits 2 "and one of somebody else" \
        "$half" chip read data --slot 5 --key-slot 4 --key-file key4
    complains 'belongs to user 65534.*chown 0 key4'
    chown 0 key4
fi
mkfifo -m 600 key.pipe
exits 2 "a pipe as key file is refused, not waited for" \
    timeout 20 "$half" chip read data --slot 5 --key-slot 4 --key-file key.pipe
complains 'key.pipe is not a regular file'
exits 2 "as private key, too" timeout 20 "$half" chip write data --slot 11 \
    --format private key.pipe
complains 'key.pipe is not a regular file'
exits 2 "a folder is no key" \
    "$half" chip read data --slot 5 --key-slot 4 --key-file .
complains 'not a regular file'
for byte in '\000' '\377'; do
    printf "$byte%.0s" $(seq 32) >blank
    chmod 600 blank
    exits 2 "32 equal bytes are refused" \
        "$half" chip read data --slot 5 --key-slot 4 --key-file blank
    complains 'blank: no key: its 32 bytes are all (00|ff)'
    hex_of blank >blank.hex
    chmod 600 blank.hex
    exits 2 "in hex, too" \
        "$half" chip read data --slot 5 --key-slot 4 --key-file blank.hex
    complains 'no key'
done
exits 0 "a key from standard input" sh -c \
    '"$1" chip read data --slot 5 --key-slot 4 --key-file - <key4' sh "$half"
same "works" "$(cat out)" "$(hex_of new)"
hex_of key4 >key4.hex
chmod 600 key4.hex
exits 0 "a key in hex" "$half" chip read data --slot 5 --key-slot 4 \
    --key-file key4.hex
same "works" "$(cat out)" "$(hex_of new)"
head -c 31 key4 >short
chmod 600 short
exits 2 "a short key is refused" "$half" chip read data --slot 5 --key-slot 4 \
    --key-file short
complains 'not a key of 32 bytes'

exits 0 "counters start at 0" "$half" chip counter read 1
same "0" "$(cat out)" 0
exits 2 "increment needs --confirm" "$half" chip counter increment 1
complains "--confirm $serial"
exits 0 "still" "$half" chip counter read 1
same "0" "$(cat out)" 0
exits 0 "increment" "$half" chip counter increment 1 --confirm "$serial"
same "1" "$(cat out)" 1
exits 0 "it stays" "$half" chip counter read 1
same "1" "$(cat out)" 1
exits 2 "there is no counter 2" "$half" chip counter read 2
exits 2 "there is no other way" "$half" chip counter reset 1
