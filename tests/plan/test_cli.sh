#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# half plan and half diff, as a person uses them: chips, files, exit codes.
. "$(dirname "$0")/../cli/lib.sh"

exits 0 "a policy" "$half" policy new -o policy.yaml
exits 0 "a chip" "$half" sim create --seed 01 blank.vchip
exits 2 "plan without the files that the policy names" \
    "$half" plan -p policy.yaml --chip sim:blank.vchip
prints 'to do +write slot 13 \(root-key\): root-key.pem'
prints 'missing boot-key.pem'
complains 'root-key.pem: no such file, so there is no hash'
! grep -q '^plan ' out || wrong "there is a hash"
for key in root boot; do
    openssl ecparam -name prime256v1 -genkey -noout -out $key.pem
    openssl pkey -in $key.pem -pubout -out $key-key.pem
done

before=$("$half" chip read config --chip sim:blank.vchip)
exits 0 "plan of a blank chip" "$half" plan -p policy.yaml --chip sim:blank.vchip
prints '[0-9]+ fields to change \(--fields lists them\)'
prints 'to do +make a private key in slot 0 \(identity\)'
prints 'to do +lock the data and OTP zones'
prints 'rewrite the configuration +yes +-'
prints 'replace the private key by a new one +0-2 +2$'
prints '^plan [0-9a-f]{64}$'
first=$(sed -n 's/^plan //p' out)
exits 0 "field by field" "$half" plan -p policy.yaml --chip sim:blank.vchip \
    --fields
prints 'slot 0 \(identity\): WriteConfig is 2, the policy says 0'
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
prints 'to do +write slot 15 \(boot-key\): boot-key.pem'
complains 'this chip cannot become what the policy says'
exits 0 "but what it is" "$half" policy from-chip --chip sim:locked.vchip -o own.yaml
exits 0 "is no difference" "$half" diff -p own.yaml --chip sim:locked.vchip --json
same "in JSON too" "$(json 'j["same"], j["differences"]')" '(True, [])'
exits 0 "and nothing to do" "$half" plan -p own.yaml --chip sim:locked.vchip
prints 'Nothing to do'

exits 0 "a 508A" "$half" sim create --variant 508a old.vchip
exits 1 "gets no policy of the 608" "$half" plan -p policy.yaml --chip sim:old.vchip
complains 'the policy is for ATECC608, but this chip is an ATECC508A'

# ------------------------------------------------------------------- apply

exits 0 "a folder for keys" mkdir -m 700 keys
apply() { "$half" apply -p policy.yaml --keys keys "$@"; }
hash_of()
{
    "$half" plan -p policy.yaml --chip "$1" | sed -n 's/^plan //p'
}
exits 0 "a chip" "$half" sim create --seed 03 thing.vchip
hash=$(hash_of sim:thing.vchip)
before=$("$half" chip read config --chip sim:thing.vchip)
exits 2 "apply locks nothing unasked" apply --chip sim:thing.vchip
complains "2 steps of this plan cannot be undone.*--confirm $hash"
exits 2 "nor for another chip's plan" \
    apply --chip sim:thing.vchip --confirm "$(hash_of sim:other.vchip)"
complains 'nothing was done'
exits 2 "nor without a place for the secrets" "$half" apply -p policy.yaml \
    --chip sim:thing.vchip --confirm "$hash"
complains 'slot 5 \(secret\) gets a secret: say where it is kept'
exits 0 "a place that others may write" sh -c 'mkdir open && chmod 777 open'
exits 2 "is no place for secrets" "$half" apply -p policy.yaml \
    --chip sim:thing.vchip --confirm "$hash" --keys open
complains 'chmod 700'
exits 2 "nor when that place is not there" "$half" apply -p policy.yaml \
    --chip sim:thing.vchip --confirm "$hash" --keys nowhere
same "nothing happened" "$("$half" chip read config --chip sim:thing.vchip)" "$before"

exits 0 "power will fail" "$half" sim fault thing.vchip cut-eeprom,arg=150
exits 2 "a run that is cut off says so" \
    apply --chip sim:thing.vchip --confirm "$hash"
complains 'Run the same command again'
exits 0 "the power is back" "$half" sim fault thing.vchip --clear
same "the plan is the same" "$(hash_of sim:thing.vchip)" "$hash"
exits 0 "and is finished" apply --chip sim:thing.vchip --confirm "$hash"
prints '[0-9]+ steps were done before'
! grep -q 'done +lock the configuration zone' out || wrong "locked twice"
prints 'done +lock the data and OTP zones'
prints 'rehearsed on a virtual copy: 20 steps, [0-9]+ uses'
prints 'waits +slot 10 \(device-cert\): --fill device-cert=FILE'
waits_for_certificates() {
    exits 1 "$1" "$half" diff -p policy.yaml --chip "$2"
    same "only three slots wait" "$(grep -c 'is to be locked once it is filled' \
        out) $(wc -l <out)" "3 4"
}
waits_for_certificates "the chip is what the policy says, so far" sim:thing.vchip

