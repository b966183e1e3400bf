/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map: one box for each slot in a column, arrows to the right of it. The
 * farther an arrow goes, the wider its bow, so that arrows nest rather than
 * cross. Each box is a link to its slot's card; the style sheet fades the
 * arrows that do not concern the box under the pointer or the focus.
 */
#include <string.h>

#include "view/inner.h"

enum {
    ROW = 36,
    BOX_HEIGHT = 30,
    BOX_LEFT = 1,
    BOX_RIGHT = 226,
    WIDTH = 360,
    NAME_MOST = 22, /* characters that fit into a box */
};

void hd_page_node(const struct hd_page *page, unsigned node, FILE *out)
{
    if (node == HD_PAGE_CHIP) {
        fputs("the chip", out);
    } else if (node == HD_PAGE_COUNTER0) {
        fputs("counter 0", out);
    } else if (page->policy->slots[node].name[0]) {
        hd_html_text(out, page->policy->slots[node].name);
    } else {
        fprintf(out, "slot %u", node);
    }
}

/* Cut between characters, with an ellipsis. */
static void short_name(const char *name, FILE *out)
{
    char part[HD_POLICY_NAME_SIZE];
    size_t bytes = 0;
    unsigned chars = 0;

    while (name[bytes] && chars < NAME_MOST) {
        chars++;
        do {
            bytes++;
        } while (((unsigned char)name[bytes] & 0xC0) == 0x80);
    }
    (void)snprintf(part, sizeof part, "%.*s", (int)bytes, name);
    hd_html_text(out, part);
    if (name[bytes]) {
        fputs("\xE2\x80\xA6", out);
    }
}

static const char *kind_class(const uint8_t *config, unsigned slot)
{
    switch (hd_policy_kind(config, slot)) {
    case HD_KIND_PRIVATE:
        return "kp";
    case HD_KIND_PUBLIC:
        return "ku";
    case HD_KIND_AES:
        return "ka";
    case HD_KIND_SECRET:
        return hd_policy_get(config, HD_F_IsSecret, slot) ? "ks" : "kd";
    default:
        return "ko";
    }
}

static int middle(unsigned node)
{
    return (int)node * ROW + ROW / 2 + (node >= HD_PAGE_CHIP ? 10 : 0);
}

static void box(const char *class, unsigned node, FILE *out)
{
    fprintf(out,
            "<rect class=\"box %s\" x=\"%d\" y=\"%d\" width=\"%d\" "
            "height=\"%d\" rx=\"6\"/>",
            class, BOX_LEFT, middle(node) - BOX_HEIGHT / 2,
            BOX_RIGHT - BOX_LEFT, BOX_HEIGHT);
}

/* A dot on the box of a slot with findings that nobody has accepted. */
static unsigned findings_of(const struct hd_page *page, unsigned slot,
                            const char **gravest)
{
    unsigned count = 0;

    for (unsigned i = 0; i < page->finding_count; i++) {
        const struct hd_page_finding *f = &page->findings[i];
        if (f->slot == (int)slot && !f->allowed) {
            *gravest = count++ ? *gravest : f->severity;
        }
    }
    return count;
}

static void dot(const struct hd_page *page, unsigned slot, FILE *out)
{
    const char *gravest = "";
    unsigned count = findings_of(page, slot, &gravest);

    if (count) {
        fputs("<circle class=\"dot ", out);
        hd_html_text(out, gravest);
        fprintf(out,
                "\" cx=\"%d\" cy=\"%d\" r=\"8\"/><text class=\"dn\" "
                "x=\"%d\" y=\"%d\">%u</text>",
                BOX_RIGHT - 16, middle(slot), BOX_RIGHT - 16, middle(slot) + 4,
                count);
    }
}

static void slot_node(const struct hd_page *page, unsigned slot, FILE *out)
{
    const struct hd_policy_slot *s = &page->policy->slots[slot];
    const char *class = kind_class(page->config, slot);
    const char *gravest = "";
    unsigned findings = findings_of(page, slot, &gravest);
    int y = middle(slot);

    fprintf(out, "<a class=\"n n%u\" href=\"#slot-%u\" aria-label=\"slot %u, ",
            slot, slot, slot);
    hd_html_text(out, s->name[0] ? s->name : "not listed");
    fprintf(out, ", %s", hd_policy_purposes[s->purpose].word);
    if (findings) {
        fprintf(out, ", %u finding%s", findings, findings > 1 ? "s" : "");
    }
    fputs("\">", out);
    box(s->name[0] ? "" : "off", slot, out);
    fprintf(out,
            "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"4\" height=\"%d\" "
            "rx=\"2\"/><text class=\"no\" x=\"29\" y=\"%d\">%u</text>"
            "<text class=\"nm\" x=\"38\" y=\"%d\">",
            class, BOX_LEFT + 3, y - 11, 22, y + 5, slot, y - 1);
    short_name(s->name[0] ? s->name : "\xE2\x80\x94", out);
    fprintf(out, "</text><text class=\"pu\" x=\"38\" y=\"%d\">%s</text>",
            y + 11, hd_policy_purposes[s->purpose].word);
    dot(page, slot, out);
    fputs("</a>\n", out);
}

