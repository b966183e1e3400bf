#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ECDH, KDF, AES: results against OpenSSL, and secrets kept.
. "$(dirname "$0")/lib.sh"

provisioned_chip thing
openssl ecparam -name prime256v1 -genkey -noout -out peer.pem
openssl pkey -in peer.pem -pubout -out peer.pub
openssl pkeyutl -derive -inkey peer.pem -peerkey pub1.pem -out want

exits 2 "ecdh without --output asks where the secret goes" \
    "$half" chip ecdh --slot 1 --peer peer.pub
complains 'secret: say where'
exits 0 "ecdh" "$half" chip ecdh --slot 1 --peer peer.pub --format raw -o got
same "is what OpenSSL derives" "$(hex_of got)" "$(hex_of want)"
same "in a file for its owner only" "$(stat -c %a got)" 600
ln -s log link
exits 0 "a symbolic link is replaced, not followed" \
    "$half" chip ecdh --slot 1 --peer peer.pub -o link
same "by a file for its owner" "$(stat -c '%a %F' link)" '600 regular file'
mkfifo pipe
cat pipe >through &
exits 0 "a pipe stays a pipe" "$half" chip ecdh --slot 1 --peer peer.pub -o pipe
wait
same "and carries the secret" "$(cat through)" "$(hex_of want)"
same "a pipe" "$(stat -c %F pipe)" fifo
exits 0 "ecdh, encrypted on the bus" \
    "$half" chip ecdh --slot 1 --peer peer.pub --io-key io.key -o -
same "gives the same" "$(cat out)" "$(hex_of want)"
exits 0 "ecdh with the wrong IO key" \
    "$half" chip ecdh --slot 1 --peer peer.pub --io-key key4 -o -
differ "gives noise" "$(cat out)" "$(hex_of want)"
exits 1 "a slot without ECDH refuses" \
    "$half" chip ecdh --slot 0 --peer peer.pub -o -
complains "the chip's reason: .*SlotConfig"
exits 2 "no peer" "$half" chip ecdh --slot 1 -o -
exits 2 "a peer that is no key" "$half" chip ecdh --slot 1 --peer log -o -

# AES
head -c 160 /dev/urandom >plain
openssl enc -aes-128-ecb -nopad -K "$(hex_of aes.key)" -in plain -out want
exits 0 "aes encrypt" "$half" chip aes encrypt --slot 9 --format raw -o cipher plain
same "as OpenSSL does" "$(hex_of cipher)" "$(hex_of want)"
exits 0 "aes decrypt" "$half" chip aes decrypt --slot 9 --format raw -o back cipher
same "comes back" "$(hex_of back)" "$(hex_of plain)"
head -c 16 /dev/urandom >other.key
chmod 600 other.key
openssl enc -aes-128-ecb -nopad -K "$(hex_of other.key)" -in plain -out want
exits 0 "aes with a key from a file" \
    "$half" chip aes encrypt --key-file other.key --format raw -o cipher plain
same "as OpenSSL does" "$(hex_of cipher)" "$(hex_of want)"
head -c 17 plain >odd
exits 2 "half a block is refused" "$half" chip aes encrypt --slot 9 odd
complains 'blocks of 16'
exits 1 "a slot that is no AES key refuses" "$half" chip aes encrypt --slot 8 plain
complains "the chip's reason"
exits 2 "no such mode" "$half" chip aes cbc plain
# GHASH test case 2 of the GCM paper: H = E(K, 0), X1 = C * H
printf '66e94bd4ef8a2c3b884cfa59ca342b2e' >h
chmod 600 h
printf '\003\210\332\316\140\266\243\222\363\050\302\271\161\262\376\170' >c
exits 0 "gfm" "$half" chip aes gfm --hash-key h c
same "is the paper's product" "$(cat out)" 5e2ec746917062882c85b0685353deb7

# KDF
printf 'key expansion and some seed' >message
openssl kdf -keylen 64 -kdfopt digest:SHA256 -kdfopt hexsecret:"$(hex_of key4)" \
    -kdfopt hexseed:"$(hex_of message)" -binary TLS1-PRF >want
exits 0 "kdf prf" "$half" chip kdf prf --slot 4 -o - message
same "is TLS 1.2's" "$(cat out)" "$(hex_of want | head -c 64)"
exits 0 "kdf prf, 64 bytes, a key from a file" \
    "$half" chip kdf prf --key-file key4 --length 64 --format raw -o got message
same "is TLS 1.2's" "$(hex_of got)" "$(hex_of want)"
same "in a file for its owner only" "$(stat -c %a got)" 600
exits 0 "kdf prf, encrypted on the bus" \
    "$half" chip kdf prf --slot 4 --io-key io.key -o - message
same "gives the same" "$(cat out)" "$(hex_of want | head -c 64)"
exits 0 "kdf hkdf" "$half" chip kdf hkdf --slot 4 -o - message
same "is one HMAC" "$(cat out)" "$(openssl dgst -sha256 -mac HMAC \
    -macopt hexkey:"$(hex_of key4)" -r message | cut -d' ' -f1)"
head -c 16 plain >block
openssl enc -aes-128-ecb -nopad -K "$(hex_of aes.key)" -in block -out want
exits 0 "kdf aes" "$half" chip kdf aes --slot 9 -o - block
same "is one block" "$(cat out)" "$(hex_of want)"
exits 0 "kdf into a slot" "$half" chip kdf hkdf --slot 4 --target-slot 13 message
exits 0 "read the slot" "$half" chip read data --slot 13 --length 32
same "holds the result" "$(cat out)" "$(openssl dgst -sha256 -mac HMAC \
    -macopt hexkey:"$(hex_of key4)" -r message | cut -d' ' -f1)"
exits 2 "kdf without --output asks where" "$half" chip kdf prf --slot 4 message
exits 2 "kdf aes of another length is refused" \
    "$half" chip kdf aes --slot 9 -o - message
head -c 129 /dev/zero >long
exits 2 "129 bytes are too long" "$half" chip kdf prf --slot 4 -o - long
exits 1 "a private key is no source" "$half" chip kdf prf --slot 0 -o - message
complains "the chip's reason"

new_chip old 01 508a
exits 2 "a 508A has no AES" "$half" chip aes encrypt --slot 9 plain
complains "does not have that command"
