/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The I/O engine: power states, time, and the way of one command group from
 * the input buffer to the answer (docs/chip part 1, sections 1, 5 and 6).
 *
 * A command takes effect when it starts; the time it takes passes afterwards,
 * with the chip BUSY. So power lost in the middle of a command finds its
 * EEPROM writes done and its answer lost. Power lost in the middle of a write
 * is what HD_FAULT_CUT_EEPROM is for.
 */
#include "internal.h"

#define US               1000u
#define MS               1000000u
#define T_WHI_NS         (1500 * US) /* wake to first I/O */
#define T_WHIST_NS       (20 * MS)   /* same, with self test at wake */
#define WATCHDOG_NS      (CHOICE_WATCHDOG_MS * (uint64_t)MS)
#define LONG_WATCHDOG_NS (CHOICE_LONG_WATCHDOG_MS * (uint64_t)MS)
#define BROWNOUT_NS      (5 * MS) /* collapse and restart */
#define CHIP_MODE_ADDR   0x01
#define CHIP_MODE_LONG   0x04
#define OPTION_POST      0x0001
#define POST_TESTS       0x3D /* RNG, ECDSA, ECDH, AES, SHA */
#define NO_SLOT          0xFF

/* ----------------------------------------------------------------- trace */

void trace_bytes(struct hd_vchip *v, enum hd_event_kind kind,
                 const uint8_t *bytes, size_t len, uint64_t dur_ns)
{
    const struct hd_event event = {.t_ns = v->now_ns,
                                   .dur_ns = dur_ns,
                                   .kind = kind,
                                   .chip = v,
                                   .addr7 = v->addr7,
                                   .ack = true,
                                   .bytes = bytes,
                                   .len = len};

    if (v->trace != NULL) {
        v->trace(v->trace_ctx, &event);
    }
}

void trace_text(struct hd_vchip *v, enum hd_event_kind kind, const char *text)
{
    const struct hd_event event = {.t_ns = v->now_ns,
                                   .kind = kind,
                                   .chip = v,
                                   .addr7 = v->addr7,
                                   .ack = true,
                                   .text = text};

    if (v->trace != NULL) {
        v->trace(v->trace_ctx, &event);
    }
}

/* A command group as it arrived: the input buffer does not outlive it. */
struct group {
    uint8_t bytes[HD_V_GROUP_MAX + 1];
    size_t len;
};

static void trace_command(struct hd_vchip *v, const struct group *g,
                          uint8_t status, uint64_t dur_ns)
{
    const struct hd_event event = {
            .t_ns = v->now_ns,
            .dur_ns = dur_ns,
            .kind = HD_EVENT_COMMAND,
            .chip = v,
            .addr7 = v->addr7,
            .ack = true,
            .bytes = g->bytes,
            .len = g->len,
            .status = status,
            .why = v->refusal.why == HD_WHY_NONE ? NULL : &v->refusal};

    if (v->trace != NULL) {
        v->trace(v->trace_ctx, &event);
    }
}

/* ---------------------------------------------------------------- answers */

static void put_group(struct hd_vchip *v, const uint8_t *payload, size_t len)
{
    uint16_t crc;

    v->out[0] = (uint8_t)(len + 3);
    memcpy(v->out + 1, payload, len);
    crc = v_crc(v->out, len + 1);
    v->out[len + 1] = (uint8_t)crc;
    v->out[len + 2] = (uint8_t)(crc >> 8);
    v->out_len = (uint8_t)(len + 3);
    v->out_at = 0;
}

void answer(struct hd_vchip *v, const uint8_t *data, size_t len)
{
    if (len <= HD_V_GROUP_MAX - 3) {
        put_group(v, data, len);
    }
}

void engine_status(struct hd_vchip *v, uint8_t status)
{
    put_group(v, &status, 1);
}

/* ------------------------------------------------------------ power states */

static void forget_io(struct hd_vchip *v)
{
    v_wipe(v->in, sizeof v->in);
    v_wipe(v->out, sizeof v->out);
    v->in_len = 0;
    v->out_len = 0;
    v->out_at = 0;
    v->swi_bits = 0;
    v->swi_byte = 0;
    v->swi_flag = 0;
}

static void forget_sha(struct hd_vchip *v)
{
    v_wipe(&v->sha, sizeof v->sha);
    v->sha.public_slot = NO_SLOT;
}

