#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --json: one object, the members that docs/json.md promises, and no more on
# standard output than that.
. "$(dirname "$0")/lib.sh"

provisioned_chip thing
printf 'message' >file
openssl ecparam -name prime256v1 -genkey -noout -out peer.pem
openssl pkey -in peer.pem -pubout -out peer.pub
openssl dgst -sha256 -sign peer.pem -out sig file
challenge=$(printf '%064d' 7)

# members "MEMBERS..." CODE VERB...: exactly these, besides ok and serial
members()
{
    want=$1
    shift
    expected_code=$1
    shift
    exits "$expected_code" "half chip $* --json" "$half" chip "$@" --json
    same "says what docs/json.md promises" \
        "$(json '" ".join(sorted(set(j) - {"ok", "serial"})), j["ok"], j["serial"]')" \
        "('$want', $([ "$expected_code" = 0 ] && echo True || echo False), '$serial')"
}

members 'address config config_locked counters data_locked interface revision slots variant' 0 info
same "16 slots" "$(json 'len(j["slots"])')" 16
same "address" "$(json 'j["address"]')" 96
same "revision" "$(json 'j["revision"]')" 00006003
same "the configuration is 128 bytes" "$(json 'len(bytes.fromhex(j["config"]))')" 128
same "a slot's words" "$(json 'hex(j["slots"][1]["slot_config"])')" 0x2087
members 'bytes offset zone' 0 read config
members 'bytes offset slot zone' 0 read data --slot 8
members 'offset output slot zone' 0 read data --slot 8 --format raw -o got
members 'random' 0 random
members 'pem public_key slot' 0 pubkey --slot 0
members 'der public_key slot' 0 pubkey --slot 0 --format der
members 'pem public_key slot' 0 genkey --slot 0 --confirm "$serial"
members 'digest signature signature_der slot' 0 sign --slot 0 file
members 'digest proven valid' 0 verify --pubkey peer.pub -s sig file
same "valid" "$(json 'j["valid"], j["proven"]')" '(True, False)'
printf 'other' >other
members 'digest error proven valid' 1 verify --pubkey peer.pub -s sig other
same "not valid" "$(json 'j["valid"]')" False
members 'encrypted_on_bus secret slot' 0 ecdh --slot 1 --peer peer.pub -o -
members 'counter value' 0 counter read 0
members 'digest' 0 sha file
members 'hmac slot' 0 hmac --slot 4 file
members 'mac mode slot' 0 mac --slot 4 --challenge "$challenge"
members 'slot valid' 0 checkmac --slot 4 --challenge "$challenge" \
    --response "$(json 'j["mac"]')"
head -c 16 slot8 >block
members 'output_bytes' 0 aes encrypt --slot 9 block
members 'result' 0 kdf hkdf --slot 4 -o - file
members 'target_slot' 0 kdf hkdf --slot 4 --target-slot 13 file
members 'tests' 0 selftest
members 'length offset slot zone' 0 write data --slot 14 --format raw slot14
members 'error slot zone' 2 lock slot 14
members 'locked slot zone' 0 lock slot 14 --confirm "$serial"

members 'digest error' 1 sign --slot 12 file
same "an error has its code" "$(json 'j["error"]["code"], j["error"]["number"]')" \
    "('HD_ERR_EXEC', -37)"
same "a sentence and the chip's reason" \
    "$(json 'len(j["error"]["message"]) > 20 and "SlotConfig" in j["error"]["reason"]')" True
exits 2 "no chip" "$half" chip info --json --chip sim:missing.vchip
same "is told in JSON too" "$(json 'j["ok"], len(j["error"]["message"]) > 10')" \
    '(False, True)'
