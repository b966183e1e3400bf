#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Flash, RAM and worst stack of the driver, cross-compiled with -Os and linked
# with --gc-sections. Each figure is a program that contains the calls of a set
# minus one that contains memcpy and memset alone. Yardstick: Microchip's
# library 3.7.8 with the same compilers and calls. bench/size/README.md says
# what the figures mean and why some are above their aims.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}/size
mkdir -p "$build"
scripts/fetch-sources.sh "$build/sources" libmd
md=$build/sources/libmd
mkdir -p "$build/sources/config"
: >"$build/sources/config/config.h" # libmd's own, nothing in it matters here

crypto=yes
# compile TARGET COMPILER FLAGS...: objects into $build/TARGET
compile() {
    target=$1
    cc=$2
    shift 2
    out=$build/$target
    rm -rf "$out"
    mkdir -p "$out"
    for file in lib/base/bytes.c lib/chip/*.c bench/size/sets.c; do
        "$cc" -std=c11 -Os "$@" -ffreestanding -ffunction-sections \
            -fdata-sections -fstack-usage -fcallgraph-info=su -Wall -Wextra \
            -Iinclude -c "$file" -o "$out/$(basename "$file" .c).o"
    done
    [ -n "$crypto" ] || return 0
    for file in "$md/src/sha2.c" lib/crypto/libmd.c; do
        "$cc" -std=gnu11 -Os "$@" -w -ffunction-sections -fdata-sections \
            -fstack-usage -fcallgraph-info=su -I"$md/include" \
            -I"$build/sources/config" -Iinclude \
            -c "$file" -o "$out/$(basename "$file" .c).o"
    done
}

# roots SETS: -u for every call of these sets
roots() {
    for name in $(sed -n "s/^CALL(\([$1]\), \([a-z0-9_]*\),.*/\1_\2/p" \
            bench/size/sets.c); do
        printf ' -Wl,-u,%s' "$name"
    done
    case $1 in *a*) printf ' -Wl,-u,a_serial' ;; esac
    case $1 in *b*) printf ' -Wl,-u,b_crypto' ;; esac
}

# text FILE, data FILE: of a linked program
text() {
    "$size" "$1" | awk 'NR == 2 { print $1 }'
}
data() {
    "$size" "$1" | awk 'NR == 2 { print $2 + $3 }'
}

# symbols FILE AWK_CONDITION: bytes of those symbols
symbols() {
    "$nm" -S "$1" | awk 'function hex(s, i, n) { n = 0
            for (i = 1; i <= length(s); i++)
                n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
            return n }
        NF == 4 && $4 ~ /'"$2"'/ { sum += hex($2) } END { print sum + 0 }'
}

# parts FILE BYTES YARDSTICK: the library without the call sites, and what the
# rest consists of
parts() {
    calls=$(symbols "$1" '^[abc]_')
    row "    library alone, without its $calls bytes of calls" \
        "$(($2 - calls))" "$3" ""
    printf '    of which: SHA-256 %s, tables %s\n' \
        "$(symbols "$1" '^(SHA256|K256|sha256|hd_libmd)')" \
        "$(symbols "$1" '^(hd_op_|op_)')"
}

