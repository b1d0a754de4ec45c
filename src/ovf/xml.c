/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "ovf/xml.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/utf8.h"
#include "ovf/names.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A document type is where entities, and files of others, come from; an OVF
 * has none. */
static void
refuse_doctype(void *context, const xmlChar *name, const xmlChar *external_id,
               const xmlChar *system_id)
{
    (void)name;
    (void)external_id;
    (void)system_id;
    xmlParserCtxt *parser = context;
    parser->wellFormed = 0;
    xmlStopParser(parser);
}

/* libxml2 prints to standard error otherwise. */
static void
say_nothing(void *context, const char *format, ...)
{
    (void)context;
    (void)format;
}

/* Also the limit on what follows, which nests where the document does. */
static int
check_tree(const xmlNode *node, unsigned depth)
{
    if (depth > H2K_OVF_MAX_DEPTH)
        return h2k_fail(H2K_E_CORRUPT, "has more than %d levels",
                        H2K_OVF_MAX_DEPTH);
    for (; node != NULL; node = node->next) {
        if (node->type == XML_ENTITY_REF_NODE)
            return h2k_fail(H2K_E_CORRUPT, "has an entity of its own");
        if (node->type == XML_ELEMENT_NODE &&
            check_tree(node->children, depth + 1) < 0)
            return -1;
    }
    return 0;
}

static xmlDoc *
parse(const char *xml, size_t size)
{
    xmlParserCtxt *parser = xmlNewParserCtxt();
    if (parser == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    parser->sax->internalSubset = refuse_doctype;
    parser->sax->processingInstruction = NULL;
    parser->sax->comment = NULL;
    parser->sax->error = say_nothing;
    parser->sax->warning = say_nothing;
    xmlDoc *doc = xmlCtxtReadMemory(
        parser, xml, (int)size, NULL, "UTF-8",
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
            XML_PARSE_NOBLANKS | XML_PARSE_NOCDATA);
    long line = parser->input == NULL ? 0 : parser->input->line;
    xmlFreeParserCtxt(parser);
    if (doc == NULL || xmlDocGetRootElement(doc) == NULL) {
        xmlFreeDoc(doc);
        return h2k_fail_null(H2K_E_CORRUPT,
                             "is not well-formed XML without a document type "
                             "(line %ld)",
                             line);
    }
    return doc;
}

xmlDoc *
h2k_ovf_xml_parse(const char *xml, size_t size)
{
    if (size > H2K_OVF_MAX_SIZE)
        return h2k_fail_null(H2K_E_CORRUPT, "has more than %u KiB",
                             H2K_OVF_MAX_SIZE >> 10);
    /* Whatever it declares: libxml2 prints what it cannot convert. */
    if (h2k_utf8_valid_prefix(xml, size) != size)
        return h2k_fail_null(H2K_E_CORRUPT, "is not text in UTF-8");
    xmlDoc *doc = parse(xml, size);
    if (doc != NULL && check_tree(xmlDocGetRootElement(doc), 1) < 0) {
        xmlFreeDoc(doc);
        return NULL;
    }
    return doc;
}

bool
h2k_ovf_xml_is(const xmlNode *node, const char *namespace, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns != NULL &&
           strcmp((const char *)node->ns->href, namespace) == 0 &&
           strcmp((const char *)node->name, name) == 0;
}

bool
h2k_ovf_number(const char *text, uint64_t *value)
{
    *value = 0;
    for (const char *p = text; *p != '\0'; p++)
        if (*p < '0' || *p > '9' || ckd_mul(value, *value, 10) ||
            ckd_add(value, *value, (uint64_t)(*p - '0')))
            return false;
    return *text != '\0';
}

bool
h2k_ovf_units(const char *units, uint64_t *bytes)
{
    static const struct {
        const char *name;
        unsigned power;
    } older[] = {
        { "byte", 0 }, { "bytes", 0 },      { "KB", 10 }, { "KiloBytes", 10 },
        { "MB", 20 },  { "MegaBytes", 20 }, { "GB", 30 }, { "GigaBytes", 30 },
    };
    unsigned power;
    int end = 0;
    *bytes = 1;
    if (units == NULL)
        return true;
    for (size_t i = 0; i < sizeof(older) / sizeof(*older); i++)
        if (strcasecmp(units, older[i].name) == 0) {
            *bytes = UINT64_C(1) << older[i].power;
            return true;
        }
    if (sscanf(units, "byte * 2 ^ %2u%n", &power, &end) != 1 ||
        units[end] != '\0' || power >= 64)
        return false;
    *bytes = UINT64_C(1) << power;
    return true;
}
