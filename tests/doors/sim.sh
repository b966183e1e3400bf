#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The verbs of `half sim` as a user meets them.
# usage: sim.sh HALF
set -eu
half=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

is() { # what, wanted, found
    [ "$2" = "$3" ] || fail "$1: wanted '$2', found '$3'"
}

refused() { # exit code, words on stderr, command...
    wanted=$1
    words=$2
    shift 2
    code=0
    "$@" >out 2>err || code=$?
    is "exit code of $*" "$wanted" "$code"
    grep -q -- "$words" err || fail "$*: says '$(cat err)', not '$words'"
}

# create
is "a seed decides the serial number" \
    "a.vchip: serial $("$half" sim create b.vchip --seed 0A | cut -d' ' -f3- | cut -d, -f1), I2C address 0x60" \
    "$("$half" sim create a.vchip --seed 0a)"
is "the file is private" 600 "$(stat -c %a a.vchip)"
refused 1 "--force replaces it" "$half" sim create a.vchip
"$half" sim create a.vchip --force --variant tflxtls >/dev/null
refused 2 "did you mean '608a'" "$half" sim create c.vchip --variant 6o8a
refused 2 "1 to 32 bytes as hex" "$half" sim create c.vchip --seed banana
refused 2 "not two hex digits" "$half" sim create c.vchip --config a.vchip
echo 00 11 >short.hex
refused 2 "has 128" "$half" sim create c.vchip --config short.hex
refused 2 "No such file" "$half" sim create /nowhere/c.vchip
refused 2 "No such file" "$half" sim create ''
[ ! -e c.vchip ] || fail "a refused create leaves a file"
is "JSON" '{"file": "c.vchip", "serial": true, "address": 96, "ok": true}' \
    "$("$half" sim create c.vchip --json | tr -d '\n' | tr -s ' ' |
        sed 's/{ /{/; s/"serial": "[0-9a-f]\{18\}"/"serial": true/')"

# A configuration of one's own: bytes 0-15 stay the new chip's.
i=0
while [ $i -lt 128 ]; do
    printf '%02X ' $i
    i=$((i + 1))
done | sed 's/ 10 11 12 13/ D2 11 12 00/' >config.hex
"$half" sim create d.vchip --config config.hex >out
is "address from byte 16" "I2C address 0x69" "$(sed 's/.*, //' out)"

# fault
refused 2 "nothing to do" "$half" sim fault c.vchip
refused 2 "a fault begins with its kind" "$half" sim fault c.vchip banana
"$half" sim fault c.vchip nack,skip=2,count=3
"$half" sim fault c.vchip flip,arg=13,opcode=sign
is "faults wait in the file" "nack,skip=2,count=3 flip,arg=13,opcode=sign,count=1" \
    "$("$half" sim fault c.vchip --list | sed 's/,arg=0//' | xargs)"
is "faults as JSON" 2 "$("$half" sim fault c.vchip --list --json | grep -c 'count=')"
"$half" sim fault c.vchip --clear
is "cleared" "" "$("$half" sim fault c.vchip --list)"

# snapshot and restore
"$half" sim snapshot c.vchip kept
refused 1 "--force replaces it" "$half" sim snapshot c.vchip kept
"$half" sim fault c.vchip vanish
"$half" sim restore c.vchip kept
is "restored" "" "$("$half" sim fault c.vchip --list)"
refused 2 "kept.not" "$half" sim restore c.vchip kept.not
head -c 100 kept >torn
refused 2 "torn" "$half" sim restore c.vchip torn

# A link is one more name of the same chip, not a second chip.
serial() {
    "$half" chip info --chip "sim:$1" | grep -i serial
}
mkdir deep
"$half" sim create deep/real.vchip --seed 0b >/dev/null
ln -s deep/real.vchip name.vchip
ln -s name.vchip name2.vchip
is "a link is the chip" "$(serial deep/real.vchip)" "$(serial name2.vchip)"
"$half" sim fault name2.vchip nack,skip=40
is "a fault through a link is in the chip" nack \
    "$("$half" sim fault deep/real.vchip --list | cut -d, -f1)"
refused 1 "--force replaces it" "$half" sim create name.vchip
"$half" sim create name.vchip --force --seed 0c >/dev/null
"$half" sim snapshot deep/real.vchip kept2
"$half" sim restore name2.vchip kept2
[ -L name.vchip ] && [ -L name2.vchip ] || fail "a link was replaced by a file"
is "one chip, one lock" deep/.real.vchip.lock "$(echo deep/.*.lock)"
[ ! -e .name.vchip.lock ] && [ ! -e .name2.vchip.lock ] ||
    fail "a link has a lock of its own"

ln -s nowhere.vchip dangling.vchip
for verb in "create dangling.vchip" "fault dangling.vchip --list" \
    "restore dangling.vchip kept" "snapshot c.vchip dangling.vchip"; do
    # shellcheck disable=SC2086
    refused 2 "link to nowhere.vchip, which does not exist" "$half" sim $verb
done
refused 2 "link to nowhere.vchip" "$half" chip info --chip sim:dangling.vchip
[ -L dangling.vchip ] && [ ! -e nowhere.vchip ] || fail "a dangling link is left"

ln deep/real.vchip deep/twin.vchip
refused 2 "2 names (hard links)" "$half" chip info --chip sim:deep/twin.vchip
refused 2 "2 names (hard links)" "$half" sim fault name.vchip nack
refused 2 "2 names (hard links)" "$half" sim restore deep/real.vchip kept
rm deep/twin.vchip
refused 2 "is a directory" "$half" chip info --chip sim:deep
[ ! -e .deep.lock ] || fail "a directory has a lock"

# serve
refused 2 "--chip FILE... is needed" "$half" sim serve --socket s
refused 2 "nowhere to listen" "$half" sim serve --chip c.vchip
refused 2 "half sim create" "$half" sim serve --chip none.vchip --socket s
refused 2 "half sim create" "$half" chip info --chip sim:none.vchip
[ ! -e .none.vchip.lock ] || {
    echo "FAILED: a lock was left for a chip that does not exist"
    exit 1
}
mkfifo told
"$half" sim serve --chip c.vchip --socket bus >told &
server=$!
read -r line <told
is "says when it listens" ready "$line"
refused 2 "unix:" "$half" sim fault c.vchip nack
ln -s c.vchip link.vchip
refused 2 "unix:" "$half" sim fault link.vchip nack
refused 2 "unix:" "$half" chip info --chip sim:link.vchip
refused 2 "unix:" "$half" sim create link.vchip --force
"$half" sim fault unix:bus nack
"$half" sim fault unix:bus --clear
refused 2 "a fault begins with its kind" "$half" sim fault unix:bus banana
refused 2 "another server answers" "$half" sim serve --chip a.vchip --socket bus
kill -TERM $server
wait $server || fail "SIGTERM is an orderly end"
[ ! -e bus ] || fail "the socket is left behind"

sleep 1000 &
other=$!
"$half" sim serve --chip c.vchip --socket bus --exit-with $other >told &
server=$!
read -r line <told
kill $other
wait $server || fail "--exit-with is an orderly end"
echo "all good"
