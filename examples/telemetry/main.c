/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that reports its state over MQTT, with its key in a chip.
 *
 *     half-telemetry --host broker.example --ca ca.pem --cert device.pem \
 *                    --key half:slot=0
 *
 * Messages go to telemetry/NAME/state, NAME being the common name of the
 * certificate, with QoS 1. A message counts as delivered when the broker has
 * acknowledged it, not when it was sent. Exit code: 0 all delivered, 1 denied
 * or not delivered, 2 usage.
 */
#include "secure.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <openssl/err.h>

struct client {
    struct secure_options secure_options;
    struct secure secure;
    struct mosquitto *mqtt;
    const char *topic;
    char own_topic[192];
    int port;
    int count, sent, delivered;
    int timeout_s;
    int last_mid;
    bool connected, over;
    char problem[256];
};

static int usage(const char *program)
{
    fprintf(stderr,
            "usage: %s --host NAME --ca FILE --cert FILE [options]\n"
            "  --host NAME       the broker; its certificate must carry this "
            "name\n"
            "  --port N          default 8883\n"
            "  --ca FILE         who may vouch for the broker\n"
            "  --cert FILE       our certificate and its issuers\n"
            "  --key URI         default half:slot=0 (chip from HALF_CHIP)\n"
            "  --topic TOPIC     default telemetry/NAME/state\n"
            "  --count N         messages, default 1\n"
            "  --timeout S       give up after so many seconds, default 10\n"
            "  --provider DIR    where halfprovider.so is\n",
            program);
    return 2;
}

/* ------------------------------------------------------------- telemetry */

/* The first number in a file of /proc; 0 if there is none. */
static double first_number(const char *path)
{
    char line[128];
    double value = 0;
    FILE *file = fopen(path, "r");

    if (file == NULL) {
        return 0;
    }
    if (fgets(line, sizeof(line), file) != NULL) {
        value = strtod(line, NULL);
    }
    fclose(file);
    return value;
}

/* Facts this machine really has, so that the example invents nothing. */
static void measure(struct client *c, char *out, size_t size)
{
    snprintf(out, size,
             "{\"device\":\"%s\",\"n\":%d,\"uptime_s\":%.0f,\"load\":%.2f}",
             c->secure.name, c->sent + 1, first_number("/proc/uptime"),
             first_number("/proc/loadavg"));
}

static void publish_next(struct client *c)
{
    char payload[256];
    int err;

    measure(c, payload, sizeof(payload));
    err = mosquitto_publish_v5(c->mqtt, &c->last_mid, c->topic,
                               (int)strlen(payload), payload, 1, false, NULL);
    if (err != MOSQ_ERR_SUCCESS) {
        snprintf(c->problem, sizeof(c->problem), "cannot publish: %s",
                 mosquitto_strerror(err));
        c->over = true;
        return;
    }
    c->sent++;
    printf("sent       %s %s\n", c->topic, payload);
}

/* --------------------------------------------------------------- answers */

static void on_connect(struct mosquitto *mqtt, void *arg, int code, int flags,
                       const mosquitto_property *properties)
{
    struct client *c = arg;

    (void)mqtt;
    (void)flags;
    (void)properties;
    if (code != 0) {
        snprintf(c->problem, sizeof(c->problem), "the broker says: %s",
                 mosquitto_reason_string(code));
        c->over = true;
        return;
    }
    c->connected = true;
    printf("connected  %s:%d, %s, handshake %.0f ms, server verified\n",
           c->secure_options.server, c->port, c->secure.protocol,
           c->secure.handshake_ms);
    publish_next(c);
}

static void on_publish(struct mosquitto *mqtt, void *arg, int mid, int code,
                       const mosquitto_property *properties)
{
    struct client *c = arg;

    (void)mqtt;
    (void)properties;
    if (mid != c->last_mid) {
        return;
    }
    if (code >= 128) {
        snprintf(c->problem, sizeof(c->problem),
                 "the broker did not take the message: %s",
                 mosquitto_reason_string(code));
        c->over = true;
        return;
    }
    c->delivered++;
    if (c->sent < c->count) {
        publish_next(c);
    } else {
        c->over = true;
    }
}

static void explain(struct client *c, int err)
{
    if (c->problem[0] != '\0') {
        return;
    }
    if (c->secure.problem[0] != '\0') {
        memcpy(c->problem, c->secure.problem, sizeof(c->problem) - 1);
        return;
    }
    snprintf(c->problem, sizeof(c->problem), "%s",
             err == MOSQ_ERR_SUCCESS ? "no answer in time"
                                     : mosquitto_strerror(err));
}

