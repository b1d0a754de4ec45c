/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Writing XML 1.0 with libxml2: text that may hold anything, and one place
 * where running out of memory is noticed.
 */
#ifndef H2K_PROVIDER_XML_TEXT_H
#define H2K_PROVIDER_XML_TEXT_H

#include "base/cleanup.h"

#include <stdint.h>

/* TEXT with U+FFFD for each byte that is not UTF-8 and each character that
 * XML 1.0 forbids (section 2.2).  The caller frees it; NULL with
 * H2K_E_NOMEM. */
char *h2k_xml_clean(const char *text);

struct h2k_xml_writer;

/* An indented document in UTF-8.  A call that fails is remembered, and those
 * after it do nothing. */
struct h2k_xml_writer *h2k_xml_writer_new(void);
void h2k_xml_start(struct h2k_xml_writer *x, const char *name);
void h2k_xml_end(struct h2k_xml_writer *x);
/* Escaped and cleaned.  A VALUE of NULL writes nothing. */
void h2k_xml_attribute(struct h2k_xml_writer *x, const char *name,
                       const char *value);
void h2k_xml_attribute_number(struct h2k_xml_writer *x, const char *name,
                              uint64_t value);
/* An element of a text alone. */
void h2k_xml_element(struct h2k_xml_writer *x, const char *name,
                     const char *value);
void h2k_xml_element_number(struct h2k_xml_writer *x, const char *name,
                            uint64_t value);
void h2k_xml_element_format(struct h2k_xml_writer *x, const char *name,
                            const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A number as the content of the element that was started. */
void h2k_xml_text_number(struct h2k_xml_writer *x, uint64_t value);
/* The text, which the caller frees; NULL with H2K_E_NOMEM when any call
 * failed. */
char *h2k_xml_finish(struct h2k_xml_writer *x);
void h2k_xml_writer_free(struct h2k_xml_writer *x); /* NULL is fine */
H2K_DEFINE_AUTO(h2k_xml_writer, h2k_xml_writer_free)

#endif
