/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that locks; see apply.h. */
#include "plan/apply.h"
#include "plan/inner.h"

static int send(struct hd_chip *chip, enum hd_plan_kind kind, unsigned slot,
                uint16_t crc)
{
    switch (kind) {
    case HD_PLAN_LOCK_CONFIG:
        return hd_chip_lock_config(chip, crc);
    case HD_PLAN_LOCK_DATA:
        return hd_chip_lock_data(chip, crc);
    case HD_PLAN_LOCK_SLOT:
        return hd_chip_lock_slot(chip, (uint16_t)slot);
    default:
        return HD_ERR_ARG;
    }
}

int hd_plan_lock(struct hd_chip *chip, enum hd_plan_kind kind, unsigned slot,
                 uint16_t crc)
{
    struct hd_chip_locks locks;
    int said = send(chip, kind, slot, crc);

    if (hd_err_is_refusal(said) || said == HD_ERR_ARG) {
        return said;
    }
    int err = hd_chip_lock_state(chip, &locks);

    if (err == HD_OK && is_locked(&locks, kind, slot)) {
        return HD_OK;
    }
    if (said != HD_OK) {
        return said;
    }
    return err != HD_OK ? err : HD_ERR_UNSURE;
}
