#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Proves what docs/DESIGN.md says of lib/: it is freestanding, has no heap and
# no writable globals, and needs nothing above it. By looking at what the
# compiler made of it, and by linking it with nothing but four functions.
#
#   scripts/arch.sh BUILD
set -eu
cd "$(dirname "$0")/.."
work=$1/arch
rm -rf "$work"
mkdir -p "$work"
failed=0

fail() {
    echo "arch: $*" >&2
    failed=1
}

# lib/crypto talks to libraries: it is an adapter, not part of the core
sources=$(git ls-files 'lib/*.c' | grep -v '^lib/crypto/')
may_need=' memcpy memmove memset memcmp '

# check NAME COMPILER NM FLAGS...
check() {
    name=$1
    cc=$2
    nm=$3
    shift 3
    command -v "$cc" >/dev/null || {
        echo "arch: $cc is not installed; not checked with it"
        return
    }
    out=$work/$name
    mkdir -p "$out"
    for file in $sources; do
        object=$out/$(echo "$file" | tr / _ | sed 's/c$/o/')
        "$cc" -std=c11 -O2 "$@" -ffreestanding -Wall -Wextra -Wconversion \
            -Wshadow -pedantic -Werror -Iinclude -c "$file" -o "$object"
        # B, D: writable; C: common; b, d: the same, local to a file
        # (constants with pointers in them are R or d in .data.rel.ro)
        written=$("$nm" "$object" | awk '$2 ~ /^[BbCDdGgSs]$/ { print $3 }')
        [ -z "$written" ] || fail "$file: writable data: $written ($name)"
    done
    defined=$("$nm" "$out"/*.o | awk 'NF == 3 && $2 ~ /[TRVW]/ { print $3 }')
    for symbol in $("$nm" -u "$out"/*.o | awk 'NF == 2 { print $2 }' | sort -u); do
        case "$may_need" in *" $symbol "*) continue ;; esac
        case "$symbol" in
        __aeabi_* | __gnu_thumb1_case_* | __udiv* | __mul* | __lshr*) continue ;;
        esac
        echo "$defined" | grep -qx "$symbol" ||
            fail "needs $symbol from outside ($name)"
    done
    printf 'arch: %-22s %s files, no writable data, needs:%s\n' "$name" \
        "$(echo "$sources" | wc -l)" \
        "$("$nm" -u "$out"/*.o | awk 'NF == 2 { print $2 }' | sort -u |
            grep -x 'mem[a-z]*' | sort -u | tr '\n' ' ' | sed 's/^/ /')"
}

check host-gcc cc nm -fno-pic
check clang clang nm -fno-pic
check arm-none-eabi-gcc arm-none-eabi-gcc arm-none-eabi-nm \
    -mcpu=cortex-m0plus -mthumb
check riscv64-unknown-elf-gcc riscv64-unknown-elf-gcc riscv64-unknown-elf-nm \
    -march=rv32imc -mabi=ilp32
check xtensa-lx106-elf-gcc xtensa-lx106-elf-gcc xtensa-lx106-elf-nm -mlongcalls

# A program with only these four functions and no C library at all.
cat >"$work/alone.c" <<'END'
#include <stddef.h>
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void _start(void);
void *memcpy(void *to, const void *from, size_t n)
{
    volatile char *t = to;
    const volatile char *f = from;
    while (n--) {
        *t++ = *f++;
    }
    return to;
}
void *memset(void *to, int c, size_t n)
{
    volatile char *t = to;
    while (n--) {
        *t++ = (char)c;
    }
    return to;
}
void *memmove(void *to, const void *from, size_t n)
{
    return memcpy(to, from, n);
}
int memcmp(const void *a, const void *b, size_t n)
{
    (void)a, (void)b;
    return n != 0;
}
void _start(void)
{
}
END
cc -std=c11 -ffreestanding -fno-pic -fno-stack-protector -c "$work/alone.c" \
    -o "$work/alone.o"
cc -nostdlib -static -no-pie -o "$work/alone" "$work/alone.o" \
    "$work"/host-gcc/*.o 2>"$work/link.log" ||
    fail "does not link without a C library: $(head -n 3 "$work/link.log")"

# Headers: only of the compiler, of mem*, and of this library.
for file in $(git ls-files 'lib/*.[ch]' | grep -v '^lib/crypto/'); do
    sed -n 's/^#include *[<"]\([^>"]*\)[>"].*/\1/p' "$file" |
        grep -vxE 'std(def|int|bool)\.h|internal\.h|halfdollar/(base|err|bus|crypto|chip)\.h' |
        while read -r header; do echo "$file includes $header"; done
done >"$work/includes"
[ ! -s "$work/includes" ] || fail "$(cat "$work/includes")"

tests/headers/alone.sh || failed=1

[ "$failed" = 0 ] || exit 1
echo "arch: lib/ is freestanding"
