# SPDX-License-Identifier: Apache-2.0
#
# Bash completion for half. It knows no verb and no option by itself: it asks
# `half --list WORDS...`, which prints what may follow, one a line. FILE, CHIP
# and COMMAND there stand for what only the shell can find.
#
# Words are taken from the line, not from COMP_WORDS: chip addresses hold
# colons, at which bash would break them.

_half_files()
{
    local file
    compopt -o filenames 2>/dev/null
    while IFS= read -r file; do
        COMPREPLY+=("$file")
    done < <(compgen -f -- "$1")
}

# i2c:1@0x60, swi:/dev/ttyUSB0, sim:thing.vchip, unix:/run/thing.sock
_half_chip()
{
    local scheme
    case $1 in
    sim:* | swi:* | unix:*)
        _half_files "${1#*:}"
        # bash replaces what follows the last colon, if it breaks there
        [[ $COMP_WORDBREAKS == *:* ]] ||
            COMPREPLY=("${COMPREPLY[@]/#/${1%%:*}:}")
        ;;
    *)
        compopt -o nospace 2>/dev/null
        for scheme in i2c: swi: sim: unix:; do
            [[ $scheme == "$1"* ]] && COMPREPLY+=("$scheme")
        done
        ;;
    esac
}

_half()
{
    local line=${COMP_LINE:0:COMP_POINT} current='' item
    local -a words=()

    read -ra words <<<"$line"
    if [[ $line != *[[:space:]] ]]; then
        current=${words[-1]}
        unset 'words[-1]'
    fi
    if [[ $current == --*=* ]]; then
        words+=("${current%%=*}")
        current=${current#*=}
    fi
    COMPREPLY=()
    while IFS= read -r item; do
        case $item in
        FILE) [[ $current == -* ]] || _half_files "$current" ;;
        CHIP) _half_chip "$current" ;;
        COMMAND) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY \
            < <(compgen -c -- "$current") ;;
        -*) [[ -n $current && $item == "$current"* ]] && COMPREPLY+=("$item") ;;
        *) [[ $item == "$current"* ]] && COMPREPLY+=("$item") ;;
        esac
    done < <("${words[0]/#\~/$HOME}" --list "${words[@]:1}" 2>/dev/null)
}

complete -F _half half
