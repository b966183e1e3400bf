/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real ATECC508A was recorded on its bus (tests/data/traces). The virtual
 * one, with the same secrets, must say the same, byte for byte.
 */
#include "rig.h"

/* What README.md of the traces found out about that chip. */
static void become_that_chip(struct rig *r)
{
    static const uint8_t sn[9] = {0x01, 0x23, 0, 0, 0, 0, 0, 0, 0xEE};
    static const uint8_t counter1[8] = {/* 54 = 0x36 */
                                        0x00, 0x00, 0x03, 0xFF,
                                        0x00, 0x01, 0x00, 0x01};
    static const uint8_t zero[32];
    uint8_t d[32], xy[64], private_key[36] = {0};

    rig_start(r, "508a", 1);
    poke_serial(r, sn);
    memcpy(r->chip.ee + 60, counter1, sizeof counter1);
    poke_slot_config(r, 0, 0x8F80); /* secret */
    poke_key_config(r, 0, 0x001C);
    poke_slot_config(r, 3, 0x2F80); /* DeriveKey Roll */
    poke_key_config(r, 3, 0x001C);
    poke_slot_config(r, 11, 0x2083);
    poke_key_config(r, 11, 0x0033);
    poke_key_config(r, 10, 0x0032); /* public key, not validated */
    poke_key_config(r, 12, 0x0030); /* public key */
    poke_slot(r, 0, 0, zero, 32);
    poke_slot(r, 3, 0, zero, 32);
    test_key(11, d, xy);
    memcpy(private_key + 4, d, 32);
    poke_slot(r, 11, 0, private_key, 36);
    poke_public(r, 10, xy);
    poke_public(r, 12, xy);
    poke_locks(r, LOCKED);
    rig_reset(r);
}

/* One line of the recording. */
struct transfer {
    double ms;
    bool is_write, ack;
    uint8_t addr7;
    uint8_t bytes[160];
    size_t len;
};

static bool next_transfer(FILE *f, struct transfer *t)
{
    char line[1024], way[8], ack[8], *p;
    int used = 0;

    do {
        if (fgets(line, sizeof line, f) == NULL) {
            return false;
        }
    } while (line[0] == '#');
    assert_int_equal(sscanf(line, "%lf %7s 0x%hhx %7s%n", &t->ms, way,
                            &t->addr7, ack, &used),
                     4);
    t->is_write = way[0] == 'w';
    t->ack = ack[0] == 'a';
    t->len = 0;
    for (p = line + used; sscanf(p, " %2hhx%n", &t->bytes[t->len], &used) == 1;
         p += used) {
        t->len++;
    }
    return true;
}

/* Answers that hang on the chip's own randomness or private key. */
static bool is_deterministic(const struct transfer *command)
{
    uint8_t op = command->bytes[2], mode = command->bytes[3];

    return !(op == OP_NONCE && mode < 3) && !(op == OP_GENKEY && mode == 0);
}

struct counts {
    unsigned commands, compared, random, wakes;
};

static void replay_read(struct rig *r, const struct transfer *t,
                        const struct transfer *command, struct counts *n)
{
    static const uint8_t awake[4] = {0x04, 0x11, 0x33, 0x43};
    static const uint8_t to_sleep = HD_WORD_SLEEP;
    uint8_t got[160];
    size_t len = t->len > 0 ? t->len : 1;
    int err = hd_vbus_read(&r->bus, t->addr7, got, len);

    if (t->ack && err == HD_ERR_NACK && command == NULL) {
        /* that part woke in 0.4 ms; vchip takes the 1.5 ms of the sheet */
        hd_vbus_advance(&r->bus, 1500 * 1000);
        err = hd_vbus_read(&r->bus, t->addr7, got, len);
    }

    if (!t->ack) {
        assert_int_equal(err, HD_ERR_NACK);
        return;
    }
    assert_int_equal(err, HD_OK);
    if (command == NULL) {
        assert_memory_equal(got, awake, 4);
        n->wakes++;
        if (t->bytes[0] == 0xFC) {
            /* Sampled while that part was still waking; its host pulsed once
             * more and it began again, which ours does only from sleep. */
            hd_vbus_write(&r->bus, t->addr7, &to_sleep, 1, NULL);
        }
    } else if (is_deterministic(command)) {
        assert_memory_equal(got, t->bytes, t->len);
        n->compared++;
    } else {
        assert_int_equal(got[0], t->bytes[0]);
        n->random++;
    }
}

static void replay(struct rig *r, FILE *f, struct counts *n)
{
    struct transfer t, command;
    bool has_command = false;
    double start = -1;
    uint64_t origin = r->bus.now_ns;

    while (next_transfer(f, &t)) {
        uint64_t due;

        start = start < 0 ? t.ms : start;
        due = origin + (uint64_t)((t.ms - start) * 1e6);
        if (due > r->bus.now_ns) {
            hd_vbus_advance(&r->bus, due - r->bus.now_ns);
        }
        if (!t.is_write) {
            replay_read(r, &t, has_command ? &command : NULL, n);
            continue;
        }
        (void)hd_vbus_write(&r->bus, t.addr7, t.bytes, t.len, NULL);
        has_command = t.addr7 != 0 && t.bytes[0] == HD_WORD_COMMAND;
        n->commands += has_command;
        command = t;
    }
}

static void test_vchip_answers_the_recorded_session_as_silicon_did(void **state)
{
    static struct rig r;
    struct counts n = {0};
    FILE *f = fopen(TEST_DATA "traces/atecc508a-silicon.tsv", "r");

    (void)state;
    assert_non_null(f);
    become_that_chip(&r);
    r.chip.speed = HD_V_TYPICAL;
    hd_vbus_write(&r.bus, 0x60, (const uint8_t[]){HD_WORD_SLEEP}, 1, NULL);
    replay(&r, f, &n);
    fclose(f);
    print_message("silicon: %u commands, %u answers equal byte for byte, "
                  "%u random by nature, %u wakes\n",
                  n.commands, n.compared, n.random, n.wakes);
    assert_int_equal(n.compared, 40);
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(
                    test_vchip_answers_the_recorded_session_as_silicon_did),
    };

    return cmocka_run_group_tests_name("silicon replay", tests, NULL, NULL);
}
