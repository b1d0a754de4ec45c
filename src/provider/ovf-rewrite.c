/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A server's descriptor, made to say what was stored.
 *
 * It is believed about the machine, since the same server said all the rest,
 * and about nothing that makes a reader of the OVF open something: every
 * file that it names must be one of ours.
 */
#include "base/checked.h"
#include "base/error.h"
#include "base/utf8.h"
#include "provider/file-name.h"
#include "provider/ovf-format.h"

#include <inttypes.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <stdio.h>
#include <string.h>

struct descriptor {
    xmlDoc *doc;
    xmlNode *references, *disks; /* sections, in the document */
    const struct h2k_ovf_file *files;
    size_t count;
    xmlNode **file_nodes; /* of each of FILES, NULL: it is not named yet */
};

static void
descriptor_clear(struct descriptor *d)
{
    if (d->doc != NULL)
        xmlFreeDoc(d->doc);
    free(d->file_nodes);
}

#define AUTO_DESCRIPTOR \
    __attribute__((cleanup(descriptor_clear))) struct descriptor

/* ---- Parsing ---- */

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

static int
parse(struct descriptor *d, const char *xml, size_t size)
{
    if (size > H2K_OVF_MAX_SIZE)
        return h2k_fail(H2K_E_CORRUPT, "has more than %u KiB",
                        H2K_OVF_MAX_SIZE >> 10);
    /* Whatever it declares: libxml2 prints what it cannot convert. */
    if (h2k_utf8_valid_prefix(xml, size) != size)
        return h2k_fail(H2K_E_CORRUPT, "is not text in UTF-8");
    xmlParserCtxt *parser = xmlNewParserCtxt();
    if (parser == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    parser->sax->internalSubset = refuse_doctype;
    parser->sax->processingInstruction = NULL;
    parser->sax->comment = NULL;
    parser->sax->error = say_nothing;
    parser->sax->warning = say_nothing;
    d->doc = xmlCtxtReadMemory(parser, xml, (int)size, NULL, "UTF-8",
                               XML_PARSE_NONET | XML_PARSE_NOERROR |
                                   XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS |
                                   XML_PARSE_NOCDATA);
    long line = parser->input == NULL ? 0 : parser->input->line;
    xmlFreeParserCtxt(parser);
    if (d->doc == NULL || xmlDocGetRootElement(d->doc) == NULL)
        return h2k_fail(H2K_E_CORRUPT,
                        "is not well-formed XML without a document type "
                        "(line %ld)",
                        line);
    return 0;
}

/* ---- Reading the tree ---- */

static bool
is_element(const xmlNode *node, const char *namespace, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns != NULL &&
           strcmp((const char *)node->ns->href, namespace) == 0 &&
           strcmp((const char *)node->name, name) == 0;
}

/* The next element NAME of OVF among NODE and those after it. */
static xmlNode *
find_element(xmlNode *node, const char *name)
{
    while (node != NULL && !is_element(node, OVF_NAMESPACE, name))
        node = node->next;
    return node;
}

static xmlNode *
child_element(const xmlNode *parent, const char *name)
{
    return find_element(parent->children, name);
}

/* An attribute's value, which the caller frees; NULL where it has none. */
static char *
get_attribute(const xmlNode *node, const char *name)
{
    return (char *)xmlGetNsProp(node, BAD_CAST name, BAD_CAST OVF_NAMESPACE);
}

static int
set_attribute(xmlNode *node, const char *name, const char *value)
{
    xmlNs *ns = xmlSearchNsByHref(node->doc, node, BAD_CAST OVF_NAMESPACE);
    /* An attribute needs a prefix. */
    if (ns != NULL && ns->prefix == NULL)
        ns = xmlSearchNs(node->doc, node, BAD_CAST "ovf");
    if (ns == NULL || strcmp((const char *)ns->href, OVF_NAMESPACE) != 0)
        return h2k_fail(H2K_E_UNSUPPORTED, "has no prefix for OVF's names");
    if (xmlSetNsProp(node, ns, BAD_CAST name, BAD_CAST value) == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return 0;
}

static int
set_number(xmlNode *node, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, value);
    return set_attribute(node, name, text);
}

static int
unsupported(const char *what, const char *name)
{
    return h2k_fail(H2K_E_UNSUPPORTED, "%s%.200s", what, name);
}

/* ---- Nothing leads elsewhere ---- */

static int
check_attributes(const xmlNode *node)
{
    for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
        if (strcmp((const char *)a->name, "href") != 0)
            continue;
        xmlChar *value = xmlNodeListGetString(node->doc, a->children, 1);
        bool safe =
            value != NULL && h2k_export_name_is_safe((const char *)value);
        if (!safe)
            unsupported("leads to something that is not a file beside it: ",
                        value == NULL ? "nothing" : (const char *)value);
        xmlFree(value);
        if (!safe)
            return -1;
    }
    return 0;
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
            (check_attributes(node) < 0 ||
             check_tree(node->children, depth + 1) < 0))
            return -1;
    }
    return 0;
}