exits 0 "certificates" sh -c 'for n in device-cert signer-cert; do
    echo "the certificate $n" | openssl dgst -sha256 -binary >$n; done'
filled() {
    verb=$1
    shift
    "$half" "$verb" -p policy.yaml --chip sim:thing.vchip "$@" \
        --fill device-cert=device-cert --fill signer-cert=signer-cert \
        --fill signer-key=root-key.pem
}
exits 0 "a plan with them" filled plan
prints 'to do +write slot 10 \(device-cert\): what was left for later'
prints 'to do +lock slot 12 \(signer-cert\)'
prints 'put a value he knows into it +8 10-12 +8$'
sealed=$(sed -n 's/^plan //p' out)
exits 2 "locks nothing unasked" filled apply --keys keys
complains '3 steps of this plan cannot be undone'
exits 2 "nor with the plan of before" filled apply --keys keys --confirm "$hash"
exits 0 "fills and locks" filled apply --keys keys --confirm "$sealed"
prints 'done +lock slot 11 \(signer-key\)'
exits 0 "the chip is what the policy says" \
    "$half" diff -p policy.yaml --chip sim:thing.vchip
exits 0 "with these contents" filled diff
same "which anyone can read" "$("$half" chip read data --slot 10 --length 32 \
    --chip sim:thing.vchip)" "$(od -An -v -tx1 device-cert | tr -d ' \n')"
echo other | openssl dgst -sha256 -binary >device-cert
exits 1 "another certificate" filled diff
prints 'slot 10 \(device-cert\) holds other bytes than what it is to be filled'
exits 1 "is refused" filled apply --keys keys --confirm "$sealed"
complains 'the slot is locked \(bytes 88-89 = ff e3\)'
exits 2 "no such slot" "$half" plan -p policy.yaml --chip sim:thing.vchip \
    --fill device=device-cert
complains 'leaves for later: data, device-cert, signer-key, signer-cert'
exits 2 "a secret is not for later" "$half" plan -p policy.yaml \
    --chip sim:thing.vchip --fill secret=device-cert
complains 'leaves nothing for later'
exits 2 "a file that is not there" "$half" plan -p policy.yaml \
    --chip sim:thing.vchip --fill device-cert=none
: >empty
exits 2 "an empty one" "$half" plan -p policy.yaml \
    --chip sim:thing.vchip --fill device-cert=empty
complains 'empty is empty: nothing was done'
exits 2 "one slot twice" "$half" plan -p policy.yaml --chip sim:thing.vchip \
    --fill device-cert=signer-cert --fill device-cert=signer-cert
complains 'slot 10 is filled twice'
exits 2 "one that is too long" "$half" plan -p policy.yaml \
    --chip sim:thing.vchip --fill device-cert="$half"
complains 'longer than 72 bytes'
key=$("$half" chip pubkey --slot 0 --chip sim:thing.vchip)
exits 0 "again: nothing to do" apply --chip sim:thing.vchip --json
same "in JSON" "$(json 'j["steps_done"], j["rehearsed"] > 40')" '(0, True)'
same "and the key is the same" \
    "$("$half" chip pubkey --slot 0 --chip sim:thing.vchip)" "$key"