# link TARGET COMPILER SETS FLAGS...: prints text and data+bss
link() {
    target=$1
    cc=$2
    sets=$3
    shift 3
    out=$build/$target
    "$cc" "$@" -nostartfiles -Wl,--gc-sections -Wl,-e,0 -Wl,-u,memcpy \
        -Wl,-u,memset -o "$out/base.elf" "$out/bytes.o" 2>/dev/null
    "$cc" "$@" -nostartfiles -Wl,--gc-sections -Wl,-e,0 -Wl,-u,memcpy \
        -Wl,-u,memset $(roots "$sets") -Wl,-Map,"$out/$sets.map" \
        -o "$out/$sets.elf" "$out"/*.o 2>/dev/null
    echo "$(($(text "$out/$sets.elf") - $(text "$out/base.elf")))" \
        "$(($(data "$out/$sets.elf") - $(data "$out/base.elf")))"
}

# row LABEL FIGURE YARDSTICK AIM; a yardstick of 0: there is none
row() {
    ratio=-
    aim=
    [ "$3" -eq 0 ] || ratio=$(awk "BEGIN { printf \"%.2f\", $2 / $3 }")
    if [ -n "$4" ]; then
        aim="aim $4"
        [ "$2" -le "$4" ] || aim="$aim (over)"
    fi
    printf '%-52s %6s %7s %6s   %s\n' "$1" "$2" "$3" "$ratio" "$aim"
}
head_row() {
    printf '\n%-52s %6s %7s %6s\n' "$1" ours theirs ratio
}

# sets TARGET COMPILER YARD_A YARD_B YARD_C AIM_A AIM_B AIM_C FLAGS...
sets() {
    target=$1
    cc=$2
    ya=$3 yb=$4 yc=$5 aa=$6 ab=$7 ac=$8
    shift 8
    size=${cc%gcc}size
    nm=${cc%gcc}nm
    compile "$target" "$cc" "$@"
    head_row "$target, bytes of flash"
    set -- $(link "$target" "$cc" a "$@") \
        $(link "$target" "$cc" ab "$@") $(link "$target" "$cc" abc "$@")
    row "set A: open, serial, info, random, keys, sign, verify" "$1" "$ya" "$aa"
    parts "$build/$target/a.elf" "$1" "$ya"
    row "set B: + ecdh, memory, sessions, locks, SHA-256" "$3" "$yb" "$ab"
    parts "$build/$target/ab.elf" "$3" "$yb"
    row "set C: every command with its helpers" "$5" "$yc" "$ac"
    parts "$build/$target/abc.elf" "$5" "$yc"
    row "data + bss of C" "$6" 0 0
}

sets cortex-m0plus arm-none-eabi-gcc 4410 8536 11962 1500 3500 6500 \
    -mcpu=cortex-m0plus -mthumb --specs=nano.specs

# The same with -flto, beside Microchip's library with -flto. A linker that
# sees everything makes the calls part of the operations: no parts to show.
lto() {
    target=cortex-m0plus-lto
    cc=arm-none-eabi-gcc
    compile "$target" "$cc" "$@"
    head_row "cortex-m0plus with -flto, bytes of flash"
    for set in "a 2692" "ab 6184" "abc 8936"; do
        yard=${set#* }
        set=${set% *}
        figure=$(link "$target" "$cc" "$set" -Os "$@")
        row "set $(echo "$set" | sed 's/.*\(.\)$/\1/' | tr abc ABC)" \
            "${figure% *}" "$yard" ""
    done
}
lto -mcpu=cortex-m0plus -mthumb --specs=nano.specs -flto

sets rv32imc riscv64-unknown-elf-gcc 4966 9802 13984 "" "" "" \
    -march=rv32imc -mabi=ilp32 --specs=picolibc.specs

# Debian has no C library for this one: objects, with what the linker drops,
# and without SHA-256
crypto=
compile lx106 xtensa-lx106-elf-gcc -mlongcalls
head_row "xtensa-lx106, objects (no yardstick)"
for s in a ab abc; do
    xtensa-lx106-elf-ld -r --gc-sections \
        $(roots "$s" | sed 's/-Wl,-u,/-u /g; s/-u b_crypto//') \
        -o "$build/lx106/$s.elf" "$build"/lx106/*.o
    size=xtensa-lx106-elf-size
    row "set $(echo "$s" | sed 's/.*\(.\)$/\1/' | tr abc ABC)" \
        "$(text "$build/lx106/$s.elf")" 0 ""
done

head_row "cortex-m0plus, worst stack, bytes"
python3 bench/size/stack.py "$build/cortex-m0plus" |
    while read -r figure yard aim label; do
        row "$label" "$figure" "$yard" "$aim"
    done
echo "
Stack: frames of the driver and, where it is used, of libmd's SHA-256;
not those of the functions in struct hd_bus. The handle, struct hd_chip, is
the caller's, and so are the 208 bytes of struct hd_libmd (crypto_libmd.h).
Flash: the calls are one function for each call of the set; they are inline
in chip.h, so a program has them where it calls and only those. Set figures
include them; \"library alone\" is what a linker takes from the library."
