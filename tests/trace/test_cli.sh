# SPDX-License-Identifier: Apache-2.0
# half chip trace and half token verify, from outside.
. "$(dirname "$0")/../cli/lib.sh"
unset HALF_TRACE

traces=$data/traces
session=$traces/atecc608a-jwt-session.txt
sed -n 's/^public_key_slot_2 //p' "$session" >pub.hex
sed -n 's/^token //p' "$session" >token
python3 - pub.hex >pub.pem <<'PYTHON'
import base64, sys
head = "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
der = bytes.fromhex(head + open(sys.argv[1]).read().strip())
print("-----BEGIN PUBLIC KEY-----")
print(base64.encodebytes(der).decode().strip())
print("-----END PUBLIC KEY-----")
PYTHON
openssl pkey -pubin -in pub.pem -noout || exit 2

# ------------------------------------------------------------------ tokens

exits 1 "the token of 2019 is valid and expired" \
    "$half" token verify --key pub.pem token
prints '^valid signature, expired$'
prints '2019-11-16T22:25:13Z'
exits 0 "the hour it was made, it was not" \
    "$half" token verify --key pub.hex --at 2019-11-16T12:00:00Z "$(cat token)"
prints '^valid signature, not expired$'
exits 1 "its last second is over when exp comes" \
    "$half" token verify --key pub.pem --at 1573943113 token
exits 0 "one second before it is not" \
    "$half" token verify --key pub.pem --at 1573943112 token
exits 1 "--json says the same" "$half" token verify --key pub.pem --json token
same "verdict" "$(json 'j["verdict"]')" expired
same "signature" "$(json 'j["signature"]')" valid
same "claims" "$(json 'j["claims"]["aud"]')" stoked-axle-258910
same "the digest is the one that the chip signed" "$(json 'j["digest"]')" \
    "$(sed -n 's/^digest //p' "$session")"
sed 's/eyJleHAi/eyJleHBi/' token >forged
exits 1 "a changed claim is a bad signature" \
    "$half" token verify --key pub.pem forged
prints '^(bad signature|not a token)$'
openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null |
    openssl pkey -pubout -out other.pem
exits 1 "another key is a bad signature" \
    "$half" token verify --key other.pem token
prints '^bad signature$'
complains 'not made by this key'
echo hello >nothing
exits 1 "what is no token is told so" "$half" token verify --key pub.pem nothing
complains 'three parts'
exits 2 "a key is needed" "$half" token verify token
exits 2 "a time that is none" \
    "$half" token verify --key pub.pem --at soon token
complains 'not a time'
exits 2 "a missing file" "$half" token verify --key pub.pem missing

# -------------------------------------------------------------- recordings

exits 0 "the capture of a real chip is explained" \
    "$half" chip trace "$traces/atecc508a-silicon.sr"
prints 'R 60  garbled.*FC 11 33 43'
prints 'answer to Counter after [0-9.]+ ms: counter 55'
prints 'DeriveKey: new key from TempKey, slot 3'
same "one line a transfer, and a heading" "$(wc -l <out)" 108
cut -c14- out >from_capture
exits 0 "the table of the same" \
    "$half" chip trace "$traces/atecc508a-silicon.tsv"
# no durations there, so no times since the command
cut -c14- out | sed 's/ after [0-9.]* ms//' >from_table
sed 's/ after [0-9.]* ms//' from_capture | cmp -s - from_table ||
    wrong "capture and table differ"
exits 0 "JSON lines" \
    "$half" chip trace --format json "$traces/atecc508a-silicon.sr"
same "as many objects" "$(python3 -c '
import json
lines = [json.loads(l) for l in open("out")]
assert lines[0]["format"] == "halfdollar-trace"
print(sum(l.get("means") == "command" for l in lines))')" 43
exits 0 "a capture redrawn as VCD" "$half" chip trace \
    "$traces/atecc508a-silicon.sr" --output again.vcd
grep -q enddefinitions again.vcd || wrong "not a VCD"
if command -v sigrok-cli >/dev/null; then
    decoder() { sigrok-cli "$@" -P i2c:scl=SCL:sda=SDA -A i2c | grep Data; }
    decoder -i "$traces/atecc508a-silicon.sr" >theirs
    decoder -I vcd -i again.vcd >ours
    cmp -s theirs ours || wrong "sigrok sees other bytes in the redrawn VCD"
    echo "ok: sigrok sees the same bytes in it"
fi
exits 0 "lines without bytes are counted" "$half" chip trace "$session"
complains '3 lines hold no bus bytes'
prints 'Verify: external public key, P-256'
echo 'W 60 03 0' >odd.hex
exits 2 "a wrong line is named" "$half" chip trace odd.hex
complains 'line 1'
exits 2 "a missing recording" "$half" chip trace missing.sr
exits 2 "a channel that is not there" \
    "$half" chip trace --sda D7 "$traces/atecc508a-silicon.sr"
complains 'SDA SCL'

# -------------------------------------------------------------- live traces

new_chip thing
HALF_TRACE=bus.txt exits 1 "what half does can be recorded" \
    "$half" chip random
grep -q 'R 60  answer to Info.*ATECC608B' bus.txt || wrong "no Info in bus.txt"
HALF_TRACE=bus.jsonl exits 1 "a refused command" "$half" chip pubkey --slot 0
python3 - <<'PYTHON' || wrong "no refusal in bus.jsonl"
import json
lines = [json.loads(l) for l in open("bus.jsonl")]
refusals = [l for l in lines if l.get("event") == "refused"]
assert len(refusals) >= 1 and "locked" in refusals[0]["text"], refusals
PYTHON
touch kept.txt
HALF_TRACE=kept.txt exits 0 "a file that others may read" "$half" chip info
same "is closed to them" "$(stat -c %a kept.txt)" 600
openssl ecparam -name prime256v1 -genkey -noout -out key.pem
HALF_TRACE=secret.txt exits 1 "a private key in clear" "$half" chip write data \
    --slot 0 --format private key.pem --confirm "$serial"
complains "HALF_TRACE: the trace in secret.txt will hold this chip's secrets"
unset HALF_TRACE
exits 1 "without a trace" "$half" chip write data \
    --slot 0 --format private key.pem --confirm "$serial"
! grep -q HALF_TRACE err || wrong "there is no trace to warn of"
new_chip wire 01 508a-swi
HALF_TRACE=swi.txt exits 0 "single-wire too" "$half" chip info
grep -q 'W 00  Info: revision | 77 07 30 00 00 00 03 5D' swi.txt ||
    wrong "no flag 77 in swi.txt"
grep -q 'answer to Info.*ATECC508A' swi.txt || wrong "no answer in swi.txt"
export HALF_CHIP=sim:thing.vchip
HALF_TRACE=/no/such/dir/x exits 2 "a trace that cannot be written is told" \
    "$half" chip info
complains 'HALF_TRACE'
if command -v i2ctransfer >/dev/null; then
    exits 0 "a program on a virtual bus is recorded" "$half" sim exec \
        --chip thing.vchip --trace exec.txt -- sh -c \
        'i2ctransfer -y -a 1 w1@0x00 0x00; i2ctransfer -y 1 r4@0x60'
    prints '0x04 0x11 0x33 0x43'
    grep -q 'R 60  awake | 04 11 33 43' exec.txt || wrong "exec.txt lacks it"
fi
