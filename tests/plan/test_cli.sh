#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# half plan and half diff, as a person uses them: chips, files, exit codes.
. "$(dirname "$0")/../cli/lib.sh"

exits 0 "a policy" "$half" policy new -o policy.yaml
exits 0 "a chip" "$half" sim create --seed 01 blank.vchip
exits 2 "plan without the files that the policy names" \
    "$half" plan -p policy.yaml --chip sim:blank.vchip
complains 'root-key.pem|boot-key.pem'
for key in root boot; do
    openssl ecparam -name prime256v1 -genkey -noout -out $key.pem
    openssl pkey -in $key.pem -pubout -out $key-key.pem
done

before=$("$half" chip read config --chip sim:blank.vchip)
exits 0 "plan of a blank chip" "$half" plan -p policy.yaml --chip sim:blank.vchip
prints 'slot 0 \(identity\): WriteConfig is 2, the policy says 0'
prints 'to do +make a private key in slot 0 \(identity\)'
prints 'to do +lock the data and OTP zones'
prints 'rewrite the configuration +yes +-'
prints 'replace the private key by a new one +0 1 2 +2$'
prints '^plan [0-9a-f]{64}$'
first=$(sed -n 's/^plan //p' out)
same "changes nothing" "$("$half" chip read config --chip sim:blank.vchip)" "$before"
exits 0 "the same plan again" "$half" plan -p policy.yaml --chip sim:blank.vchip
same "has the same hash" "$(sed -n 's/^plan //p' out)" "$first"
exits 0 "another chip" "$half" sim create --seed 02 other.vchip
exits 0 "has another plan" "$half" plan -p policy.yaml --chip sim:other.vchip
[ "$(sed -n 's/^plan //p' out)" != "$first" ] || wrong "the hash is the same"
exits 0 "another boot key" cp root-key.pem boot-key.pem
exits 0 "is another plan" "$half" plan -p policy.yaml --chip sim:blank.vchip
[ "$(sed -n 's/^plan //p' out)" != "$first" ] || wrong "the hash is the same"

exits 0 "plan --json" "$half" plan -p policy.yaml --chip sim:blank.vchip --json
same "says how much is for ever" \
    "$(json 'sum(s["irreversible"] for s in j["steps"]), len(j["hash"]), j["impossible"]')" \
    '(2, 64, [])'

exits 1 "diff: a blank chip is not that device" \
    "$half" diff -p policy.yaml --chip sim:blank.vchip
prints 'not done: lock the configuration zone'
exits 2 "diff: no chip, no answer" "$half" diff -p policy.yaml --chip sim:none
exits 2 "diff: no policy, no answer" "$half" diff -p none.yaml --chip sim:blank.vchip

exits 0 "a factory's chip" "$half" sim create --variant tflxtls locked.vchip
exits 1 "cannot become that device" "$half" plan -p policy.yaml --chip sim:locked.vchip
prints 'slot 3 \(update-key\): WriteConfig is 2, the policy says 0 .*byte 87 = 00'
prints 'slot 15 \(boot-key\) holds other bytes than boot-key.pem'
complains 'this chip cannot become what the policy says'
exits 0 "but what it is" "$half" policy from-chip --chip sim:locked.vchip -o own.yaml
exits 0 "is no difference" "$half" diff -p own.yaml --chip sim:locked.vchip --json
same "in JSON too" "$(json 'j["same"], j["differences"]')" '(True, [])'
exits 0 "and nothing to do" "$half" plan -p own.yaml --chip sim:locked.vchip
prints 'Nothing to do'

exits 0 "a 508A" "$half" sim create --variant 508a old.vchip
exits 1 "gets no policy of the 608" "$half" plan -p policy.yaml --chip sim:old.vchip
complains 'the policy is for ATECC608, but this chip is an ATECC508A'
