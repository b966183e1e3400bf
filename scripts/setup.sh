#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs the Debian packages that the named sections of packages.txt list
# and this machine lacks. Says what it does, asks nothing, does nothing when
# nothing is missing.
#
#   scripts/setup.sh build test
set -eu

here=$(cd "$(dirname "$0")" && pwd)

wanted() {
    for section in "$@"; do
        grep -q "^\[$section\]\$" "$here/packages.txt" || {
            echo "setup: no section [$section] in scripts/packages.txt" >&2
            exit 2
        }
        sed -n "/^\[$section\]/,/^\[/p" "$here/packages.txt" |
            grep -v -e '^\[' -e '^#' -e '^$'
    done | sort -u
}

missing=
for package in $(wanted "$@"); do
    state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || echo none)
    [ "$state" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "setup: this machine has no apt-get; please install:$missing" >&2
    exit 2
fi
as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "setup: not root and no sudo; please install:$missing" >&2
        exit 2
    }
    as_root="sudo -n"
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "setup: installing$missing"
# A package list may be stale or absent on a fresh machine, and a mirror may
# fail once: refresh and try again before giving up.
tries=0
until $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y \
        --no-install-recommends $missing >"$log" 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -ge 4 ]; then
        echo "setup: apt-get failed:" >&2
        tail -n 20 "$log" >&2
        exit 2
    fi
    echo "setup: refreshing the package lists"
    $as_root apt-get update >>"$log" 2>&1 || sleep 5
done
echo "setup: done"