static int
find_sections(struct descriptor *d)
{
    xmlNode *root = xmlDocGetRootElement(d->doc);
    if (!is_element(root, OVF_NAMESPACE, "Envelope"))
        return unsupported("is not an envelope of OVF 1: its root is ",
                           (const char *)root->name);
    d->references = child_element(root, "References");
    d->disks = child_element(root, "DiskSection");
    xmlNode *machine = child_element(root, "VirtualSystem");
    if (d->references == NULL || d->disks == NULL || machine == NULL)
        return unsupported("lacks the section ",
                           d->references == NULL ? "References"
                           : d->disks == NULL    ? "DiskSection"
                                                 : "VirtualSystem");
    if (find_element(machine->next, "VirtualSystem") != NULL ||
        child_element(root, "VirtualSystemCollection") != NULL)
        return unsupported("describes several machines", "");
    if (child_element(machine, "VirtualHardwareSection") == NULL)
        return unsupported("describes no hardware", "");
    return 0;
}

/* ---- Files ---- */

static xmlNode *
file_with_id(const struct descriptor *d, const char *id)
{
    for (xmlNode *file = child_element(d->references, "File"); file != NULL;
         file = find_element(file->next, "File")) {
        h2k_autofree char *have = get_attribute(file, "id");
        if (have != NULL && strcmp(have, id) == 0)
            return file;
    }
    return NULL;
}

static int
set_file(struct descriptor *d, size_t i, xmlNode *node)
{
    d->file_nodes[i] = node;
    if (set_attribute(node, "href", d->files[i].name) < 0)
        return -1;
    return set_number(node, "size", d->files[i].size);
}

/* Ours are whole and as they are. */
static int
check_plain(xmlNode *file, const char *href)
{
    h2k_autofree char *compression = get_attribute(file, "compression");
    h2k_autofree char *chunks = get_attribute(file, "chunkSize");
    if (chunks != NULL || (compression != NULL && *compression != '\0' &&
                           strcmp(compression, "identity") != 0))
        return unsupported("wants a file in pieces or compressed: ", href);
    return 0;
}

/* Every File that is not a disk's must be another one of ours. */
static int
match_other_file(struct descriptor *d, xmlNode *node)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->file_nodes[i] == node)
            return 0;
    h2k_autofree char *href = get_attribute(node, "href");
    for (size_t i = 0; href != NULL && i < d->count; i++)
        if (d->files[i].disk == NULL && d->file_nodes[i] == NULL &&
            strcmp(d->files[i].name, href) == 0)
            return set_file(d, i, node);
    return unsupported("refers to a file that was not stored: ",
                       href == NULL ? "one without a name" : href);
}

/* One that the server does not know of. */
static int
add_file(struct descriptor *d, size_t i)
{
    char id[40];
    unsigned number = (unsigned)i + 1;
    do
        snprintf(id, sizeof(id), "extra-file%u", number++);
    while (file_with_id(d, id) != NULL);
    xmlNode *node =
        xmlNewChild(d->references, d->references->ns, BAD_CAST "File", NULL);
    if (node == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (set_attribute(node, "id", id) < 0)
        return -1;
    return set_file(d, i, node);
}

static int
match_other_files(struct descriptor *d)
{
    for (xmlNode *file = child_element(d->references, "File"); file != NULL;
         file = find_element(file->next, "File")) {
        h2k_autofree char *href = get_attribute(file, "href");
        if (check_plain(file, href == NULL ? "" : href) < 0 ||
            match_other_file(d, file) < 0)
            return -1;
    }
    for (size_t i = 0; i < d->count; i++)
        if (d->file_nodes[i] == NULL && add_file(d, i) < 0)
            return -1;
    return 0;
}

/* ---- Disks ---- */

static bool
parse_number(const char *text, uint64_t *value)
{
    *value = 0;
    for (const char *p = text; *p != '\0'; p++)
        if (*p < '0' || *p > '9' || ckd_mul(value, *value, 10) ||
            ckd_add(value, *value, (uint64_t)(*p - '0')))
            return false;
    return *text != '\0';
}

/* "byte", "byte * 2^30" (DSP0004, programmatic units): times 2 to which
 * power. */
static bool
parse_units(const char *units, unsigned *power)
{
    *power = 0;
    if (units == NULL || strcmp(units, "byte") == 0)
        return true;
    int end = 0;
    return sscanf(units, "byte * 2^%2u%n", power, &end) == 1 &&
           units[end] == '\0' && *power < 64;
}

/* Has the Disk the size of what was stored? */
static int
check_capacity(xmlNode *node, const struct h2k_ovf_file *file)
{
    h2k_autofree char *capacity = get_attribute(node, "capacity");
    h2k_autofree char *units = get_attribute(node, "capacityAllocationUnits");
    uint64_t bytes;
    unsigned power;
    if (capacity == NULL || !parse_number(capacity, &bytes) ||
        !parse_units(units, &power) ||
        ckd_mul(&bytes, bytes, UINT64_C(1) << power))
        return unsupported("does not say a disk's capacity in bytes: ",
                           file->name);
    if (file->disk->capacity != 0 && bytes != file->disk->capacity)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "says that the disk of %s has %" PRIu64
                        " bytes, and it has %" PRIu64,
                        file->name, bytes, file->disk->capacity);
    return 0;
}

