#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fetches the source of a Debian package into DIR, for what is compiled for
# microcontrollers and must not be copied into this repository. Uses the
# mirrors that this machine's apt already uses, without changing its
# configuration. Does nothing when the source is there.
#
#   scripts/fetch-sources.sh DIR libtomcrypt
set -eu

dir=$1
package=$2
[ ! -d "$dir/$package" ] || exit 0
rm -rf "$dir/apt/parts" # lists of another day
mkdir -p "$dir/apt/parts" "$dir/apt/lists/partial" "$dir/$package.new"
cd "$dir"
here=$(pwd)

# both forms of a source list, with only the sources of each entry
for list in /etc/apt/sources.list.d/*.sources; do
    [ -f "$list" ] && sed 's/^Types:.*/Types: deb-src/' "$list" \
        >"apt/parts/$(basename "$list")"
done
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$list" ] && sed -n 's/^deb /deb-src /p' "$list" \
        >"apt/parts/$(basename "$list" .list).from.list"
done

apt="apt-get -q -o Dir::Etc::sourceparts=$here/apt/parts
     -o Dir::Etc::sourcelist=/dev/null -o Dir::State::lists=$here/apt/lists
     -o APT::Sandbox::User=$(id -un)"
log=$here/apt/log
tries=0
until $apt update >"$log" 2>&1 &&
        (cd "$package.new" && $apt source --download-only "$package") \
            >>"$log" 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -ge 3 ]; then
        echo "fetch-sources: $package:" >&2
        tail -n 20 "$log" >&2
        exit 2
    fi
    sleep 3
done
cd "$package.new"
dpkg-source --no-check -x ./*.dsc source >>"$log" 2>&1
rm -f ./*.tar.* ./*.dsc
cd ..
mv "$package.new/source" "$package"
rmdir "$package.new"
echo "fetch-sources: $package is in $here/$package"
