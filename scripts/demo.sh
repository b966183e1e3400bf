#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The first story: a policy becomes a chip, the chip a device that connects to
# a real broker; its clone, a thief and a wire tap get nothing. Everything it
# says it has checked: it stops with exit code 1 where something is not as told.
#
# usage: scripts/demo.sh [BUILD]     (default build; HALF_DEMO_KEEP=1 keeps
#                                     the temporary directory)
set -eu
cd "$(dirname "$0")/.."
home=$(pwd)
build=$(cd "${1:-build}" && pwd)
half=$build/cli/half
tools=$build/examples/first-story
telemetry=$build/examples/telemetry/half-telemetry
module=$build/tls/openssl
provider="-provider-path $module -provider halfprovider -provider default"

for tool in "$half" "$tools/half-tap" "$tools/half-thief" \
    "$telemetry" "$module/halfprovider.so"; do
    [ -e "$tool" ] || {
        echo "demo: $tool is missing; build first (make)" >&2
        exit 2
    }
done
PATH=$PATH:/usr/sbin:/sbin
for tool in openssl mosquitto mosquitto_sub mosquitto_pub; do
    command -v $tool >/dev/null || {
        echo "demo: $tool is missing; install it (scripts/setup.sh demo)" >&2
        exit 77
    }
done

# ------------------------------------------------------------------ the stage

work=$(mktemp -d)
started=
unset HALF_CHIP OPENSSL_CONF

# Ends what this script started, by its number, and nothing else.
stop() {
    for pid in "$@"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
        started=$(echo " $started " | sed "s/ $pid / /")
    done
}

leave() {
    code=$?
    trap - EXIT INT TERM
    # shellcheck disable=SC2086
    stop $started
    if [ "${HALF_DEMO_KEEP:-}" = 1 ]; then
        echo "kept: $work"
    else
        rm -rf "$work"
    fi
    exit $code
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -t 1 ]; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m')
    good=$(printf '\033[32m') bad=$(printf '\033[31m') plain=$(printf '\033[0m')
else
    bold='' dim='' good='' bad='' plain=''
fi
act() { printf '\n%s%s%s\n\n' "$bold" "$1" "$plain"; }
say() { printf '%s\n' "$@"; }
typed() { printf '%s  $ %s%s\n' "$dim" "$*" "$plain"; }
passed() { printf '%s  ok%s  %s\n' "$good" "$plain" "$1"; }
failed() {
    printf '%s  NOT AS TOLD%s  %s\n' "$bad" "$plain" "$1"
    exit 1
}
now_ms() { date +%s%3N; }
begun=$(now_ms)

# until_true SECONDS COMMAND...: polls, so that nothing waits a fixed time
until_true() {
    tries=$(($1 * 50))
    shift
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.02
    done
}

# quietly COMMAND...: its output is shown only if it fails
quietly() {
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log"
        failed "$1 failed"
    }
}

arrived() { [ "$(delivered)" -eq "$1" ]; }
delivered() { wc -l <"$work/received" | tr -d ' '; }

cd "$work"
mkdir ca device broker
mkdir -m 700 keys

say "${bold}A device that proves who it is, and a clone that cannot${plain}" "" \
    "The chip is virtual (an ATECC608B that enforces every rule of the silicon);" \
    "OpenSSL, Mosquitto and the TLS between them are the real ones."

# -------------------------------------------------------------------- 1 policy

act "1  The policy: look before you lock"

say "128 bytes decide what a chip is for, and the lock on them is for ever. These are" \
    "of a real device; slot 2 holds its identity. What could anyone on its bus do?"
typed half policy attack --hex seed-notebook.hex
"$half" policy attack --hex "$home/tests/data/configs/seed-notebook.hex" >sheet ||
    failed "half policy attack"
grep -A3 '^slot 2 ' sheet | sed 's/^/    /'
tail -1 sheet | sed 's/^/    /'
grep -A3 '^slot 2 ' sheet | grep -q '07400402008507' ||
    failed "the command that destroys the identity"

