/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chips as they leave the factory (docs/chip part 1, 7.16), and making one.
 *
 * The bytes are published read-outs of new parts. Serial numbers are replaced
 * by ones drawn from the seed: no two chips share theirs.
 */
#include "crypto.h"

/* clang-format off */
#define BLANK_20_TO_51                                                       \
    0x83, 0x20, 0x87, 0x20, 0x8F, 0x20, 0xC4, 0x8F, 0x8F, 0x8F, 0x8F, 0x8F,  \
    0x9F, 0x8F, 0xAF, 0x8F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  \
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xAF, 0x8F
#define COUNTERS_AT_0                                                        \
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00,                          \
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00
#define SIXTEEN(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
#define BLANK_84_TO_127                                                      \
    0x00, 0x00, 0x55, 0x55, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  \
    0x33, 0x00, 0x33, 0x00, 0x33, 0x00, 0x1C, 0x00, 0x1C, 0x00, 0x1C, 0x00,  \
    0x1C, 0x00, 0x1C, 0x00, 0x3C, 0x00, 0x3C, 0x00, 0x3C, 0x00, 0x3C, 0x00,  \
    0x3C, 0x00, 0x3C, 0x00, 0x3C, 0x00, 0x1C, 0x00

/* rev2, rev3: family and revision; b13: AES_Enable; b14: I2C_Enable */
#define BLANK(rev2, rev3, b13, b14, otp_mode, bytes_68_83)                   \
    {0x01, 0x23, 0x00, 0x00, 0x00, 0x00, rev2, rev3,                         \
     0x00, 0x00, 0x00, 0x00, 0xEE, b13, b14, 0x00,                           \
     0xC0, 0x00, otp_mode, 0x00, BLANK_20_TO_51, COUNTERS_AT_0,              \
     SIXTEEN(bytes_68_83), BLANK_84_TO_127}

static const uint8_t blank_508a[] = BLANK(0x50, 0x00, 0xC0, 0x55, 0x55, 0xFF);
static const uint8_t blank_508a_swi[] =
        BLANK(0x50, 0x00, 0xC0, 0x54, 0x55, 0xFF);
static const uint8_t blank_608a[] = BLANK(0x60, 0x02, 0xC1, 0x55, 0x00, 0x00);
static const uint8_t blank_608b[] = BLANK(0x60, 0x03, 0x61, 0x49, 0x00, 0x00);
static const uint8_t blank_608b_swi[] =
        BLANK(0x60, 0x03, 0x61, 0x48, 0x00, 0x00);

/* TrustFLEX ATECC608B-TFLXTLS; tests/data/configs/tflxtls-608b.hex */
static const uint8_t tflxtls[] = {
    0x01, 0x23, 0x00, 0x00, 0x00, 0x00, 0x60, 0x03,
    0x00, 0x00, 0x00, 0x00, 0x01, 0x61, 0x69, 0x00,
    0x6C, 0x00, 0x00, 0x01, 0x85, 0x00, 0x82, 0x00,
    0x85, 0x20, 0x85, 0x20, 0x85, 0x20, 0x8F, 0x46,
    0x8F, 0x0F, 0x9F, 0x8F, 0x0F, 0x0F, 0x8F, 0x0F,
    0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F,
    0x0D, 0x1F, 0x0F, 0x0F, COUNTERS_AT_0,
    0x00, 0x00, 0x03, 0xF7, 0x00, 0x69, 0x76, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0x0E, 0x60,
    0x00, 0x00, 0x00, 0x00, 0x53, 0x00, 0x53, 0x00,
    0x73, 0x00, 0x73, 0x00, 0x73, 0x00, 0x38, 0x00,
    0x7C, 0x00, 0x1C, 0x00, 0x3C, 0x00, 0x1A, 0x00,
    0x3C, 0x00, 0x30, 0x00, 0x3C, 0x00, 0x30, 0x00,
    0x12, 0x00, 0x30, 0x00};
