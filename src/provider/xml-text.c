/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/xml-text.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <libxml/xmlwriter.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

struct h2k_xml_writer {
    xmlBuffer *buffer;
    xmlTextWriter *writer;
    bool failed;
};

static bool
is_allowed(uint32_t c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return c != 0xfffe && c != 0xffff;
}

char *
h2k_xml_clean(const char *text)
{
    H2K_AUTO_BUFFER b = { 0 };
    size_t size = strlen(text), length;
    for (size_t i = 0; i < size; i += length) {
        uint32_t c;
        length = h2k_utf8_decode(text + i, size - i, &c);
        if (length == 0 || !is_allowed(c))
            h2k_buffer_adds(&b, REPLACEMENT);
        else
            h2k_buffer_add(&b, text + i, length);
        length += length == 0;
    }
    return h2k_buffer_steal(&b);
}

static void
check(struct h2k_xml_writer *x, int result)
{
    x->failed = x->failed || result < 0;
}

struct h2k_xml_writer *
h2k_xml_writer_new(void)
{
    H2K_AUTO(h2k_xml_writer) x = calloc(1, sizeof(*x));
    if (x == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    x->buffer = xmlBufferCreate();
    if (x->buffer != NULL)
        x->writer = xmlNewTextWriterMemory(x->buffer, 0);
    if (x->writer == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    check(x, xmlTextWriterSetIndent(x->writer, 1));
    check(x, xmlTextWriterSetIndentString(x->writer, BAD_CAST "  "));
    check(x, xmlTextWriterStartDocument(x->writer, NULL, "UTF-8", NULL));
    return h2k_steal(x);
}

void
h2k_xml_start(struct h2k_xml_writer *x, const char *name)
{
    if (!x->failed)
        check(x, xmlTextWriterStartElement(x->writer, BAD_CAST name));
}

void
h2k_xml_end(struct h2k_xml_writer *x)
{
    if (!x->failed)
        check(x, xmlTextWriterEndElement(x->writer));
}

void
h2k_xml_attribute(struct h2k_xml_writer *x, const char *name,
                  const char *value)
{
    h2k_autofree char *clean = value == NULL ? NULL : h2k_xml_clean(value);
    x->failed = x->failed || (value != NULL && clean == NULL);
    if (!x->failed && clean != NULL)
        check(x, xmlTextWriterWriteAttribute(x->writer, BAD_CAST name,
                                             BAD_CAST clean));
}

void
h2k_xml_attribute_number(struct h2k_xml_writer *x, const char *name,
                         uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, value);
    h2k_xml_attribute(x, name, text);
}

void
h2k_xml_element(struct h2k_xml_writer *x, const char *name, const char *value)
{
    h2k_autofree char *clean = value == NULL ? NULL : h2k_xml_clean(value);
    x->failed = x->failed || (value != NULL && clean == NULL);
    if (!x->failed && clean != NULL)
        check(x, xmlTextWriterWriteElement(x->writer, BAD_CAST name,
                                           BAD_CAST clean));
}

void
h2k_xml_element_number(struct h2k_xml_writer *x, const char *name,
                       uint64_t value)
{
    h2k_xml_element_format(x, name, "%" PRIu64, value);
}

void
h2k_xml_element_format(struct h2k_xml_writer *x, const char *name,
                       const char *format, ...)
{
    H2K_AUTO_BUFFER b = { 0 };
    va_list ap;
    va_start(ap, format);
    h2k_buffer_vaddf(&b, format, ap);
    va_end(ap);
    x->failed = x->failed || b.failed;
    h2k_xml_element(x, name, h2k_buffer_text(&b));
}

void
h2k_xml_text_number(struct h2k_xml_writer *x, uint64_t value)
{
    if (!x->failed)
        check(x, xmlTextWriterWriteFormatString(x->writer, "%" PRIu64, value));
}

char *
h2k_xml_finish(struct h2k_xml_writer *x)
{
    if (!x->failed)
        check(x, xmlTextWriterEndDocument(x->writer));
    char *text =
        x->failed ? NULL : strdup((const char *)xmlBufferContent(x->buffer));
    if (text == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return text;
}

void
h2k_xml_writer_free(struct h2k_xml_writer *x)
{
    if (x == NULL)
        return;
    if (x->writer != NULL)
        xmlFreeTextWriter(x->writer);
    if (x->buffer != NULL)
        xmlBufferFree(x->buffer);
    free(x);
}
