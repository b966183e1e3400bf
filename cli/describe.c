/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration bytes in words; see describe.h. */
#include "describe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static uint16_t word_at(const uint8_t config[128], unsigned at)
{
    return (uint16_t)(config[at] | config[at + 1] << 8);
}

static unsigned bits(uint16_t word, unsigned low, unsigned count)
{
    return (unsigned)word >> low & ((1U << count) - 1);
}

size_t describe_slot_size(unsigned slot)
{
    return slot < 8 ? 36 : slot == 8 ? 416 : 72;
}

bool describe_is_private(const uint8_t config[128], unsigned slot)
{
    return (config[96 + 2 * slot] & 1) != 0;
}

uint8_t describe_address(const uint8_t config[128], bool is_608)
{
    bool extra = is_608 && (config[19] & 1) && config[85];

    return (uint8_t)((extra ? config[85] : config[16]) >> 1);
}

/* Adds "; text" (or "text" if nothing stands there). */
static void add(char *out, size_t size, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void add(char *out, size_t size, const char *format, ...)
{
    size_t len = strlen(out);
    va_list args;

    if (len && len + 3 < size) {
        memcpy(out + len, "; ", 3);
        len += 2;
    }
    va_start(args, format);
    (void)vsnprintf(out + len, size - len, format, args);
    va_end(args);
}

static void describe_type(struct slot_view *v, unsigned slot)
{
    /* KeyConfig bits 4-2 */
    static const char *const types[8] = {"type 0",  "type 1", "type 2",
                                         "type 3",  NULL,     "type 5",
                                         "AES key", "data"};
    unsigned type = bits(v->key_config, 2, 3);
    const char *name = types[type];

    if (type == 4) {
        name = v->is_private ? "P-256 private"
               : slot < 8    ? "P-256 key data"
                             : "P-256 public";
    } else if (type == 7 && bits(v->slot_config, 7, 1)) {
        name = "secret";
    }
    (void)snprintf(v->type, sizeof v->type, "%s", name);
}

static void describe_read(struct slot_view *v)
{
    bool secret = bits(v->slot_config, 7, 1);
    bool encrypted = bits(v->slot_config, 6, 1);

    if (v->is_private || (secret && !encrypted)) {
        (void)snprintf(v->read, sizeof v->read, "never");
    } else if (!secret) {
        (void)snprintf(v->read, sizeof v->read, "clear");
    } else {
        (void)snprintf(v->read, sizeof v->read, "encrypted, key %u",
                       bits(v->slot_config, 0, 4));
    }
}

static void describe_private_write(struct slot_view *v)
{
    v->write[0] = 0;
    if (bits(v->slot_config, 13, 1)) {
        add(v->write, sizeof v->write, "GenKey");
    }
    if (bits(v->slot_config, 14, 1)) {
        add(v->write, sizeof v->write, "PrivWrite, key %u",
            bits(v->slot_config, 8, 4));
    }
    if (!v->write[0]) {
        add(v->write, sizeof v->write, "never");
    }
}

static void describe_write(struct slot_view *v)
{
    unsigned rule = bits(v->slot_config, 12, 4);
    unsigned key = bits(v->slot_config, 8, 4);

    if (v->is_locked) {
        (void)snprintf(v->write, sizeof v->write, "never (slot locked)");
        return;
    }
    if (v->is_private) {
        describe_private_write(v);
        return;
    }
    v->write[0] = 0;
    if (rule & 4) {
        add(v->write, sizeof v->write, "encrypted, key %u", key);
    } else if (rule == 0) {
        add(v->write, sizeof v->write, "clear");
    } else if (rule == 1) {
        add(v->write, sizeof v->write, "while not validated");
    }
    if (rule & 2) {
        if (rule & 1) {
            add(v->write, sizeof v->write, "DeriveKey from key %u", key);
        } else {
            add(v->write, sizeof v->write, "DeriveKey");
        }
    }
    if (!v->write[0]) {
        add(v->write, sizeof v->write, "never");
    }
}

static void describe_private_use(struct slot_view *v, unsigned slot)
{
    static const struct {
        uint16_t bit;
        const char *text;
    } uses[] = {{1, "signs"}, {2, "signs internal messages"}};

    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        if (v->slot_config & uses[i].bit) {
            add(v->use, sizeof v->use, "%s", uses[i].text);
        }
    }
    if (v->slot_config & 4) {
        if (v->slot_config & 8) {
            add(v->use, sizeof v->use, "ECDH into slot %u", slot | 1U);
        } else {
            add(v->use, sizeof v->use, "ECDH");
        }
    }
    add(v->use, sizeof v->use,
        v->key_config & 2 ? "public key readable"
                          : "public key only at GenKey");
}

static void describe_use(struct slot_view *v, unsigned slot)
{
    v->use[0] = 0;
    if (v->is_private) {
        describe_private_use(v, slot);
    } else if (bits(v->key_config, 2, 3) == 4) {
        add(v->use, sizeof v->use, "verifies");
        if (v->key_config & 2) {
            add(v->use, sizeof v->use, "once validated by key %u",
                bits(v->slot_config, 0, 4));
        }
    } else if (bits(v->slot_config, 4, 1)) {
        add(v->use, sizeof v->use, "no MAC");
    }
    if (bits(v->slot_config, 5, 1)) {
        add(v->use, sizeof v->use, "uses counted");
    }
    if (bits(v->key_config, 6, 1)) {
        add(v->use, sizeof v->use, "random nonce needed");
    }
    if (bits(v->key_config, 7, 1)) {
        add(v->use, sizeof v->use, "needs authorisation by key %u",
            bits(v->key_config, 8, 4));
    }
    if (bits(v->key_config, 12, 1)) {
        add(v->use, sizeof v->use, "off while the latch is 0");
    }
}

void describe_slot(const uint8_t config[128], unsigned slot,
                   struct slot_view *view)
{
    memset(view, 0, sizeof *view);
    view->slot_config = word_at(config, 20 + 2 * slot);
    view->key_config = word_at(config, 96 + 2 * slot);
    view->is_private = describe_is_private(config, slot);
    view->is_lockable = bits(view->key_config, 5, 1);
    view->is_locked = !(word_at(config, 88) >> slot & 1);
    describe_type(view, slot);
    describe_read(view);
    describe_write(view);
    describe_use(view, slot);
}