/* Is there a device that has the disk with this id in it? */
static bool
is_attached(const struct descriptor *d, const char *id)
{
    xmlNode *machine =
        child_element(xmlDocGetRootElement(d->doc), "VirtualSystem");
    xmlNode *hardware = child_element(machine, "VirtualHardwareSection");
    bool found = false;
    for (xmlNode *item = child_element(hardware, "Item");
         item != NULL && !found; item = find_element(item->next, "Item"))
        for (xmlNode *n = item->children; n != NULL && !found; n = n->next) {
            if (!is_element(n, OVF_RASD_NAMESPACE, "HostResource"))
                continue;
            h2k_autofree char *text = (char *)xmlNodeGetContent(n);
            const char *slash = text == NULL ? NULL : strstr(text, "/disk/");
            found = slash != NULL && strcmp(slash + 6, id) == 0;
        }
    return found;
}

/* The file of ours that a Disk means: by the name that the server was told,
 * else the next one. */
static size_t
find_disk_file(const struct descriptor *d, const char *href)
{
    size_t next = d->count;
    for (size_t i = d->count; i-- > 0;) {
        if (d->files[i].disk == NULL || d->file_nodes[i] != NULL)
            continue;
        if (href != NULL && strcmp(href, d->files[i].name) == 0)
            return i;
        next = i;
    }
    return next;
}

static int
match_disk(struct descriptor *d, xmlNode *node)
{
    h2k_autofree char *id = get_attribute(node, "diskId");
    h2k_autofree char *reference = get_attribute(node, "fileRef");
    xmlNode *file_node = reference == NULL ? NULL : file_with_id(d, reference);
    if (id == NULL || file_node == NULL)
        return unsupported("has a disk without a file: ",
                           id == NULL ? "one without an id" : id);
    if (!is_attached(d, id))
        return unsupported("has a disk that is in no device: ", id);
    h2k_autofree char *href = get_attribute(file_node, "href");
    size_t i = find_disk_file(d, href);
    if (i == d->count)
        return unsupported("has a disk that was not stored: ", id);
    for (size_t other = 0; other < d->count; other++)
        if (d->file_nodes[other] == file_node)
            return unsupported("has two disks in one file: ", reference);
    if (check_capacity(node, &d->files[i]) < 0 ||
        set_attribute(node, "format", ovf_format_uri(d->files[i].format)) < 0)
        return -1;
    if (d->files[i].populated > 0 &&
        set_number(node, "populatedSize", d->files[i].populated) < 0)
        return -1;
    return set_file(d, i, file_node);
}

static int
match_disks(struct descriptor *d)
{
    for (xmlNode *disk = child_element(d->disks, "Disk"); disk != NULL;
         disk = find_element(disk->next, "Disk"))
        if (match_disk(d, disk) < 0)
            return -1;
    for (size_t i = 0; i < d->count; i++)
        if (d->files[i].disk != NULL && d->file_nodes[i] == NULL)
            return unsupported("lacks the disk of ", d->files[i].name);
    return 0;
}

/* ---- All of it ---- */

static char *
to_text(const struct descriptor *d)
{
    xmlChar *bytes = NULL;
    int size = 0;
    xmlDocDumpFormatMemoryEnc(d->doc, &bytes, &size, "UTF-8", 1);
    char *text = bytes == NULL ? NULL : strdup((const char *)bytes);
    xmlFree(bytes);
    if (text == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return text;
}

char *
h2k_ovf_rewrite(const char *xml, size_t size, const struct h2k_ovf_file *files,
                size_t count)
{
    AUTO_DESCRIPTOR d = { .files = files, .count = count };
    d.file_nodes = calloc(count + 1, sizeof(xmlNode *));
    if (d.file_nodes == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (parse(&d, xml, size) < 0 ||
        check_tree(xmlDocGetRootElement(d.doc), 1) < 0 ||
        find_sections(&d) < 0 || match_disks(&d) < 0 ||
        match_other_files(&d) < 0)
        return NULL;
    return to_text(&d);
}
