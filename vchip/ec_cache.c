/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which chips may keep key objects of the crypto library.
 *
 * A key object costs more time to make than a signature, and nearly as much
 * memory as a chip. So a chip keeps those it used last, and the process keeps
 * no more than KEEP sets: of the rest, the one unused longest goes. A chip
 * whose set went makes a new one when it needs it.
 *
 * Chips live in different threads. A set is only changed by its chip's thread
 * between take and give, or, when nobody holds it, under the lock.
 */
#include <pthread.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "crypto.h"

#define KEEP 256

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ec_cache *newest, *oldest;
static size_t kept;

static void unlink_set(struct ec_cache *c)
{
    if (!c->listed) {
        return;
    }
    *(c->newer != NULL ? &c->newer->older : &newest) = c->older;
    *(c->older != NULL ? &c->older->newer : &oldest) = c->newer;
    c->newer = c->older = NULL;
    c->listed = false;
    kept--;
}

static void link_newest(struct ec_cache *c)
{
    c->older = newest;
    *(newest != NULL ? &newest->newer : &oldest) = c;
    newest = c;
    c->listed = true;
    kept++;
}

static void drop_objects(struct ec_cache *c)
{
    EVP_PKEY_CTX_free(c->sign);
    EVP_PKEY_CTX_free(c->verify);
    c->sign = NULL;
    c->verify = NULL;
    v_wipe(c->d, sizeof c->d);
}

static void evict(void)
{
    struct ec_cache *c = oldest;

    while (kept > KEEP && c != NULL) {
        struct ec_cache *next = c->newer;

        if (!c->held) {
            unlink_set(c);
            drop_objects(c);
        }
        c = next;
    }
}

struct ec_cache *ec_cache_take(struct hd_vchip *v)
{
    struct ec_cache *c = v->ec_cache;

    if (c == NULL) {
        c = calloc(1, sizeof *c);
        v_must(c != NULL);
        v->ec_cache = c;
    }
    pthread_mutex_lock(&lock);
    c->held = true;
    unlink_set(c);
    link_newest(c);
    evict();
    pthread_mutex_unlock(&lock);
    return c;
}

void ec_cache_give(struct ec_cache *c)
{
    pthread_mutex_lock(&lock);
    c->held = false;
    pthread_mutex_unlock(&lock);
}

void v_cache_free(struct hd_vchip *v)
{
    struct ec_cache *c = v->ec_cache;

    if (c == NULL) {
        return;
    }
    pthread_mutex_lock(&lock);
    unlink_set(c);
    pthread_mutex_unlock(&lock);
    drop_objects(c);
    v_wipe(c, sizeof *c);
    free(c);
    v->ec_cache = NULL;
}
