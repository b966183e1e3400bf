#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# half doctor --cert: does a certificate fit the chip? The certificates are
# made by openssl, for the key of a chip and for other keys.
. "$(dirname "$0")/../cli/lib.sh"

key()
{
    openssl ecparam -name prime256v1 -genkey -noout -out "$1.key" 2>/dev/null
}

# issue NAME ISSUER EXTENSIONS PUBLIC-KEY: NAME.pem
issue()
{
    printf '%b' "$3" >ext
    key request
    openssl req -new -key request.key -subj "/CN=subject-4711-$1" -out csr
    openssl x509 -req -in csr -force_pubkey "$4" -CA "$2.pem" \
        -CAkey "$2.key" -set_serial 0x5e71a1 -days 400 -extfile ext \
        -out "$1.pem" 2>/dev/null || exit 2
}

# finds CODE CHECK VERDICT WORDS ARGS...: half doctor says so
finds()
{
    expected=$1
    line="^$2 +$3 .*$4"
    sentence="$2 is $3: $4"
    shift 4
    exits "$expected" "$sentence" "$half" doctor --chip sim:tls.vchip "$@"
    prints "$line"
}

# What is for ever in the file: it must not change.
memory()
{
    tail -c +13 tls.vchip | head -c 1400 | cksum
}

"$half" sim create --variant tflxtls tls.vchip >/dev/null || exit 2
for slot in 0 2; do
    "$half" chip pubkey --slot $slot --chip sim:tls.vchip >$slot.pub || exit 2
done
key root
openssl req -x509 -new -key root.key -subj /CN=root-4711 -days 3000 \
    -out root.pem
key signer
openssl ec -in signer.key -pubout -out signer.pub 2>/dev/null
key stranger
openssl ec -in stranger.key -pubout -out stranger.pub 2>/dev/null
authority='basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n'
device='basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n'
client="${device}extendedKeyUsage=clientAuth\n"
issue signer root "$authority" signer.pub
issue good signer "$client" 0.pub
issue second signer "$client" 2.pub
issue plain signer "$device" 0.pub
issue server signer "${device}extendedKeyUsage=serverAuth\n" 0.pub
issue agree signer 'keyUsage=keyAgreement\n' 0.pub
issue other signer "$client" stranger.pub
cat good.pem signer.pem >chain.pem
before=$(memory)

finds 0 key good "slot 0 holds its private key" --cert chain.pem --ca root.pem
prints '^form +good .*P-256, SHA256'
prints '^chain +good .*up to the authority'
prints '^dates +good .*ends in (399|400) days'
prints '^use +good '
prints '^stored +skipped'
finds 0 key good "slot 2 holds" --cert second.pem --ca signer.pem
finds 0 chain skipped "--ca FILE" --cert good.pem
finds 0 chain good "the last of the 2" --cert chain.pem
finds 0 use good "may use it" --cert plain.pem
finds 1 use bad "clientAuth" --cert server.pem
finds 1 use bad "digitalSignature" --cert agree.pem
finds 1 key bad "none of 5 private keys" --cert other.pem
finds 1 chain bad "certificate between" --cert good.pem --ca root.pem
finds 1 use bad "authority" --cert signer.pem
finds 1 chain bad "nobody vouches" --cert root.pem
key third
openssl req -x509 -new -key third.key -subj /CN=third -out third.pem
cat good.pem third.pem >wrong.pem
finds 1 chain bad "does not lead to the last" --cert wrong.pem
openssl genrsa -out rsa.key 2048 2>/dev/null
openssl rsa -in rsa.key -pubout -out rsa.pub 2>/dev/null
issue rsa signer "$client" rsa.pub
finds 1 form bad "curve P-256" --cert rsa.pem
printf '%b' "$client" >ext
openssl x509 -req -in csr -force_pubkey 0.pub -CA signer.pem \
    -CAkey signer.key -set_serial 1 -days 12 -sha384 -extfile ext \
    -out short.pem 2>/dev/null
finds 0 dates warning "ends in 1[12] days: renew" --cert short.pem
prints '^form +good .*SHA384'
same "nothing in the chip changed" "$(memory)" "$before"

# What of it the chip holds.
openssl x509 -in good.pem -outform der -out good.der
openssl dgst -sha256 -binary good.der >digest
"$half" chip write data digest --format raw --slot 10 --chip sim:tls.vchip \
    >out || exit 2
finds 0 stored good "slot 10 holds its SHA-256" --cert good.der
openssl x509 -in signer.pem -outform der | openssl dgst -sha256 -binary >digest
"$half" chip write data digest --format raw --slot 12 --chip sim:tls.vchip \
    >out || exit 2
finds 0 stored good "slot 12 that of its signer" --cert chain.pem
openssl ec -pubin -in signer.pub -outform der 2>/dev/null | tail -c 64 >xy
{
    head -c 4 /dev/zero
    head -c 32 xy
    head -c 4 /dev/zero
    tail -c 32 xy
} >stored
"$half" chip write data stored --format raw --slot 11 --chip sim:tls.vchip \
    >out || exit 2
finds 0 signer good "slot 11 holds its signer" --cert chain.pem

# The bundle tells what was found and not whose it is.
exits 1 "a bundle" "$half" doctor --chip sim:tls.vchip --cert other.pem \
    --bundle b.json
grep -q "none of 5 private keys" b.json || wrong "the finding is not in it"
key_hex=$(openssl ec -pubin -in stranger.pub -outform der 2>/dev/null |
    tail -c 64 | od -An -tx1 | tr -d ' \n' | cut -c1-12)
for word in 4711 5e71a1 "$key_hex"; do
    grep -qi "$word" b.json && wrong "the bundle holds $word"
done
exits 0 "it is replayed without the certificate" "$half" doctor --replay b.json
prints "shows the same"
exits 0 "a chip that says nothing yet" "$half" sim create blank.vchip
exits 0 "is not asked" "$half" doctor --chip sim:blank.vchip --cert good.pem
prints '^key +skipped .*before its configuration is locked'

# What is no certificate.
exits 2 "a key in its place" "$half" doctor --chip sim:tls.vchip \
    --cert root.key
complains "no certificate in it"
exits 2 "an authority that is none" "$half" doctor --chip sim:tls.vchip \
    --cert good.pem --ca root.key
complains "authority's file"
exits 2 "a chip that is not there" "$half" doctor --replay b.json \
    --cert good.pem
exits 2 "an authority alone" "$half" doctor --chip sim:tls.vchip --ca root.pem
head -c 100 good.der >cut.der
exits 2 "half a certificate" "$half" doctor --chip sim:tls.vchip --cert cut.der
exits 2 "no such file" "$half" doctor --chip sim:tls.vchip --cert none
