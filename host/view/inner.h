/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the page share. */
#ifndef HD_VIEW_INNER_H
#define HD_VIEW_INNER_H

#include "view/page.h"

struct hd_arrow_words {
    const char *class, *verb, *legend;
};

extern const struct hd_arrow_words hd_arrow_words[HD_ARROW_KINDS];

/* page.css, as bytes */
extern const char hd_page_css[];
extern const size_t hd_page_css_len;

/* "identity", "slot 4", "the chip" */
void hd_page_node(const struct hd_page *page, unsigned node, FILE *out);

/* The map of slots and arrows, and the same as a list of sentences. */
void hd_page_map(const struct hd_page *page, FILE *out);

/* Register fields, one focus stop for all: those with from <= id < to. */
void hd_page_bits(const struct hd_page *page, unsigned from, unsigned to,
                  unsigned slot, const char *group, FILE *out);
/* The matrix of all bits and the bytes themselves. */
void hd_page_appendix(const struct hd_page *page, FILE *out);

/* A slot's share of findings and attacks (slot -1: the chip's). */
void hd_page_findings(const struct hd_page *page, int slot, FILE *out);
void hd_page_attacks(const struct hd_page *page, int slot, FILE *out);
/* The attacker sheet: all slots in one table. */
void hd_page_sheet(const struct hd_page *page, FILE *out);

/* The settings of the zone. */
void hd_page_zone(const struct hd_page *page, FILE *out);

#endif
