/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/soap.h"

#include "base/error.h"

#include <string.h>

#define ENVELOPE_NS "http://schemas.xmlsoap.org/soap/envelope/"
#define XSI_NS "http://www.w3.org/2001/XMLSchema-instance"

void
h2k_soap_reply_clear(struct h2k_soap_reply *reply)
{
    xmlFreeDoc(reply->doc);
    *reply = (struct h2k_soap_reply){ 0 };
}

/* ---- Walking ---- */

static bool
is_element(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE;
}

bool
h2k_soap_is(const xmlNode *node, const char *name)
{
    return node != NULL && is_element(node) &&
           strcmp((const char *)node->name, name) == 0;
}

static bool
has_namespace(const xmlNode *node, const char *uri)
{
    return node->ns != NULL && node->ns->href != NULL &&
           strcmp((const char *)node->ns->href, uri) == 0;
}

static const xmlNode *
element_from(const xmlNode *node)
{
    while (node != NULL && !is_element(node))
        node = node->next;
    return node;
}

const xmlNode *
h2k_soap_first(const xmlNode *node)
{
    return node == NULL ? NULL : element_from(node->children);
}

const xmlNode *
h2k_soap_sibling(const xmlNode *node)
{
    return node == NULL ? NULL : element_from(node->next);
}

/* NAME in vim25, from NODE on. */
static const xmlNode *
named_from(const xmlNode *node, const char *name)
{
    while (node != NULL &&
           !(h2k_soap_is(node, name) && has_namespace(node, H2K_VIM_NS)))
        node = node->next;
    return node;
}

const xmlNode *
h2k_soap_child(const xmlNode *node, const char *name)
{
    return node == NULL ? NULL : named_from(node->children, name);
}

const xmlNode *
h2k_soap_next(const xmlNode *node)
{
    return node == NULL ? NULL
                        : named_from(node->next, (const char *)node->name);
}

const xmlNode *
h2k_soap_at(const xmlNode *node, const char *path)
{
    while (node != NULL && *path != '\0') {
        char name[64];
        size_t length = strcspn(path, ".");
        if (length >= sizeof(name))
            return NULL;
        memcpy(name, path, length);
        name[length] = '\0';
        node = h2k_soap_child(node, name);
        path += length + (path[length] == '.');
    }
    return node;
}

/* ---- Values ---- */

const char *
h2k_soap_get(const xmlNode *node)
{
    if (node == NULL)
        return NULL;
    for (const xmlNode *n = node->children; n != NULL; n = n->next)
        if (n->type == XML_TEXT_NODE && n->content != NULL)
            return (const char *)n->content;
    return "";
}

const char *
h2k_soap_get_at(const xmlNode *node, const char *path)
{
    return h2k_soap_get(h2k_soap_at(node, path));
}

int
h2k_soap_copy_at(const xmlNode *node, const char *path, char **copy)
{
    const char *text = h2k_soap_get_at(node, path);
    *copy = text == NULL ? NULL : strdup(text);
    return text != NULL && *copy == NULL
               ? h2k_fail(H2K_E_NOMEM, "out of memory")
               : 0;
}

bool
h2k_soap_get_i64(const xmlNode *node, int64_t least, int64_t most,
                 int64_t *number)
{
    const char *text = h2k_soap_get(node);
    char *end;
    if (text == NULL)
        return false;
    text += strspn(text, " \t\r\n");
    if (text[strspn(text, "+-")] < '0' || text[strspn(text, "+-")] > '9')
        return false;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    end += strspn(end, " \t\r\n");
    if (errno != 0 || *end != '\0' || value < least || value > most)
        return false;
    *number = value;
    return true;
}

bool
h2k_soap_get_bool(const xmlNode *node)
{
    const char *text = h2k_soap_get(node);
    if (text == NULL)
        return false;
    text += strspn(text, " \t\r\n");
    return strncmp(text, "true", 4) == 0 || *text == '1';
}

/* The attribute NAME, in the namespace URI or (NULL) in none. */
static const char *
attribute(const xmlNode *node, const char *name, const char *uri)
{
    for (const xmlAttr *a = node == NULL ? NULL : node->properties; a != NULL;
         a = a->next) {
        const char *found = a->ns == NULL ? NULL : (const char *)a->ns->href;
        bool same = uri == NULL ? found == NULL
                                : found != NULL && strcmp(found, uri) == 0;
        if (same && strcmp((const char *)a->name, name) == 0)
            return a->children == NULL || a->children->content == NULL
                       ? ""
                       : (const char *)a->children->content;
    }
    return NULL;
}

const char *
h2k_soap_type(const xmlNode *node)
{
    const char *type = attribute(node, "type", XSI_NS);
    const char *colon = type == NULL ? NULL : strchr(type, ':');
    return colon == NULL ? type : colon + 1;
}

const char *
h2k_soap_ref_type(const xmlNode *node)
{
    return attribute(node, "type", NULL);
}

/* ---- Envelopes ---- */

static const xmlNode *
envelope_child(const xmlNode *node, const char *name)
{
    for (node = h2k_soap_first(node); node != NULL;
         node = h2k_soap_sibling(node))
        if (h2k_soap_is(node, name) && has_namespace(node, ENVELOPE_NS))
            return node;
    return NULL;
}

/* SOAP 1.1, section 4.4: faultcode, faultstring and detail are in no
 * namespace. */
static const xmlNode *
fault_child(const xmlNode *fault, const char *name)
{
    for (fault = h2k_soap_first(fault); fault != NULL;
         fault = h2k_soap_sibling(fault))
        if (h2k_soap_is(fault, name))
            return fault;
    return NULL;
}

static int
read_body(const xmlNode *root, struct h2k_soap_reply *reply)
{
    if (!h2k_soap_is(root, "Envelope") || !has_namespace(root, ENVELOPE_NS))
        return h2k_fail(H2K_E_CORRUPT, "it is no SOAP envelope");
    const xmlNode *body = envelope_child(root, "Body");
    const xmlNode *fault = envelope_child(body, "Fault");
    if (fault != NULL) {
        reply->fault = h2k_soap_first(fault_child(fault, "detail"));
        const char *text = h2k_soap_get(fault_child(fault, "faultstring"));
        return h2k_soap_fail_fault(reply->fault, text);
    }
    const xmlNode *result = h2k_soap_first(body);
    if (result == NULL || !has_namespace(result, H2K_VIM_NS))
        return h2k_fail(H2K_E_CORRUPT, "the SOAP envelope has no response");
    reply->result = result;
    return 0;
}

int
h2k_soap_read_each(const char *xml, size_t size, const char *name,
                   int (*each)(void *opaque, const xmlNode *item),
                   void *opaque, struct h2k_soap_reply *reply)
{
    h2k_soap_reply_clear(reply);
    reply->doc = h2k_soap_parse_each(xml, size, name, each, opaque);
    if (reply->doc == NULL)
        return -1;
    return read_body(xmlDocGetRootElement(reply->doc), reply);
}

int
h2k_soap_read(const char *xml, size_t size, struct h2k_soap_reply *reply)
{
    return h2k_soap_read_each(xml, size, NULL, NULL, NULL, reply);
}

int
h2k_soap_expect(const struct h2k_soap_reply *reply, const char *method)
{
    const char *name = (const char *)reply->result->name;
    size_t length = strlen(method);
    if (strncmp(name, method, length) == 0 &&
        strcmp(name + length, "Response") == 0)
        return 0;
    return h2k_fail(H2K_E_CORRUPT, "the reply is %.60s", name);
}
