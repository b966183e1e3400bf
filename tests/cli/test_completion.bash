#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# completions/half.bash in bash: what it offers, from what `half --list` says.
set -u
half=$(dirname "$1")
PATH=$half:$PATH
# shellcheck source=completions/half.bash
source "$(dirname "$0")/../../completions/half.bash"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
touch thing.vchip 'my file'
mkdir folder

# offers "LINE": what is offered at its end, sorted, in one line
offers()
{
    COMP_LINE=$1
    COMP_POINT=${#1}
    COMPREPLY=()
    _half
    printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ' | sed 's/ $//'
}

# expect "LINE" "OFFERED"
expect()
{
    local got
    got=$(offers "$1")
    [[ $got == "$2" ]] || {
        echo "WRONG: after '$1' offers '$got', not '$2'" >&2
        exit 1
    }
    echo "ok: '$1' offers '$got'"
}
includes()
{
    local got
    got=" $(offers "$1") "
    [[ $got == *" $2 "* ]] || {
        echo "WRONG: after '$1' offers '$got' without '$2'" >&2
        exit 1
    }
    echo "ok: '$1' offers '$2'"
}

complete -p half >/dev/null || exit 1
includes 'half ' chip
includes 'half ' sim
expect 'half ch' 'chip'
expect 'half --v' '--version'
includes 'half chip ' sign
expect 'half chip si' 'sign'
expect 'half chip ver' 'verify'
expect 'half help chip pubk' 'pubkey'
expect 'half chip sign --sl' '--slot'
includes 'half chip sign --' '--digest'
includes 'half chip sign --' '--help'
expect 'half chip sign --format ' 'der hex raw'
expect 'half chip sign --format=d' 'der'
expect 'half chip sign --hash c' 'chip'
expect 'half chip sign --chip s' 'sim: swi:'
expect 'half chip sign --chip sim:th' 'thing.vchip'
expect 'half chip sign my' 'my file'
expect 'half chip lock ' 'config data slot'
expect 'half chip read o' 'otp'
expect 'half chip verify --signature thi' 'thing.vchip'
expect 'half nothing ' ''
expect 'half chip nothing ' ''
# every verb the program has is offered
for group in $("$1" --list | grep -v -e '^-' -e '^help$'); do
    for verb in $("$1" --list "$group"); do
        [[ $verb == -* ]] || includes "half $group " "$verb"
    done
done
