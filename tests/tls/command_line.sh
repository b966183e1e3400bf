#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The provider under OpenSSL's own programs, in both orders of loading. Each
# check is a sentence; what the chip made is judged by an OpenSSL that does
# not know the provider.
# usage: tests/tls/command_line.sh BUILD
set -u
build=$(cd "$1" && pwd)
half=$build/cli/half
command -v openssl >/dev/null && [ -x "$half" ] || exit 77

work=$(mktemp -d) && cd "$work" || exit 1
server='' chips=''
leave() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    [ -z "$chips" ] || kill "$chips" 2>/dev/null
    rm -rf "$work"
}
trap leave EXIT
failures=0
unset HALF_CHIP OPENSSL_CONF

# check SENTENCE COMMAND...    refuse SENTENCE WORDS COMMAND...
check() {
    sentence=$1
    shift
    if "$@" >log 2>&1; then
        echo "ok      $sentence"
    else
        echo "FAILED  $sentence: $*"
        sed 's/^/        /' log
        failures=$((failures + 1))
    fi
}
refuse() {
    sentence=$1 words=$2
    shift 2
    if ! "$@" >log 2>&1 && grep -qF -e "$words" log; then
        echo "ok      $sentence"
    else
        echo "FAILED  $sentence: $* did not fail with \"$words\""
        sed 's/^/        /' log
        failures=$((failures + 1))
    fi
}

# ------------------------------------------------------------------ the stage

openssl ecparam -genkey -name prime256v1 -noout -out ca.key
openssl req -x509 -new -key ca.key -subj "/CN=Test CA" -days 30 -out ca.pem
openssl pkey -in ca.key -pubout -out root-key.pem
cp root-key.pem boot-key.pem
mkdir -m 700 keys
"$half" policy new -o policy.yaml >/dev/null || exit 1
for name in thing clone; do
    "$half" sim create $name.vchip >/dev/null || exit 1
    plan=$("$half" plan -p policy.yaml --chip sim:$name.vchip |
        sed -n 's/^plan //p')
    "$half" apply -p policy.yaml --chip sim:$name.vchip --keys keys \
        --confirm "$plan" >log || exit 1
    io_key=$(sed -n 's/^read back: \([0-9a-f]*\) .*/keys\/\1-io-key.key/p' log)
    mv "$io_key" $name-io.key
done
HALF_CHIP=sim:$work/thing.vchip
export HALF_CHIP
openssl ecparam -genkey -name prime256v1 -noout -out peer.key
openssl pkey -in peer.key -pubout -out peer.pub
head -c 5000 /dev/urandom >data
openssl dgst -sha256 -binary data >digest

openssl asn1parse -genstr UTF8:half:slot=0 -noout -out named.der
printf -- '-----BEGIN HALFDOLLAR KEY URI-----\n%s\n-----END HALFDOLLAR KEY URI-----\n' \
    "$(openssl base64 -in named.der)" >named.pem

issue() { # NAME
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial \
        -days 30 -sha256 -out "$1.pem" 2>/dev/null
}

# serve OPTIONS...: s_server on a free port for one connection; sets port
serve() {
    port=
    : >server # before the child opens it: the last one's port is in it
    openssl s_server -accept 127.0.0.1:0 -naccept 1 -www "$@" >server 2>&1 &
    server=$!
    for _ in $(seq 1000); do
        port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' server)
        [ -n "$port" ] && return
        kill -0 "$server" 2>/dev/null || return
        sleep 0.02
    done
}

# connect OPTIONS...: s_client; succeeds when the server's page arrives
connect() {
    printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -ign_eof -quiet \
        -connect "127.0.0.1:$port" -CAfile ca.pem -verify_return_error "$@" \
        >client 2>&1
    cat client
    if ! grep -q '^HTTP/1.0 200' client; then
        kill "$server" 2>/dev/null # it may still wait for somebody
        cat server
    fi
    wait "$server"
    server=
    grep -q '^HTTP/1.0 200' client
}

