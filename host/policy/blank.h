/* SPDX-License-Identifier: Apache-2.0 */
/* Where a policy starts, before its file has said anything. Private. */
#ifndef HD_POLICY_BLANK_H
#define HD_POLICY_BLANK_H

#include "policy/policy.h"

/*
 * The zone with nothing switched on: address 0x60, counters at 0, no slot
 * locked by itself, all else zero; serial number, revision and locks of a
 * chip fresh from the factory.
 */
void hd_policy_blank(uint8_t chips, uint8_t config[HD_POLICY_CONFIG_BYTES]);

/* Gives a slot the bits and plans of a purpose. */
void hd_policy_start_slot(struct hd_policy *p, unsigned slot, unsigned purpose);

/* Lockable and SlotLocked for one of enum hd_policy_lock. */
void hd_policy_set_lock(struct hd_policy *p, unsigned slot, unsigned lock);

#endif
