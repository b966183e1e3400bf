#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# half policy, as a person uses it: files, chips, exit codes, messages.
. "$(dirname "$0")/../cli/lib.sh"

bytes_of() { sed 's/#.*//' "$1" | tr -d ' \n'; }

exits 0 "new writes the default" "$half" policy new -o policy.yaml
exits 2 "and does not overwrite it" "$half" policy new -o policy.yaml
complains 'is there already'
exits 0 "the recipes are listed" "$half" policy new --list
for recipe in accessory connected-device gateway jwt-only signing-station; do
    prints "^$recipe "
done
exits 2 "an unknown recipe" "$half" policy new --recipe gatway
complains "did you mean 'gateway'"

exits 0 "show" "$half" policy show policy.yaml
prints '^ +0  identity +identity +nobody +nobody +never'
prints '^defaults +latch, extra'
prints '^secure-boot +mode store-digest; public-key boot-key'
exits 0 "one line for all slots that are closed" "$half" policy show \
    "$data/../../policies/gateway.yaml"
prints '^the others are closed: 13, 14$'
for policy in "$data"/../../policies/*.yaml; do
    for columns in 80 120; do
        exits 0 "show $(basename "$policy") on $columns columns" \
            env COLUMNS=$columns "$half" policy show "$policy"
        same "no line is longer" "$(awk "length > $columns" out)" ""
    done
done
exits 0 "a table that is too wide" env COLUMNS=80 "$half" policy show --hex \
    "$data/configs/seed-notebook.hex"
prints '^   3  secret-3 +secret +with 4  with 4  from 4, MAC    never'
prints 'with 4: with the key of slot 4'
exits 0 "has room for names on a wide terminal" env COLUMNS=120 \
    "$half" policy show --hex "$data/configs/seed-notebook.hex"
prints 'with io-protection  with io-protection'
for config in "$data"/configs/*.hex; do
    exits 0 "show $(basename "$config")" env COLUMNS=80 "$half" policy show \
        --hex "$config"
    same "no line is longer than 80" "$(awk 'length > 80' out)" ""
    exits 0 "attack $(basename "$config")" env COLUMNS=80 "$half" policy \
        attack --quick --hex "$config"
    same "no row is longer than 80" \
        "$(grep -E '^ *([0-9]+|slot) ' out | awk 'length > 80')" ""
done
cat >closed.yaml <<'YAML'
policy: closed
chip: ATECC608
slots:
  4: {name: shut, purpose: closed}
  5: {name: open, purpose: closed, write: anyone}
  6: {name: to-next, purpose: update-key, agrees: into-next-slot}
  8: {name: known, purpose: secret}
  10: {name: latched, purpose: update-key, agrees: into-next-slot, needs-latch: yes}
YAML
mac_column() { awk '$1 ~ /^[0-9]+$/ && NF == 11 {printf "%s ", $9}' out; }
exits 0 "closed slots of a policy compute with zeros" "$half" policy attack \
    --quick closed.yaml
same "as long as nothing changes them" "$(mac_column)" \
    "zeros zeros zeros zeros zeros yes - yes yes zeros - yes zeros zeros zeros zeros "
exits 0 "its bytes" "$half" policy compile closed.yaml -o closed.hex
exits 0 "do not say what a slot holds" "$half" policy attack --quick \
    --hex closed.hex
same "so those compute with a key" "$(mac_column)" \
    "yes yes yes yes yes yes - yes yes yes - yes yes yes yes yes "
echo 'locks: {data: later}' >>closed.yaml
exits 0 "before the data lock" "$half" policy attack --quick closed.yaml
same "zeros are no promise" "$(mac_column)" \
    "yes yes yes yes yes yes - yes yes yes - yes yes yes yes yes "
exits 0 "show --json" "$half" policy show --json policy.yaml
python3 - <<'EOF' || wrong "the JSON is not as documented"
import json
d = json.load(open("out"))
assert d["ok"] and d["policy"] == "connected-device"
assert len(d["slots"]) == 16 and len(d["config"]) == 256
assert d["slots"][0]["purpose"] == "identity"
assert d["slots"][14]["write"] == "until-valid"
assert d["slots"][14]["bits"]["ReadKey"] == 13
assert d["settings"]["io-protection"]["ecdh-result"] == "encrypted"
assert d["bits"]["IoProtectionKey"] == 6
assert d["bits"]["Counter0"] == "ffffffff00000000"
EOF
exits 2 "show needs something to show" "$half" policy show
complains 'Give a policy FILE'
exits 2 "but only one thing" "$half" policy show policy.yaml --hex policy.yaml
complains 'exclude one another'

exits 0 "compile to hex" "$half" policy compile policy.yaml -o policy.hex
exits 0 "compile to bytes" "$half" policy compile policy.yaml --format raw \
    -o policy.raw
same "the same bytes" "$(bytes_of policy.hex)" "$(hex_of policy.raw | tr a-f A-F)"
same "as the demo's" "$(bytes_of policy.hex | cut -c33-170)" \
    "$(bytes_of "$data/../../configs/connected-device.hex" | cut -c33-170)"
exits 0 "compile from standard input" sh -c "'$half' policy compile - <policy.yaml"
exits 0 "compile to C" "$half" policy compile policy.yaml --format c \
    --prefix thing -o policy.h
printf '%s\n' '#include "policy.h"' '#include <stdio.h>' 'int main(void){' \
    'for (unsigned i = 0; i < 128; i++) printf("%02X", thing_config[i]);' \
    'return !(THING_SLOT_IO_KEY == 6 && THING_COUNTER_ROLLBACK == 1 &&' \
    'THING_CHIP_ADDRESS == 0x60 && thing_config_digest[0] | 1);}' >use.c
exits 0 "a C compiler takes it" "${CC:-cc}" -std=c11 -Wall -Wextra -pedantic \
    -Werror use.c -o use
exits 0 "the names and the address are right" ./use
same "and the bytes" "$(cat out)" "$(bytes_of policy.hex)"
exits 2 "a prefix must be a C name" "$half" policy compile policy.yaml \
    --format c --prefix 1x

for config in "$data"/configs/*.hex; do
    name=$(basename "$config" .hex)
    exits 0 "$name in words" "$half" policy from-hex "$config" -o back.yaml
    exits 0 "$name: words back to bytes" "$half" policy compile back.yaml \
        -o back.hex
    same "$name: the same bytes" "$(bytes_of back.hex | cut -c33-168)" \
        "$(bytes_of "$config" | cut -c33-168)"
    same "$name: to the end" "$(bytes_of back.hex | cut -c177-)" \
        "$(bytes_of "$config" | cut -c177-)"
    exits 0 "$name: show" "$half" policy show --hex "$config"
done
exits 0 "raw bytes are taken too" "$half" policy from-hex policy.raw

exits 0 "a chip" "$half" sim create --variant 608b thing.vchip
exits 0 "its configuration in words" "$half" policy from-chip \
    --chip sim:thing.vchip -o chip.yaml
exits 0 "which compile for that chip" "$half" policy compile chip.yaml \
    --chip sim:thing.vchip -o chip.hex
exits 0 "to what it holds" "$half" chip read config --chip sim:thing.vchip
same "byte for byte" "$(tr -d ' \n' <out | tr a-f A-F)" "$(bytes_of chip.hex)"
exits 2 "there is one word for raw bytes" "$half" policy compile policy.yaml \
    --format bin
complains 'raw'

# What compile writes, every verb that takes a configuration reads.
for format in hex raw; do
    chip=path-$format.vchip
    exits 0 "a blank chip" "$half" sim create --seed 0a $chip --force
    serial=$("$half" chip info --chip sim:$chip --json |
        sed -n 's/.*"serial": "\([0-9a-f]*\)".*/\1/p' | head -1)
    exits 0 "$format: is written to it" "$half" chip write config \
        policy.$format --chip sim:$chip
    prints '128 bytes written'
    exits 2 "$format: lock asks" "$half" chip lock config --chip sim:$chip \
        --expect policy.$format
    complains "confirm $serial"
    exits 0 "$format: is what the lock expects" "$half" chip lock config \
        --chip sim:$chip --expect policy.$format --confirm "$serial"
    exits 0 "in words" "$half" policy from-chip --chip sim:$chip -o found.yaml
    exits 0 "and compiled again" "$half" policy compile found.yaml -o again.hex
    same "the same bytes" "$(bytes_of again.hex)" "$(bytes_of policy.hex)"
    exits 0 "$format: a chip so made" "$half" sim create made.vchip --force \
        --config policy.$format
    exits 0 "holds it" "$half" chip read config --chip sim:made.vchip
    same "from byte 16" "$(tr -d ' \n' <out | tr a-f A-F | cut -c33-)" \
        "$(bytes_of policy.hex | cut -c33-)"
