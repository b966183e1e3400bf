/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes: views, constant-time comparison, wiping. Nothing here allocates,
 * blocks or keeps state; all of it may be called from an interrupt.
 */
#ifndef HALFDOLLAR_BASE_H
#define HALFDOLLAR_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HD_MUST_CHECK __attribute__((warn_unused_result))
#else
#define HD_MUST_CHECK
#endif

/* A const view: len bytes at ptr, owned by somebody else. */
typedef struct {
    const uint8_t *ptr;
    size_t len;
} hd_bytes;

/* CT: compares all len bytes whatever they hold; only the verdict leaks. */
bool hd_ct_equal(const void *a, const void *b, size_t len);

/* Sets len bytes to zero in a way the compiler may not remove. */
void hd_wipe(void *secret, size_t len);

#ifdef __cplusplus
}
#endif
#endif
