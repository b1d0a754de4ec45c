/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* With tokens.c the one place that knows libfyaml. */
#ifndef H2K_MANIFEST_EVENTS_H
#define H2K_MANIFEST_EVENTS_H

#include "manifest/problems.h"

/*
 * TEXT, which is UTF-8 and followed by a NUL, into DOC, whose `file` is
 * named.  -1 when there is nothing to go on with: reported, or without
 * memory.  The root stays NULL where there is no document in it; keys may
 * stand twice.
 */
int h2k_document_read_events(struct h2k_document *doc, const char *text,
                             size_t size, bool json, unsigned depth,
                             struct h2k_problems *problems);

#endif
