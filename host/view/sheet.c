/* SPDX-License-Identifier: Apache-2.0 */
/* What a reviewer and an attacker say: findings, and the attacker sheet. */
#include <string.h>

#include "view/inner.h"
#include "words.h"

static void one_finding(const struct hd_page_finding *f, FILE *out)
{
    const char *const more[] = {f->bits, f->why, f->allowed ? NULL : f->fix,
                                f->allowed};
    static const char *const leads[] = {"", "", "Fix: ", "Accepted: "};

    fputs("<div class=\"finding ", out);
    hd_html_text(out, f->allowed ? "allowed" : f->severity);
    fputs("\"><p><b class=\"sev\">", out);
    hd_html_text(out, f->severity);
    fputs("</b> <code>", out);
    hd_html_text(out, f->rule);
    fputs("</code> ", out);
    hd_html_text(out, f->what);
    fputs(f->inferred ? " <em>(inferred: no public document says so)</em></p>"
                      : "</p>",
          out);
    for (size_t k = 0; k < sizeof more / sizeof more[0]; k++) {
        if (more[k] && more[k][0]) {
            fprintf(out, "<p%s>%s", k == 0 ? " class=\"at\"" : "", leads[k]);
            hd_html_text(out, more[k]);
            fputs("</p>", out);
        }
    }
    fputs("</div>\n", out);
}

void hd_page_findings(const struct hd_page *page, int slot, FILE *out)
{
    for (unsigned i = 0; i < page->finding_count; i++) {
        if (page->findings[i].slot == slot) {
            one_finding(&page->findings[i], out);
        }
    }
}

/* ------------------------------------------------------------------ traces */

static void step(const struct hd_attack_step *s, FILE *out)
{
    struct hd_command_words words;
    char text[160];

    fputs("<li>", out);
    if (s->kind == HD_STEP_COMMAND) {
        hd_command_parse(s->group, s->len, &words);
        (void)hd_command_text(&words, text, sizeof text);
        hd_html_text(out, text);
        fputs(" <code>", out);
        for (unsigned i = 0; i < s->len; i++) {
            fprintf(out, "%02x", s->group[i]);
        }
        fputs("</code>", out);
    } else {
        fputs(s->kind == HD_STEP_WAKE ? "wake" : "sleep", out);
    }
    if (s->repeat > 1) {
        fprintf(out, " <b>%lu times</b>", (unsigned long)s->repeat);
    }
    fputs("</li>", out);
}

static const char *const who_words[HD_ATTACKERS] = {
        "anyone on the bus", "who also has the host\xE2\x80\x99s keys"};

static void one_yes(const struct hd_page *page, const struct hd_attack_yes *y,
                    unsigned who, FILE *out)
{
    fprintf(out, "<li><p><b>%s</b> can %s: %s", who_words[who],
            hd_goal_text((enum hd_goal)y->goal), y->how);
    if (y->via >= 0) {
        fputs(", with the key of ", out);
        hd_page_node(page, (unsigned)y->via, out);
    }
    if (y->inferred) {
        fputs(" <em>(inferred: no public rule forbids it)</em>", out);
    }
    fputs("</p><ol class=\"trace\">", out);
    for (unsigned i = 0; i < y->count; i++) {
        step(&y->steps[i], out);
    }
    fputs("</ol></li>\n", out);
}

/* The second attacker's answer only where the first one has none. */
static const struct hd_attack_yes *
answer(const struct hd_page *page, unsigned goal, unsigned slot, unsigned *who)
{
    const struct hd_attack_yes *y = NULL;

    for (*who = 0; *who < HD_ATTACKERS; ++*who) {
        y = hd_attack_find(page->attack, (enum hd_attacker) * who,
                           (enum hd_goal)goal, slot);
        if (y) {
            return y;
        }
    }
    return NULL;
}

void hd_page_attacks(const struct hd_page *page, int slot, FILE *out)
{
    unsigned from = slot < 0 ? HD_GOAL_FIRST_ZONE : 0;
    unsigned to = slot < 0 ? HD_GOAL_COUNT : HD_GOAL_FIRST_ZONE;
    unsigned at = slot < 0 ? 0 : (unsigned)slot;
    unsigned count = 0;
    unsigned who;

    if (!page->attack) {
        return;
    }
    for (unsigned g = from; g < to; g++) {
        count += answer(page, g, at, &who) != NULL;
    }
    if (count == 0) {
        return;
    }
    fprintf(out,
            "<details class=\"attacks\"><summary>What an attacker can do here "
            "(%u)</summary><ul>\n",
            count);
    for (unsigned g = from; g < to; g++) {
        const struct hd_attack_yes *y = answer(page, g, at, &who);
        if (y) {
            one_yes(page, y, who, out);
        }
    }
    fputs("</ul></details>\n", out);
}

/* ------------------------------------------------------------------- sheet */

/* An answer stands in the second column if the first attacker has none, or
 * only one that rests on an inferred rule. */
static const struct hd_attack_yes *in_column(const struct hd_page *page,
                                             unsigned column, unsigned goal,
                                             unsigned slot)
{
    const struct hd_attack_yes *bus =
            hd_attack_find(page->attack, HD_ON_BUS, (enum hd_goal)goal, slot);
    const struct hd_attack_yes *flash = hd_attack_find(
            page->attack, HD_OWNS_FLASH, (enum hd_goal)goal, slot);

    if (column == HD_ON_BUS) {
        return bus;
    }
    return flash && (!bus || (bus->inferred && !flash->inferred)) ? flash
                                                                  : NULL;
}

