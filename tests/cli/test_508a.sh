#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The verbs on an ATECC508A: what it does differently, and what it lacks.
. "$(dirname "$0")/lib.sh"

provisioned_chip old 08 508a
exits 0 "info names it" "$half" chip info
prints 'ATECC508A, revision 00005000'
head -c 3000 /dev/urandom >file
exits 0 "sign, hashed by the chip" \
    "$half" chip sign --slot 0 --hash chip --format der -o sig file
exits 0 "OpenSSL agrees" openssl dgst -sha256 -verify pub0.pem -signature sig file
exits 0 "the chip agrees" "$half" chip verify --pubkey pub0.pem -s sig file
exits 2 "but cannot prove it" \
    "$half" chip verify --pubkey pub0.pem -s sig --io-key io.key file
complains 'does not have that command or mode'
for size in 0 64 1000; do
    head -c $size /dev/urandom >file
    exits 0 "hmac of $size bytes" "$half" chip hmac --slot 4 file
    same "is OpenSSL's" "$(cat out)" "$(openssl dgst -sha256 -mac HMAC \
        -macopt hexkey:"$(hex_of key4)" -r file | cut -d' ' -f1)"
done
openssl ecparam -name prime256v1 -genkey -noout -out peer.pem
openssl pkey -in peer.pem -pubout -out peer.pub
openssl pkeyutl -derive -inkey peer.pem -peerkey pub1.pem -out want
exits 0 "ecdh" "$half" chip ecdh --slot 1 --peer peer.pub -o -
same "is what OpenSSL derives" "$(cat out)" "$(hex_of want)"
exits 2 "ecdh encrypted on the bus is not there" \
    "$half" chip ecdh --slot 1 --peer peer.pub --io-key io.key -o -
exits 0 "read encrypted" "$half" chip read data --slot 5 --key-slot 4 \
    --key-file key4
same "the content" "$(cat out)" "$(hex_of slot5)"
exits 0 "write encrypted" "$half" chip write data --slot 5 --format raw slot3 \
    --key-slot 4 --key-file key4
exits 0 "read encrypted" "$half" chip read data --slot 5 --key-slot 4 \
    --key-file key4
same "the new content" "$(cat out)" "$(hex_of slot3)"
exits 0 "counter" "$half" chip counter increment 0 --confirm "$serial"
same "1" "$(cat out)" 1
for verb in 'aes encrypt --slot 9 slot8' 'kdf prf --slot 4 -o - otp' selftest; do
    # shellcheck disable=SC2086
    exits 2 "it has no $verb" "$half" chip $verb
    complains 'does not have that command'
done
