#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# half doctor finds what is wrong with a chip and its board, its bundle shows
# the same on a virtual chip, and holds no secret.
set -eu
half=$1
configs=$(cd "$(dirname "$0")/../data/configs" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
unset HALF_CHIP

wrong()
{
    echo "WRONG: $*"
    cat out
    exit 1
}

# finds WORDS CODE COMMAND...: its output holds the words, it ends with CODE
finds()
{
    words=$1
    expected=$2
    shift 2
    code=0
    "$@" >out 2>&1 || code=$?
    grep -qE -- "$words" out || wrong "no '$words' in the output of: $*"
    [ "$code" = "$expected" ] || wrong "exit code $code of: $*"
}

# sick FAULT WORDS: a chip with that fault is found out, and so is its bundle
sick()
{
    rm -f sick.vchip sick.json
    "$half" sim create --variant tflxtls sick.vchip >/dev/null
    "$half" sim fault sick.vchip "$1" >/dev/null
    finds "$2" 1 "$half" doctor --chip sim:sick.vchip --bundle sick.json
    finds "$2" 0 "$half" doctor --replay sick.json
    finds "shows the same" 0 "$half" doctor --replay sick.json
}

"$half" sim create --variant tflxtls good.vchip >/dev/null
finds "supply +good" 0 "$half" doctor --chip sim:good.vchip --bundle good.json
finds "shows the same" 0 "$half" doctor --replay good.json
finds '"verdict": "good"' 0 "$half" doctor --chip sim:good.vchip --json
for variant in 508a 608a 608b; do
    rm -f blank.vchip
    "$half" sim create --variant $variant blank.vchip >/dev/null
    finds "locks +warning" 0 "$half" doctor --chip sim:blank.vchip \
        --bundle blank.json
    finds "random +warning" 0 "$half" doctor --replay blank.json
    finds "shows the same" 0 "$half" doctor --replay blank.json
done

sick brownout,opcode=genkey,count=0 "supply +bad .*collapses"
sick stuck,count=0 "answer +bad .*HD_ERR_BUS_STUCK"
sick vanish,count=0 "answer +bad .*HD_ERR_ABSENT"
sick selftest,arg=4,count=0 "selftest +bad"
sick flip,arg=9,opcode=random,count=0 "random +bad .*HD_ERR_CRC"

# a single-wire part: replayed over single-wire
"$half" sim create --variant 608b-swi swi.vchip >/dev/null
: >ready
"$half" sim serve --chip swi.vchip --swi-socket swi.sock --exit-with $$ \
    >ready 2>&1 &
server=$!
until grep -q ready ready; do sleep 0.1; done
finds "address +skipped" 0 "$half" doctor --chip swi:swi.sock --bundle swi.json
kill $server
grep -q '"bus"' swi.json || wrong "no line about the bus"
"$half" doctor --replay swi.json >out 2>&1 || : # how fast it was may differ
grep -qE "address +skipped" out || wrong "replayed over another bus"
finds "Lock: configuration" 0 "$half" explain --bundle swi.json \
    --command 41800000

# The bundle of a chip that was given a secret holds neither it nor the
# serial number.
secret=5ec0de5ec0de5ec0de5ec0de5ec0de5ec0de5ec0de5ec0de5ec0de5ec0de5ec0
printf '%s' $secret >secret.hex
"$half" sim create --variant 608b \
    --config "$configs/cryptoauthlib-test-608.hex" full.vchip >out
serial=$(sed -n 's/.*serial 0123\([0-9a-f]*\)ee,.*/\1/p' out)
[ ${#serial} = 12 ] || wrong "no serial number"
"$half" chip write data secret.hex --slot 5 --chip sim:full.vchip >out
od -An -v -tx1 full.vchip | tr -d ' \n' | grep -q $secret ||
    wrong "the chip does not hold the secret"
"$half" doctor --chip sim:full.vchip --bundle full.json >out
for private in $secret $serial; do
    grep -qi $private full.json && wrong "the bundle holds $private"
    for half_of in 1-8 5-12; do
        grep -qi "$(echo $private | cut -c$half_of)" full.json &&
            wrong "the bundle holds a part of $private"
    done
done
finds "shows the same" 0 "$half" doctor --replay full.json

# half explain takes its configuration
finds "Never, because|would have worked" 0 "$half" explain \
    --bundle full.json --command 41800000

# what is no bundle
echo '{"format":"other"}' >bad.json
finds "no bundle" 2 "$half" doctor --replay bad.json
echo '{' >bad.json
finds "no JSON" 2 "$half" doctor --replay bad.json
sed 's/"config": "../"config": "zz/' full.json >bad.json
finds "damaged" 2 "$half" doctor --replay bad.json
for damage in 's/"address": [0-9]*/"address": 99999999999999999/' \
    's/"address": [0-9]*/"address": 1.5/' \
    's/"empty_slots": [0-9]*/"empty_slots": -1/'; do
    sed "$damage" full.json >bad.json
    finds "damaged" 2 "$half" doctor --replay bad.json
done
for damage in 's/"verdict": "good"/"verdict": "purple"/' \
    's/"findings"/"bindings"/' 's/"number": 0/"number": 123456789012345/'; do
    sed "$damage" full.json >bad.json
    finds "findings are damaged" 2 "$half" doctor --replay bad.json
done
# its words are shown on a terminal
sed 's/"text": "./&\\u001b[2J/; s/"verdict": "good"/"verdict": "bad"/' \
    full.json >bad.json
finds "was bad there" 1 "$half" doctor --replay bad.json
grep -q "$(printf '\033')" out && wrong "an escape sequence is shown"
head -c 100000 /dev/zero | tr '\0' '[' >bad.json
finds "longer than" 2 "$half" doctor --replay bad.json
head -c 60000 /dev/zero | tr '\0' '[' >bad.json
finds "no JSON .line 1, column" 2 "$half" doctor --replay bad.json
finds "which chip" 2 "$half" doctor
echo "doctor: ok"
