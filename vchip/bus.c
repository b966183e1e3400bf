/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wires between chips and host: time, addresses, and who answers.
 *
 * A byte takes nine bit times. Start, stop and the free time between
 * transfers take one together (at 400 kHz the I2C specification asks for
 * 0.6 + 0.6 + 1.3 us). Chips that share an address pull the lines together:
 * all hear a write, and reads give the AND of what they say.
 */
#include "internal.h"
#include "halfdollar/base.h"

#define BITS_A_BYTE    9
#define WAKE_LOW_NS    80000u
#define T_WLO_NS       60000u /* SDA low that wakes */
#define SWI_CHAR_NS    39060u /* 9 bits at 230400 baud */
#define SWI_TURN_NS    96000u
#define SWI_OUT_BIT_NS 54000u
#define SWI_ONE        0x7F
#define SWI_ZERO       0x7D

void hd_vbus_init(struct hd_vbus *bus, uint32_t hz)
{
    memset(bus, 0, sizeof *bus);
    bus->hz = hz > 0 ? hz : 100000;
}

/* The chip keeps its distances to events when it joins another clock. */
static void move_clock(struct hd_vchip *v, uint64_t now_ns)
{
    const uint64_t by = now_ns - v->now_ns; /* may wrap, and back */

    v->now_ns = now_ns;
    v->ready_ns += by;
    v->watchdog_ns += by;
    v->swi_last_ns += by;
}

int hd_vbus_attach(struct hd_vbus *bus, struct hd_vchip *v)
{
    if (bus->count == HD_VBUS_CHIPS) {
        return HD_ERR_TOO_SMALL;
    }
    v->trace = bus->trace;
    v->trace_ctx = bus->trace_ctx;
    move_clock(v, bus->now_ns);
    bus->chips[bus->count++] = v;
    return HD_OK;
}

void hd_vbus_advance(struct hd_vbus *bus, uint64_t ns)
{
    for (size_t i = 0; i < bus->count; i++) {
        bus->chips[i]->trace = bus->trace;
        bus->chips[i]->trace_ctx = bus->trace_ctx;
        engine_advance(bus->chips[i], ns);
    }
    bus->now_ns += ns;
}

static uint64_t bits_ns(const struct hd_vbus *bus, uint64_t bits)
{
    return bits * 1000000000u / bus->hz;
}

static uint64_t byte_ns(const struct hd_vbus *bus)
{
    const uint64_t ns = bits_ns(bus, BITS_A_BYTE);

    return ns > 0 ? ns : 1;
}

static void emit(struct hd_vbus *bus, const struct hd_event *event)
{
    if (bus->trace != NULL) {
        bus->trace(bus->trace_ctx, event);
    }
}

/* The opcode that a fault may wait for: of the command this write carries, or
 * of the one that the chip executed last. */
static uint8_t opcode_of(const struct hd_vchip *v, const uint8_t *data,
                         size_t len)
{
    return len > 2 && data[0] == 0x03 ? data[2] : v->last_op;
}

