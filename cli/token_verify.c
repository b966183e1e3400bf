/* SPDX-License-Identifier: Apache-2.0 */
/* half token verify: is this ES256 token signed by that key, and in force? */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "half.h"
#include "pk.h"
#include "token.h"

static const struct option options[] = {
        {"key", 'k', "FILE",
         "public key of the signer: PEM, DER, certificate, or X and Y raw or "
         "hex"},
        {"at", 0, "TIME",
         "judge as of then: 2019-11-16T22:25:13Z, 2019-11-16, or seconds "
         "since 1970; default: now"},
        OPTION_JSON,
        OPTION_END,
};

static const struct {
    const char *word, *sentence;
} verdicts[] = {
        [HD_TOKEN_GOOD] = {"good", "valid signature, not expired"},
        [HD_TOKEN_UNDATED] = {"undated", "valid signature, no expiry"},
        [HD_TOKEN_EXPIRED] = {"expired", "valid signature, expired"},
        [HD_TOKEN_TOO_EARLY] = {"early", "valid signature, not yet in force"},
};

static int moment(struct call *c, int64_t *now)
{
    const char *at = option_text(c, "at", NULL);

    *now = (int64_t)time(NULL);
    if (at && !hd_time_parse(at, now)) {
        return fail_usage(c,
                          "--at %s: not a time; write 2019-11-16T22:25:13Z, "
                          "2019-11-16, or seconds since 1970",
                          at);
    }
    return EXIT_DONE;
}

static void tell_date(struct call *c, const char *what, bool has, int64_t t)
{
    char text[32];

    if (has) {
        hd_time_text(t, text, sizeof text);
        say(c, "%-10s %s\n", what, text);
    }
}

static void tell_json(struct call *c, const struct hd_token *t,
                      const char *signature, const char *verdict)
{
    put(c, "signature", json_string(signature));
    put(c, "verdict", json_string(verdict));
    put(c, "header", json_incref(t->header));
    put(c, "claims", json_incref(t->claims));
    put_hex(c, "digest", t->digest, sizeof t->digest);
}

static int judge(struct call *c, const struct hd_token *t, int64_t now)
{
    enum hd_token_verdict v = hd_token_verdict(t, now);

    tell_json(c, t, "valid", verdicts[v].word);
    say(c, "%s\n", verdicts[v].sentence);
    tell_date(c, "issued", t->has_iat, t->iat);
    tell_date(c, "not before", t->has_nbf, t->nbf);
    tell_date(c, "expires", t->has_exp, t->exp);
    if (is_text(c)) {
        char *claims = json_dumps(t->claims, JSON_ENSURE_ASCII);
        say(c, "%-10s %s\n", "claims", claims ? claims : "?");
        free(claims);
    }
    if (v == HD_TOKEN_GOOD || v == HD_TOKEN_UNDATED) {
        return EXIT_DONE;
    }
    /* People have read it above. */
    return is_text(c) ? EXIT_REFUSED : refuse(c, "%s", verdicts[v].sentence);
}

static int verify(struct call *c, const struct input *in, const uint8_t pub[64],
                  int64_t now)
{
    struct hd_token t;
    int err = hd_token_verify(&t, (const char *)in->bytes, in->len, pub);
    int code;

    if (err == HD_OK) {
        code = judge(c, &t, now);
    } else if (err == HD_ERR_SIGNATURE) {
        tell_json(c, &t, "bad", "bad");
        say(c, "bad signature\n");
        code = refuse(c, "bad signature: %s", t.error);
    } else if (err == HD_ERR_FORMAT) {
        say(c, "not a token\n");
        code = refuse(c, "not a token: %s", t.error);
    } else {
        code = fail_err(c, err, t.error, "verifying");
    }
    hd_token_free(&t);
    return code;
}

/* A file, or the token itself: it is no secret once it has been sent, and it
 * has two dots and no slash. */
static int read_token(struct call *c, const char *text, struct input *in)
{
    const char *dot = strchr(text, '.');

    if (dot && strchr(dot + 1, '.') && !strchr(text, '/') &&
        strlen(text) > 100) {
        in->len = strlen(text);
        in->bytes = (uint8_t *)strdup(text);
        return in->bytes ? EXIT_DONE : fail(c, "out of memory");
    }
    return read_input(c, text, HD_TOKEN_MAX + 100, in);
}

static int run(struct call *c)
{
    struct input in = {0};
    uint8_t pub[64];
    int64_t now = 0;
    int code = moment(c, &now);

    if (code == EXIT_DONE) {
        code = option_needed(c, "key");
    }
    if (code == EXIT_DONE) {
        code = read_public_key(c, option_text(c, "key", ""), pub);
    }
    if (code == EXIT_DONE) {
        code = read_token(c, c->args[0], &in);
    }
    if (code == EXIT_DONE) {
        code = verify(c, &in, pub, now);
    }
    free_input(&in);
    return code;
}

const struct verb verb_token_verify = {
        .group = "token",
        .name = "verify",
        .args = "TOKEN|FILE|-",
        .least_args = 1,
        .most_args = 1,
        .summary = "verify an ES256 token (JWT)",
        .about = "Says \"valid signature, not expired\" (exit code 0), or "
                 "\"valid signature, expired\", \"bad signature\" and the "
                 "like (exit code 1).",
        .options = options,
        .run = run,
};
