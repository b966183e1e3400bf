/* SPDX-License-Identifier: Apache-2.0 */
/* The questions, in the order in which they are asked. See explain.h. */
#include <stdlib.h>

#include "inner.h"

#include "halfdollar/err.h"
#include "words.h"

/* ----------------------------------------------------------------- status */

unsigned hd_explain_status(uint8_t status, hd_reason_fn *each, void *ctx)
{
    static const struct {
        const char *name, *text;
        uint8_t status;
    } reasons[] = {
#define X(name, status, text) {#name, text, status},
#include "halfdollar/vchip_reasons.def"
#undef X
    };
    unsigned count = 0;

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) {
            count++;
            each(ctx, reasons[i].name, reasons[i].text);
        }
    }
    return count;
}

void hd_explain_seal(uint8_t *group, size_t len)
{
    uint16_t crc = a_crc(group, len);

    group[len] = (uint8_t)crc;
    group[len + 1] = (uint8_t)(crc >> 8);
}

/* --------------------------------------------------------------- answers */

static bool for_ever(const struct hd_attack_step *s)
{
    return s->kind == HD_STEP_COMMAND &&
           (s->group[1] == OP_LOCK ||
            (s->group[1] == OP_GENKEY && (s->group[2] & 0x04) != 0 &&
             s->group[4] != 0xFF));
}

/* Data that another chip, key or nonce would make another one. */
static bool is_computed(const struct hd_attack_step *s)
{
    const uint8_t op = s->group[1];

    if (s->kind != HD_STEP_COMMAND) {
        return false;
    }
    return op == OP_LOCK ||
           (s->len > 7 &&
            (op == OP_CHECKMAC || op == OP_VERIFY || op == OP_PRIVWRITE ||
             op == OP_DERIVEKEY || op == OP_ECDH ||
             (op == OP_WRITE && (s->group[2] & 0x40) != 0)));
}

static void take_steps(const struct seeker *s, struct hd_explanation *out)
{
    out->count = 0;
    for (unsigned i = 0; i < s->a.count && i < HD_EXPLAIN_STEPS; i++) {
        const struct hd_attack_step *from = &s->a.steps[i];
        struct hd_explain_step *to = &out->steps[out->count++];

        to->kind = from->kind == HD_STEP_WAKE      ? HD_MOMENT_WAKE
                   : from->kind == HD_STEP_SLEEP   ? HD_MOMENT_SLEEP
                   : from->kind == HD_STEP_COMMAND ? HD_MOMENT_COMMAND
                                                   : HD_MOMENT_POWER;
        to->for_ever = for_ever(from);
        to->len = from->len;
        memcpy(to->group, from->group, from->len);
        to->computed = is_computed(from) &&
                       (from->len != s->c->len ||
                        memcmp(from->group, s->c->group, from->len) != 0);
    }
}

/* A past that begins with a wake shows how TempKey came about. */
static bool is_possible(const struct hd_explain_case *c, const struct world *w)
{
    for (size_t i = 0; w->kind == WORLD_TEMPKEY && i < c->before_count; i++) {
        if (c->before[i].kind != HD_MOMENT_COMMAND) {
            return false;
        }
    }
    return true;
}

static bool fits(struct seeker *s)
{
    const bool done = scene_ask(s);

    return !s->c->answered ||
           (done ? s->c->status == 0 : refusal(&s->a)->status == s->c->status);
}

/* Other circumstances than number `first` that would explain the answer as
 * well, by another rule. */
static void find_others(struct seeker *s, const uint8_t *config, uint8_t model,
                        unsigned first, struct hd_explanation *out)
{
    bool told[HD_WHY_COUNT] = {false};

    told[refusal(&s->a)->why] = true;
    scene_free(s);
    for (unsigned i = first + 1; i < world_count; i++) {
        uint8_t why;

        if (!is_possible(s->c, &worlds[i])) {
            continue;
        }
        if (scene_make(s, config, model, &worlds[i]) != HD_OK) {
            return;
        }
        why = fits(s) ? refusal(&s->a)->why : (uint8_t)HD_WHY_NONE;
        if (why != HD_WHY_NONE && !told[why] &&
            out->or_else_count < HD_EXPLAIN_OR_ELSE) {
            told[why] = true;
            out->or_else[out->or_else_count++] = worlds[i].text;
        }
        scene_free(s);
    }
}

/* The first circumstance under which the chip answers as the real one did. */
static int meet(struct seeker *s, const uint8_t *config, uint8_t model,
                struct hd_explanation *out)
{
    unsigned i;
    int err;

    for (i = 0; i < world_count; i++) {
        if (!is_possible(s->c, &worlds[i])) {
            continue;
        }
        err = scene_make(s, config, model, &worlds[i]);
        if (err != HD_OK) {
            return err;
        }
        if (fits(s)) {
            break;
        }
        scene_free(s);
    }
    if (i == 0) {
        return HD_OK;
    }
    out->disagrees = i == world_count;
    if (!out->disagrees) {
        out->assumed = worlds[i].text;
        find_others(s, config, model, i, out);
    }
    err = scene_make(s, config, model, &worlds[out->disagrees ? 0 : i]);
    (void)(err == HD_OK && scene_ask(s));
    return err;
}

/* ---------------------------------------------------------------- what if */

static bool works_with(struct seeker *s, const uint8_t *config, uint8_t model,
                       unsigned depth, struct hd_explanation *out)
{
    bool found, changed = false;

    if (scene_make(s, config, model, &worlds[0]) != HD_OK) {
        return false;
    }
    found = search(s, depth, &changed);
    if (found) {
        out->changed = changed;
        take_steps(s, out);
    }
    scene_free(s);
    return found;
}

