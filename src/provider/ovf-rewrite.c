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
#include "ovf/xml.h"
#include "provider/file-name.h"
#include "provider/ovf-format.h"

#include <inttypes.h>
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

/* ---- Reading the tree ---- */

/* The next element NAME of OVF among NODE and those after it. */
static xmlNode *
find_element(xmlNode *node, const char *name)
{
    while (node != NULL && !h2k_ovf_xml_is(node, OVF_NAMESPACE, name))
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

static int
check_tree(const xmlNode *node)
{
    for (; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE &&
            (check_attributes(node) < 0 || check_tree(node->children) < 0))
            return -1;
    return 0;
}

static int
find_sections(struct descriptor *d)
{
    xmlNode *root = xmlDocGetRootElement(d->doc);
    if (!h2k_ovf_xml_is(root, OVF_NAMESPACE, "Envelope"))
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

/* Has the Disk the size of what was stored? */
static int
check_capacity(xmlNode *node, const struct h2k_ovf_file *file)
{
    h2k_autofree char *capacity = get_attribute(node, "capacity");
    h2k_autofree char *units = get_attribute(node, "capacityAllocationUnits");
    uint64_t bytes, unit;
    if (capacity == NULL || !h2k_ovf_number(capacity, &bytes) ||
        !h2k_ovf_units(units, &unit) || ckd_mul(&bytes, bytes, unit))
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
            if (!h2k_ovf_xml_is(n, OVF_RASD_NAMESPACE, "HostResource"))
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
    d.doc = h2k_ovf_xml_parse(xml, size);
    if (d.doc == NULL || check_tree(xmlDocGetRootElement(d.doc)) < 0 ||
        find_sections(&d) < 0 || match_disks(&d) < 0 ||
        match_other_files(&d) < 0)
        return NULL;
    return to_text(&d);
}
