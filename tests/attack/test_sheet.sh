#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `half policy attack` as people and programs meet it. usage: HALF SOURCE
set -eu
half=$1
source=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
    echo "test_sheet: $*" >&2
    exit 1
}

"$half" policy attack --hex "$source/tests/data/configs/seed-notebook.hex" \
    >"$dir/seed"
grep -q 'GenKey: create a private key, slot 2' "$dir/seed" ||
    fail "the trace that destroys the identity is not shown"
grep -q 'can take or destroy [0-9]* things here' "$dir/seed" ||
    fail "the verdict is missing"
grep -q '[0-9][0-9]* commands tried' "$dir/seed" || fail "no count of commands"

"$half" policy attack "$source/policies/connected-device.yaml" >"$dir/default"
grep -q 'nothing here that somebody on the bus would want' "$dir/default" ||
    fail "the default policy gives something away"

"$half" policy attack --json \
    --hex "$source/tests/data/configs/seed-notebook.hex" >"$dir/json"
python3 - "$dir/json" <<'PY' || fail "the JSON says something else"
import json, sys
sheet = json.load(open(sys.argv[1]))
assert sheet["commands"] > 1000
slot = sheet["slots"][2]
assert slot["gravest"] == "regenerate", slot["gravest"]
trace = [a for a in slot["answers"] if a["can"] == "regenerate"][0]["trace"]
assert trace == [{"step": "command", "group": "07400402008507",
                  "words": "GenKey: create a private key, slot 2"}], trace
assert {a["who"] for a in slot["answers"]} == {"bus", "flash"}
PY

if "$half" policy attack "$dir/none.yaml" 2>"$dir/error"; then
    fail "a missing file is no error"
fi
grep -q 'No such file' "$dir/error" || fail "the error does not say why"

# Nobody has to believe a sheet: every yes is played again, as files.
"$half" policy attack --hex "$source/tests/data/configs/seed-notebook.hex" \
    --save "$dir/saved" >"$dir/seed"
grep -q 'answers are in' "$dir/seed" || fail "--save says nothing"
count=0
for chip in "$dir"/saved/*.vchip; do
    count=$((count + 1))
    "$half" sim replay "$chip" "${chip%.vchip}.txt" >"$dir/replay" || {
        cat "$dir/replay" >&2
        fail "$chip: refused something"
    }
done
[ "$count" -gt 100 ] || fail "only $count answers were saved"
chip=$dir/saved/bus-slot2-regenerate
"$half" sim replay "$chip.vchip" "$chip.txt" >"$dir/replay"
grep -q '^1 command, 0 refused; changed: slot 2$' "$dir/replay" ||
    fail "the identity is still there"
"$half" sim replay --keep --json "$chip.vchip" "$chip.txt" >"$dir/json"
python3 - "$dir/json" <<'PY' || fail "the JSON of a replay says something else"
import json, sys
replay = json.load(open(sys.argv[1]))
assert replay["changed"] == ["slot 2"], replay
assert not replay["commands"][0]["refused"]
PY

# On a chip of the default policy the same command is refused.
"$half" policy compile "$source/policies/connected-device.yaml" >"$dir/hex"
"$half" policy attack --hex "$dir/hex" --quick --save "$dir/default.d" >"$dir/out"
victim=$(find "$dir/default.d" -name 'bus-slot*.vchip' | sort | head -1)
echo 'command 07400400008387' >"$dir/genkey"
if "$half" sim replay "$victim" "$dir/genkey" >"$dir/replay"; then
    fail "GenKey destroyed the identity of connected-device"
fi
grep -q 'refused: .*slot 0' "$dir/replay" || fail "no reason is given"
grep -q 'changed: nothing' "$dir/replay" || fail "something changed"

if "$half" sim replay "$victim" /dev/null 2>"$dir/error"; then
    fail "an empty recording is no error"
fi