/* Faults that take hold of the lines or of the supply before a transfer. */
static bool bus_is_stuck(struct hd_vbus *bus, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < bus->count; i++) {
        struct hd_vchip *v = bus->chips[i];
        const uint8_t opcode = opcode_of(v, data, len);

        if (v->fault_mask == 0) {
            continue;
        }
        if (v->state != HD_V_OFF &&
            fault_strikes(v, HD_FAULT_VANISH, opcode) != NULL) {
            engine_power_cut(v, "vanished");
        }
        if (fault_strikes(v, HD_FAULT_STUCK, opcode) != NULL) {
            hd_vbus_advance(bus, byte_ns(bus)); /* the master's own timeout */
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------- wake */

static int wake(struct hd_vbus *bus, const uint8_t *data, size_t len)
{
    const uint64_t start = bus->now_ns;

    if (bus_is_stuck(bus, NULL, 0)) {
        return HD_ERR_BUS_STUCK;
    }
    emit(bus, &(struct hd_event){.t_ns = start,
                                 .dur_ns = WAKE_LOW_NS,
                                 .kind = HD_EVENT_WAKE,
                                 .bytes = data,
                                 .len = len});
    hd_vbus_advance(bus, WAKE_LOW_NS);
    for (size_t i = 0; i < bus->count; i++) {
        engine_wake(bus->chips[i]);
    }
    hd_vbus_advance(bus, len * byte_ns(bus));
    return HD_OK;
}

int hd_vbus_wake(struct hd_vbus *bus)
{
    return wake(bus, NULL, 0);
}

/* ------------------------------------------------------ wake by accident */

/* The chips that would notice SDA held low, as a mask. */
static unsigned sleepers(const struct hd_vbus *bus)
{
    unsigned who = 0;

    for (size_t i = 0; i < bus->count; i++) {
        const uint8_t state = bus->chips[i]->state;

        if (state == HD_V_SLEEP || state == HD_V_IDLE) {
            who |= 1u << i;
        }
    }
    return who;
}

/* Adds a byte and its acknowledge to the run of low bits; the longest so far
 * is returned. */
static unsigned low_run(unsigned *run, uint8_t byte, bool ack)
{
    unsigned longest = 0;
    const unsigned bits = (unsigned)byte << 1 | (ack ? 0 : 1);

    for (unsigned i = 9; i-- > 0;) {
        *run = (bits >> i & 1) != 0 ? 0 : *run + 1;
        longest = *run > longest ? *run : longest;
    }
    return longest;
}

/*
 * Zeros on the wire for others are low time too: on a slow bus they wake a
 * chip that sleeps (docs/chip part 1, 2.2). That is how `i2cdetect` finds
 * chips that nobody woke. Exactly tWLO is not counted: at 100 kHz a chip at
 * 0x60 would otherwise be woken by its own address.
 */
static void wake_by_accident(struct hd_vbus *bus, unsigned who, uint8_t first,
                             bool ack, hd_bytes data)
{
    unsigned run = 0;
    unsigned longest = low_run(&run, first, ack);

    for (size_t i = 0; i < data.len; i++) {
        const unsigned here = low_run(&run, data.ptr[i], i + 1 < data.len);

        longest = here > longest ? here : longest;
    }
    if (bits_ns(bus, longest) <= T_WLO_NS) {
        return;
    }
    for (size_t i = 0; i < bus->count; i++) {
        if ((who >> i & 1) != 0) {
            engine_wake(bus->chips[i]);
        }
    }
}

/* -------------------------------------------------------------------- I2C */

/* The chips that acknowledge the address, as a mask. */
static unsigned address(struct hd_vbus *bus, uint8_t addr7, bool read,
                        const uint8_t *data, size_t len)
{
    unsigned who = 0;

    hd_vbus_advance(bus, byte_ns(bus));
    for (size_t i = 0; i < bus->count; i++) {
        struct hd_vchip *v = bus->chips[i];

        if (i2c_answers(v, addr7, read, opcode_of(v, data, len))) {
            who |= 1u << i;
        }
    }
    return who;
}

static const struct hd_vchip *one_of(const struct hd_vbus *bus, unsigned who)
{
    for (size_t i = 0; i < bus->count; i++) {
        if ((who >> i & 1) != 0) {
            return bus->chips[i];
        }
    }
    return NULL;
}

static size_t write_to(struct hd_vbus *bus, unsigned who, const uint8_t *data,
                       size_t len)
{
    size_t most = 0;

    for (size_t i = 0; i < bus->count; i++) {
        if ((who >> i & 1) != 0) {
            const size_t n = i2c_write(bus->chips[i], data, len, byte_ns(bus));

            most = n > most ? n : most;
        }
    }
    return most;
}

static void stop(struct hd_vbus *bus, unsigned who, const uint8_t *data,
                 size_t taken)
{
    for (size_t i = 0; i < bus->count; i++) {
        if ((who >> i & 1) != 0) {
            i2c_stop(bus->chips[i], data, taken);
        }
    }
}

int hd_vbus_write(struct hd_vbus *bus, uint8_t addr7, const uint8_t *data,
                  size_t len, size_t *taken)
{
    struct hd_event event = {.t_ns = bus->now_ns,
                             .kind = HD_EVENT_WRITE,
                             .addr7 = addr7,
                             .bytes = data,
                             .len = len};
    const unsigned asleep = sleepers(bus);
    size_t n;
    unsigned who;

    if (taken != NULL) {
        *taken = 0;
    }
    if (addr7 == 0) {
        const int err = wake(bus, data, len);

        return err == HD_OK ? HD_ERR_NACK : err;
    }
    if (bus_is_stuck(bus, data, len)) {
        return HD_ERR_BUS_STUCK;
    }
    who = address(bus, addr7, false, data, len);
    n = write_to(bus, who, data, len);
    event.chip = one_of(bus, who);
    event.ack = who != 0 && n == len;
    /* After a byte that is not acknowledged the master stops. */
    hd_vbus_advance(bus, who == 0 ? 0 : (n < len ? n + 1 : n) * byte_ns(bus));
    hd_vbus_advance(bus, bits_ns(bus, 1));
    event.dur_ns = bus->now_ns - event.t_ns;
    emit(bus, &event);
    stop(bus, who, data, n);
    if (asleep != 0) {
        wake_by_accident(bus, asleep, (uint8_t)(addr7 << 1), who != 0,
                         (hd_bytes){data, who != 0 ? n : 0});
    }
    if (taken != NULL) {
        *taken = n;
    }
    return event.ack ? HD_OK : HD_ERR_NACK;
}

/* Several chips pull together: the AND of their bytes. */
static void read_from(struct hd_vbus *bus, unsigned who, uint8_t *data,
                      size_t len)
{
    uint8_t one[256];
    bool first = true;

    for (size_t i = 0; i < bus->count; i++) {
        if ((who >> i & 1) == 0) {
            continue;
        }
        if (first) {
            i2c_read(bus->chips[i], data, len, byte_ns(bus));
            first = false;
            continue;
        }
        const size_t n = len < sizeof one ? len : sizeof one;

        i2c_read(bus->chips[i], one, n, byte_ns(bus));
        for (size_t j = 0; j < n; j++) {
            data[j] &= one[j];
        }
    }
}

int hd_vbus_read(struct hd_vbus *bus, uint8_t addr7, uint8_t *data, size_t len)
{
    struct hd_event event = {.t_ns = bus->now_ns,
                             .kind = HD_EVENT_READ,
                             .addr7 = addr7,
                             .bytes = data};
    const unsigned asleep = sleepers(bus);
    unsigned who;

    if (len > 0) {
        memset(data, 0xFF, len);
    }
    if (bus_is_stuck(bus, NULL, 0)) {
        return HD_ERR_BUS_STUCK;
    }
    who = addr7 == 0 ? 0 : address(bus, addr7, true, NULL, 0);
    event.chip = one_of(bus, who);
    event.ack = who != 0;
    if (who != 0 && len > 0) {
        read_from(bus, who, data, len);
        event.len = len;
        hd_vbus_advance(bus, len * byte_ns(bus));
    }
    hd_vbus_advance(bus, bits_ns(bus, 1));
    event.dur_ns = bus->now_ns - event.t_ns;
    emit(bus, &event);
    if (asleep != 0) {
        wake_by_accident(bus, asleep, (uint8_t)(addr7 << 1 | 1), who != 0,
                         (hd_bytes){data, event.len});
    }
    return event.ack ? HD_OK : HD_ERR_NACK;
}

/* ------------------------------------------------------------ single wire */

/* The answer group as characters, one a bit; time passes as they are sent. */
static size_t transmit(struct hd_vbus *bus, struct hd_vchip *v, uint8_t *out,
                       size_t size)
{
    uint8_t group[HD_V_GROUP_MAX + 1];
    const size_t len = v->out_len;
    size_t n = 0;

    i2c_read(v, group, len, 8ull * SWI_OUT_BIT_NS);
    for (size_t i = 0; i < 8 * len && n < size; i++) {
        out[n++] = (group[i / 8] >> i % 8 & 1) != 0 ? SWI_ONE : SWI_ZERO;
    }
    emit(bus,
         &(struct hd_event){.t_ns = bus->now_ns,
                            .dur_ns = SWI_TURN_NS + 8ull * len * SWI_OUT_BIT_NS,
                            .kind = HD_EVENT_READ,
                            .chip = v,
                            .ack = true,
                            .bytes = group,
                            .len = len});
    hd_vbus_advance(bus, SWI_TURN_NS + 8ull * len * SWI_OUT_BIT_NS);
    return n;
}

size_t hd_vbus_swi_char(struct hd_vbus *bus, uint8_t c, uint8_t *out,
                        size_t size)
{
    struct hd_vchip *answers = NULL;

    if (c == 0x00) {
        (void)wake(bus, NULL, 0);
        return 0;
    }
    if (bus_is_stuck(bus, NULL, 0)) {
        return 0;
    }
    hd_vbus_advance(bus, SWI_CHAR_NS);
    for (size_t i = 0; i < bus->count; i++) {
        /* the second data bit is the place of a zero's low pulse */
        if (swi_bit(bus->chips[i], (c & 0x02) != 0) && answers == NULL) {
            answers = bus->chips[i];
        }
    }
    return answers == NULL ? 0 : transmit(bus, answers, out, size);
}