static bool has_waiver(const struct hd_page *page, int slot, enum hd_goal goal)
{
    for (unsigned i = 0; i < page->finding_count; i++) {
        const struct hd_page_finding *f = &page->findings[i];
        if (f->slot == slot && f->allowed && f->proof &&
            f->proof->goal == goal) {
            return true;
        }
    }
    return false;
}

/* The author knows, and says why. Who replaces a key destroys the old one. */
static bool is_accepted(const struct hd_page *page, int slot, enum hd_goal goal)
{
    return has_waiver(page, slot, goal) ||
           (goal == HD_GOAL_DESTROY &&
            (has_waiver(page, slot, HD_GOAL_REGENERATE) ||
             has_waiver(page, slot, HD_GOAL_OVERWRITE) ||
             has_waiver(page, slot, HD_GOAL_ROLL)));
}

/* Red: what anyone on the bus can and nobody should. Who has the host's keys
 * is the host, as far as a chip can tell. */
static const char *tone(const struct hd_page *page, unsigned column, int slot,
                        enum hd_goal goal)
{
    if (is_accepted(page, slot, goal)) {
        return " okay";
    }
    return column == HD_ON_BUS &&
                           hd_attack_is_unwanted(page->config, slot, goal)
                   ? " takes"
                   : "";
}

static void cell(const struct hd_page *page, unsigned column, int slot,
                 FILE *out)
{
    unsigned from = slot < 0 ? HD_GOAL_FIRST_ZONE : 0;
    unsigned to = slot < 0 ? HD_GOAL_COUNT : HD_GOAL_FIRST_ZONE;
    unsigned count = 0;

    fputs("<td>", out);
    for (unsigned g = from; g < to; g++) {
        const struct hd_attack_yes *y =
                in_column(page, column, g, slot < 0 ? 0 : (unsigned)slot);
        if (y) {
            fprintf(out,
                    "<span class=\"tag%s%s\" title=\"%s: %s\">%s%s</span> ",
                    tone(page, column, slot, (enum hd_goal)g),
                    y->inferred ? " maybe" : "", hd_goal_text((enum hd_goal)g),
                    y->how, hd_goal_word((enum hd_goal)g),
                    y->inferred ? "?" : "");
            count++;
        }
    }
    fputs(count ? "</td>" : "<span class=\"none\">nothing</span></td>", out);
}

static void row(const struct hd_page *page, int slot, FILE *out)
{
    if (slot < 0) {
        fputs("<tr><th scope=\"row\"><a href=\"#zone\">the chip</a></th>", out);
    } else {
        fprintf(out,
                "<tr><th scope=\"row\"><a href=\"#slot-%d\">"
                "<span class=\"no\">%d</span> ",
                slot, slot);
        hd_html_text(out, page->policy->slots[slot].name);
        fputs("</a></th>", out);
    }
    for (unsigned who = 0; who < HD_ATTACKERS; who++) {
        cell(page, who, slot, out);
    }
    fputs("</tr>\n", out);
}

static bool is_in_sheet(const struct hd_page *page, unsigned goal)
{
    for (unsigned i = 0; i < HD_ATTACKERS * HD_POLICY_SLOTS; i++) {
        if (hd_attack_find(page->attack, (enum hd_attacker)(i % HD_ATTACKERS),
                           (enum hd_goal)goal, i / HD_ATTACKERS)) {
            return true;
        }
    }
    return false;
}

/* Only words that stand in this sheet. */
static void legend(const struct hd_page *page, FILE *out)
{
    fputs("<dl class=\"goals\">", out);
    for (unsigned g = 0; g < HD_GOAL_COUNT; g++) {
        if (is_in_sheet(page, g)) {
            fprintf(out,
                    "<div><dt><span class=\"tag\">%s</span></dt><dd>%s</dd>"
                    "</div>",
                    hd_goal_word((enum hd_goal)g),
                    hd_goal_text((enum hd_goal)g));
        }
    }
    fputs("<div><dt><span class=\"tag takes\">red</span></dt><dd>what this "
          "slot is there to prevent</dd></div>"
          "<div><dt><span class=\"tag okay\">amber</span></dt><dd>the same, "
          "accepted by the policy with a reason</dd></div>"
          "<div><dt><span class=\"tag "
          "maybe\">\xE2\x80\xA6?</span></dt><dd>rests "
          "on a rule that no public document states</dd></div></dl>\n",
          out);
}

void hd_page_sheet(const struct hd_page *page, FILE *out)
{
    if (!page->attack) {
        return;
    }
    fprintf(out,
            "<section id=\"sheet\"><h2 id=\"sheet-h\">What an attacker can "
            "do</h2>\n"
            "<p>%llu commands were tried against a virtual chip with this "
            "configuration, by somebody who has the whole bus and by somebody "
            "who also has the keys in the host\xE2\x80\x99s flash. The second "
            "can do all that the first can. Slots are judged with both zones "
            "locked; the trace of each answer is on its slot.</p>\n"
            "<table class=\"sheet\"><thead><tr><th scope=\"col\">slot</th>"
            "<th scope=\"col\">anyone on the bus</th>"
            "<th scope=\"col\">with the host\xE2\x80\x99s keys, also</th></tr>"
            "</thead><tbody>\n",
            (unsigned long long)hd_attack_commands(page->attack));
    for (int slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        row(page, slot, out);
    }
    row(page, -1, out);
    fputs("</tbody></table>\n", out);
    legend(page, out);
    fputs("</section>\n", out);
}