suite() { # ORDER PROVIDER...
    order=$1
    shift
    p="-provider-path $build/tls/openssl $*"

    # shellcheck disable=SC2086
    {
    check "req -new makes a request ($order)" openssl req -new $p \
        -key half:slot=0 -subj /CN=thing -out thing.csr
    check "its signature verifies" openssl req -in thing.csr -verify -noout
    check "pkey -pubout writes the public key" openssl pkey $p \
        -in half:slot=0 -pubout -out thing.pub
    check "pkey -check lets the chip prove its key" openssl pkey $p \
        -in half:slot=0 -check -noout
    check "dgst -sign signs a file" openssl dgst $p -sha256 -sign half:slot=0 \
        -out sig data
    check "dgst -verify takes it" openssl dgst -sha256 -verify thing.pub \
        -signature sig data
    check "pkeyutl -sign signs a digest" openssl pkeyutl $p -sign \
        -inkey half:slot=0 -in digest -out sig
    check "pkeyutl -verify takes it" openssl pkeyutl -verify -pubin \
        -inkey thing.pub -in digest -sigfile sig
    check "pkeyutl -verify takes it with the chip's key too" openssl pkeyutl \
        $p -verify -inkey half:slot=0 -in digest -sigfile sig
    check "pkeyutl -derive agrees on a secret" openssl pkeyutl $p -derive \
        -inkey "half:slot=3;io-key-file=thing-io.key" -peerkey peer.pub \
        -out ours
    check "the public key of slot 3 can be read" openssl pkey $p \
        -in half:slot=3 -pubout -out three.pub
    check "the other side derives" openssl pkeyutl -derive -inkey peer.key \
        -peerkey three.pub -out theirs
    check "both secrets are the same" cmp ours theirs
    check "storeutl lists five keys" sh -c \
        "openssl storeutl $p half: | grep -c '^[0-4]: Name: half:slot=[0-4]$' |
         grep -qx 5"
    check "x509 -req issues with the chip as authority" openssl x509 $p -req \
        -in thing.csr -signkey half:slot=0 -days 1 -out self.pem
    check "the certificate it issued verifies" openssl verify -CAfile self.pem \
        self.pem
    check "a PEM file that names the key is a key" openssl pkey $p \
        -in named.pem -pubout -out named.pub
    check "it is the same key" cmp named.pub thing.pub
    refuse "the private key cannot be written" "nobody can read a private key" \
        openssl pkey $p -in half:slot=0
    refuse "a bad URI is explained" "a chip has slots 0 to 15" \
        openssl pkey $p -in half:slot=16 -pubout
    refuse "a slot without a key is explained" "KeyConfig[5].Private = 0" \
        openssl pkey $p -in half:slot=5 -pubout
    refuse "SHA-1 is refused" "the chip signs 32" openssl dgst $p -sha1 \
        -sign half:slot=0 -out sig data

    issue thing
    openssl req -new $p -key "half:slot=0;chip=sim:clone.vchip" \
        -subj /CN=server -out server.csr && issue server
    for version in tls1_2 tls1_3; do
        serve $p -$version -key "half:slot=0;chip=sim:clone.vchip" \
            -cert server.pem -CAfile ca.pem -Verify 1 -verify_return_error
        check "s_client and s_server, $version, a chip on both sides" \
            connect $p -$version -key half:slot=0 -cert thing.pem
        serve -$version -key ca.key -cert ca.pem -CAfile ca.pem -Verify 1 \
            -verify_return_error
        check "$version against a server that knows no chip" \
            connect $p -$version -key half:slot=0 -cert thing.pem
    done
    refuse "s_client does not start with another chip's key" "mismatch" \
        openssl s_client $p -connect 127.0.0.1:9 -cert thing.pem \
        -key "half:slot=0;chip=sim:clone.vchip"
    }
}

suite "ours first" -provider halfprovider -provider default
suite "ours last" -provider default -provider halfprovider

p="-provider-path $build/tls/openssl -provider halfprovider -provider default"
# shellcheck disable=SC2086
check "req -new through the Linux I2C port" "$half" sim exec \
    --chip thing.vchip -- openssl req -new $p -subj /CN=i2c \
    -key "half:slot=0;chip=i2c:1@0x60" -out i2c.csr
check "its signature verifies" openssl req -in i2c.csr -verify -noout

# chip_server: thing.vchip behind a socket
chip_server() {
    "$half" sim serve --chip thing.vchip --socket chip.sock >ready 2>&1 &
    chips=$!
    for _ in $(seq 1000); do
        grep -q ready ready && return
        sleep 0.02
    done
}
: >ready
chip_server
# shellcheck disable=SC2086
serve $p -naccept 2 -key "half:slot=0;chip=unix:chip.sock" -cert thing.pem
once() {
    printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -ign_eof -quiet \
        -connect "127.0.0.1:$port" -CAfile ca.pem -verify_return_error 2>&1 |
        grep '^HTTP/1.0 200'
}
check "s_server with its key behind a socket" once
kill "$chips"
wait "$chips" 2>/dev/null
: >ready
chip_server
check "it goes on when the chip's server was started again" once
wait "$server"
server=
kill "$chips"
wait "$chips" 2>/dev/null
chips=

cat >openssl.cnf <<EOF
openssl_conf = main
[main]
providers = providers
[providers]
default = default_section
halfprovider = half_section
[default_section]
activate = 1
[half_section]
module = $build/tls/openssl/halfprovider.so
chip = sim:$work/thing.vchip
activate = 1
EOF
unset HALF_CHIP
OPENSSL_CONF=$work/openssl.cnf
export OPENSSL_CONF
check "openssl.cnf loads the provider and names the chip" openssl pkey \
    -in half:slot=0 -pubout -out conf.pub
check "it is the same key" cmp conf.pub thing.pub
check "no option is needed then" openssl dgst -sha256 -sign half:slot=0 \
    -out sig data

[ $failures = 0 ] || {
    echo "$failures failed"
    exit 1
}
echo "all as it should be"