secret=$(ls keys/*-secret.key)
same "the secret is its owner's alone" "$(stat -c %a "$secret")" 600
exits 0 "another secret in the file" sed -i '1s/.*/'"$(printf '%064d' 7)"'/' "$secret"
exits 1 "is noticed" apply --chip sim:thing.vchip
complains 'slot 5 \(secret\) holds another secret'
exits 0 "a boot key that changed" cp root.pem x
openssl ecparam -name prime256v1 -genkey -noout -out x
openssl pkey -in x -pubout -out boot-key.pem
exits 1 "is a difference" "$half" diff -p policy.yaml --chip sim:thing.vchip
prints 'slot 15 \(boot-key\) holds other bytes'
exits 1 "and impossible" apply --chip sim:thing.vchip
complains 'data zone is locked'

# -------------------------------------------------------------- rehearsal

cat >odd.yaml <<'END'
policy: odd
chip: ATECC608
slots:
  0:
    name: identity
    purpose: identity
bits:
  UseLockEnable: 5
END
exits 0 "a chip" "$half" sim create --seed 06 odd.vchip
hash=$("$half" plan -p odd.yaml --chip sim:odd.vchip | sed -n 's/^plan //p')
exits 0 "what a rehearsal cannot try" \
    "$half" apply -p odd.yaml --chip sim:odd.vchip --confirm "$hash"
prints 'not rehearsed: the chip: UseLock'
exits 0 "is said in JSON too" "$half" apply -p odd.yaml --chip sim:odd.vchip --json
same "with what it tried" \
    "$(json 'len(j["not_rehearsed"]), j["uses"]["sign a digest"]["worked"], sum(u["worked"] + u["refused"] for u in j["uses"].values()) == j["rehearsed"]')" \
    '(1, 1, True)'
sed 's/UseLockEnable: 5/EcdhProt: 1/; s/identity$/update-key/' odd.yaml >deaf.yaml
exits 0 "a chip" "$half" sim create --seed 07 deaf.vchip
hash=$("$half" plan -p deaf.yaml --chip sim:deaf.vchip | sed -n 's/^plan //p')
before=$("$half" chip read config --chip sim:deaf.vchip)
exits 1 "a key that could not be used is found before a lock" \
    "$half" apply -p deaf.yaml --chip sim:deaf.vchip --confirm "$hash"
complains 'Change slots/0/agrees \(yes\), or io-protection/key \(nobody\). Nothing was done to the chip'
same "and nothing happened" "$("$half" chip read config --chip sim:deaf.vchip)" "$before"

exits 0 "a chip for two" "$half" sim create --seed 04 two.vchip
hash=$(hash_of sim:two.vchip)
apply --chip sim:two.vchip --confirm "$hash" >one.out 2>one.err &
first=$!
code=0
apply --chip sim:two.vchip --confirm "$hash" >out 2>err || code=$?
[ "$code" = 0 ] || grep -q 'in use\|busy\|lock' err || wrong "the second failed without a reason"
wait $first || grep -q 'in use\|busy\|lock' one.err || wrong "the first failed without a reason"
waits_for_certificates "two at once: the chip is whole" sim:two.vchip

# Killed at three places, then two at once, on a chip that several programs
# share. Whenever the kill strikes, the next run goes on.
exits 0 "a chip on a socket" "$half" sim create --seed 05 served.vchip
"$half" sim serve --chip served.vchip --socket "$work/door" --clock real \
    --exit-with $$ >serve.out 2>&1 &
tries=0
until grep -q ready serve.out || [ $tries = 200 ]; do
    tries=$((tries + 1))
    sleep 0.05
done
hash=$(hash_of "unix:$work/door")
for step in 'slot 0' 'slot 5' 'slot 12'; do
    # in the background without a function, so that $! is the tool itself
    "$half" apply -p policy.yaml --keys keys --chip "unix:$work/door" \
        --confirm "$hash" >killed.out 2>&1 &
    pid=$!
    tries=0
    until grep -q "$step" killed.out || [ $tries = 200 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
done
apply --chip "unix:$work/door" --confirm "$hash" >one.out 2>one.err &
first=$!
code=0
apply --chip "unix:$work/door" --confirm "$hash" >out 2>err || code=$?
[ "$code" = 0 ] || grep -q 'in use\|busy\|lock' err || wrong "the second failed without a reason"
wait $first || grep -q 'in use\|busy\|lock' one.err || wrong "the first failed without a reason"
exits 0 "killed three times, then two at once: finished" \
    apply --chip "unix:$work/door" --confirm "$hash"
waits_for_certificates "and the chip is what the policy says" "unix:$work/door"

# What a reviewer would call an error is not locked in, unless it is accepted.
cat >weak.yaml <<'END'
policy: weak
about: "an identity that anyone can destroy"
chip: ATECC608
slots:
  0:
    name: identity
    purpose: identity
    regenerate: yes
END
exits 0 "a chip" "$half" sim create --seed 06 weak.vchip
exits 0 "the plan shows the error" "$half" plan -p weak.yaml --chip sim:weak.vchip
prints 'PRIV-REGEN at slot 0'
prints 'locks nothing while the policy has errors'
hash=$(sed -n 's/^plan //p' out)
exits 1 "apply locks nothing" "$half" apply -p weak.yaml --chip sim:weak.vchip \
    --confirm "$hash"
complains 'the policy has 1 error that it does not accept. Nothing was done'
same "the chip is blank" "$("$half" chip read config --chip sim:weak.vchip |
    tr -d '\n' | cut -c 173-176)" 5555
cat >>weak.yaml <<'END'
allow:
  - rule: PRIV-REGEN
    where: identity
    reason: "this is a test"
END
hash=$("$half" plan -p weak.yaml --chip sim:weak.vchip | sed -n 's/^plan //p')
exits 0 "unless it is accepted, with a reason" "$half" apply -p weak.yaml \
    --chip sim:weak.vchip --confirm "$hash"