/* What sleep loses (docs/chip part 1, 6.2). */
static void forget_sram(struct hd_vchip *v)
{
    v_wipe(&v->tk, sizeof v->tk);
    v_wipe(v->mdb, sizeof v->mdb);
    v_wipe(v->altkey, sizeof v->altkey);
    forget_sha(v);
    v->mdb_len = 0;
    v->altkey_valid = false;
    v->auth_valid = false;
    v->auth_key = 0;
    v->selftest_fail = 0;
    v->health_fail = false;
    v->sram_seeded = false;
    v->eeprom_seeded = false;
    v->x509_slot = NO_SLOT;
    v->x509_block = 0;
    v->x509_total = 0;
    forget_io(v);
}

/* What only a power cycle loses. */
static void forget_latches(struct hd_vchip *v)
{
    v->latch = false;
    v->boot_prohibit = false;
    v->gpio_latch = false;
}

/* Configuration that is taken over at power-up and at wake from sleep. */
static void take_configuration(struct hd_vchip *v)
{
    uint8_t address = v->ee[CFG_I2C_ADDRESS];

    v->chip_mode = v->ee[CFG_CHIP_MODE];
    if (is_608(v) && (v->chip_mode & CHIP_MODE_ADDR) != 0 &&
        v->ee[CFG_SELECTOR] != 0) {
        address = v->ee[CFG_SELECTOR];
    }
    v->addr7 = v->swi ? 0 : address >> 1;
}

static bool tests_at_wake(const struct hd_vchip *v)
{
    return is_608(v) && (le16(v->ee + CFG_OPTIONS) & OPTION_POST) != 0;
}

uint8_t engine_selftest(struct hd_vchip *v, uint8_t tests)
{
    const struct hd_fault *f = fault_strikes(v, HD_FAULT_SELFTEST, OP_SELFTEST);
    const uint8_t failed = f == NULL ? 0 : (uint8_t)(f->arg & tests);

    v->selftest_fail = (uint8_t)((v->selftest_fail & ~tests) | failed);
    return failed;
}

void engine_sleep(struct hd_vchip *v, const char *why)
{
    if (v->state == HD_V_OFF) {
        return;
    }
    forget_sram(v);
    v->state = HD_V_SLEEP;
    trace_text(v, HD_EVENT_POWER, why);
}

void engine_idle(struct hd_vchip *v)
{
    if (v->state == HD_V_OFF) {
        return;
    }
    forget_io(v);
    v->state = HD_V_IDLE;
    trace_text(v, HD_EVENT_POWER, "idle");
}

void engine_power_cut(struct hd_vchip *v, const char *why)
{
    forget_sram(v);
    forget_latches(v);
    v->state = HD_V_OFF;
    trace_text(v, HD_EVENT_POWER, why);
}

static void start_watchdog(struct hd_vchip *v)
{
    const bool is_long = (v->chip_mode & CHIP_MODE_LONG) != 0;

    v->watchdog_ns = v->now_ns + (is_long ? LONG_WATCHDOG_NS : WATCHDOG_NS);
}

static void put_wake_answer(struct hd_vchip *v)
{
    const struct hd_fault *f;

    engine_status(v, v->selftest_fail != 0 ? ST_SELFTEST : ST_WAKE);
    f = fault_strikes(v, HD_FAULT_WAKE_NOISE, 0);
    if (f != NULL) {
        v->out[0] ^= f->arg != 0 ? (uint8_t)f->arg : 0xF8;
    }
}

static void begin_waking(struct hd_vchip *v, uint64_t ns)
{
    v->state = HD_V_WAKING;
    v->ready_ns = v->now_ns + ns;
    start_watchdog(v);
    put_wake_answer(v);
}

void engine_wake(struct hd_vchip *v)
{
    uint64_t ns = T_WHI_NS;

    if (v->state != HD_V_SLEEP && v->state != HD_V_IDLE) {
        if (v->swi) { /* a wake token resets the channel */
            v->swi_bits = 0;
            v->swi_flag = 0;
            v->in_len = 0;
        }
        return;
    }
    if (fault_strikes(v, HD_FAULT_LOST_WAKE, 0) != NULL) {
        return;
    }
    if (v->state == HD_V_SLEEP) {
        take_configuration(v);
        if (tests_at_wake(v)) {
            ns = T_WHIST_NS;
            (void)engine_selftest(v, POST_TESTS);
        }
    }
    begin_waking(v, ns);
    trace_text(v, HD_EVENT_POWER, "waking");
}

void hd_vchip_power(struct hd_vchip *v, bool on)
{
    if (!on) {
        engine_power_cut(v, "off");
        return;
    }
    if (v->state != HD_V_OFF) {
        return;
    }
    forget_sram(v);
    forget_latches(v);
    take_configuration(v);
    v->state = HD_V_SLEEP;
    trace_text(v, HD_EVENT_POWER, "on, asleep");
}

