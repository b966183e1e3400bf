#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `half policy lint` as people and CI meet it. usage: HALF SOURCE
set -eu
half=$1
source=$2
seed=$source/tests/data/configs/seed-notebook.hex
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
    echo "test_lint: $*" >&2
    exit 1
}

# the five recipes pass, and no line of their allow lists is idle
for policy in "$source"/policies/*.yaml; do
    "$half" policy lint "$policy" >"$dir/out" 2>"$dir/err" ||
        fail "$policy does not pass: $(cat "$dir/out")"
    [ ! -s "$dir/err" ] || fail "$(cat "$dir/err")"
done

# without its allow list the default policy does not
sed '/^allow:/,$d' "$source/policies/connected-device.yaml" >"$dir/bare.yaml"
code=0
"$half" policy lint "$dir/bare.yaml" >"$dir/out" || code=$?
[ "$code" = 1 ] || fail "a finding that nobody allowed passes: exit $code"
grep -q '^high   PRIV-REGEN at slot 2 (ldevid)' "$dir/out" ||
    fail "slot 2 is not named: $(cat "$dir/out")"

# an idle line of an allow list is told
cat >>"$dir/bare.yaml" <<'YAML'
allow:
  - rule: KEY-READABLE
    where: identity
    reason: "there was a reason for this once"
YAML
"$half" policy lint "$dir/bare.yaml" >/dev/null 2>"$dir/err" || :
grep -q 'KEY-READABLE at identity allows nothing' "$dir/err" ||
    fail "an idle line of the allow list is not told"

# a secret that the whole fleet shares
cat >"$dir/fleet.yaml" <<'YAML'
policy: fleet
chip: ATECC608
slots:
  0: {name: identity, purpose: identity}
  5: {name: secret, purpose: secret, content: shared}
YAML
code=0
"$half" policy lint "$dir/fleet.yaml" >"$dir/out" 2>&1 || code=$?
[ "$code" = 1 ] && grep -q 'FLEET-SECRET at slot 5' "$dir/out" ||
    fail "a fleet secret passes: $code $(cat "$dir/out")"

# docs/lint.md has every rule as the program has it
sed -n 's/^RULE([A-Z0-9_]*, "\([^"]*\)", "\([^"]*\)", "\([^"]*\)")$/| `\1` | \2 | \3 |/p' \
    "$source/host/lint/lint.def" >"$dir/rules"
[ "$(wc -l <"$dir/rules")" -gt 40 ] || fail "lint.def cannot be read"
while read -r row; do
    grep -qF "$row" "$source/docs/lint.md" || fail "docs/lint.md lacks: $row"
done <"$dir/rules"

code=0
"$half" policy lint --hex "$seed" >"$dir/out" || code=$?
[ "$code" = 1 ] || fail "the seed chip passes"
grep -q '^20 high, 8 medium, 13 low, 10 info' "$dir/out" ||
    fail "counts differ: $(tail -n 1 "$dir/out")"

"$half" policy lint --json --hex "$seed" >"$dir/json" || :
"$half" policy lint --format sarif --hex "$seed" >"$dir/sarif" || :
python3 - "$dir/json" "$dir/sarif" <<'PY' || fail "JSON or SARIF is wrong"
import json, sys
lint = json.load(open(sys.argv[1]))
assert lint["counts"] == {"high": 20, "medium": 8, "low": 13, "info": 10}
for f in lint["findings"]:
    assert f["why"] and f["fix"] and f["bits"] and f["rule"]
sarif = json.load(open(sys.argv[2]))
assert sarif["version"] == "2.1.0"
run = sarif["runs"][0]
rules = run["tool"]["driver"]["rules"]
assert len(run["results"]) == 51
for r in run["results"]:
    assert rules[r["ruleIndex"]]["id"] == r["ruleId"]
    assert r["level"] in ("error", "warning", "note")
    place = r["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("seed-notebook.hex")
# the 20 high ones, and ECDH in clear beside an enabled IO protection key
assert sum(r["level"] == "error" for r in run["results"]) == 21
PY
