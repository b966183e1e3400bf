/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One chip's side of the single-wire interface (docs/chip part 1, section 3):
 * bits, least significant first, to flags and group bytes.
 */
#include "internal.h"

enum {
    FLAG_COMMAND = 0x77,
    FLAG_TRANSMIT = 0x88,
    FLAG_IDLE = 0xBB,
    FLAG_SLEEP = 0xCC,
    FLAG_IGNORED = 0xFF /* not on the wire: this byte began while busy */
};

#define BYTE_NS (8 * 39060u)

/* As on I2C: the flag, then the group that it began. */
static void trace_flag(struct hd_vchip *v, uint8_t flag)
{
    uint8_t bytes[1 + HD_V_GROUP_MAX];
    const size_t len = flag == FLAG_COMMAND ? v->in_len : 0;
    const uint64_t dur = BYTE_NS * (1 + (uint64_t)len);
    const struct hd_event event = {.t_ns = v->now_ns > dur ? v->now_ns - dur
                                                           : 0,
                                   .dur_ns = dur,
                                   .kind = HD_EVENT_WRITE,
                                   .chip = v,
                                   .ack = true,
                                   .bytes = bytes,
                                   .len = 1 + len};

    if (v->trace == NULL) {
        return;
    }
    bytes[0] = flag;
    memcpy(bytes + 1, v->in, len);
    v->trace(v->trace_ctx, &event);
}

/* True when the chip answers. Flags it does not know, the 0xFF that some
 * drivers send first among them, are swallowed. */
static bool take_flag(struct hd_vchip *v, uint8_t flag)
{
    if (flag != FLAG_COMMAND) {
        trace_flag(v, flag);
    }
    switch (flag) {
    case FLAG_COMMAND:
        v->swi_flag = flag;
        v->in_len = 0;
        return false;
    case FLAG_TRANSMIT:
        v->out_at = 0;
        return v->out_len > 0 &&
               fault_strikes(v, HD_FAULT_NACK, v->last_op) == NULL;
    case FLAG_IDLE:
        engine_idle(v);
        return false;
    case FLAG_SLEEP:
        engine_sleep(v, "asleep");
        return false;
    default:
        return false;
    }
}

static void take_group_byte(struct hd_vchip *v, uint8_t byte)
{
    (void)group_byte(v, byte);
    if (group_complete(v)) {
        v->swi_flag = 0;
        trace_flag(v, FLAG_COMMAND);
        engine_execute(v);
    }
}

/*
 * While busy the pin is ignored, but a flag that began then is ignored to its
 * end: hosts poll with whole flags, and a chip that took the rest of one for
 * the start of the next would never be in step again.
 */
static void ignore_bit(struct hd_vchip *v)
{
    v->swi_bits = (uint8_t)((v->swi_bits + 1) % 8);
    v->swi_flag = v->swi_bits > 0 ? FLAG_IGNORED : 0;
    v->swi_last_ns = v->now_ns;
}

bool swi_bit(struct hd_vchip *v, bool one)
{
    uint8_t byte;

    if (v->swi && v->state == HD_V_BUSY) {
        ignore_bit(v);
    }
    if (!v->swi || v->state != HD_V_READY) {
        return false;
    }
    v->swi_last_ns = v->now_ns;
    v->swi_byte = (uint8_t)(v->swi_byte >> 1 | (one ? 0x80 : 0));
    if (++v->swi_bits < 8) {
        return false;
    }
    byte = v->swi_byte;
    v->swi_bits = 0;
    v->swi_byte = 0;
    if (v->swi_flag == FLAG_IGNORED) {
        v->swi_flag = 0;
        return false;
    }
    v->bus_bytes++;
    if (fault_cut_byte(v, 1, v->last_op) == 0) {
        engine_power_cut(v, "power lost in a transfer");
        return false;
    }
    if (v->swi_flag == FLAG_COMMAND) {
        take_group_byte(v, byte);
        return false;
    }
    return take_flag(v, byte);
}