static void other_node(unsigned node, const char *name, const char *about,
                       FILE *out)
{
    int y = middle(node);

    fprintf(out, "<a class=\"n n%u\" href=\"#zone\" aria-label=\"%s, %s\">",
            node, name, about);
    box("chip", node, out);
    fprintf(out,
            "<text class=\"nm\" x=\"14\" y=\"%d\">%s</text>"
            "<text class=\"pu\" x=\"14\" y=\"%d\">%s</text></a>\n",
            y - 1, name, y + 11, about);
}

/* Where at the box an arrow touches: ends of several are set apart. */
static int port(const struct hd_arrow *all, unsigned count, unsigned at,
                bool head)
{
    unsigned node = head ? all[at].to : all[at].from;
    unsigned total = 0;
    unsigned mine = 0;

    for (unsigned i = 0; i < count; i++) {
        mine = i == at ? total + (head && all[i].from == node) : mine;
        total += (unsigned)(all[i].from == node) + (all[i].to == node);
    }
    int step = total > 1 ? 20 / (int)(total - 1) : 0;
    step = step > 7 ? 7 : step;
    return middle(node) + (int)mine * step - (int)(total - 1) * step / 2;
}

static void arrow(const struct hd_page *page, const struct hd_arrow *all,
                  unsigned count, unsigned at, FILE *out)
{
    const struct hd_arrow *a = &all[at];
    int from = port(all, count, at, false);
    int to = port(all, count, at, true);
    int far = from < to ? to - from : from - to;
    int bow = BOX_RIGHT + 34 + far * 100 / (HD_PAGE_NODES * ROW);
    const char *class = hd_arrow_words[a->kind].class;

    bow += bow - BOX_RIGHT > 40 ? 24 : 0;
    fprintf(out, "<g class=\"e %s f%u t%u\"><title>", class, a->from, a->to);
    hd_page_node(page, a->from, out);
    fprintf(out, " %s ", hd_arrow_words[a->kind].verb);
    hd_page_node(page, a->to, out);
    fprintf(out,
            "</title><path d=\"M%d %dC%d %d %d %d %d %d\"/>"
            "<circle cx=\"%d\" cy=\"%d\" r=\"2.5\"/>"
            "<polygon points=\"%d,%d %d,%d %d,%d\"/></g>\n",
            BOX_RIGHT + 1, from, bow, from, bow, to, BOX_RIGHT + 7, to,
            BOX_RIGHT + 2, from, BOX_RIGHT + 1, to, BOX_RIGHT + 10, to - 4,
            BOX_RIGHT + 10, to + 4);
}

static void sentence(const struct hd_page *page, const struct hd_arrow *a,
                     FILE *out)
{
    char place[48];

    hd_policy_field_place(a->field, a->slot, place, sizeof place);
    fprintf(out, "<li><i class=\"key %s\"></i><span><b>",
            hd_arrow_words[a->kind].class);
    hd_page_node(page, a->from, out);
    fprintf(out, "</b> %s", a->what ? a->what : hd_arrow_words[a->kind].verb);
    if (!a->what) {
        fputs(" <b>", out);
        hd_page_node(page, a->to, out);
        fputs("</b>", out);
    }
    fprintf(out, " <small><code>%s = %llu</code>, %s</small></span></li>\n",
            hd_policy_fields[a->field].name,
            (unsigned long long)hd_policy_get(page->config, a->field, a->slot),
            place);
}

static void legend(const struct hd_page *page, FILE *out)
{
    static const char *const kinds[][2] = {
            {"kp", "private key"}, {"ku", "public key"}, {"ks", "secret"},
            {"ka", "AES key"},     {"kd", "data"},       {"ko", "reserved"}};

    fputs("<ul class=\"legend\" aria-label=\"signs on the boxes\">", out);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        fprintf(out, "<li><i class=\"bar %s\"></i>%s</li>", kinds[i][0],
                kinds[i][1]);
    }
    fputs(page->finding_count ? "<li><i class=\"num\">2</i>findings</li></ul>\n"
                              : "</ul>\n",
          out);
}

static void drawing(const struct hd_page *page, const struct hd_arrow *all,
                    unsigned count, FILE *out)
{
    fprintf(out,
            "<svg class=\"map\" viewBox=\"0 0 %d %d\" role=\"group\" "
            "aria-labelledby=\"map-h\">\n",
            WIDTH, middle(HD_PAGE_NODES - 1) + ROW / 2);
    for (unsigned i = 0; i < count; i++) {
        arrow(page, all, count, i, out);
    }
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        slot_node(page, slot, out);
    }
    other_node(HD_PAGE_CHIP, "the chip", "boot, bus, latch", out);
    other_node(HD_PAGE_COUNTER0, "counter 0", "counts limited uses", out);
    fputs("</svg>\n", out);
}

void hd_page_map(const struct hd_page *page, FILE *out)
{
    struct hd_arrow all[HD_ARROWS_MAX];
    unsigned count = hd_page_arrows(page->config, page->policy->chips, all);

    fputs("<section class=\"who\"><h2 id=\"map-h\">Who governs whom</h2>\n"
          "<div class=\"cols\"><div>\n",
          out);
    drawing(page, all, count, out);
    fputs("</div><div>\n", out);
    legend(page, out);
    if (count == 0) {
        fputs("<p>No slot depends on another one.</p>\n", out);
    } else {
        fputs("<ul class=\"rels\">\n", out);
        for (unsigned i = 0; i < count; i++) {
            sentence(page, &all[i], out);
        }
        fputs("</ul>\n", out);
    }
    fputs("</div></div></section>\n", out);
}
