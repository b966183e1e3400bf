#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys and signatures, judged by OpenSSL.
. "$(dirname "$0")/lib.sh"

provisioned_chip thing
head -c 100000 /dev/urandom >message
openssl ecparam -name prime256v1 -genkey -noout -out host.pem
openssl pkey -in host.pem -pubout -out host.pub
openssl dgst -sha256 -sign host.pem -out host.sig message
head -c 20 message >other

exits 0 "the public key comes as PEM" "$half" chip pubkey --slot 0
same "the same that genkey gave" "$(cat out)" "$(cat pub0.pem)"
openssl pkey -pubin -in out -noout || exit 1
exits 0 "and as DER" "$half" chip pubkey --slot 0 --format der -o pub.der
same "which OpenSSL reads alike" \
    "$(openssl pkey -pubin -inform DER -in pub.der)" "$(cat pub0.pem)"
exits 0 "and as X and Y" "$half" chip pubkey --slot 0 --format hex
same "the end of the DER" "$(cat out)" "$(hex_of pub.der | tail -c 128)"
exits 1 "a slot with no key refuses" "$half" chip pubkey --slot 4
complains 'neither'
exits 1 "a secret slot refuses, with its reason" "$half" chip pubkey --slot 15
complains "the chip's reason"
exits 1 "a slot of other bytes is no public key" "$half" chip pubkey --slot 14
complains 'neither'

exits 0 "sign a file" "$half" chip sign --slot 0 --format der -o sig message
exits 0 "OpenSSL verifies it" \
    openssl dgst -sha256 -verify pub0.pem -signature sig message
exits 1 "OpenSSL refuses it for another file" \
    openssl dgst -sha256 -verify pub0.pem -signature sig other
exits 0 "sign standard input, hashed by the chip" sh -c \
    '"$1" chip sign --slot 0 --hash chip --format der -o sig - <message' sh "$half"
exits 0 "OpenSSL verifies that too" \
    openssl dgst -sha256 -verify pub0.pem -signature sig message
digest=$(sha256sum message | cut -d' ' -f1)
exits 0 "sign a digest" "$half" chip sign --slot 0 --digest "$digest" --format der -o sig
exits 0 "OpenSSL verifies that as well" \
    openssl dgst -sha256 -verify pub0.pem -signature sig message
exits 0 "R and S in hex" "$half" chip sign --slot 0 message
same "have 64 bytes" "$(tr -d '\n' <out | wc -c)" 128
cp out sig.hex
exits 0 "which verify reads" "$half" chip verify --pubkey pub0.pem -s sig.hex message
prints '^valid$'
exits 1 "a slot that may not sign refuses, with the bits" \
    "$half" chip sign --slot 12 message
complains "the chip's reason: .*SlotConfig"
exits 1 "a slot without a key refuses" "$half" chip sign --slot 8 message
exits 2 "a short digest is refused" "$half" chip sign --slot 0 --digest 1234
complains '32 bytes of hex'
exits 2 "nothing to sign is refused" "$half" chip sign --slot 0
exits 2 "a missing file is told" "$half" chip sign --slot 0 missing
complains 'missing: No such file'
exits 2 "both a file and a digest are refused" \
    "$half" chip sign --slot 0 --digest "$digest" message

exits 0 "verify a signature by OpenSSL" \
    "$half" chip verify --pubkey host.pub -s host.sig message
exits 1 "of another file: not valid" \
    "$half" chip verify --pubkey host.pub -s host.sig other
complains 'NOT valid'
exits 1 "by another key: not valid" \
    "$half" chip verify --pubkey pub0.pem -s host.sig message
exits 0 "proven by the IO key" \
    "$half" chip verify --pubkey host.pub -s host.sig --io-key io.key message
prints 'proven'
exits 1 "the wrong IO key is noticed" \
    "$half" chip verify --pubkey host.pub -s host.sig --io-key key4 message
complains 'MAC on the chip'
exits 1 "not valid, and asked for a proof" \
    "$half" chip verify --pubkey host.pub -s host.sig --io-key io.key other
exits 0 "a public key is stored" \
    "$half" chip write data --slot 10 --format pubkey host.pub
exits 0 "and comes out again" "$half" chip pubkey --slot 10
same "unchanged" "$(cat out)" "$(cat host.pub)"
exits 0 "read gives it as PEM too" "$half" chip read data --slot 10 --format pem
same "unchanged" "$(cat out)" "$(cat host.pub)"
exits 0 "verify with the stored key" \
    "$half" chip verify --slot 10 -s host.sig message
exits 1 "with the stored key, another file" \
    "$half" chip verify --slot 10 -s host.sig other
exits 0 "with the stored key, proven" \
    "$half" chip verify --slot 10 -s host.sig --io-key io.key message
exits 2 "a file that is no signature is refused" \
    "$half" chip verify --pubkey host.pub -s other message
complains 'signature'
exits 2 "a file that is no key is refused" \
    "$half" chip verify --pubkey other -s host.sig message
complains 'public key'
openssl ecparam -name secp384r1 -genkey -noout | openssl pkey -pubout -out p384.pub
exits 2 "a key of another curve is refused" \
    "$half" chip verify --pubkey p384.pub -s host.sig message
complains 'P-256'
printf '%0128d' 1 >off-curve
exits 2 "a point off the curve is refused" \
    "$half" chip verify --pubkey off-curve -s host.sig message
complains 'not a point'
openssl req -x509 -key host.pem -subj /CN=x -days 1 -out host.crt 2>/dev/null
exits 0 "a certificate names its key" \
    "$half" chip verify --pubkey host.crt -s host.sig message
chmod 644 io.key
exits 2 "a key file that others may read is refused" \
    "$half" chip verify --pubkey host.pub -s host.sig --io-key io.key message
complains 'chmod 600'

exits 2 "genkey without --confirm changes nothing" "$half" chip genkey --slot 0
complains "replaced for ever.*--confirm $serial"
exits 0 "the key is still the same" "$half" chip pubkey --slot 0
same "the same" "$(cat out)" "$(cat pub0.pem)"
exits 0 "genkey makes a new one" \
    "$half" chip genkey --slot 0 --confirm "$serial" -o new.pem
differ "another" "$(cat new.pem)" "$(cat pub0.pem)"
exits 1 "genkey in a slot that does not allow it" \
    "$half" chip genkey --slot 11 --confirm "$serial"
complains "the chip's reason: .*GenKey"
exits 0 "a new private key, encrypted on the bus" sh -c \
    'chmod 600 host.pem && "$1" chip write data --slot 11 --format private host.pem \
     --key-slot 4 --key-file key4 --confirm "$2"' sh "$half" "$serial"
exits 0 "its public key" "$half" chip pubkey --slot 11
same "is the host key's" "$(cat out)" "$(cat host.pub)"
