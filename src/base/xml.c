/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/xml.h"

#include "base/error.h"
#include "base/utf8.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

/* A document type is where entities, and files of others, come from; what
 * we read has none. */
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
check_tree(const xmlNode *node, unsigned depth, unsigned most)
{
    if (depth > most)
        return h2k_fail(H2K_E_CORRUPT, "has more than %u levels", most);
    for (; node != NULL; node = node->next) {
        if (node->type == XML_ENTITY_REF_NODE)
            return h2k_fail(H2K_E_CORRUPT, "has an entity of its own");
        if (node->type == XML_ELEMENT_NODE &&
            check_tree(node->children, depth + 1, most) < 0)
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
h2k_xml_parse(const char *xml, size_t size, size_t most_bytes,
              unsigned most_levels)
{
    if (size > most_bytes)
        return h2k_fail_null(H2K_E_CORRUPT, "has more than %zu KiB",
                             most_bytes >> 10);
    /* Whatever it declares: libxml2 prints what it cannot convert. */
    if (h2k_utf8_valid_prefix(xml, size) != size)
        return h2k_fail_null(H2K_E_CORRUPT, "is not text in UTF-8");
    xmlDoc *doc = parse(xml, size);
    if (doc != NULL &&
        check_tree(xmlDocGetRootElement(doc), 1, most_levels) < 0) {
        xmlFreeDoc(doc);
        return NULL;
    }
    return doc;
}
