/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of the socket protocol, without sockets: bytes in, bytes out. All
 * that a stranger can send is judged here, so every length is checked by the
 * cursor before it is used.
 */
#include "door.h"

#include <string.h>

/* A checked reader: once past the end it stays bad. */
struct cursor {
    const uint8_t *at, *end;
    bool bad;
};

/* A checked writer over the answer's body. */
struct answer {
    uint8_t *bytes;
    size_t len;
};

static const uint8_t *take(struct cursor *in, size_t len)
{
    if (in->bad || (size_t)(in->end - in->at) < len) {
        in->bad = true;
        return NULL;
    }
    const uint8_t *at = in->at;
    in->at += len;
    return at;
}

static uint32_t take_le(struct cursor *in, size_t bytes)
{
    const uint8_t *p = take(in, bytes);
    uint32_t value = 0;
    for (size_t i = bytes; p && i > 0; i--) {
        value = value << 8 | p[i - 1];
    }
    return value;
}

static void put_le(struct answer *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        out->bytes[out->len++] = (uint8_t)(value >> (8 * i));
    }
}

static uint8_t bad(struct answer *out, const char *sentence)
{
    size_t len = strlen(sentence);
    memcpy(out->bytes, sentence, len);
    out->len = len;
    return HD_VDOOR_BAD;
}

/* ----------------------------------------------------------------- time */

void door_catch_up(struct hd_vdoor *door, struct client *c)
{
    uint64_t target = c->time_ns;
    if (door->options.real_clock) {
        uint64_t wall = door_clock_ns() - door->real_start_ns;
        target = wall > target ? wall : target;
    }
    if (target > door->bus.now_ns) {
        hd_vbus_advance(&door->bus, target - door->bus.now_ns);
    }
    c->time_ns = door->bus.now_ns;
}

bool door_is_held(struct hd_vdoor *door, const struct client *c,
                  uint64_t now_ms)
{
    if (door->holder && door->holder != c &&
        now_ms - door->holder_seen_ms > LOCK_SILENCE_MS) {
        door->holder = NULL;
    }
    return door->holder && door->holder != c;
}

/* ------------------------------------------------------------ operations */

struct door_call {
    struct hd_vdoor *door;
    struct client *client;
    struct cursor in;
    uint64_t now_ms;
};

/* Status, or WAIT. */
#define WAIT 0xFF
typedef uint8_t op_fn(struct door_call *call, struct answer *out);

static uint8_t op_info(struct door_call *call, struct answer *out)
{
    const struct hd_vbus *bus = &call->door->bus;
    put_le(out, HD_VDOOR_VERSION, 1);
    put_le(out, call->door->options.real_clock ? HD_VDOOR_REAL : 0, 1);
    put_le(out, bus->hz, 4);
    put_le(out, bus->count, 1);
    for (size_t i = 0; i < bus->count; i++) {
        put_le(out, bus->chips[i]->addr7, 1);
    }
    return HD_VDOOR_OK;
}

static uint8_t status_of(int err)
{
    if (err == HD_OK) {
        return HD_VDOOR_OK;
    }
    return err == HD_ERR_NACK ? HD_VDOOR_NACK : HD_VDOOR_STUCK;
}

/* Above this speed eight zero bits are shorter than tWLO: a write to address
 * 0 is a transfer that nobody acknowledges, and no wake pulse. */
#define WAKE_HZ_MAX 133333

static int bus_write(struct hd_vbus *bus, uint8_t addr7, const uint8_t *data,
                     size_t len)
{
    if (addr7 == 0 && bus->hz > WAKE_HZ_MAX) {
        hd_vbus_advance(bus, 10u * 1000000000u / bus->hz);
        return HD_ERR_NACK;
    }
    return hd_vbus_write(bus, addr7, data, len, NULL);
}

/* One I2C message of a transfer. */
struct message {
    uint8_t addr;
    size_t len;
    const uint8_t *data; /* NULL: read */
};

static bool take_message(struct cursor *in, struct message *m)
{
    m->addr = (uint8_t)take_le(in, 1);
    m->len = take_le(in, 2);
    m->data = NULL;
    if (!in->bad && !(m->addr & HD_VDOOR_READ)) {
        m->data = take(in, m->len);
    }
    return !in->bad;
}

/* All messages are checked before the first one reaches a chip: half a
 * request must not leave half a command behind. */