/* The supply gives way under load: power lost for a moment, and the chip
 * comes back awake. */
static void brown_out(struct hd_vchip *v)
{
    engine_power_cut(v, "brown-out");
    take_configuration(v);
    begin_waking(v, BROWNOUT_NS);
}

/* ------------------------------------------------------------------- time */

static bool is_awake(const struct hd_vchip *v)
{
    return v->state >= HD_V_WAKING;
}

static bool swi_is_receiving(const struct hd_vchip *v)
{
    return v->swi && v->state == HD_V_READY &&
           (v->swi_bits > 0 || v->swi_flag != 0);
}

/* The next thing that time alone will do, no later than `end`. */
enum due { DUE_NOTHING, DUE_READY, DUE_WATCHDOG, DUE_SWI_TIMEOUT };

static enum due next_due(const struct hd_vchip *v, uint64_t end, uint64_t *at)
{
    enum due due = DUE_NOTHING;

    *at = end;
    if (!is_awake(v)) {
        return DUE_NOTHING;
    }
    if (swi_is_receiving(v) && v->swi_last_ns + SWI_TIMEOUT_NS <= *at) {
        *at = v->swi_last_ns + SWI_TIMEOUT_NS;
        due = DUE_SWI_TIMEOUT;
    }
    if (v->watchdog_ns <= *at) {
        *at = v->watchdog_ns;
        due = DUE_WATCHDOG;
    }
    if (v->state != HD_V_READY && v->ready_ns <= *at) {
        *at = v->ready_ns;
        due = DUE_READY;
    }
    return due;
}

void engine_advance(struct hd_vchip *v, uint64_t ns)
{
    const uint64_t end = v->now_ns + ns;
    enum due due;

    while ((due = next_due(v, end, &v->now_ns)) != DUE_NOTHING) {
        if (due == DUE_READY) {
            v->state = HD_V_READY;
        } else if (due == DUE_WATCHDOG) {
            engine_sleep(v, "asleep: watchdog");
        } else {
            engine_sleep(v, "asleep: single-wire timeout");
        }
    }
}

/* --------------------------------------------------------------- commands */

static void clear_refusal(struct hd_vchip *v)
{
    memset(&v->refusal, 0, sizeof v->refusal);
    v->refusal.slot = -1;
    v->refusal.byte = 0xFF;
}

/* Parses the group; 0 or the status that says why it is none. */
static uint8_t parse_group(struct hd_vchip *v, struct vcmd *c)
{
    const uint8_t len = v->in_len;
    struct hd_refusal *r = &v->refusal;

    if (len < 4 || len != v->in[0] ||
        v_crc(v->in, len - 2u) != le16(v->in + len - 2)) {
        return refuse(v, HD_WHY_CRC, -1);
    }
    if (len < 7) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    c->op = r->opcode = v->in[1];
    c->p1 = r->param1 = v->in[2];
    c->p2 = r->param2 = le16(v->in + 3);
    c->data = v->in + 5;
    c->len = (uint8_t)(len - 7);
    return ST_OK;
}

static bool runs_in_failure_state(const struct vcmd *c)
{
    return c->op == OP_SELFTEST || (c->op == OP_READ && (c->p1 & 0x03) == 0);
}

/* What is checked before any command's own rules. */
static uint8_t admit(struct hd_vchip *v, const struct vcmd *c,
                     const struct vcmd_row *row)
{
    if (v->selftest_fail != 0 && !runs_in_failure_state(c)) {
        return refuse(v, HD_WHY_SELFTEST_FAILED, -1);
    }
    if (row == NULL || (row->models & v->model) == 0) {
        return refuse(v, HD_WHY_OPCODE, -1);
    }
    if (v->watchdog_ns - v->now_ns < command_max_ns(v, row)) {
        return refuse(v, HD_WHY_WATCHDOG, -1);
    }
    return ST_OK;
}

static uint8_t run_once(struct hd_vchip *v, const struct vcmd *c,
                        const struct vcmd_row *row)
{
    uint8_t status;

    if (!is_608(v) && c->op != OP_SHA) {
        forget_sha(v); /* on the 508A the context lies where others work */
    }
    if (is_608(v) && fault_strikes(v, HD_FAULT_HEALTH, c->op) != NULL) {
        v->health_fail = true;
    }
    status = row->run(v, c);
    rules_after(v, c, status);
    if (status != ST_OK) {
        v->out_len = 0;
        if (!is_608(v)) {
            forget_sha(v);
        }
    }
    return status;
}