say "" "So say what you want in words, and read what it means:"
typed "half policy new -o policy.yaml && half policy show policy.yaml"
"$half" policy new -o policy.yaml >log || failed "half policy new"
"$half" policy show policy.yaml >table || failed "half policy show"
grep -E '^(slot| +[0-9]+ )' table | sed 's/^/    /'
typed half policy lint policy.yaml
"$half" policy lint policy.yaml >lint || failed "half policy lint"
tail -1 lint | sed 's/^/    /'
typed half policy attack policy.yaml
"$half" policy attack policy.yaml >sheet || failed "half policy attack"
tail -1 sheet | sed 's/^/    /'
grep -q 'nothing here that somebody on the bus would want' sheet ||
    failed "the attacker's sheet"
typed half policy view policy.yaml -o policy.html
"$half" policy view policy.yaml -o "$build/policy.html" >log ||
    failed "half policy view"
passed "a page for the browser: ${build#"$home/"}/policy.html"

# ------------------------------------------------------------------- 2 factory

act "2  The factory: plan, rehearse, apply"

ca_key() { quietly openssl genpkey -algorithm EC -pkeyopt \
    ec_paramgen_curve:P-256 -out "$1"; chmod 600 "$1"; }

# issue NAME ISSUER EXTENSIONS: signs NAME.csr
issue() {
    printf '%s\n' "$3" >ca/extensions
    quietly openssl x509 -req -in "$1.csr" -CA "ca/$2.pem" -CAkey "ca/$2.key" \
        -CAcreateserial -days 365 -sha256 -extfile ca/extensions -out "$1.pem"
}

say "A certificate authority on disk: root, and a signer for the production line."
ca_key ca/root.key
quietly openssl req -x509 -new -key ca/root.key -days 3650 -sha256 \
    -subj "/CN=Demo Root" -addext "keyUsage=critical,keyCertSign" -out ca/root.pem
ca_key ca/signer.key
quietly openssl req -new -key ca/signer.key -subj "/CN=Demo Signer 1" \
    -out ca/signer.csr
issue ca/signer root "basicConstraints=critical,CA:true,pathlen:0
keyUsage=critical,keyCertSign"
ca_key ca/firmware.key
# the public keys that policy.yaml names
quietly openssl pkey -in ca/root.key -pubout -out root-key.pem
quietly openssl pkey -in ca/firmware.key -pubout -out boot-key.pem

