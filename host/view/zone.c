/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of the whole chip, and its locks. */
#include "view/inner.h"

static bool has_words(const struct hd_policy *p,
                      const struct hd_policy_key *key)
{
    return (key->chips & p->chips) && key->form != HD_FORM_TEXT &&
           key->form != HD_FORM_OWN;
}

/* The first key of secure boot is its mode: off makes the rest idle. */
static bool is_idle(const struct hd_page *page, unsigned g, unsigned said)
{
    return said && g == HD_G_SECURE_BOOT &&
           hd_policy_get(page->config, HD_F_SecureBootMode, 0) == 0;
}

static void counter(const struct hd_page *page, unsigned g, FILE *out)
{
    if (g < HD_G_COUNTER0 || g > HD_G_COUNTER1 ||
        !page->policy->counters[g - HD_G_COUNTER0].name[0]) {
        return;
    }
    fputs("<div><dt>name</dt><dd>", out);
    hd_html_text(out, page->policy->counters[g - HD_G_COUNTER0].name);
    if (page->policy->counters[g - HD_G_COUNTER0].about[0]) {
        fputs(": ", out);
        hd_html_text(out, page->policy->counters[g - HD_G_COUNTER0].about);
    }
    fputs("</dd></div>", out);
}

static void group(const struct hd_page *page, unsigned g, FILE *out)
{
    const struct hd_policy_group *group = &hd_policy_groups[g];
    unsigned said = 0;
    char word[64];

    for (unsigned i = 0; i < group->count && !is_idle(page, g, said); i++) {
        const struct hd_policy_key *key = &group->keys[i];
        if (!has_words(page->policy, key) ||
            !hd_policy_say(page->policy, key, 0, word, sizeof word)) {
            continue;
        }
        if (said++ == 0) {
            fprintf(out, "<div class=\"group\"><h3>%s</h3><dl>", group->name);
        }
        fprintf(out, "<div><dt>%s</dt><dd>", key->name);
        hd_html_text(out, word);
        fputs("</dd></div>", out);
    }
    if (said) {
        counter(page, g, out);
        fputs("</dl></div>\n", out);
    }
}

static void locks(const struct hd_page *page, FILE *out)
{
    static const struct {
        const char *what;
        unsigned byte;
        const char *name;
    } zones[] = {{"configuration", 87, "LockConfig"},
                 {"data and OTP", 86, "LockValue"}};

    fputs("<div class=\"group\"><h3>locks</h3><dl>", out);
    for (size_t i = 0; i < 2; i++) {
        bool open = page->config[zones[i].byte] == 0x55;
        fprintf(out,
                "<div><dt>%s</dt><dd><b class=\"%s\">%s</b> "
                "<small><code>%s = 0x%02X</code>, byte %u</small></dd></div>",
                zones[i].what, open ? "open" : "shut", open ? "open" : "locked",
                zones[i].name, page->config[zones[i].byte], zones[i].byte);
    }
    fputs("<div><dt>slots locked</dt><dd>", out);
    unsigned count = 0;
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        if (!hd_policy_get(page->config, HD_F_SlotLocked, slot)) {
            fprintf(out, "%s%u", count++ ? ", " : "", slot);
        }
    }
    fputs(count ? "</dd></div>" : "none by itself</dd></div>", out);
    fputs("</dl></div>\n", out);
}

static void waivers(const struct hd_page *page, FILE *out)
{
    if (page->policy->waiver_count == 0) {
        return;
    }
    fputs("<h3>Accepted by the author</h3><dl class=\"waivers\">", out);
    for (unsigned i = 0; i < page->policy->waiver_count; i++) {
        const struct hd_policy_waiver *w = &page->policy->waivers[i];
        fputs("<div><dt><code>", out);
        hd_html_text(out, w->rule);
        fputs("</code> at ", out);
        hd_html_text(out, w->where);
        fputs("</dt><dd>", out);
        hd_html_text(out, w->reason);
        fputs("</dd></div>", out);
    }
    fputs("</dl>\n", out);
}

void hd_page_zone(const struct hd_page *page, FILE *out)
{
    fputs("<section id=\"zone\"><h2>The whole chip</h2>\n", out);
    hd_page_findings(page, -1, out);
    fputs("<div class=\"groups\">\n", out);
    locks(page, out);
    for (unsigned g = HD_G_INTERFACE; g < HD_G_SLOT; g++) {
        if (g != HD_G_LOCKS) {
            group(page, g, out);
        }
    }
    fputs("</div>\n", out);
    hd_page_attacks(page, -1, out);
    waivers(page, out);
    fputs("<fieldset class=\"bits\"><legend>bits</legend>\n", out);
    hd_page_bits(page, HD_F_FIRST_ZONE, HD_F_COUNT, 0, "zone", out);
    fputs("</fieldset></section>\n", out);
}