static uint8_t run(struct hd_vchip *v, const struct vcmd *c,
                   const struct vcmd_row *row)
{
    if (fault_strikes(v, HD_FAULT_DUPLICATE, c->op) != NULL) {
        (void)run_once(v, c, row);
        if (v->state != HD_V_BUSY) {
            return ST_OK;
        }
        v->out_len = 0;
    }
    return run_once(v, c, row);
}

/* Refusals come fast; a comparison that fails has been computed in full. */
static uint64_t duration(struct hd_vchip *v, const struct vcmd_row *row,
                         uint8_t op, uint8_t status)
{
    const struct hd_fault *late = fault_strikes(v, HD_FAULT_LATE, op);
    uint64_t ns = row == NULL ? 100 * US : command_ns(v, row);

    if (v->speed == HD_V_INSTANT) {
        ns = 0;
    } else if (status != ST_OK && status != ST_MISMATCH) {
        ns /= CHOICE_REFUSAL_TIME_SHARE;
    }
    return ns + (late == NULL ? 0 : late->arg * (uint64_t)US);
}

/* What stands between chip and host makes something else of the answer. */
static void rewrite(struct hd_vchip *v, const struct hd_fault *f)
{
    uint8_t payload[HD_V_GROUP_MAX];
    size_t len = v->out_len - 3u;

    for (size_t i = 0; i < len; i++) {
        payload[i] = (uint8_t)~v->out[1 + i];
    }
    if (f->payload_len > 0) {
        len = f->payload_len;
        memcpy(payload, f->payload, len);
    }
    put_group(v, payload, len);
}

static void disturb_answer(struct hd_vchip *v, uint8_t op)
{
    uint8_t now[sizeof v->out];
    const struct hd_fault *f = fault_strikes(v, HD_FAULT_REWRITE, op);

    if (f != NULL) {
        rewrite(v, f);
    }
    memcpy(now, v->out, sizeof now);
    if (v->last_out[0] != 0 && fault_strikes(v, HD_FAULT_REPLAY, op) != NULL) {
        memcpy(v->out, v->last_out, sizeof v->out);
        v->out_len = v->out[0];
    }
    memcpy(v->last_out, now, sizeof now);
}

static void disturb_command(struct hd_vchip *v, uint8_t op)
{
    const struct hd_fault *f = fault_strikes(v, HD_FAULT_FLIP_IN, op);

    if (f != NULL) {
        /* never the count byte: that would be another group length */
        const uint32_t bit = f->arg % (8u * (v->in_len - 1u));

        v->in[1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void finish(struct hd_vchip *v, const struct vcmd_row *row,
                   const struct group *g, uint8_t status)
{
    const uint64_t ns = duration(v, row, v->last_op, status);

    if (v->out_len == 0) {
        engine_status(v, status);
    }
    trace_command(v, g, status, ns);
    trace_bytes(v, HD_EVENT_ANSWER, v->out, v->out_len, 0);
    if (v->fault_mask != 0) {
        disturb_answer(v, v->last_op);
    } else {
        memcpy(v->last_out, v->out, v->out_len);
    }
    v->ready_ns = v->now_ns + ns;
    if (ns == 0) {
        v->state = HD_V_READY;
    }
}

static void begin(struct hd_vchip *v, struct group *g)
{
    v->state = HD_V_BUSY;
    v->out_len = 0;
    v->out_at = 0;
    v->last_op = v->in_len > 1 ? v->in[1] : 0;
    v->commands++;
    clear_refusal(v);
    if (v->in_len > 1) {
        disturb_command(v, v->last_op);
    }
    if (v->trace != NULL) {
        memcpy(g->bytes, v->in, v->in_len);
    }
    g->len = v->in_len;
}

void engine_execute(struct hd_vchip *v)
{
    const struct vcmd_row *row = NULL; /* known once the group is sound */
    struct vcmd c = {0};
    struct group g;
    uint8_t status;

    begin(v, &g);
    if (fault_strikes(v, HD_FAULT_BROWNOUT, v->last_op) != NULL) {
        trace_command(v, &g, ST_WAKE, BROWNOUT_NS);
        brown_out(v);
        return;
    }
    status = parse_group(v, &c);
    if (status == ST_OK) {
        row = vchip_command(c.op);
        status = admit(v, &c, row);
    }
    if (status == ST_OK) {
        status = run(v, &c, row);
    }
    if (v->state == HD_V_BUSY) {
        finish(v, row, &g, status);
    } else { /* paused, or power was lost: there is no answer */
        trace_command(v, &g, status, 0);
    }
    if (v->state == HD_V_OFF) {
        forget_sram(v); /* what the handler still did after the cut */
        forget_latches(v);
    }
    v->in_len = 0;
}
