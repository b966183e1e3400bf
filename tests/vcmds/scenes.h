/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One command for every reason to refuse it, with what the chip must be for
 * that: shared by those who test the reasons and those who explain them.
 */
#ifndef TESTS_VCMDS_SCENES_H
#define TESTS_VCMDS_SCENES_H

#include "rig.h"

#define NO_TK 0x100

/* One command that meets one reason. */
struct scene {
    enum hd_why why;
    const char *variant;
    int locks;
    uint16_t poke[6][2]; /* EEPROM offset, 16-bit value; 0 ends */
    unsigned tempkey;    /* flags, or NO_TK */
    uint8_t op, p1;
    uint16_t p2;
    uint8_t len;
    uint8_t head[2]; /* first bytes of the data, the rest is zero */
    void (*prepare)(struct rig *r);
};

extern const struct scene scenes[];
extern const size_t scene_count;

/* Makes the chip as the scene has it. */
void set_stage(struct rig *r, const struct scene *s);

#endif
