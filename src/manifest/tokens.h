/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What single events and tokens of libfyaml say, and what it gets wrong in
 * them; private to events.c. */
#ifndef H2K_MANIFEST_TOKENS_H
#define H2K_MANIFEST_TOKENS_H

#include "manifest/problems.h"

struct fy_event;
struct fy_token;

/* Where they come from and go to. */
struct h2k_tokens {
    struct h2k_document *doc;
    struct h2k_problems *problems;
    const char *file, *source;
    size_t source_size;
    bool json;
};

/* Where EVENT stands, or OTHERWISE where nothing stands there. */
struct h2k_place h2k_event_place(const struct h2k_tokens *in,
                                 struct fy_event *event,
                                 struct h2k_place otherwise);

/* The name that the event gives its node, or NULL. */
const char *h2k_event_anchor(const struct h2k_tokens *in,
                             struct fy_event *event);

/* Which of YAML's own types a tag names; "" for none, NULL for any other
 * tag. */
const char *h2k_event_tag(struct fy_event *event);

/* A token's text in the document's arena; "" where there is no token.  NULL
 * when it cannot be a string of ours, which is reported (or without
 * memory). */
const char *h2k_token_text(const struct h2k_tokens *in, struct fy_token *token,
                           struct h2k_place place);

/* Is it a block, | or >? */
bool h2k_token_is_block(struct fy_token *token);

/* The lines of a block scalar have to be indented more than what it is in
 * (YAML 1.2, 8.1.1.1), which begins in COLUMN; 0: in nothing.  -1 when they
 * are not, which is reported. */
int h2k_token_check_block(const struct h2k_tokens *in, struct fy_token *token,
                          unsigned column, struct h2k_place place);

#endif
