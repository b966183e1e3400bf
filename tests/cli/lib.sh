# SPDX-License-Identifier: Apache-2.0
#
# For the black-box tests of half: sourced by tests/cli/test_*.sh, which CTest
# runs with the tool's path as only argument. A test is a line that begins
# with a sentence; the first that is wrong prints what happened and ends it.
set -u

half=$1
data=$(cd "$(dirname "$0")/../data" && pwd)
tests=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
umask 022
unset HALF_CHIP

wrong()
{
    echo "WRONG: $*" >&2
    echo "  exit code $code, standard output:" >&2
    sed 's/^/  | /' out >&2
    echo "  standard error:" >&2
    sed 's/^/  | /' err >&2
    exit 1
}

# exits CODE "sentence" COMMAND...: runs it, leaves its output in out and err
exits()
{
    expected=$1
    sentence=$2
    shift 2
    code=0
    "$@" >out 2>err </dev/null || code=$?
    [ "$code" = "$expected" ] || wrong "$sentence (expected exit code $expected)"
    echo "ok: $sentence"
}

# The last command said this on standard error / standard output (grep -E).
complains()
{
    tr '\n' ' ' <err | grep -qE -- "$1" || wrong "standard error lacks: $1"
}
prints()
{
    grep -qE -- "$1" out || wrong "standard output lacks: $1"
}

# same "sentence" A B: two strings
same()
{
    [ "$2" = "$3" ] || {
        echo "WRONG: $1" >&2
        echo "  '$2'" >&2
        echo "  '$3'" >&2
        exit 1
    }
    echo "ok: $1"
}

# differ "sentence" A B
differ()
{
    [ "$2" != "$3" ] || {
        echo "WRONG: $1: both are '$2'" >&2
        exit 1
    }
    echo "ok: $1"
}

# json EXPRESSION: the Python expression over the last output, as j
json()
{
    python3 -c 'import json, sys
j = json.load(open("out"))
print(eval(sys.argv[1]))' "$1" || {
        code=-
        wrong "not the JSON it should be: $1"
    }
}

# --------------------------------------------------------------- a chip

# A new, blank chip in FILE.vchip, always the same; sets HALF_CHIP and serial.
new_chip()
{
    "$half" sim create "$1.vchip" --seed "5eed${2:-00}" --variant "${3:-608b}" \
        >/dev/null || exit 2
    export HALF_CHIP="sim:$1.vchip"
    serial=$("$half" chip info --json |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["serial"])')
    [ ${#serial} = 18 ] || exit 2
}

# Slots of the test configuration (config.py): 0 signs, 1 ECDH, 2 ECDH into
# slot 3, 4 known key, 5 encrypted by 4, 6 IO key, 8 clear, 9 AES key,
# 10 public key, 11 private key that may be written, 12 signs internal
# messages only, 13 KDF target.
provisioned_chip()
{
    new_chip "$@"
    python3 "$tests/config.py" "$work" "${3:-608b}" || exit 2
    {
        "$half" chip write config config.hex &&
            "$half" chip lock config --confirm "$serial" &&
            for slot in 3 4 5 6 7 8 9 10 13 14 15; do
                "$half" chip write data --slot $slot --format raw slot$slot ||
                    return 2
            done &&
            for slot in 0 1 2 11 12; do
                "$half" chip genkey --slot $slot --confirm "$serial" \
                    -o pub$slot.pem || return 2
            done &&
            "$half" chip write otp --format raw otp &&
            "$half" chip lock data --expect expect --confirm "$serial"
    } >log 2>&1 || {
        echo "WRONG: the test chip could not be provisioned" >&2
        cat log >&2
        exit 1
    }
}

hex_of()
{
    od -An -v -tx1 "$@" | tr -d ' \n'
}
