#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The pages of docs/recipes: each names every slot of its recipe and no other,
# and its commands, run as they stand on a blank virtual chip, do what the page
# says. HASH is the plan's, SERIAL the chip's; a line that begins with "! "
# must be refused by the chip.
# usage: test_pages.sh HALF SOURCE
set -eu
half_program=$1
pages=$2/docs/recipes
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

wrong() {
    echo "WRONG: $*" >&2
    failed=1
}

half() { "$half_program" "$@"; }

# The commands of a page, and the name of its recipe is the page's.
commands() { sed -n '/^```$/,/^```$/p' "$1" | grep -v '^```$'; }

# "half apply ... --keys DIR ... --confirm HASH" -> the same as a plan
plan_of() {
    echo "$1" | sed 's/ apply / plan /; s/ --keys [^ ]*//; s/ --confirm HASH//'
}

run_line() {
    line=$1
    case $line in
    *HASH*)
        hash=$(eval "$(plan_of "$line")" | sed -n 's/^plan //p')
        line=$(echo "$line" | sed "s/HASH/$hash/")
        ;;
    *SERIAL*)
        serial=$(half chip info | sed -n 's/^serial *//p')
        line=$(echo "$line" | sed "s/SERIAL/$serial/g")
        ;;
    esac
    case $line in
    '! '*)
        code=0
        eval "${line#! }" >out 2>&1 || code=$?
        [ $code = 1 ] && grep -q 'reason' out ||
            wrong "$page: not refused with a reason: $line"
        ;;
    *)
        eval "$line" >out 2>&1 || {
            cat out >&2
            wrong "$page: $line"
        }
        ;;
    esac
}

for file in "$pages"/*.md; do
    page=$(basename "$file" .md)
    [ "$page" != README ] || continue
    mkdir "$work/$page"
    cd "$work/$page"
    half policy new --recipe "$page" -o named.yaml >/dev/null ||
        wrong "$page: there is no such recipe"
    half policy show --json named.yaml |
        python3 -c 'import json, sys
for s in json.load(sys.stdin)["slots"]:
    if s["name"]: print(s["name"])' | sort >is
    sed -n 's/^| [0-9, ]* | \([^|]*\) |.*/\1/p' "$file" | tr -d '` ' |
        tr ',' '\n' | sort >told
    cmp -s is told || {
        diff is told >&2 || true
        wrong "$page: its table names other slots than the recipe has"
    }
    half sim create page.vchip >/dev/null
    HALF_CHIP=sim:$work/$page/page.vchip
    export HALF_CHIP
    count=0
    commands "$file" >lines
    while IFS= read -r command; do
        count=$((count + 1))
        case $command in
        'export HALF_CHIP='*) ;;
        *) run_line "$command" ;;
        esac
    done <lines
    [ $count -gt 4 ] || wrong "$page: only $count commands were found"
    half diff -p policy.yaml >out 2>&1 ||
        ! grep -v 'once it is filled\|^different' out ||
        wrong "$page: the chip is not what the policy says"
    echo "$page: $count commands"
    grep -q "($page.md)" "$pages/README.md" || wrong "README lacks $page"
done
for recipe in "$2"/policies/*.yaml; do
    [ -f "$pages/$(basename "$recipe" .yaml).md" ] ||
        wrong "$(basename "$recipe" .yaml) has no page"
done
exit $failed
