#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What holds for every verb: help, options, wrong words, exit codes.
. "$(dirname "$0")/lib.sh"

exits 0 "--version prints name and number" "$half" --version
prints '^half [0-9]+\.[0-9]+'
exits 0 "--help lists the groups" "$half" --help
prints '^  chip '
exits 2 "without words it helps and fails" "$half"
complains 'usage: half'
exits 2 "a group without a verb helps and fails" "$half" chip
complains 'sign'
exits 0 "a group helps" "$half" chip --help
prints '^  sign '
exits 2 "an unknown group is told with the nearest" "$half" chpi
complains "did you mean 'chip'"
exits 2 "an unknown verb is told with the nearest" "$half" chip sing
complains "did you mean 'sign'"
exits 2 "an unknown option is told with the nearest" \
    "$half" chip sign --sloot 0
complains "did you mean --slot"
exits 2 "a word like nothing gets no suggestion" "$half" chip zzzzzzzz
grep -q 'did you mean' err && wrong "suggests for zzzzzzzz"
exits 2 "an option without its value is refused" "$half" chip sign --slot
complains 'needs a value'
exits 2 "an option given twice is refused" "$half" chip sign --slot 1 --slot 2
complains 'twice'
exits 2 "a flag with a value is refused" "$half" chip info --json=yes
complains 'takes no value'
exits 2 "a word outside the list of an option is refused" \
    "$half" chip sign --format pam
complains "'pam' is not one of"
exits 2 "a number with junk is refused" "$half" chip sign --slot 3x f
complains "not a number"
exits 2 "a slot past the last is refused" "$half" chip sign --slot 16 f
complains "from 0 to 15"
exits 2 "too many arguments are refused" "$half" chip sign --slot 1 a b
complains "unexpected argument 'b'"
exits 2 "without an address it says which there are" "$half" chip info
complains 'HALF_CHIP'
exits 2 "a missing chip file is an environment failure" \
    "$half" chip info --chip sim:missing.vchip
complains 'missing.vchip'
exits 2 "an address of no known kind is refused" \
    "$half" chip info --chip nonsense:1
exits 2 "an I2C adapter that is not there is refused" \
    "$half" chip info --chip i2c:99@0x60
for bad in i2c: i2c:1@ i2c:1@0x80 i2c:x@0x60 swi: sim: unix: : ''; do
    exits 2 "the address '$bad' is refused" "$half" chip info --chip "$bad"
done

# Every verb explains itself, and help says the same. The manual and
# docs/json.md cannot go stale.
docs=$tests/../../docs
for group in $("$half" --list | grep -v -e '^-' -e '^help$'); do
    grep -q "half-$group" "$docs/man/half.1.scd" ||
        wrong "half(1) does not name half-$group(1)"
    manual=$docs/man/half-$group.1.scd
    for verb in $("$half" --list "$group" | grep -v '^-'); do
        exits 0 "half $group $verb --help" "$half" "$group" "$verb" --help
        prints "^usage: half $group $verb"
        cp out first
        exits 0 "half help $group $verb" "$half" help "$group" "$verb"
        cmp -s first out || wrong "help $group $verb differs from --help"
        grep -qE "^\*$verb\*|$group $verb" "$manual" ||
            wrong "half-$group(1) lacks the verb $verb"
        for option in $("$half" --list "$group" "$verb" | grep '^--'); do
            grep -q -e "$option" out || wrong "$option is not explained"
            case $option in
            --help) continue ;;
            --json) grep -q "\`$group $verb\`" "$docs/json.md" ||
                wrong "docs/json.md lacks $group $verb" ;;
            esac
            grep -qF -e "$option" "$manual" ||
                wrong "half-$group(1) lacks $option of $verb"
        done
    done
done
echo "ok: the manual and docs/json.md name every verb and option"

exits 2 "help for what is not there fails" "$half" help chip nothing
exits 2 "a full disk is not success" \
    sh -c '"$1" --help >/dev/full' sh "$half"
