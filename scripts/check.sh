#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every check, in the order in which a failure is cheapest to find. Stops at
# the first that fails; the test runners' own output is what is printed.
set -eu
cd "$(dirname "$0")/.."

jobs=$(nproc 2>/dev/null || echo 2)
step() {
    printf '\n== %s\n' "$*"
}

step "format"
make -s fmt-check
step "build with gcc"
make -s all
step "build with clang"
make -s clang
step "lint"
make -s lint
step "architecture: lib/ is freestanding"
make -s arch
step "tests under AddressSanitizer and UndefinedBehaviorSanitizer"
make -s asan
step "fuzz seeds: every corpus once"
make -s fuzz SECONDS=0
step "size of the driver"
make -s size
step "the demo"
scripts/demo.sh build
step "tests"
make -s test
