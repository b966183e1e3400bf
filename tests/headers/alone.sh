#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Each public header is usable alone, from C11 and from C++17.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
cxx=$(command -v c++ || command -v clang++ || true)
[ -n "$cxx" ] || echo "headers: no C++ compiler; only C11 is tested"

# alone NAME LANGUAGE COMMAND...: nothing included but this one, and it twice
alone() {
    name=$1
    language=$2
    shift 2
    printf '#include "halfdollar/%s"\n#include "halfdollar/%s"\n' \
        "$name" "$name" >"$work/alone.$language"
    "$@" -pedantic -Wall -Wextra -Wconversion -Wshadow -Wundef -Werror \
        -Iinclude -fsyntax-only "$work/alone.$language" || {
        echo "headers: $name does not stand alone: $*" >&2
        failed=1
    }
}

for header in include/halfdollar/*.h; do
    alone "${header##*/}" c "${CC:-cc}" -std=c11
    [ -z "$cxx" ] || alone "${header##*/}" cc "$cxx" -std=c++17
done
exit "$failed"