done
sed 's/# .*I2C_Address/I2C_Address/' policy.hex >odd.hex
sed '$d' policy.hex >half.hex
exits 0 "a blank chip" "$half" sim create --seed 0a path.vchip
for file in odd half; do
    exits 2 "$file: no configuration" "$half" chip write config $file.hex \
        --chip sim:path.vchip
    complains "$file.hex:[0-9]+: "
    exits 2 "$file: nor to be expected" "$half" chip lock config \
        --expect $file.hex --chip sim:path.vchip
    complains "$file.hex:[0-9]+: "
    exits 2 "$file: nor of a new chip" "$half" sim create no.vchip \
        --config $file.hex
    complains "$file.hex:[0-9]+: "
done
printf '00 00 00 00' >part.hex
exits 0 "a part is just hex" "$half" chip write config part.hex --offset 92 \
    --chip sim:path.vchip
prints '4 bytes written'
exits 0 "64 bytes in 128 digits are text" sh -c '
    "$1" chip read config --chip sim:path.vchip | tr -d " \n" | cut -c33-160 |
        tr -d "\n" >part.hex && [ $(wc -c <part.hex) = 128 ] &&
        "$1" chip write config part.hex --offset 16 --chip sim:path.vchip' \
    sh "$half"
prints '64 bytes written'
exits 0 "shown from the chip" "$half" policy show --chip sim:thing.vchip
exits 0 "another kind of chip" "$half" sim create --variant 508a old.vchip
exits 1 "refuses the policy" "$half" policy compile policy.yaml \
    --chip sim:old.vchip
