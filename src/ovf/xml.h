/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The XML of an OVF, by base/xml.h. */
#ifndef H2K_OVF_XML_H
#define H2K_OVF_XML_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The document, of at most H2K_OVF_MAX_SIZE bytes and H2K_OVF_MAX_DEPTH
 * elements deep.  NULL with H2K_E_CORRUPT, the message beginning with a verb
 * ("is not …"). */
xmlDoc *h2k_ovf_xml_parse(const char *xml, size_t size);

/* Is NODE the element NAME of NAMESPACE? */
bool h2k_ovf_xml_is(const xmlNode *node, const char *namespace,
                    const char *name);

/* A number in decimal digits and nothing else. */
bool h2k_ovf_number(const char *text, uint64_t *value);
/* How many bytes one unit of UNITS is: "byte * 2^20" (DSP0004, programmatic
 * units), or as older writers have it ("MegaBytes"); NULL is a byte. */
bool h2k_ovf_units(const char *units, uint64_t *bytes);

#endif
