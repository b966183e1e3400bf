/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings of all forms, read from a file as half explain does, and the
 * last command in them explained. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "explain/history.h"

#define EXPLAINED_MAX 64 /* commands that are played before the last */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void explain_last(const struct hd_history *h)
{
    struct hd_explain_case c = {.model = h->model ? h->model : HD_VMODEL_608B,
                                .before = h->at,
                                .reason_only = true};
    struct hd_explanation e;

    memcpy(c.config, h->config, sizeof c.config);
    c.swi = (c.config[14] & 1) == 0;
    for (size_t i = 0; i < h->count && i < EXPLAINED_MAX; i++) {
        if (h->at[i].kind == HD_MOMENT_COMMAND) {
            c.before_count = i;
            c.group = h->at[i].group;
            c.len = h->at[i].len;
            c.answered = h->at[i].answered;
            c.status = h->at[i].status;
        }
    }
    if (c.group != NULL && hd_explain(&c, &e) != HD_OK) {
        abort(); /* the decoder lets only groups through */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hd_capture_options opt = {.max_samples = 1 << 20};
    struct hd_recording r;
    struct hd_history h;
    char path[64];
    const int fd = memfd_create("recording", 0);
    int err;

    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    hd_recording_init(&r);
    err = hd_explain_read(&r, path, &opt);
    if (err != HD_OK && err != HD_ERR_IO && r.error[0] == '\0') {
        abort(); /* a failure without a sentence */
    }
    if (hd_history_take(&h, &r, 0) != HD_OK) {
        abort();
    }
    explain_last(&h);
    hd_history_free(&h);
    hd_recording_free(&r);
    (void)close(fd);
    return 0;
}