static const uint8_t tflxtls_otp[HD_V_OTP_BYTES] = {
    0x77, 0x64, 0x4E, 0x78, 0x41, 0x6A, 0x61, 0x65};
/* clang-format on */

_Static_assert(sizeof blank_608a == HD_V_CONFIG_BYTES, "one whole zone");
_Static_assert(sizeof tflxtls == HD_V_CONFIG_BYTES, "one whole zone");

const struct hd_variant hd_variants[] = {
        {"608b", "ATECC608B, blank, I2C address 0x60", HD_VMODEL_608B, false,
         blank_608b, NULL, false},
        {"608a", "ATECC608A, blank, I2C address 0x60", HD_VMODEL_608A, false,
         blank_608a, NULL, false},
        {"508a", "ATECC508A, blank, I2C address 0x60", HD_VMODEL_508A, false,
         blank_508a, NULL, false},
        {"608b-swi", "ATECC608B, blank, single-wire", HD_VMODEL_608B, true,
         blank_608b_swi, NULL, false},
        {"508a-swi", "ATECC508A, blank, single-wire", HD_VMODEL_508A, true,
         blank_508a_swi, NULL, false},
        {"tflxtls",
         "ATECC608B configured as TrustFLEX-TLS, both zones locked, keys born, "
         "I2C address 0x36",
         HD_VMODEL_608B, false, tflxtls, tflxtls_otp, true},
        {NULL, NULL, 0, false, NULL, NULL, false},
};

const struct hd_variant *hd_vchip_variant(const char *name)
{
    for (const struct hd_variant *p = hd_variants; p->name != NULL; p++) {
        if (strcmp(p->name, name) == 0) {
            return p;
        }
    }
    return NULL;
}

/* What a provisioning service would have put there: private keys, and random
 * bytes in slots that nobody can read in clear. */
static void give_birth(struct hd_vchip *v)
{
    for (unsigned slot = 0; slot < 16; slot++) {
        uint8_t *bytes = slot_bytes(v, slot);
        const bool is_private = (key_config(v, slot) & KC_PRIVATE) != 0;

        memset(bytes, 0, slot_size(slot));
        if (is_private) {
            v_ec_generate(v, bytes + 4);
        } else if ((slot_config(v, slot) & SC_SECRET) != 0) {
            rng_draw(v, bytes, 32);
        }
    }
}

static void draw_serial(struct hd_vchip *v)
{
    uint8_t serial[6];

    rng_draw(v, serial, sizeof serial);
    memcpy(v->ee + 2, serial, 2);
    memcpy(v->ee + 8, serial + 2, 4);
}

int hd_vchip_init(struct hd_vchip *v, const struct hd_variant *variant,
                  const uint8_t seed[32])
{
    memset(v, 0, sizeof *v);
    if (seed != NULL) {
        memcpy(v->seed, seed, sizeof v->seed);
    } else if (!v_entropy(v->seed)) {
        return HD_ERR_PORT;
    }
    v->model = variant->model;
    v->swi = variant->swi;
    memset(v->ee, 0xFF, sizeof v->ee);
    memcpy(v->ee, variant->config, HD_V_CONFIG_BYTES);
    if (variant->otp != NULL) {
        memcpy(otp(v), variant->otp, HD_V_OTP_BYTES);
    }
    draw_serial(v);
    v->ee[CFG_LOCK_CONFIG] = variant->data_locked ? 0x00 : UNLOCKED;
    v->ee[CFG_LOCK_VALUE] = variant->data_locked ? 0x00 : UNLOCKED;
    if (variant->data_locked) {
        give_birth(v);
    }
    hd_vchip_power(v, true);
    v->refusal.slot = -1;
    v->refusal.byte = 0xFF;
    v->dirty = true;
    return HD_OK;
}

void hd_vchip_free(struct hd_vchip *v)
{
    v_cache_free(v);
    v_wipe(v, sizeof *v);
}

const struct hd_refusal *hd_vchip_refusal(const struct hd_vchip *v)
{
    return &v->refusal;
}