/* ----------------------------------------------------------------- course */

static bool prepare(struct client *c)
{
    c->mqtt = mosquitto_new(c->secure.name, true, c);
    if (c->mqtt == NULL) {
        return false;
    }
    mosquitto_connect_v5_callback_set(c->mqtt, on_connect);
    mosquitto_publish_v5_callback_set(c->mqtt, on_publish);
    return mosquitto_int_option(c->mqtt, MOSQ_OPT_PROTOCOL_VERSION,
                                MQTT_PROTOCOL_V5) == MOSQ_ERR_SUCCESS &&
           mosquitto_int_option(c->mqtt, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0) ==
                   MOSQ_ERR_SUCCESS &&
           mosquitto_void_option(c->mqtt, MOSQ_OPT_SSL_CTX, c->secure.tls) ==
                   MOSQ_ERR_SUCCESS;
}

/* Without mosquitto's own loop: that would try again for ever. */
static bool converse(struct client *c)
{
    time_t deadline = time(NULL) + c->timeout_s;
    int err = mosquitto_connect_bind_v5(c->mqtt, c->secure_options.server,
                                        c->port, 60, NULL, NULL);

    while (err == MOSQ_ERR_SUCCESS && !c->over && time(NULL) <= deadline) {
        err = mosquitto_loop(c->mqtt, 100, 1);
    }
    if (c->delivered == c->count) {
        mosquitto_disconnect(c->mqtt);
        return true;
    }
    explain(c, err);
    return false;
}

static bool run(struct client *c)
{
    bool ok = secure_open(&c->secure, &c->secure_options);

    if (ok && c->topic == NULL) {
        snprintf(c->own_topic, sizeof(c->own_topic), "telemetry/%s/state",
                 c->secure.name);
        c->topic = c->own_topic;
    }
    ok = ok && prepare(c) && converse(c);
    if (!ok) {
        explain(c, MOSQ_ERR_SUCCESS);
        printf("denied     %s\n", c->problem);
    }
    printf("delivered  %d of %d\n", c->delivered, c->count);
    mosquitto_destroy(c->mqtt);
    secure_close(&c->secure);
    return ok;
}

enum { HOST = 1, PORT, CA, CERT, KEY, TOPIC, COUNT, TIMEOUT, PROVIDER };

static const struct option long_options[] = {
        {"host", required_argument, NULL, HOST},
        {"port", required_argument, NULL, PORT},
        {"ca", required_argument, NULL, CA},
        {"cert", required_argument, NULL, CERT},
        {"key", required_argument, NULL, KEY},
        {"topic", required_argument, NULL, TOPIC},
        {"count", required_argument, NULL, COUNT},
        {"timeout", required_argument, NULL, TIMEOUT},
        {"provider", required_argument, NULL, PROVIDER},
        {NULL, 0, NULL, 0},
};

static bool parse_number(const char *text, int low, int high, int *out)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end != '\0' || value < low || value > high) {
        fprintf(stderr, "%s is not a number from %d to %d\n", text, low, high);
        return false;
    }
    *out = (int)value;
    return true;
}

static bool parse(struct client *c, int argc, char **argv)
{
    const char **texts[] = {
            [HOST] = &c->secure_options.server,
            [CA] = &c->secure_options.ca_file,
            [CERT] = &c->secure_options.chain_file,
            [KEY] = &c->secure_options.key_uri,
            [TOPIC] = &c->topic,
            [PROVIDER] = &c->secure_options.provider_dir,
    };
    bool ok = true;
    int which;

    while (ok &&
           (which = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (which) {
        case PORT:
            ok = parse_number(optarg, 1, 65535, &c->port);
            break;
        case COUNT:
            ok = parse_number(optarg, 1, 1000000, &c->count);
            break;
        case TIMEOUT:
            ok = parse_number(optarg, 1, 3600, &c->timeout_s);
            break;
        case '?':
            ok = false;
            break;
        default:
            *texts[which] = optarg;
            break;
        }
    }
    return ok && optind == argc && c->secure_options.server != NULL &&
           c->secure_options.ca_file != NULL &&
           c->secure_options.chain_file != NULL;
}

int main(int argc, char **argv)
{
    struct client c = {
            .secure_options = {.key_uri = "half:slot=0",
                               .provider_dir = HALF_PROVIDER_DIR},
            .port = 8883,
            .count = 1,
            .timeout_s = 10,
    };
    bool ok;

    if (!parse(&c, argc, argv)) {
        return usage(argv[0]);
    }
    mosquitto_lib_init();
    ok = run(&c);
    mosquitto_lib_cleanup();
    return ok ? 0 : 1;
}
