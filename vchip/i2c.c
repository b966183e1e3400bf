/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One chip's side of an I2C transfer (docs/chip part 1, section 2). A
 * transfer arrives whole; bytes for which the watchdog or a power cut leaves
 * no time are lost as they would be on the wire.
 */
#include "internal.h"

enum {
    WORD_RESET = 0x00,
    WORD_SLEEP = 0x01,
    WORD_IDLE = 0x02,
    WORD_CMD = 0x03
};

/* -------------------------------------------------------- command groups */

static size_t group_room(const struct hd_vchip *v)
{
    if (v->in_len == 0) {
        return 1; /* the count byte */
    }
    return v->in[0] < HD_V_GROUP_MAX ? v->in[0] : HD_V_GROUP_MAX;
}

bool group_byte(struct hd_vchip *v, uint8_t byte)
{
    if (v->in_len >= group_room(v)) {
        return false;
    }
    v->out_len = 0; /* one buffer serves both ways */
    v->out_at = 0;
    v->in[v->in_len++] = byte;
    return true;
}

bool group_complete(const struct hd_vchip *v)
{
    return v->in_len > 0 &&
           (v->in[0] < 4 || v->in[0] > HD_V_GROUP_MAX || v->in_len >= v->in[0]);
}

/* -------------------------------------------------------------- transfers */

bool i2c_answers(struct hd_vchip *v, uint8_t addr7, bool read, uint8_t opcode)
{
    if (v->swi || v->addr7 != addr7 || v->state != HD_V_READY) {
        return false;
    }
    if (read && v->in_len > 0 && !CHOICE_HALF_COMMAND_READS_FF) {
        return false;
    }
    if (fault_cut_byte(v, 1, opcode) == 0) {
        engine_power_cut(v, "power lost in a transfer");
        return false;
    }
    v->bus_bytes++;
    return fault_strikes(v, HD_FAULT_NACK, opcode) == NULL;
}

/* How many of len bytes still come through, at byte_ns each. */
static size_t bytes_in_time(struct hd_vchip *v, size_t len, uint64_t byte_ns)
{
    const uint64_t left = v->watchdog_ns - v->now_ns;
    size_t n = len;

    if (left / byte_ns < n) {
        n = (size_t)(left / byte_ns);
    }
    v->bus_bytes += n;
    return n;
}

size_t i2c_write(struct hd_vchip *v, const uint8_t *data, size_t len,
                 uint64_t byte_ns)
{
    const uint8_t opcode = len > 2 ? data[2] : v->last_op;
    const size_t in_time = bytes_in_time(v, len, byte_ns);
    const size_t limit = fault_cut_byte(v, in_time, opcode);
    size_t taken = limit > 0 ? 1 : 0;

    if (taken > 0 && data[0] > WORD_CMD && !CHOICE_RESERVED_WORD_ACKED) {
        taken = 0;
    }
    while (taken > 0 && taken < limit &&
           (data[0] != WORD_CMD || group_byte(v, data[taken]))) {
        taken++;
    }
    if (limit < in_time) {
        engine_power_cut(v, "power lost in a transfer");
    }
    return taken;
}

void i2c_stop(struct hd_vchip *v, const uint8_t *data, size_t taken)
{
    if (v->state != HD_V_READY || taken == 0) {
        return;
    }
    switch (data[0]) {
    case WORD_RESET:
        v->in_len = 0;
        v->out_at = 0;
        break;
    case WORD_SLEEP:
        engine_sleep(v, "asleep");
        break;
    case WORD_IDLE:
        engine_idle(v);
        break;
    case WORD_CMD:
        if (group_complete(v)) {
            engine_execute(v);
        }
        break;
    default: /* reserved: ignored */
        break;
    }
}

/* The position from which reading gives only ones; bits of noise go straight
 * into the byte at theirs. */
static size_t read_faults(struct hd_vchip *v, uint8_t *data, size_t len)
{
    for (size_t i = 0; i < HD_V_FAULTS; i++) {
        const struct hd_fault *f = &v->faults[i];
        const size_t at = f->kind == HD_FAULT_FLIP ? f->arg / 8 : f->arg;

        if ((f->kind != HD_FAULT_FLIP && f->kind != HD_FAULT_TRUNCATE) ||
            at < v->out_at || at >= v->out_at + len || at >= v->out_len) {
            continue;
        }
        if (f->kind == HD_FAULT_FLIP &&
            fault_strikes(v, HD_FAULT_FLIP, v->last_op) != NULL) {
            data[at - v->out_at] ^= (uint8_t)(1 << f->arg % 8);
        } else if (fault_strikes(v, HD_FAULT_TRUNCATE, v->last_op) != NULL) {
            return at - v->out_at;
        }
    }
    return len;
}

void i2c_read(struct hd_vchip *v, uint8_t *data, size_t len, uint64_t byte_ns)
{
    const size_t in_time = bytes_in_time(v, len, byte_ns);
    const size_t limit = fault_cut_byte(v, in_time, v->last_op);
    const size_t left = v->in_len > 0 ? 0 : (size_t)(v->out_len - v->out_at);
    size_t n = limit < left ? limit : left;
    size_t good;

    memcpy(data, v->out + v->out_at, n);
    good = v->fault_mask == 0 || n == 0 ? n : read_faults(v, data, n);
    memset(data + good, 0xFF, len - good);
    v->out_at = (uint8_t)(v->out_at + n);
    if (limit < in_time) {
        engine_power_cut(v, "power lost in a transfer");
    }
}
