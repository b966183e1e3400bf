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