complains 'for ATECC608, but this chip is an ATECC508A'

printf 'policy: p\nchip: ATECC608\nslots:\n  0:\n    nmae: a\n' >bad.yaml
exits 2 "a mistake is told with file and line" "$half" policy show bad.yaml
complains "bad.yaml:5: slots/0: unknown key 'nmae'; did you mean 'name'\?"
exits 2 "in JSON too" "$half" policy show --json bad.yaml
prints '"line": 5'
printf 'policy: p\nchip: ATECC680\nslots: {0: {nmae: a, purpose: dta}}\n' >bad.yaml
exits 2 "several mistakes, each with file and line" "$half" policy lint bad.yaml
complains "bad.yaml:2: chip: there is no 'ATECC680'"
complains "bad.yaml:3: slots/0: unknown key 'nmae'"
complains "bad.yaml:3: purpose: there is no 'dta'"
exits 2 "in JSON as a list" "$half" policy show --json bad.yaml
python3 - <<'EOF' || wrong "the list of mistakes is not as documented"
import json
d = json.load(open("out"))
assert not d["ok"] and d["line"] == 2
assert [e["line"] for e in d["errors"]] == [2, 3, 3]
assert all(e["message"] for e in d["errors"])
EOF
exits 2 "no such file" "$half" policy show missing.yaml
complains 'missing.yaml: No such file'
printf 'zz' >bad.hex
exits 2 "hex that is none" "$half" policy from-hex bad.hex
complains 'bad.hex:1: byte 0 is not two hex digits'
exits 2 "an input without end" "$half" policy show /dev/zero
complains 'longer than 65536 bytes'
exits 2 "hex without end" "$half" policy from-hex /dev/zero
complains 'longer than 65536 bytes'
