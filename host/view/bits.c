/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bits under the data sheet's names. A register's fields are radio
 * buttons: that makes them one stop of the Tab key, the arrow keys walk
 * along them, a finger can choose one, and no script is needed.
 */
#include "view/inner.h"

static bool has(const struct hd_page *page, unsigned id)
{
    return (hd_policy_fields[id].chips & page->policy->chips) != 0;
}

static void value_text(const struct hd_page *page, unsigned id, unsigned slot,
                       FILE *out)
{
    uint64_t value =
            hd_policy_get(page->config, (enum hd_policy_field_id)id, slot);

    if (hd_policy_fields[id].width >= 8) {
        fprintf(out, "0x%0*llX", hd_policy_fields[id].width / 4,
                (unsigned long long)value);
    } else {
        fprintf(out, "%llu", (unsigned long long)value);
    }
}

static void one_field(const struct hd_page *page, unsigned id, unsigned slot,
                      const char *group, FILE *out)
{
    const struct hd_policy_field *f = &hd_policy_fields[id];
    char place[48];
    bool set =
            hd_policy_get(page->config, (enum hd_policy_field_id)id, slot) != 0;

    hd_policy_field_place((enum hd_policy_field_id)id, slot, place,
                          sizeof place);
    fprintf(out,
            "<label class=\"bit%s\"><input type=\"radio\" name=\"%s\">"
            "<span class=\"fn\">%s</span><span class=\"fv\">",
            set ? " on" : "", group, f->name);
    value_text(page, id, slot, out);
    fprintf(out, "</span><span class=\"tip\"><b>%s.%s</b> = ", f->word,
            f->name);
    value_text(page, id, slot, out);
    fprintf(out, "<br><span class=\"at\">%s</span><br>", place);
    hd_html_text(out, f->doc);
    fputs("</span></label>\n", out);
}

void hd_page_bits(const struct hd_page *page, unsigned from, unsigned to,
                  unsigned slot, const char *group, FILE *out)
{
    for (unsigned id = from; id < to; id++) {
        if (has(page, id)) {
            one_field(page, id, slot, group, out);
        }
    }
}

static void matrix(const struct hd_page *page, FILE *out)
{
    fputs("<div class=\"wide\" tabindex=\"0\" role=\"region\" "
          "aria-labelledby=\"all-h\"><table class=\"matrix\"><thead><tr>"
          "<th scope=\"col\">field</th>",
          out);
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        fprintf(out, "<th scope=\"col\">%u</th>", slot);
    }
    fputs("</tr></thead><tbody>\n", out);
    for (unsigned id = 0; id < HD_F_FIRST_ZONE; id++) {
        fprintf(out, "<tr><th scope=\"row\">%s</th>",
                hd_policy_fields[id].name);
        for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
            uint64_t value = hd_policy_get(page->config,
                                           (enum hd_policy_field_id)id, slot);
            fprintf(out, "<td%s>%llu</td>", value ? " class=\"on\"" : "",
                    (unsigned long long)value);
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

static void bytes(const struct hd_page *page, FILE *out)
{
    fputs("<div class=\"wide\" tabindex=\"0\" role=\"region\" "
          "aria-label=\"the 128 bytes\"><pre>",
          out);
    for (unsigned i = 0; i < HD_POLICY_CONFIG_BYTES; i++) {
        if (i % 8 == 0) {
            fprintf(out, "<b>%3u</b>", i);
        }
        fprintf(out, " %02X%s", page->config[i], i % 8 == 7 ? "\n" : "");
    }
    fputs("</pre></div>\n", out);
}

void hd_page_appendix(const struct hd_page *page, FILE *out)
{
    fputs("<section id=\"all\"><h2 id=\"all-h\">All bits</h2>\n"
          "<p>SlotConfig and KeyConfig of all slots, and SlotLocked "
          "(1: not locked by itself).</p>\n",
          out);
    matrix(page, out);
    fputs("<h3>The 128 bytes</h3>\n", out);
    bytes(page, out);
    fputs("</section>\n", out);
}