/* Other values of the bits that forbid. */
static void other_bits(struct seeker *s, struct hd_explanation *out)
{
    const struct hd_refusal *r =
            out->then.why != HD_WHY_NONE ? &out->then : &out->why;
    const unsigned low = r->mask & (~(unsigned)r->mask + 1U);

    if (r->byte > HD_V_CONFIG_BYTES - 2 || r->mask == 0 ||
        r->byte == 86 /* the locks themselves */) {
        return;
    }
    for (unsigned n = 0; n * low <= r->mask && n < 16; n++) {
        uint8_t config[HD_V_CONFIG_BYTES];
        const unsigned bits = n * low & r->mask;

        if (bits != n * low || bits == r->value) {
            continue;
        }
        memcpy(config, s->c->config, sizeof config);
        config[r->byte] =
                (uint8_t)((config[r->byte] & ~r->mask) | (bits & 0xFF));
        config[r->byte + 1] =
                (uint8_t)((config[r->byte + 1] & ~(r->mask >> 8)) | bits >> 8);
        if (works_with(s, config, s->c->model, 1, out)) {
            out->byte = r->byte;
            out->mask = r->mask;
            out->value = (uint16_t)bits;
            return;
        }
    }
}

/* Which other parts know it? */
static void other_models(struct seeker *s, struct hd_explanation *out)
{
    static const uint8_t models[] = {HD_VMODEL_508A, HD_VMODEL_608A,
                                     HD_VMODEL_608B};

    for (size_t i = 0; i < sizeof models; i++) {
        const uint8_t model = models[i];

        if (model == s->c->model ||
            scene_make(s, s->c->config, model, &worlds[0]) != HD_OK) {
            continue;
        }
        if (scene_ask(s) || refusal(&s->a)->status != 0x03) {
            out->models |= model;
        }
        scene_free(s);
    }
}

static bool is_fixed(const struct hd_refusal *r)
{
    return r->byte != 0xFF;
}

/* No sequence works: is it for ever? */
static void give_up(struct seeker *s, struct hd_explanation *out)
{
    const bool locked = s->c->config[87] != 0x55;

    out->verdict = HD_EXPLAIN_NOT_FOUND;
    if (is_fixed(&out->why) || is_fixed(&out->then)) {
        out->verdict = locked ? HD_EXPLAIN_NEVER : HD_EXPLAIN_RECONFIGURE;
        other_bits(s, out);
    }
    if (out->why.status == 0x03 && out->then.why == HD_WHY_NONE) {
        out->verdict = HD_EXPLAIN_NEVER; /* the grammar of the part */
        other_models(s, out);
    }
}

static void decide(struct seeker *s, struct hd_explanation *out)
{
    bool found = false;

    s->first = out->why;
    s->then.byte = 0xFF;
    if (s->c->reason_only) {
        look_deeper(s);
    } else {
        found = search(s, 2, &out->changed);
    }
    out->then = s->then;
    if (out->then.why != HD_WHY_NONE) {
        (void)hd_refusal_text(&out->then, out->then_reason,
                              sizeof out->then_reason);
    }
    if (found) {
        out->verdict = HD_EXPLAIN_STEPS_WORK;
        take_steps(s, out);
    }
    if (found && s->late && out->count + 2 <= HD_EXPLAIN_STEPS) {
        memmove(out->steps + 2, out->steps, out->count * sizeof *out->steps);
        memset(out->steps, 0, 2 * sizeof *out->steps);
        out->steps[0].kind = HD_MOMENT_IDLE; /* TempKey stays, time does not */
        out->steps[1].kind = HD_MOMENT_WAKE;
        out->count += 2;
    }
    scene_free(s);
    if (!found && !s->c->reason_only) {
        give_up(s, out);
    }
}

/* -------------------------------------------------------------------- main */

static void read_command(struct seeker *s, const struct hd_explain_case *c,
                         struct hd_explanation *out)
{
    struct hd_command_words words;

    hd_command_parse(c->group, c->len, &words);
    (void)hd_command_text(&words, out->command, sizeof out->command);
    s->c = c;
    s->op = c->group[1];
    s->p1 = c->group[2];
    s->p2 = (uint16_t)(c->group[3] | c->group[4] << 8);
    s->data_len = c->len - 7;
    memcpy(s->data, c->group + 5, s->data_len);
    s->slot = words.slot;
}

int hd_explain(const struct hd_explain_case *c, struct hd_explanation *out)
{
    struct seeker *s;
    int err;

    memset(out, 0, sizeof *out);
    out->then.byte = 0xFF;
    if (c->len < 7 || c->len > HD_V_GROUP_MAX || c->group[0] != c->len) {
        return HD_ERR_LENGTH;
    }
    s = calloc(1, sizeof *s);
    if (s == NULL) {
        return HD_ERR_PORT;
    }
    read_command(s, c, out);
    err = meet(s, c->config, c->model, out);
    if (err == HD_OK) {
        out->why = *refusal(&s->a);
        (void)hd_refusal_text(&out->why, out->reason, sizeof out->reason);
        if (out->why.why == HD_WHY_NONE) {
            out->verdict = HD_EXPLAIN_WORKS;
            scene_free(s);
        } else {
            decide(s, out);
        }
        out->tried = s->tried;
    }
    hd_wipe(s, sizeof *s); /* what went before can have been a key */
    free(s);
    return err;
}
