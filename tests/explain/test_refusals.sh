#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A refusal is explained in the same words whether a virtual chip is asked for
# its reason or nobody can be asked: over /dev/i2c-1 and a single-wire line
# the chip gives a status byte, as a real one does.
. "$(dirname "$0")/../cli/lib.sh"
export ASAN_OPTIONS=verify_asan_link_order=0
ones=$(printf '11%.0s' $(seq 32))
secret=5ec0de5ec0de5ec0de5ec0de5ec0de5ec0de5ec0de5ec0de5ec0de5ec0de5ec0
printf '%s' $secret >secret.hex
chmod 600 secret.hex
printf 'hello' >text

# chip NAME OPTIONS...: and where it answers
chip()
{
    name=$1
    shift
    "$half" sim create "$@" "$name.vchip" >/dev/null || exit 2
}
chip blank --variant 608b
chip tls --variant tflxtls
chip old --variant 508a
chip test --variant 608b --config "$data/configs/cryptoauthlib-test-608.hex"
chip seed --variant 608b --config "$data/configs/seed-notebook.hex"

# alike CHIP ADDRESS VERB...: refused, in the same words in both ways
alike()
{
    cp "$1.vchip" x.vchip
    at=i2c:1@$2
    name=$1
    shift 2
    exits 1 "$name: $*" "$half" chip "$@" --chip sim:x.vchip
    complains "the chip's reason: "
    sed 's/sim:x.vchip/CHIP/' err >asked
    cp "$name.vchip" x.vchip
    exits 1 "  and over I2C" "$half" sim exec --chip x.vchip -- \
        "$half" chip "$@" --chip "$at"
    sed "s/$at/CHIP/" err >replayed
    cmp -s asked replayed || wrong "other words: $(diff asked replayed)"
}

alike blank 0x60 sign --slot 0 --digest $ones
alike blank 0x60 write data secret.hex --slot 5
alike tls 0x36 sign --slot 5 --digest $ones
alike tls 0x36 read data --slot 5
alike tls 0x36 write data secret.hex --slot 5
alike old 0x60 pubkey --slot 0
alike test 0x60 hmac --slot 0 text
alike seed 0x60 read data --slot 2

# After the refusal the chip is asked for its configuration, and nothing else.
cp tls.vchip x.vchip
exits 1 "a refusal that is recorded" env HALF_TRACE=t.jsonl \
    "$half" chip sign --slot 5 --digest $ones --chip sim:x.vchip
same "reads of the configuration follow" "$(python3 -c '
import json
events = [json.loads(line) for line in open("t.jsonl")]
last = max(i for i, e in enumerate(events) if e.get("means") == "answer"
           and e["bytes"].startswith("040f"))
after = [e["command"]["text"].split(",")[0] for e in events[last:]
         if e.get("means") == "command"]
print(len(after) > 0, set(after))')" "True {'Read: configuration'}"

# What may be a secret is in no message, and so in no command to be typed.
cp tls.vchip x.vchip
exits 1 "a secret that is refused" "$half" sim exec --chip x.vchip -- \
    "$half" chip write data secret.hex --slot 5 --chip i2c:1@0x36
grep -qi "$(echo $secret | cut -c1-12)" err && wrong "the secret is told"
grep -q "byte by byte" err && wrong "the secret would be typed"

# The command it gives says the same, when it is typed.
exits 1 "a command to be typed" \
    "$half" chip sign --slot 5 --digest $ones --chip sim:tls.vchip
complains "byte by byte: half explain --chip sim:tls.vchip --status 0x0f"
typed=$(sed -n 's/.*byte by byte: half //p' err)
exits 0 "is understood" sh -c '"$1" $2' sh "$half" "$typed"
prints "slot 5 is not an ECC private key"
exits 1 "and with --json" "$half" chip sign --slot 5 --digest $ones \
    --chip sim:tls.vchip --json
same "it is a member" "$(json '"half " + j["error"]["explain"][5:]')" \
    "half $typed"
same "and the verdict" "$(json 'j["error"]["verdict"]')" never

# Single-wire: the same once more.
mkfifo ready
"$half" sim create --variant 608b-swi swi.vchip >/dev/null || exit 2
"$half" sim serve --chip swi.vchip --swi-socket swi.sock \
    --exit-with $$ >ready 2>log &
server=$!
read -r line <ready || exit 1
exits 1 "over single-wire" "$half" chip sign --slot 0 --digest $ones \
    --chip swi:swi.sock
complains "the chip's reason: .*configuration zone is unlocked"
complains "1. Lock: configuration"

kill $server
wait $server

# What `half apply` could not rehearse is explained, too.
"$half" sim create a.vchip >/dev/null
policy=$data/../../policies/jwt-only.yaml
exits 0 "a plan" "$half" plan -p "$policy" --chip sim:a.vchip --json
hash=$(json 'j["hash"]')
mkdir keys
"$half" sim fault a.vchip health,opcode=genkey,count=0 >/dev/null
exits 1 "a step that the chip refuses" "$half" sim exec --chip a.vchip -- \
    "$half" apply -p "$policy" --chip i2c:1 --keys keys --confirm "$hash"
complains "the chip's reason: GenKey.*health test.*1. sleep.*2. wake"

# If the configuration cannot be read, the words are those of the driver.
cp blank.vchip x.vchip
"$half" sim fault x.vchip flip,arg=100,opcode=read,skip=1,count=0 >/dev/null
exits 1 "without a configuration" "$half" sim exec --chip x.vchip -- \
    "$half" chip sign --slot 0 --digest $ones --chip i2c:1@0x60
complains "forbid this command .*likely: .*SlotConfig"
