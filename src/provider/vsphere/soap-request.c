/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/soap.h"

#include "base/error.h"
#include "base/secret.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

#define HEAD                                                       \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                 \
    "<soapenv:Envelope"                                            \
    " xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"" \
    " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\""              \
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"    \
    "<soapenv:Body><"
#define TAIL "></soapenv:Body></soapenv:Envelope>"
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Larger than any login: a buffer that grows leaves copies behind. */
#define SECRET_ROOM 65536

void
h2k_soap_request_clear(struct h2k_soap_request *request)
{
    if (request->secret && request->xml.data != NULL)
        h2k_wipe(request->xml.data, request->xml.capacity);
    h2k_buffer_free(&request->xml);
    *request = (struct h2k_soap_request){ 0 };
}

/* One character, escaped where it would mean something, replaced where XML
 * 1.0 does not allow it (section 2.2). */
static void
add_character(struct h2k_buffer *b, const char *bytes, size_t length,
              uint32_t c)
{
    if (c == '<')
        h2k_buffer_adds(b, "&lt;");
    else if (c == '>')
        h2k_buffer_adds(b, "&gt;");
    else if (c == '&')
        h2k_buffer_adds(b, "&amp;");
    else if (c == '"')
        h2k_buffer_adds(b, "&quot;");
    else if (c == '\r')
        h2k_buffer_adds(b, "&#13;"); /* else read as a line's end */
    else if ((c < 0x20 && c != '\t' && c != '\n') || c == 0xfffe ||
             c == 0xffff)
        h2k_buffer_adds(b, REPLACEMENT);
    else
        h2k_buffer_add(b, bytes, length);
}

static void
add_escaped(struct h2k_buffer *b, const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size;) {
        uint32_t c = 0xffff;
        size_t length = h2k_utf8_decode(text + i, size - i, &c);
        add_character(b, text + i, length, length == 0 ? 0xffff : c);
        i += length == 0 ? 1 : length;
    }
}

void
h2k_soap_begin(struct h2k_soap_request *request, const char *method,
               const char *type, const char *id)
{
    struct h2k_buffer *b = &request->xml;
    request->method = method;
    if (request->secret) {
        h2k_buffer_add_zeros(b, SECRET_ROOM);
        b->size = 0;
    }
    h2k_buffer_adds(b, HEAD);
    h2k_buffer_addf(b, "%s xmlns=\"" H2K_VIM_NS "\">", method);
    h2k_soap_ref(request, "_this", type, id);
}

void
h2k_soap_open(struct h2k_soap_request *request, const char *name,
              const char *type)
{
    h2k_buffer_addf(&request->xml, "<%s", name);
    if (type != NULL)
        h2k_buffer_addf(&request->xml, " xsi:type=\"%s\"", type);
    h2k_buffer_addc(&request->xml, '>');
}

void
h2k_soap_close(struct h2k_soap_request *request, const char *name)
{
    h2k_buffer_addf(&request->xml, "</%s>", name);
}

void
h2k_soap_text(struct h2k_soap_request *request, const char *name,
              const char *text)
{
    if (text == NULL)
        return;
    h2k_soap_open(request, name, NULL);
    add_escaped(&request->xml, text);
    h2k_soap_close(request, name);
}

void
h2k_soap_number(struct h2k_soap_request *request, const char *name,
                int64_t number)
{
    h2k_buffer_addf(&request->xml, "<%s>%" PRId64 "</%s>", name, number, name);
}

void
h2k_soap_bool(struct h2k_soap_request *request, const char *name, bool value)
{
    h2k_soap_text(request, name, value ? "true" : "false");
}

void
h2k_soap_ref(struct h2k_soap_request *request, const char *name,
             const char *type, const char *id)
{
    if (id == NULL)
        return;
    h2k_buffer_addf(&request->xml, "<%s type=\"", name);
    add_escaped(&request->xml, type);
    h2k_buffer_adds(&request->xml, "\">");
    add_escaped(&request->xml, id);
    h2k_soap_close(request, name);
}

int
h2k_soap_end(struct h2k_soap_request *request)
{
    struct h2k_buffer *b = &request->xml;
    size_t tail = strlen(TAIL);
    if (b->size >= tail && memcmp(b->data + b->size - tail, TAIL, tail) == 0)
        return h2k_buffer_check(b);
    h2k_buffer_addf(b, "</%s", request->method);
    h2k_buffer_adds(b, TAIL);
    return h2k_buffer_check(b);
}
