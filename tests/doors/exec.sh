#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Programs that know nothing of virtual chips, under `half sim exec`: the
# i2c-tools of the system, shells, and two processes at one chip.
# usage: exec.sh HALF HAMMER OPERATIONS GUEST
set -eu
half=$1
hammer=$2
operations=$3
guest=$4
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
# Programs built with a sanitizer meet the preload library before its runtime.
ASAN_OPTIONS=verify_asan_link_order=0
export ASAN_OPTIONS

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

is() { # what, wanted, found
    [ "$2" = "$3" ] || fail "$1: wanted '$2', found '$3'"
}

"$half" sim create blank.vchip --seed 01 >/dev/null
"$half" sim create tflx.vchip --variant tflxtls --seed 02 >/dev/null
run="$half sim exec --chip blank.vchip --"

if command -v i2cdetect >/dev/null; then
    is "i2cdetect finds the sleeping chip" "60: 60" \
        "$($run i2cdetect -y 1 | sed -n 's/^\(60: ..\).*/\1/p')"
    # The first scan wakes them at 0x40, past 0x36; the second finds both.
    is "two chips on one bus" "36 60" \
        "$("$half" sim exec --chip blank.vchip --chip tflx.vchip -- sh -c '
            i2cdetect -y 1 >/dev/null
            i2cdetect -y 1' | sed -n 's/^[0-7]0://p' | tr -d -- '-\n' | xargs)"
    is "i2ctransfer wakes, in processes of their own" "0x04 0x11 0x33 0x43" \
        "$($run sh -c 'i2ctransfer -y -a 1 w1@0x00 0x00 2>/dev/null
            i2ctransfer -y 1 r4@0x60')"
    is "nobody acknowledges address 0" \
        "Error: Sending messages failed: No such device or address" \
        "$($run i2ctransfer -y -a 1 w1@0x00 0x00 2>&1 || true)"
    is "Info, the answer read by another process" \
        "0x07 0x00 0x00 0x60 0x03 0x83 0xbb" \
        "$($run sh -c 'i2ctransfer -y -a 1 w1@0x00 0x00 2>/dev/null
            i2ctransfer -y 1 w8@0x60 3 7 0x30 0 0 0 0x03 0x5d
            i2cdetect -y 1 0x08 0x17 >/dev/null
            i2ctransfer -y 1 r7@0x60' 2>/dev/null)"
    is "SMBus calls" "0x04" \
        "$($run sh -c 'i2ctransfer -y -a 1 w1@0x00 0x00 2>/dev/null
            i2cget -y 1 0x60')"
    is "above 133 kHz address 0 does not wake" "asleep" \
        "$("$half" sim exec --hz 400000 --chip blank.vchip -- sh -c '
            i2ctransfer -y -a 1 w1@0x00 0x00 2>/dev/null
            i2ctransfer -y 1 r4@0x60 2>/dev/null || echo asleep')"
    is "another bus number" "0x04" \
        "$("$half" sim exec --bus 7 --chip blank.vchip -- sh -c '
            i2ctransfer -y -a 7 w1@0x00 0x00 2>/dev/null
            i2cget -y 7 0x60')"
else
    echo "i2c-tools are not installed: their part is skipped"
fi

is "the device looks like one" "character special file" \
    "$($run stat -c %F /dev/i2c-1)"
$run sh -c 'exec 3<>/dev/i2c-1' || fail "a shell opens the bus"
is "the program's exit status" 7 "$($run sh -c 'exit 7' || echo $?)"
is "a signal's" 137 "$($run sh -c 'kill -9 $$' || echo $?)"
is "no such program" 2 "$($run ./nothing 2>/dev/null || echo $?)"
is "SIGTERM reaches the program" 42 \
    "$($run sh -c 'trap "exit 42" TERM
            kill -TERM $PPID
            while :; do sleep 0.1; done' || echo $?)"
is "a file that is in use" 2 \
    "$($run "$half" sim exec --chip blank.vchip -- true 2>/dev/null || echo $?)"

is "what Linux promises" good "$($run "$guest")"

# Two processes, one chip, the real I2C port through /dev/i2c-1.
half_of=$((operations / 2))
"$half" sim exec --speed instant --chip tflx.vchip -- sh -c "
    '$hammer' i2c:1@0x36 $half_of 1 >one & first=\$!
    '$hammer' i2c:1@0x36 $half_of 2 >two || exit 1
    wait \$first" || fail "a process found something corrupted"
is "every increment was counted once" "$(($(cat one) + $(cat two)))" \
    "$("$half" sim exec --chip tflx.vchip -- "$hammer" i2c:1@0x36)"
is "and is in the file" "$(($(cat one) + $(cat two)))" \
    "$("$hammer" sim:tflx.vchip)"
echo "all good: $operations operations, $(($(cat one) + $(cat two))) increments"