static const char *check_messages(struct cursor in)
{
    size_t reads = 0;
    uint32_t count = take_le(&in, 1);
    for (uint32_t i = 0; i < count && !in.bad; i++) {
        struct message m;
        if (take_message(&in, &m) && !m.data) {
            reads += m.len;
        }
    }
    if (in.bad || in.at != in.end) {
        return "transfer: the lengths of the messages do not add up to the "
               "length of the request";
    }
    if (count < 1 || count > HD_VDOOR_MSGS_MAX) {
        return "transfer: 1 to 42 messages";
    }
    if (reads > HD_VDOOR_FRAME_MAX - ANSWER_HEAD) {
        return "transfer: more to read than one answer can carry";
    }
    return NULL;
}

static uint8_t op_transfer(struct door_call *call, struct answer *out)
{
    const char *wrong = check_messages(call->in);
    if (wrong) {
        return bad(out, wrong);
    }
    struct hd_vbus *bus = &call->door->bus;
    uint32_t count = take_le(&call->in, 1);
    put_le(out, 0, 1);
    int err = HD_OK;
    for (uint32_t i = 0; i < count && err == HD_OK; i++) {
        struct message m;
        take_message(&call->in, &m);
        uint8_t addr7 = m.addr & 0x7F;
        if (m.data) {
            err = bus_write(bus, addr7, m.data, m.len);
        } else {
            err = hd_vbus_read(bus, addr7, out->bytes + out->len, m.len);
            out->len += err == HD_OK ? m.len : 0;
        }
        out->bytes[0] = (uint8_t)(out->bytes[0] + (err == HD_OK));
    }
    return status_of(err);
}

static uint8_t op_wake(struct door_call *call, struct answer *out)
{
    (void)out;
    return status_of(hd_vbus_wake(&call->door->bus));
}

static uint8_t op_delay(struct door_call *call, struct answer *out)
{
    uint64_t us = take_le(&call->in, 4);
    if (call->in.bad) {
        return bad(out, "delay: wants 4 bytes, microseconds");
    }
    if (!call->door->options.real_clock) { /* else the wait itself counts */
        call->client->time_ns += us * 1000;
    }
    return HD_VDOOR_OK;
}

static uint8_t op_lock(struct door_call *call, struct answer *out)
{
    uint64_t wait_ms = take_le(&call->in, 2);
    if (call->in.bad) {
        return bad(out, "lock: wants 2 bytes, milliseconds to wait");
    }
    struct client *c = call->client;
    if (!door_is_held(call->door, c, call->now_ms)) {
        call->door->holder = c;
        c->lock_wait_ms = 0;
        return HD_VDOOR_OK;
    }
    if (!c->lock_wait_ms) {
        c->lock_wait_ms = call->now_ms + wait_ms;
    }
    if (call->now_ms >= c->lock_wait_ms) {
        c->lock_wait_ms = 0;
        return HD_VDOOR_BUSY;
    }
    return WAIT;
}

static uint8_t op_unlock(struct door_call *call, struct answer *out)
{
    (void)out;
    if (call->door->holder == call->client) {
        call->door->holder = NULL;
    }
    return HD_VDOOR_OK;
}

static uint8_t op_swi(struct door_call *call, struct answer *out)
{
    while (call->in.at < call->in.end) {
        uint8_t chars[8 * HD_V_GROUP_MAX];
        size_t len = hd_vbus_swi_char(&call->door->bus, *call->in.at++, chars,
                                      sizeof(chars));
        if (out->len + len > HD_VDOOR_FRAME_MAX - ANSWER_HEAD) {
            return bad(out, "swi: more answers than one frame can carry");
        }
        memcpy(out->bytes + out->len, chars, len);
        out->len += len;
    }
    return HD_VDOOR_OK;
}

static struct hd_vchip *chip_at(struct hd_vbus *bus, uint32_t addr7)
{
    for (size_t i = 0; i < bus->count; i++) {
        if (bus->chips[i]->addr7 == addr7) {
            return bus->chips[i];
        }
    }
    return NULL;
}

static uint8_t op_fault(struct door_call *call, struct answer *out)
{
    struct hd_vchip *chip = chip_at(&call->door->bus, take_le(&call->in, 1));
    if (call->in.bad || !chip) {
        return bad(out, "fault: no chip has that address");
    }
    size_t len = (size_t)(call->in.end - call->in.at);
    if (len == 0) {
        hd_vchip_clear_faults(chip);
        return HD_VDOOR_OK;
    }
    char text[512];
    if (len >= sizeof(text)) {
        return bad(out, "fault: longer than 511 bytes");
    }
    memcpy(text, call->in.at, len);
    text[len] = '\0';
    struct hd_fault fault;
    const char *wrong = "fault: not understood";
    if (hd_fault_parse(text, &fault, &wrong) != HD_OK) {
        return bad(out, wrong);
    }
    if (hd_vchip_fault(chip, &fault) != HD_OK) {
        return bad(out, "fault: this chip has all the faults it can hold; "
                        "clear them first (an empty text)");
    }
    return HD_VDOOR_OK;
}

