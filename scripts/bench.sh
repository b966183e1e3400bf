#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs every bench program: each prints figure, yardstick and ratio. Timing
# lives here and never in a test, because machines are noisy.
# usage: scripts/bench.sh BUILD
set -eu
cd "$(dirname "$0")/.."
for program in "$1"/bench/bench_*; do
    [ -x "$program" ] && [ -f "$program" ] || continue
    printf '\n%s\n' "$program"
    "$program"
done
