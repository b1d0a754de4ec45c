/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* libxml2 as a server may be let at it: bounded, and without a document type,
 * files and network. */
#include "provider/vsphere/soap.h"

#include "base/error.h"

#include <libxml/parser.h>
#include <limits.h>
#include <string.h>

/* A reply's tree takes many times its bytes: so many elements at once are no
 * reply that anybody asked for. */
#define ELEMENTS_MAX 1000000
/* Envelope, Body, response, returnval, item. */
#define ITEM_DEPTH 5

struct parse {
    startElementNsSAX2Func start;
    endElementNsSAX2Func end;
    unsigned elements; /* in the tree now */
    const char *name;  /* of the items, or NULL */
    int (*each)(void *opaque, const xmlNode *item);
    void *opaque;
    const char *refused; /* why */
    bool failed;         /* EACH did, with its error */
};

static void
stop(xmlParserCtxt *parser, const char *why)
{
    struct parse *parse = parser->_private;
    parse->refused = why;
    parser->wellFormed = 0;
    xmlStopParser(parser);
}

static void
#if LIBXML_VERSION >= 21200
be_silent(void *context, const xmlError *error)
#else
be_silent(void *context, xmlError *error)
#endif
{
    (void)context;
    (void)error;
}

/* SOAP 1.1, section 3: a message has no document type. */
static void
refuse_type(void *context, const xmlChar *name, const xmlChar *external,
            const xmlChar *system)
{
    (void)name;
    (void)external;
    (void)system;
    stop(context, "has a document type, which SOAP forbids");
}

static void
start_element(void *context, const xmlChar *name, const xmlChar *prefix,
              const xmlChar *uri, int namespace_count,
              const xmlChar **namespaces, int attribute_count,
              int default_count, const xmlChar **attributes)
{
    xmlParserCtxt *parser = context;
    struct parse *parse = parser->_private;
    if (++parse->elements > ELEMENTS_MAX) {
        stop(parser, "has too many elements");
        return;
    }
    parse->start(context, name, prefix, uri, namespace_count, namespaces,
                 attribute_count, default_count, attributes);
}

/* With the white space before it: a parser that comes back to a text which it
 * has left takes its length from another one. */
static void
drop(xmlNode *item)
{
    xmlNode *parent = item->parent;
    xmlUnlinkNode(item);
    xmlFreeNode(item);
    for (xmlNode *last = parent->last;
         last != NULL && last->type == XML_TEXT_NODE; last = parent->last) {
        xmlUnlinkNode(last);
        xmlFreeNode(last);
    }
}

/* An item that is complete is handed over, and leaves the tree. */
static void
end_element(void *context, const xmlChar *name, const xmlChar *prefix,
            const xmlChar *uri)
{
    xmlParserCtxt *parser = context;
    struct parse *parse = parser->_private;
    xmlNode *item = parser->node;
    bool wanted = parse->name != NULL && parser->nodeNr == ITEM_DEPTH &&
                  h2k_soap_is(item, parse->name);
    parse->end(context, name, prefix, uri);
    if (!wanted)
        return;
    if (parse->each(parse->opaque, item) < 0) {
        parse->failed = true;
        stop(parser, NULL);
    }
    drop(item);
    parse->elements = 0;
}

static xmlDoc *
parse_document(const char *xml, size_t size, struct parse *parse)
{
    if (size == 0)
        return h2k_fail_null(H2K_E_CORRUPT, "the reply is empty");
    if (size > INT_MAX)
        return h2k_fail_null(H2K_E_CORRUPT, "the reply is too large");
    xmlParserCtxt *parser = xmlNewParserCtxt();
    if (parser == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    parse->start = parser->sax->startElementNs;
    parse->end = parser->sax->endElementNs;
    parser->_private = parse;
    parser->sax->startElementNs = start_element;
    parser->sax->endElementNs = end_element;
    parser->sax->internalSubset = refuse_type;
    parser->sax->serror = be_silent; /* else some errors are printed */
    /* Without these, text that a comment interrupts is one text still. */
    parser->sax->comment = NULL;
    parser->sax->processingInstruction = NULL;
    xmlDoc *doc = xmlCtxtReadMemory(
        parser, xml, (int)size, NULL, "UTF-8",
        XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_NOERROR |
            XML_PARSE_NOWARNING | XML_PARSE_COMPACT);
    if (doc == NULL && !parse->failed) {
        const xmlError *error = xmlCtxtGetLastError(parser);
        h2k_fail(H2K_E_CORRUPT, "the XML %s (line %d)",
                 parse->refused != NULL ? parse->refused
                                        : "is not well formed",
                 error == NULL ? 1 : error->line);
    }
    xmlFreeParserCtxt(parser);
    return doc;
}

xmlDoc *
h2k_soap_parse_each(const char *xml, size_t size, const char *name,
                    int (*each)(void *opaque, const xmlNode *item),
                    void *opaque)
{
    struct parse parse = { .name = name, .each = each, .opaque = opaque };
    return parse_document(xml, size, &parse);
}

xmlDoc *
h2k_soap_parse(const char *xml, size_t size)
{
    return h2k_soap_parse_each(xml, size, NULL, NULL, NULL);
}
