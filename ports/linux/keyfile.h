/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that hold keys, and the folders they are kept in: opened or refused.
 * One rule for the tool and the OpenSSL provider, so that a file which one
 * of them takes is not refused by the other. POSIX only, no state.
 *
 *     char why[HD_KEYFILE_WHY];
 *     int fd = hd_keyfile_open(path, why, sizeof why);
 *     if (fd < 0) { puts(why); }
 */
#ifndef HD_LINUX_KEYFILE_H
#define HD_LINUX_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HD_KEYFILE_WHY 1400

/*
 * A descriptor for reading, or -1 and the reason with what mends it (a
 * sentence without the full stop; it begins with path). The file must be a
 * regular one, of the caller or of root, with no right for anybody else.
 * Never blocks: a FIFO is refused, not waited for. What was checked is what
 * is read: the checks are made on the descriptor.
 */
int hd_keyfile_open(const char *path, char *why, size_t size);

/*
 * True if keys may be made in the folder: it is the caller's or root's, and
 * nobody else may write it. (Reading it shows names only.)
 */
bool hd_keyfile_folder_ok(const char *dir, char *why, size_t size);

/* True if all bytes are the same: an erased slot, an empty page, /dev/zero,
 * but no key. CT: time depends on len alone. */
bool hd_key_is_blank(const uint8_t *key, size_t len);

#endif
