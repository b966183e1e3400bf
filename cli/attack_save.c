/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacker's answers as files, so that nobody has to believe them: a
 * virtual chip for each, and what is sent to it. See attack.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "halfdollar/bus.h"

#include "attack.h"
#include "words.h"

#define PATH_SIZE 1024

/* DIR/bus-slot2-regenerate */
static int base_name(struct call *c, const char *dir, const char *who,
                     const struct hd_attack_yes *y, char out[PATH_SIZE])
{
    const char *word = hd_goal_word((enum hd_goal)y->goal);
    int n = y->slot >= 0 ? snprintf(out, PATH_SIZE - 8, "%s/%s-slot%d-%s", dir,
                                    who, y->slot, word)
                         : snprintf(out, PATH_SIZE - 8, "%s/%s-chip-%s", dir,
                                    who, word);

    return n > 0 && n < PATH_SIZE - 8
                   ? EXIT_DONE
                   : fail(c, "%s: the path is too long", dir);
}

static int save_chip(struct call *c, const struct hd_attack *a,
                     const struct hd_attack_yes *y, const char *path,
                     uint8_t *addr7)
{
    struct hd_vchip chip;
    int err = hd_attack_scene(a, y, &chip);

    if (err == HD_OK) {
        *addr7 = chip.addr7;
        err = hd_vchip_save(&chip, path);
        hd_vchip_free(&chip);
    }
    return err == HD_OK ? EXIT_DONE : fail(c, "%s: %s", path, hd_strerror(err));
}

static void write_step(FILE *f, uint8_t addr7,
                       const struct hd_attack_step *step)
{
    struct hd_command_words words;
    char text[160], hex[2 * HD_V_GROUP_MAX + 1];

    if (step->kind != HD_STEP_COMMAND) {
        for (uint32_t i = 0; i < step->repeat; i++) {
            if (step->kind == HD_STEP_WAKE) {
                fprintf(f, "wake\n");
            } else {
                fprintf(f, "W %02x: %02x\n", addr7, HD_WORD_SLEEP);
            }
        }
        return;
    }
    hd_command_parse(step->group, step->len, &words);
    (void)hd_command_text(&words, text, sizeof text);
    hex_text(step->group, step->len, hex);
    fprintf(f, "# %s\n", text);
    for (uint32_t i = 0; i < step->repeat; i++) {
        fprintf(f, "W %02x: 03 %s\n", addr7, hex);
    }
}

static int save_steps(struct call *c, const struct hd_attack_yes *y,
                      uint8_t addr7, const char *path)
{
    FILE *f = fopen(path, "w");

    if (!f) {
        return fail(c, "%s: %s", path, strerror(errno));
    }
    fprintf(f, "# %s: %s\n", hd_goal_text((enum hd_goal)y->goal), y->how);
    for (unsigned i = 0; i < y->count; i++) {
        write_step(f, addr7, &y->steps[i]);
    }
    bool good = !ferror(f);

    good = fclose(f) == 0 && good;
    return good ? EXIT_DONE : fail(c, "%s: %s", path, strerror(errno));
}

static int save_one(struct call *c, const struct hd_attack *a,
                    const struct hd_attack_yes *y, const char *dir,
                    const char *who)
{
    char path[PATH_SIZE];
    uint8_t addr7 = 0;
    int code = base_name(c, dir, who, y, path);
    char *end = path + strlen(path);

    if (code == EXIT_DONE) {
        memcpy(end, ".vchip", sizeof ".vchip");
        code = save_chip(c, a, y, path, &addr7);
    }
    if (code == EXIT_DONE) {
        memcpy(end, ".txt", sizeof ".txt");
        code = save_steps(c, y, addr7, path);
    }
    return code;
}

int attack_save(struct call *c, const struct hd_attack *a, const char *dir)
{
    static const char *const who[HD_ATTACKERS] = {"bus", "flash"};
    unsigned saved = 0;
    int code = EXIT_DONE;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return fail(c, "%s: %s", dir, strerror(errno));
    }
    for (unsigned w = 0; w < HD_ATTACKERS; w++) {
        for (unsigned g = 0; g < HD_GOAL_COUNT; g++) {
            unsigned slots = g < HD_GOAL_FIRST_ZONE ? HD_POLICY_SLOTS : 1;

            for (unsigned slot = 0; slot < slots && code == EXIT_DONE; slot++) {
                const struct hd_attack_yes *y = hd_attack_find(
                        a, (enum hd_attacker)w, (enum hd_goal)g, slot);
                if (y) {
                    code = save_one(c, a, y, dir, who[w]);
                    saved++;
                }
            }
        }
    }
    if (code == EXIT_DONE) {
        put(c, "saved", json_integer((json_int_t)saved));
        say(c,
            "\n%u answers are in %s; half sim replay NAME.vchip NAME.txt "
            "plays one\n",
            saved, dir);
    }
    return code;
}
