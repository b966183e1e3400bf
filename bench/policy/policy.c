/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much processor time the lint and the attacker sheet of one configuration
 * take, and how many commands are tried. Yardsticks: 50 ms and 5 s on one core.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lint/lint.h"

#define LINT_MS   50.0
#define ATTACK_MS 5000.0

static double now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void need(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench_policy: %s failed\n", what);
        exit(1);
    }
}

static void load(const char *name, uint8_t config[128])
{
    struct hd_policy_error why;
    char path[256], text[4096];
    FILE *f;
    size_t len;

    (void)snprintf(path, sizeof path, SOURCE "tests/data/configs/%s.hex", name);
    f = fopen(path, "r");
    need(f != NULL, path);
    len = fread(text, 1, sizeof text, f);
    (void)fclose(f);
    need(hd_policy_read_hex(text, len, config, &why) == HD_OK, path);
}

static void measure(const char *name, uint8_t model)
{
    uint8_t config[128];
    struct hd_attack *a;
    struct hd_lint *l;
    double start, lint, attack;

    load(name, config);
    start = now_ms();
    l = hd_lint_run(config, model, NULL);
    lint = now_ms() - start;
    need(l != NULL, "lint");
    start = now_ms();
    a = hd_attack_run(config, model, HD_ATTACK_FULL, NULL, NULL);
    attack = now_ms() - start;
    need(a != NULL, "attack");
    printf("%-26s lint %6.1f ms (%.2f of %.0f)   attack %7.1f ms (%.2f of "
           "%.0f), %llu commands\n",
           name, lint, lint / LINT_MS, LINT_MS, attack, attack / ATTACK_MS,
           ATTACK_MS, (unsigned long long)hd_attack_commands(a));
    hd_attack_free(a);
    hd_lint_free(l);
}

int main(void)
{
    measure("seed-notebook", HD_VMODEL_608A);
    measure("cryptoauthlib-test-608", HD_VMODEL_608A);
    measure("arduino-default-tls-508a", HD_VMODEL_508A);
    measure("tflxtls-608b", HD_VMODEL_608B);
    measure("blank-608a", HD_VMODEL_608A);
    return 0;
}
