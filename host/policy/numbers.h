/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of a policy file that the chip keeps in a form of its own. */
#ifndef HD_POLICY_NUMBERS_H
#define HD_POLICY_NUMBERS_H

#include "policy/policy.h"

extern const struct hd_policy_number hd_number_byte;
extern const struct hd_policy_number hd_number_address; /* 7 bits, shifted */
extern const struct hd_policy_number hd_number_counter;
extern const struct hd_policy_number hd_number_iv; /* two bytes, in order */

#endif