say "A blank chip; a wire tap records everything from its first second."
typed half sim create thing.vchip
"$half" sim create thing.vchip >created || failed "half sim create"
sed 's/^/    /' created
serial=$(sed -n 's/.*serial \([0-9a-fA-F]*\),.*/\1/p' created)
[ ${#serial} -eq 18 ] || failed "the chip told no serial number"

# tap RECORDING: puts the chip on a socket with the recorder in between
tap() {
    rm -f thing.sock
    "$tools/half-tap" serve thing.vchip "$work/thing.sock" "$1" $$ 2>tap.log &
    tapped=$!
    started="$started $tapped"
    until_true 5 test -S "$work/thing.sock" || {
        cat tap.log
        failed "the chip's bus did not come up"
    }
}
# Power will fail at the 150th word that the chip stores.
quietly "$half" sim fault thing.vchip cut-eeprom,arg=150
tap first.jsonl
HALF_CHIP=unix:$work/thing.sock
export HALF_CHIP

say "" "What will happen to it, and what of that is for ever. Nothing is sent yet but reads."
typed half plan -p policy.yaml
"$half" plan -p policy.yaml >plan || failed "half plan"
sed -n '/^for ever/,/^$/p; /^what anybody/,/^plan/p' plan | sed 's/^/    /'
hash=$(sed -n 's/^plan //p' plan)

# apply [OPTIONS]: by the hash of the plan that was read
apply() { "$half" apply -p policy.yaml --keys keys --confirm "$hash" "$@"; }

say "" "Nothing locks without that hash. And power fails in factories, like now:"
typed half apply -p policy.yaml --keys keys --confirm "$(echo "$hash" | cut -c 1-8)..."
apply >log 2>&1 && failed "the power did not fail"
sed -n '/^rehearsed/p; /^half apply/p; /again to go on/p' log | fold -s -w 76 |
    sed 's/^/    /'
stop "$tapped" # power off, and on again
quietly "$half" sim fault thing.vchip --clear
tap again.jsonl
[ "$("$half" plan -p policy.yaml | sed -n 's/^plan //p')" = "$hash" ] ||
    failed "the plan's hash is another after the power cut"
say "" "The same again, with the same hash:"
typed half apply -p policy.yaml --keys keys --confirm "$(echo "$hash" | cut -c 1-8)..."
t=$(now_ms)
apply >log 2>&1 || {
    cat log
    failed "half apply"
}
t=$(($(now_ms) - t))
sed 's/^/    /' log
passed "$t ms, rehearsal included. A lost power line costs no chip"
apply --json >log || failed "half apply, once more"
grep -q '"steps_done": 0' log || failed "a finished chip was worked on"

say "" "The chip signs a certificate request. OpenSSL knows the key only by URI."
typed openssl req -new -provider halfprovider -key half:slot=0 \
    -subj "/CN=thing-$serial"
# shellcheck disable=SC2086
quietly openssl req -new $provider -key half:slot=0 -subj "/CN=thing-$serial" \
    -out device/device.csr
openssl req -in device/device.csr -verify -noout 2>&1 | grep -q "verify OK" ||
    failed "the request's signature"
issue device/device signer "basicConstraints=critical,CA:false
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth"
cat device/device.pem ca/signer.pem >device/chain.pem
cp ca/root.pem device/root.pem
cp "keys/$serial-io-key.key" device/io.key
echo half:slot=0 >device/key.uri
passed "request verified, certificate issued: $(openssl x509 \
    -in device/device.pem -outform DER | wc -c) bytes, kept in the device's flash"

say "" "What the policy left for later is known now: what the certificates hash to. Their" \
    "slots are filled, read back, and locked."
for cert in device/device ca/signer; do
    openssl x509 -in $cert.pem -outform DER | openssl dgst -sha256 -binary >$cert.sha256
done
certificates="--fill device-cert=device/device.sha256 \
    --fill signer-cert=ca/signer.sha256 --fill signer-key=ca/signer.pem"
typed half apply -p policy.yaml --fill device-cert=device.sha256 ...
# shellcheck disable=SC2086
{
    hash=$("$half" plan -p policy.yaml $certificates | sed -n 's/^plan //p')
    apply $certificates >log || failed "the certificates' slots"
    grep '^  done' log | sed 's/^/  /'
    [ "$(grep -c '^  done' log)" -eq 6 ] || failed "not six steps"
    typed half diff -p policy.yaml
    "$half" diff -p policy.yaml $certificates | sed 's/^/    /'
    "$half" diff -p policy.yaml $certificates >/dev/null || failed "half diff"
}
hash=$("$half" chip read data --slot 10 --length 32) || failed "half chip read"
[ "$hash" = "$(openssl x509 -in device/device.pem -outform DER |
    openssl dgst -sha256 -r | cut -d ' ' -f 1)" ] ||
    failed "slot 10 does not hold the certificate's SHA-256"

say "" "The finished chip, as it describes itself:"
typed half chip info
"$half" chip info | sed 's/^/    /'
stop "$tapped"

# --------------------------------------------------------------------- 3 field

act "3  In the field: the device connects to a real broker"

ca_key broker/broker.key
quietly openssl req -new -key broker/broker.key -subj "/CN=localhost" \
    -out broker/broker.csr
issue broker/broker root "subjectAltName=DNS:localhost
extendedKeyUsage=serverAuth"
ca_key broker/watcher.key
quietly openssl req -new -key broker/watcher.key -subj "/CN=watcher" \
    -out broker/watcher.csr
issue broker/watcher root "extendedKeyUsage=clientAuth"
cat >broker/acl <<EOF
pattern write telemetry/%u/#
user watcher
topic read telemetry/#
EOF
chmod 600 broker/acl

# listen NAME CERTIFICATE KEY: a broker on a free port; sets port and pid
listen() {
    for try in 1 2 3 4 5 6 7 8 9 10; do
        port=$((20000 + ($$ * 7 + try * 1009 + $(date +%N | sed 's/^0*//;s/$/0/') \
            % 7919) % 30000))
        cat >"broker/$1.conf" <<EOF
user $(id -un)
listener $port 127.0.0.1
cafile ca/root.pem
certfile $2
keyfile $3
require_certificate true
use_identity_as_username true
acl_file broker/acl
allow_anonymous false
log_type all
EOF
        : >"broker/$1.log" # before it runs: what the last try said is gone
        mosquitto -c "broker/$1.conf" >"broker/$1.log" 2>&1 &
        pid=$!
        started="$started $pid"
        until_true 5 grep -qE ' running$|^[0-9]+: Error' "broker/$1.log" || true
        grep -q ' running$' "broker/$1.log" && return
        stop "$pid"
    done
    cat "broker/$1.log"
    failed "the broker did not start"
}
listen broker broker/broker.pem broker/broker.key
broker=$pid broker_port=$port
say "Mosquitto on port $broker_port: client certificates required, the certificate's" \
    "name is the user name, each device may write to its own topics only." \
    "A subscriber (with a certificate of its own) counts what really arrives."
: >received
mosquitto_sub -h localhost -p "$broker_port" --cafile ca/root.pem \
    --cert broker/watcher.pem --key broker/watcher.key -V mqttv5 -q 1 \
    -t 'telemetry/#' -F '%t %p' >received 2>watcher.log &
started="$started $!"
until_true 5 grep -q 'Sending SUBACK to' broker/broker.log ||
    failed "the subscriber did not connect"

# publish DIRECTORY COUNT [OPTIONS]: the device program, as it stands in flash
publish() {
    directory=$1
    count=$2
    shift 2
    "$telemetry" --host localhost --port "$broker_port" --timeout 5 \
        --provider "$module" --ca "$directory/root.pem" \
        --cert "$directory/chain.pem" --key "$(cat "$directory/key.uri")" \
        --count "$count" "$@"
}

tap field.jsonl
say ""
typed half-telemetry --host localhost --ca root.pem --cert chain.pem \
    --key half:slot=0 --count 3
publish device 3 >device.log || {
    cat device.log
    failed "the device could not deliver"
}
sed 's/^/    /' device.log
until_true 3 arrived 3 || failed "not all arrived"
passed "$(delivered) of 3 messages arrived at the subscriber; TLS key use: one signature
      by the chip; the server was verified by name"

# ------------------------------------------------------------------- 4 attacks

# denied WHAT: delivery is what counts, not what the client says
denied() {
    sed -n 's/^denied */    /p' "$work/attack.log" | fold -s -w 76 |
        sed '2,$s/^/    /'
    sleep 0.2
    [ "$(delivered)" -eq 3 ] || failed "$1: a message arrived"
    grep -q '^delivered  0 of' attack.log || failed "$1: delivered"
}

act "4  The clone: all of the flash, but another chip"

say "Certificates, key URI, even the IO protection key: copied byte for byte. The" \
    "clone's chip has the same policy, and necessarily a key of its own."
cp -R device clone
"$half" sim create clone.vchip >/dev/null
HALF_CHIP=sim:$work/clone.vchip
hash=$("$half" plan -p policy.yaml | sed -n 's/^plan //p')
apply >/dev/null || failed "the clone's chip"
publish clone 1 >attack.log && failed "the clone was let in"
denied "the clone"

say "" "So he patches the bus: an interposer answers with the public key of the" \
    "original, and his program believes it. The broker does not:"
original=$(openssl x509 -in device/device.pem -noout -pubkey |
    openssl pkey -pubin -outform DER | tail -c 64 | od -An -v -tx1 | tr -d ' \n')
typed half sim fault clone.vchip rewrite,opcode=genkey,payload=...
quietly "$half" sim fault clone.vchip "rewrite,opcode=genkey,payload=$original"
publish clone 1 >attack.log && failed "the clone was let in"
denied "the clone with an interposer"
say "    broker's log: $(grep 'OpenSSL Error' broker/broker.log | tail -1 |
    sed 's/.*error:[0-9A-F]*:\([^:]*\):[^:]*:/\1: /')"
"$half" sim fault clone.vchip --clear >/dev/null

say "" "Then with a certificate of his own making that carries the same name:"
openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout clone/ca.key -subj "/CN=Demo Signer 1" -out clone/ca.pem 2>/dev/null
# shellcheck disable=SC2086
quietly openssl req -new $provider -key half:slot=0 -subj "/CN=thing-$serial" \
    -out clone/own.csr
quietly openssl x509 -req -in clone/own.csr -CA clone/ca.pem -CAkey clone/ca.key \
    -days 365 -out clone/own.pem
cat clone/own.pem clone/ca.pem >clone/chain.pem
publish clone 1 >attack.log && failed "the forged certificate was let in"
denied "the forged certificate"

say "" "And a broker of his own, to collect the device's messages:"
HALF_CHIP=unix:$work/thing.sock
quietly openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
    -nodes -keyout broker/false.key -subj "/CN=localhost" \
    -addext "subjectAltName=DNS:localhost" -out broker/false.pem
real_port=$broker_port
listen false broker/false.pem broker/false.key
broker_port=$port
publish device 1 >attack.log && failed "the device talked to a false broker"
broker_port=$real_port
denied "the false broker"
stop "$pid"
passed "clone, interposer, forged certificate, false broker: 0 messages delivered"
stop "$tapped"

# --------------------------------------------------------------------- 5 thief

act "5  The thief: the device on his bench, the chip at his mercy"

t=$(now_ms)
"$tools/half-thief" thing.vchip || failed "the thief got something"
passed "$(($(now_ms) - t)) ms; signatures and public keys are all he gets"

# ----------------------------------------------------------------------- 6 tap

act "6  The wire tap: every byte on the bus, from the factory on"

cat first.jsonl again.jsonl >factory.jsonl
"$tools/half-tap" search thing.vchip factory.jsonl field.jsonl ||
    failed "the recording"
passed "no private key ever crossed the bus. The three secrets did, when the factory
      wrote them in clear before locking: provision where nobody listens"

# ----------------------------------------------------------------------- after

act "7  And the device?"

HALF_CHIP=sim:$work/thing.vchip
publish device 1 >device.log || {
    cat device.log
    failed "the device does not work any more"
}
until_true 3 arrived 4 || failed "nothing arrived"
passed "still itself: message 4 arrived"

say "" "Even programs that know nothing of chips: mosquitto_pub as Debian ships it, with" \
    "a key file that holds no key but says where it is."
cat >device/openssl.cnf <<EOF
openssl_conf = main
[main]
providers = providers
[providers]
default = default_section
halfprovider = half_section
[default_section]
activate = 1
[half_section]
module = $module/halfprovider.so
activate = 1
EOF
quietly openssl asn1parse -genstr "UTF8:$(cat device/key.uri)" -noout \
    -out device/key.der
printf -- '-----BEGIN %s-----\n%s\n-----END %s-----\n' "HALFDOLLAR KEY URI" \
    "$(openssl base64 -in device/key.der)" "HALFDOLLAR KEY URI" >device/key.pem
sed 's/^/    /' device/key.pem
typed OPENSSL_CONF=openssl.cnf mosquitto_pub --cert chain.pem --key key.pem ...
OPENSSL_CONF=$work/device/openssl.cnf mosquitto_pub -h localhost \
    -p "$broker_port" --cafile ca/root.pem --cert device/chain.pem \
    --key device/key.pem -q 1 -t "telemetry/thing-$serial/note" \
    -m "hello from mosquitto_pub" >log 2>&1 || {
    cat log
    failed "mosquitto_pub"
}
until_true 3 arrived 5 || failed "nothing arrived"
passed "message 5 arrived. All of this took $((($(now_ms) - begun + \
    500) / 1000)) s"
stop "$broker"

act "Try next"
b=${build#"$home/"}
cat <<EOF
  $b/policy.html                              the policy as a page: who may do what
  $b/cli/half policy new -o my.yaml           a policy of your own (docs/policy.md)
  $b/cli/half sim create my.vchip             and a chip
  export HALF_CHIP=sim:my.vchip
  $b/cli/half plan -p my.yaml                 what would happen to it (docs/plan.md)
  $b/cli/half chip info                       what it is, and what is locked
  $b/cli/half chip trace FILE                 a recording of a bus, in words
  $b/cli/half sim exec --chip my.vchip -- i2cdetect -y 1
                                                 your own I2C programs talk to it
  docs/openssl.md                                your own TLS programs, too
  docs/default-policy.md                         why the chip refused the thief
  docs/demo.md                                   this story, and how it is checked
EOF
