#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# half explain as people use it: a status, a command with a configuration, a
# chip, and recordings of every form.
set -eu
half=$1
here=$(cd "$(dirname "$0")" && pwd)
configs=$here/../data/configs
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# wants WORDS COMMAND...: the output of the command holds the words
wants() {
    words=$1
    shift
    "$@" >out 2>&1 || :
    grep -qF -- "$words" out || {
        echo "no '$words' in the output of: $*"
        cat out
        exit 1
    }
}

wants TEMPKEY_EMPTY "$half" explain --status 0x0f
wants "status 0x05" "$half" explain --status 5
wants "did you mean HD_ERR_EXEC" "$half" explain --status HD_ERR_EXCE
wants "neither a status byte" "$half" explain --status 256
wants "neither a status byte" "$half" explain --status -99
wants "half doctor" "$half" explain HD_ERR_CRC
wants CONFIG_NOT_LOCKED "$half" explain HD_ERR_EXEC
wants "WATCHDOG" "$half" explain --status -22
wants '"number": -37' "$half" explain --status 0x0f --json
for err in $(sed -n 's/^ *X(\(HD_ERR_[A-Z_]*\),.*/\1/p' \
    "$here/../../include/halfdollar/err.h"); do
    wants "$err (" "$half" explain --status "$err"
done
seed="$half explain --config $configs/seed-notebook.hex"
wants "Nonce: 32 given bytes" $seed --command 41800200
wants "07418002002e85" $seed --command 07418002002e85
wants "accepts it" $seed --command 16030000$(printf '00%.0s' $(seq 32)) \
    --command 41800200
# what went well is not wondered about
wants "If the real chip refuses it" $seed --command 30000000
wants "as the chip did: nothing" $seed --status 0 --command 30000000
grep -q "If the real" out && { cat out; exit 1; }
wants "Never, because" $seed --command 12001000deadbeef
wants "what? Give" "$half" explain
wants "which configuration?" "$half" explain --command 41800200
wants "not a command group" $seed --command 41zz
wants "07418002002e85" $seed --command "0x07, 0x41, 0x80,0x02 0x00 0x2e 0x85"
wants "more than a command" $seed --command 4180$(printf '00%.0s' $(seq 152))
wants "63 data bytes where this mode has 64" $seed \
    --command 43000200$(printf '00%.0s' $(seq 63))
# a wrong length hides a rule
wants "And once that is put right:" $seed --command 51000000$(printf '00%.0s' \
    $(seq 15))
wants "Send it again" $seed --command 0741800200ffff

# a chip: its configuration is read, the command is not sent
"$half" sim create --variant 608b thing.vchip >/dev/null
before=$(cksum <thing.vchip)
wants CONFIG_NOT_LOCKED "$half" explain --chip sim:thing.vchip \
    --command 41800000
wants "cannot be undone" "$half" explain --chip sim:thing.vchip \
    --command 41800000
"$half" chip info --chip sim:thing.vchip | grep -q "NOT locked"

# recordings: what half writes itself, and what was pasted
HALF_TRACE=t.jsonl "$half" chip sign --chip sim:thing.vchip --slot 0 \
    --digest "$(printf '11%.0s' $(seq 32))" >/dev/null 2>&1 || :
HALF_TRACE=t.txt "$half" chip sign --chip sim:thing.vchip --slot 0 \
    --digest "$(printf '11%.0s' $(seq 32))" >/dev/null 2>&1 || :
for trace in t.jsonl t.txt; do
    wants CONFIG_NOT_LOCKED "$half" explain "$trace" --chip sim:thing.vchip
    wants "as the chip did: nothing" "$half" explain "$trace" --at 1 \
        --chip sim:thing.vchip
done
cat >pasted.hex <<END
command 0730000000035d
answer 0700006003 0f3b
command 07418002002e85
answer 040f23 42
END
wants TEMPKEY_EMPTY "$half" explain pasted.hex \
    --config "$configs/seed-notebook.hex"
wants '"verdict": "steps"' "$half" explain pasted.hex --json \
    --config "$configs/seed-notebook.hex"
# sessions of real chips: what they accepted, the virtual chip accepts
traces=$here/../data/traces
for n in 1 2 3 4 5 6 7 8; do
    wants "accepts it" "$half" explain "$traces/atecc608a-jwt-session.txt" \
        --config "$configs/seed-notebook.hex" --at $n
done
wants "none of them was refused" "$half" explain --all \
    "$traces/atecc508a-silicon.sr" \
    --config "$configs/arduino-default-tls-508a.hex"
# a key that asks for a nonce of the chip's: the challenge goes another way
"$half" policy new --recipe accessory -o accessory.yaml >/dev/null
"$half" policy compile accessory.yaml | sed 's/55 55/00 00/' >accessory.hex
wants "MAC: slot key and TempKey, slot 3" "$half" explain \
    --config accessory.hex --command \
    2708000300000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f96c1
printf '{"a":\n' >bad.jsonl
wants "no JSON object" "$half" explain bad.jsonl
printf '{"event":"transfer","kind":"write","addr":999,"bytes":"03"}\n' >bad.jsonl
wants "from 0 to 127" "$half" explain bad.jsonl
: >empty
wants "no transfer in it" "$half" explain empty
wants "Is a directory" "$half" explain .
wants "it has 2 commands" $seed pasted.hex --at 3

# a pipe is read as a file is
wants TEMPKEY_EMPTY sh -c '"$@" - <pasted.hex' sh $seed
wants TEMPKEY_EMPTY sh -c 'cat pasted.hex | "$@" -' sh $seed
wants TEMPKEY_EMPTY sh -c 'cat pasted.hex | "$@" /dev/stdin' sh $seed
wants "no command went there" $seed pasted.hex --address 99
wants "exclude each other" $seed --chip sim:thing.vchip --command 41800200

# too much of it: an answer all the same, and soon
dd if=/dev/zero of=large bs=1M seek=99 count=1 2>/dev/null
wants "cut it into parts" $seed large
printf '{"event":' | dd of=large conv=notrunc 2>/dev/null
wants "cut it into parts" $seed large
wants "is it the right file" "$half" doctor --replay large
for n in $(seq 210); do
    printf 'command 07418002002e85\nanswer 040f2342\n'
done >often.hex
wants "and 10 more refusals" $seed often.hex --all
wants '"left_out": 10' $seed often.hex --all --json
echo "explain: ok"