static uint8_t op_power(struct door_call *call, struct answer *out)
{
    struct hd_vchip *chip = chip_at(&call->door->bus, take_le(&call->in, 1));
    uint32_t on = take_le(&call->in, 1);
    if (call->in.bad || !chip || on > 1) {
        return bad(out, "power: wants an address that a chip has, then 0 "
                        "(off) or 1 (on)");
    }
    hd_vchip_power(chip, on == 1);
    return HD_VDOOR_OK;
}

static uint8_t op_why(struct door_call *call, struct answer *out)
{
    const struct hd_vchip *chip =
            chip_at(&call->door->bus, take_le(&call->in, 1));
    if (call->in.bad || !chip) {
        return bad(out, "why: no chip has that address");
    }
    const struct hd_refusal *refusal = hd_vchip_refusal(chip);
    char text[512] = "";
    if (refusal->why != HD_WHY_NONE) {
        (void)hd_refusal_text(refusal, text, sizeof(text));
    }
    out->len = strlen(text);
    memcpy(out->bytes, text, out->len);
    return HD_VDOOR_OK;
}

/* Operations that the holder of the lock keeps others from. */
static const struct {
    op_fn *run;
    bool needs_bus;
} ops[] = {
        [HD_VDOOR_INFO] = {op_info, false},
        [HD_VDOOR_TRANSFER] = {op_transfer, true},
        [HD_VDOOR_WAKE] = {op_wake, true},
        [HD_VDOOR_DELAY] = {op_delay, false},
        [HD_VDOOR_LOCK] = {op_lock, false},
        [HD_VDOOR_UNLOCK] = {op_unlock, false},
        [HD_VDOOR_SWI] = {op_swi, true},
        [HD_VDOOR_FAULT] = {op_fault, false},
        [HD_VDOOR_POWER] = {op_power, false},
        [HD_VDOOR_WHY] = {op_why, false},
};

static uint8_t run(struct door_call *call, uint8_t op, struct answer *out)
{
    struct hd_vdoor *door = call->door;
    if (op >= sizeof(ops) / sizeof(ops[0]) || !ops[op].run) {
        return bad(out, "unknown operation");
    }
    if (ops[op].needs_bus) {
        if (door_is_held(door, call->client, call->now_ms)) {
            return WAIT;
        }
        door_catch_up(door, call->client);
    }
    uint8_t status = ops[op].run(call, out);
    if (ops[op].needs_bus) {
        call->client->time_ns = door->bus.now_ns;
    }
    if (door->holder == call->client) {
        door->holder_seen_ms = call->now_ms;
    }
    return status;
}

size_t door_handle(struct hd_vdoor *door, struct client *c,
                   const uint8_t *request, size_t len, uint64_t now_ms,
                   uint8_t *out)
{
    struct answer body = {out + ANSWER_HEAD, 0};
    struct answer head = {out, 0};
    uint8_t status = HD_VDOOR_BAD;
    if (len == 0) {
        status = bad(&body, "empty request");
    } else {
        struct door_call call = {
                door, c, {request + 1, request + len, false}, now_ms};
        status = run(&call, request[0], &body);
    }
    if (status == WAIT) {
        return 0;
    }
    put_le(&head, ANSWER_HEAD - 2 + body.len, 2);
    put_le(&head, status, 1);
    put_le(&head, c->time_ns / 1000, 4);
    return ANSWER_HEAD + body.len;
}

size_t door_swi(struct hd_vdoor *door, struct client *c, const uint8_t *in,
                size_t len, uint8_t *out, size_t size, size_t *used)
{
    size_t n = 0;
    door_catch_up(door, c);
    for (*used = 0; *used < len; (*used)++) {
        if (size - n < 8 * HD_V_GROUP_MAX + 1) {
            break;
        }
        if (!door->options.no_echo) {
            out[n++] = in[*used];
        }
        n += hd_vbus_swi_char(&door->bus, in[*used], out + n, size - n);
    }
    c->time_ns = door->bus.now_ns;
    return n;
}
