/* SPDX-License-Identifier: Apache-2.0 */
/* Reading golden vectors. */
#include "vectors.h"

long vec_int(json_t *half, const char *key)
{
    json_t *value = json_object_get(half, key);

    if (!json_is_integer(value)) {
        fail_msg("no number %s", key);
    }
    return (long)json_integer_value(value);
}

bool vec_has(json_t *half, const char *key)
{
    return json_object_get(half, key) != NULL;
}

static size_t unhex(const char *hex, uint8_t *out, size_t size)
{
    size_t n = 0;
    int used;

    for (; *hex != '\0'; hex += 2) {
        assert_true(n < size);
        assert_int_equal(sscanf(hex, "%2hhx%n", &out[n++], &used), 1);
        assert_int_equal(used, 2);
    }
    return n;
}

size_t vec_bytes(json_t *half, const char *key, uint8_t *out, size_t size)
{
    const char *hex = json_string_value(json_object_get(half, key));

    if (hex == NULL) {
        fail_msg("no bytes %s", key);
        return 0;
    }
    return unhex(hex, out, size);
}

void assert_vec(json_t *half, const char *key, const uint8_t *got, size_t len)
{
    uint8_t want[1300];

    assert_int_equal(vec_bytes(half, key, want, sizeof want), len);
    assert_memory_equal(got, want, len);
}

uint8_t vec_packet(struct rig *r, const char *hex)
{
    uint8_t group[160];
    size_t len = unhex(hex, group, sizeof group);

    assert_int_equal(len, group[0]);
    assert_int_equal(test_crc(group, len - 2),
                     group[len - 2] | group[len - 1] << 8);
    return rig_run(r, group[1], group[2], (uint16_t)(group[3] | group[4] << 8),
                   group + 5, len - 7);
}

/* No key asks for anything, everything is readable and nothing private. */
static void open_policy(struct rig *r)
{
    for (unsigned slot = 0; slot < 16; slot++) {
        poke_slot_config(r, slot, 0x0000);
        poke_key_config(r, slot, 0x001C);
    }
    r->chip.ee[13] |= 1;
    poke_locks(r, LOCKED);
}

void run_vectors(const char *family, const char *variant, vector_fn *fn)
{
    static struct rig r;
    char path[300];
    json_error_t error;
    json_t *file, *c;
    size_t i, ran = 0;

    (void)snprintf(path, sizeof path, TEST_DATA "vectors/%s.json", family);
    file = json_load_file(path, 0, &error);
    if (file == NULL) {
        fail_msg("%s: %s", path, error.text);
    }
    json_array_foreach(json_object_get(file, "cases"), i, c)
    {
        struct vector v = {json_object_get(c, "in"), json_object_get(c, "out"),
                           json_string_value(json_object_get(c, "name"))};
        uint8_t sn[9];

        rig_start(&r, variant, 1);
        open_policy(&r);
        if (vec_has(v.in, "sn")) {
            vec_bytes(v.in, "sn", sn, sizeof sn);
            poke_serial(&r, sn);
        }
        ran += fn(&r, &v) == RAN;
        rig_stop(&r);
    }
    print_message("%-14s %-5s %3zu of %3zu cases run\n", family, variant, ran,
                  i);
    assert_true(ran > 0);
    json_decref(file);
}
