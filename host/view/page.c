/* SPDX-License-Identifier: Apache-2.0 */
/* The page: head, the cards of the slots, and the order of things. */
#include <string.h>

#include <openssl/evp.h>

#include "policy/view.h"
#include "view/inner.h"

/* ------------------------------------------------------------------- head */

/* The only thing that the page allows itself is this very style sheet. */
static int style_digest(char out[64])
{
    uint8_t digest[32];

    if (EVP_Digest(hd_page_css, hd_page_css_len, digest, NULL, EVP_sha256(),
                   NULL) != 1) {
        return HD_ERR_ARG;
    }
    (void)EVP_EncodeBlock((unsigned char *)out, digest, sizeof digest);
    return HD_OK;
}

static void head(const struct hd_page *page, const char *digest, FILE *out)
{
    fprintf(out,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
            "charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\""
            "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; "
            "form-action 'none'\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, "
            "initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n"
            "<meta name=\"referrer\" content=\"no-referrer\">\n"
            "<title>",
            digest);
    hd_html_text(out, page->policy->name);
    fputs(" \xC2\xB7 policy</title>\n<style>", out);
    (void)fwrite(hd_page_css, 1, hd_page_css_len, out);
    fputs("</style></head>\n<body>\n"
          "<a class=\"skip\" href=\"#slots\">to the slots</a>\n",
          out);
}

static void fact(FILE *out, const char *term, const char *class,
                 const char *text)
{
    fprintf(out, "<div><dt>%s</dt><dd class=\"%s\">", term, class);
    hd_html_text(out, text);
    fputs("</dd></div>", out);
}

/* "2 high, 1 low"; those that the policy accepts are not counted. */
static void findings_fact(const struct hd_page *page, FILE *out)
{
    static const char *const words[] = {"high", "medium", "low", "info"};
    char text[96] = "none";
    size_t used = 0;
    bool high = false;

    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
        unsigned count = 0;
        for (unsigned i = 0; i < page->finding_count; i++) {
            count += !page->findings[i].allowed &&
                     strcmp(page->findings[i].severity, words[k]) == 0;
        }
        if (count) {
            int len = snprintf(text + used, sizeof text - used, "%s%u %s",
                               used ? ", " : "", count, words[k]);
            used += len > 0 ? (size_t)len : 0;
            high |= k == 0;
        }
    }
    fact(out, "findings", high ? "open" : used ? "" : "shut", text);
}

static void contents(const struct hd_page *page, FILE *out)
{
    static const char *const parts[][2] = {{"sheet", "What an attacker can do"},
                                           {"slots", "Slots"},
                                           {"zone", "The whole chip"},
                                           {"all", "All bits"}};

    fputs("<nav aria-label=\"contents\"><ul>", out);
    for (unsigned i = page->attack ? 0 : 1; i < 4; i++) {
        fprintf(out, "<li><a href=\"#%s\">%s</a></li>", parts[i][0],
                parts[i][1]);
    }
    fputs("</ul></nav>", out);
}

static void header(const struct hd_page *page, FILE *out)
{
    const struct hd_policy *p = page->policy;
    bool config_open = page->config[87] == 0x55;
    bool data_open = page->config[86] == 0x55;
    char used[32];
    unsigned listed = 0;

    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        listed += p->slots[i].name[0] != 0;
    }
    (void)snprintf(used, sizeof used, "%u of 16", listed);
    fputs("<header><p class=\"eyebrow\">policy</p><h1>", out);
    hd_html_text(out, p->name);
    fputs("</h1>\n", out);
    if (p->about[0]) {
        fputs("<p class=\"lead\">", out);
        hd_html_text(out, p->about);
        fputs("</p>\n", out);
    }
    fputs("<dl class=\"facts\">", out);
    fact(out, "chip", "", hd_policy_chip_name(p->chips));
    fact(out, "from", "", page->source);
    fact(out, "slots in use", "", used);
    fact(out, "configuration", config_open ? "open" : "shut",
         config_open ? "open" : "locked");
    fact(out, "data", data_open ? "open" : "shut",
         data_open ? "open" : "locked");
    if (page->linted) {
        findings_fact(page, out);
    }
    fputs("</dl>\n", out);
    contents(page, out);
    fputs("</header>\n<main>\n", out);
}

/* ------------------------------------------------------------------- cards */

static const char *tone(const char *word)
{
    return strcmp(word, "anyone") == 0 ? "any" : "";
}

static void permission(FILE *out, const char *term, const char *word)
{
    fprintf(out, "<div><dt>%s</dt><dd class=\"%s\">", term, tone(word));
    hd_html_text(out, word);
    fputs("</dd></div>", out);
}

static void title(const struct hd_policy_slot *s, unsigned slot, FILE *out)
{
    fprintf(out,
            "<article class=\"card%s\" id=\"slot-%u\" tabindex=\"-1\" "
            "aria-labelledby=\"h-%u\">"
            "<h3 id=\"h-%u\"><span class=\"no\" aria-label=\"slot %u\">%u"
            "</span> ",
            s->name[0] ? "" : " off", slot, slot, slot, slot, slot);
    hd_html_text(out, s->name[0] ? s->name : "not listed");
    fprintf(out, "</h3><p class=\"purpose\">%s</p>\n",
            hd_policy_purposes[s->purpose].word);
}

static void card(const struct hd_page *page, unsigned slot, FILE *out)
{
    const struct hd_policy_slot *s = &page->policy->slots[slot];
    struct hd_policy_view v;
    char group[16];

    hd_policy_view_slot(page->policy, slot, &v);
    title(s, slot, out);
    if (s->about[0]) {
        fputs("<p class=\"about\">", out);
        hd_html_text(out, s->about);
        fputs("</p>\n", out);
    }
    fputs("<dl class=\"may\">", out);
    permission(out, "read", v.read);
    permission(out, "write", v.write);
    permission(out, "renew", v.renew);
    permission(out, "holds", v.type);
    permission(out, "filled with", hd_policy_content_words[s->content]);
    permission(out, "slot lock", v.lock);
    fputs("</dl>\n", out);
    if (v.use[0]) {
        fputs("<p class=\"use\">", out);
        hd_html_text(out, v.use);
        fputs("</p>\n", out);
    }
    hd_page_findings(page, (int)slot, out);
    hd_page_attacks(page, (int)slot, out);
    (void)snprintf(group, sizeof group, "slot%u", slot);
    fprintf(out, "<fieldset class=\"bits\"><legend>bits of slot %u</legend>\n",
            slot);
    hd_page_bits(page, 0, HD_F_FIRST_ZONE, slot, group, out);
    fputs("</fieldset></article>\n", out);
}

int hd_page_write(const struct hd_page *page, FILE *out)
{
    char digest[64];
    int err = style_digest(digest);

    if (err != HD_OK) {
        return err;
    }
    head(page, digest, out);
    header(page, out);
    hd_page_map(page, out);
    hd_page_sheet(page, out);
    fputs("<section id=\"slots\"><h2>Slots</h2>\n"
          "<p>Who may read, write and renew, once both zones are locked. "
          "<span class=\"hint\">Point at a bit, or walk along them with the "
          "arrow keys, for its name and place in the data "
          "sheet.</span></p>\n<div class=\"cards\">\n",
          out);
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        card(page, slot, out);
    }
    fputs("</div></section>\n", out);
    hd_page_zone(page, out);
    hd_page_appendix(page, out);
    fputs("</main>\n<footer><p>Words about bits. What the chip answers, a "
          "virtual chip knows: <code>half policy attack</code>.</p></footer>\n"
          "</body></html>\n",
          out);
    return HD_OK;
}
