#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# clang-tidy, cppcheck, and the rules of this house that a grep can see.
# usage: scripts/lint.sh BUILD   (BUILD holds compile_commands.json)
set -eu
cd "$(dirname "$0")/.."
build=$1
jobs=$(nproc 2>/dev/null || echo 2)
failed=0

# rule REGEX, where, why: no tracked line there may match
rule() {
    if git grep -nE "$1" -- $2; then
        echo "lint: $3" >&2
        failed=1
    fi
}

rule '\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol)\(' '*.c *.h' \
    'unbounded or unchecked string function'
rule '\bmemcmp\(' 'lib/*.c' 'use hd_ct_equal: timing must not leak bytes'
rule '\b(malloc|calloc|realloc|free|alloca)\(' 'lib/*.c' 'lib/ has no heap'
rule '#include "(vchip|cli|host|ports|tls)/' 'lib/*.c lib/*.h include/*.h' \
    'lib/ depends on nothing above it'
rule '\bhd_(chip|op)_lock_(config|data|slot)\(' \
    'host/*.c cli/*.c tls/*.c ports/*.c examples/*.c :!host/plan/lock.c' \
    'only host/plan/lock.c locks: what is for ever has one way through'
rule '\b(TO''DO|FIX''ME|XX''X)\b' '*.c *.h *.sh' 'finish it or write an issue'

for file in $(git ls-files '*.c' '*.h' '*.sh' '*.def'); do
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || {
        echo "$file: no SPDX line" >&2
        failed=1
    }
    lines=$(wc -l <"$file")
    [ "$lines" -le 800 ] || {
        echo "$file: $lines lines; split it (limit 800)" >&2
        failed=1
    }
done

# lib/crypto adapters of libraries that are not on this machine, fuzz targets
# and cross-compiled bench programs are not in compile_commands.json.
sources=$(git ls-files '*.c' | while read -r f; do
    grep -q "/$f\"" "$build/compile_commands.json" && echo "$f"
done)
printf '%s\n' $sources |
    xargs -P "$jobs" -n 4 clang-tidy -p "$build" --quiet 2>/dev/null ||
    failed=1

cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -j "$jobs" \
    --enable=warning,portability,performance \
    --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
    -I include $(printf '%s\n' $sources | grep -E '^(lib|vchip|ports|tls|host|cli)/') ||
    failed=1

[ "$failed" = 0 ] && echo "lint: clean" || {
    echo "lint: failed" >&2
    exit 1
}
