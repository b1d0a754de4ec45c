/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* XML that may come from anybody: parsed without a document type (and so
 * without entities of its own), without network, within limits. */
#ifndef H2K_BASE_XML_H
#define H2K_BASE_XML_H

#include <libxml/tree.h>
#include <stddef.h>

/* The document, at most so many levels of elements deep and without
 * comments; the caller frees it with xmlFreeDoc.  NULL with H2K_E_CORRUPT,
 * the message beginning with a verb ("is not …").  LIMITS: at most INT_MAX
 * bytes, and levels that recursion may have. */
xmlDoc *h2k_xml_parse(const char *xml, size_t size, size_t most_bytes,
                      unsigned most_levels);

#endif
