#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs every fuzz target from its seeds in fuzz/corpus/NAME.
# usage: scripts/fuzz.sh BUILD SECONDS   (0: each seed once, for CI)
set -eu
cd "$(dirname "$0")/.."
build=$1
seconds=$2
count=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for target in "$build"/fuzz/fuzz_*; do
    [ -x "$target" ] && [ -f "$target" ] || continue
    name=${target##*/fuzz_}
    seeds=fuzz/corpus/$name
    [ -d "$seeds" ] || { echo "fuzz: no seeds in $seeds" >&2; exit 1; }
    if [ "$seconds" = 0 ]; then
        "$target" -runs=0 "$seeds" >"$work/log" 2>&1 ||
            { cat "$work/log" >&2; exit 1; }
        echo "fuzz: $name: $(ls "$seeds" | wc -l) seeds, no finding"
    else
        mkdir -p "$work/$name"
        echo "fuzz: $name for $seconds s"
        "$target" -max_total_time="$seconds" -print_final_stats=1 \
            -artifact_prefix="$build/fuzz/" "$work/$name" "$seeds" \
            >"$work/log" 2>&1 || { tail -40 "$work/log" >&2; exit 1; }
        grep -E 'number_of_executed_units|DONE' "$work/log"
    fi
    count=$((count + 1))
done
[ "$count" -gt 0 ] || { echo "fuzz: no target was built" >&2; exit 1; }
echo "fuzz: $count targets, no finding"
