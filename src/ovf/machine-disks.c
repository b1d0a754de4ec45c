/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* An envelope's disks: a device names a Disk, which names a File. */
#include "base/checked.h"
#include "base/error.h"
#include "ovf/machine-read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Where a disk is, in the order of comparing. */
struct place {
    unsigned rank;     /* of the controller's kind */
    uint64_t number;   /* of the controller */
    size_t controller; /* its place in the envelope */
    uint64_t unit;     /* on the controller */
    size_t item;       /* its own place in the envelope */
};

struct found {
    struct h2k_ovf_disk disk;
    struct place place;
};

struct search {
    struct ovf_envelope *e;
    xmlNode *references, *section;
    struct found *found;
    size_t count;
};

static void
search_clear(struct search *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->found[i].disk.id);
        free(s->found[i].disk.label);
        free(s->found[i].disk.href);
    }
    free(s->found);
}

#define AUTO_SEARCH __attribute__((cleanup(search_clear))) struct search

/* ---- Order ---- */

/* Of a disk on no controller, and of one in no device. */
#define ALONE_RANK 5
#define LAST_RANK 6

static unsigned
rank_of(const xmlNode *controller)
{
    h2k_autofree char *subtype = ovf_child_text(controller, "ResourceSubType");
    switch (ovf_resource_type(controller)) {
    case OVF_RESOURCE_SCSI:
        return 0;
    case OVF_RESOURCE_STORAGE:
        return subtype != NULL && strcasestr(subtype, "nvme") != NULL ? 2 : 1;
    case OVF_RESOURCE_IDE:
        return 3;
    default:
        return 4;
    }
}

static struct place
find_place(const struct ovf_envelope *e, const xmlNode *item, size_t index)
{
    struct place place = {
        .rank = ALONE_RANK,
        .unit = ovf_child_number(item, "AddressOnParent", 0),
        .item = index,
    };
    h2k_autofree char *parent = ovf_child_text(item, "Parent");
    size_t i = 0;
    for (xmlNode *node = ovf_first_item(e); parent != NULL && node != NULL;
         node = ovf_next_item(e, node->next), i++) {
        h2k_autofree char *id = ovf_child_text(node, "InstanceID");
        if (id == NULL || strcmp(id, parent) != 0)
            continue;
        place.rank = rank_of(node);
        place.number = ovf_child_number(node, "Address", 0);
        place.controller = i;
        break;
    }
    return place;
}

static int
compare(const void *x, const void *y)
{
    const struct place *a = &((const struct found *)x)->place;
    const struct place *b = &((const struct found *)y)->place;
    const uint64_t pairs[][2] = {
        { a->rank, b->rank },
        { a->number, b->number },
        { a->controller, b->controller },
        { a->unit, b->unit },
        { a->item, b->item },
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
        if (pairs[i][0] != pairs[i][1])
            return pairs[i][0] < pairs[i][1] ? -1 : 1;
    return 0;
}

/* ---- Files ---- */

/* The element NAME among the children of SECTION whose ATTRIBUTE is VALUE. */
static xmlNode *
find_by(const xmlNode *section, const char *name, const char *attribute,
        const char *value)
{
    for (xmlNode *node = ovf_child(section, name); node != NULL;
         node = ovf_find(node->next, name)) {
        h2k_autofree char *have = ovf_attribute(node, attribute);
        if (have != NULL && strcmp(have, value) == 0)
            return node;
    }
    return NULL;
}

static int
refuse_compressed(const char *href)
{
    return h2k_fail(H2K_E_UNSUPPORTED,
                    "has a compressed disk, %.200s: unpack it (tar, then "
                    "gunzip), and give the disk image that comes out",
                    href);
}

static int
check_file(const xmlNode *file, const char *href)
{
    h2k_autofree char *compression = ovf_attribute(file, "compression");
    h2k_autofree char *chunks = ovf_attribute(file, "chunkSize");
    size_t size = strlen(href);
    if (!h2k_ovf_is_file_name(href))
        return h2k_fail(H2K_E_CORRUPT,
                        "names a disk that is not a file beside it: %.200s",
                        href);
    if ((compression != NULL && *compression != '\0' &&
         strcasecmp(compression, "identity") != 0) ||
        (size > 3 && strcasecmp(href + size - 3, ".gz") == 0))
        return refuse_compressed(href);
    if (chunks != NULL)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "has a disk in pieces, %.200s: join them with cat "
                        "(%.200s.000000000 and so on), and give the disk "
                        "image that comes out",
                        href, href);
    return 0;
}

/* By the URI that DSP0243 wants, whose last parts writers agree on; by the
 * file's name where there is none. */
static int
find_format(struct h2k_ovf_disk *disk, const char *uri)
{
    static const char *const marks[][2] = {
        { "vmdk", "vmdk" }, { "vhdx", "vhdx" },  { "vhd", "vhd" },
        { "vdi", "vdi" },   { "qcow", "qcow2" },
    };
    const char *from = uri != NULL && *uri != '\0' ? uri : disk->href;
    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
        if (strcasestr(from, marks[i][0]) != NULL) {
            disk->format = marks[i][1];
            disk->flat = strcasestr(from, "#monolithicFlat") != NULL;
            return 0;
        }
    return h2k_fail(
        H2K_E_UNSUPPORTED,
        "has a disk in a format that is not known, %.200s (%.200s): "
                    "export it as VMDK",
        disk->href, from);
}

static int
take_file(struct search *s, struct h2k_ovf_disk *disk, const char *id)
{
    xmlNode *file = find_by(s->references, "File", "id", id);
    disk->href = file == NULL ? NULL : ovf_attribute(file, "href");
    if (disk->href == NULL)
        return h2k_fail(H2K_E_CORRUPT,
                        "has a disk in a file that it does not refer to: "
                        "%.200s",
                        id);
    h2k_autofree char *size = ovf_attribute(file, "size");
    if (size == NULL || !h2k_ovf_number(size, &disk->file_size))
        disk->file_size = 0;
    return check_file(file, disk->href);
}

/* ---- Disks ---- */

static uint64_t
read_capacity(const xmlNode *node)
{
    h2k_autofree char *capacity = ovf_attribute(node, "capacity");
    h2k_autofree char *units = ovf_attribute(node, "capacityAllocationUnits");
    uint64_t bytes, unit;
    if (capacity == NULL || !h2k_ovf_number(capacity, &bytes) ||
        !h2k_ovf_units(units, &unit) || ckd_mul(&bytes, bytes, unit))
        return 0;
    return bytes;
}

/* What the Disk NODE says.  1 where it has no file. */
static int
take_disk(struct search *s, struct h2k_ovf_disk *disk, const xmlNode *node)
{
    h2k_autofree char *reference = ovf_attribute(node, "fileRef");
    h2k_autofree char *parent = ovf_attribute(node, "parentRef");
    h2k_autofree char *format = ovf_attribute(node, "format");
    disk->capacity = read_capacity(node);
    if (parent != NULL && *parent != '\0')
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "has a disk that holds only what differs from "
                        "another: %.200s; export the machine without "
                        "snapshots",
                        disk->id);
    if (reference == NULL || *reference == '\0') {
        char size[40] = "";
        if (disk->capacity != 0)
            snprintf(size, sizeof(size), " of %" PRIu64 " bytes",
                     disk->capacity);
        return h2k_ovf_machine_warn(
                   s->e->machine,
                   "%.200s is an empty disk%s, and has no file: give the new "
                   "machine one",
                   disk->id, size) < 0
                   ? -1
                   : 1;
    }
    return take_file(s, disk, reference) < 0 ? -1 : find_format(disk, format);
}

static bool
is_known(const struct search *s, const char *id)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->found[i].disk.id, id) == 0)
            return true;
    return false;
}

/* The disk called ID: a Disk, or with IS_FILE a File alone; of the device
 * ITEM (NULL: of none), which is at INDEX in the envelope. */
static int
add_disk(struct search *s, const char *id, bool is_file, const xmlNode *item,
         size_t index)
{
    if (is_known(s, id))
        return 0;
    if (s->count == H2K_OVF_DISKS_MAX)
        return h2k_fail(H2K_E_CORRUPT, "has more than %d disks",
                        H2K_OVF_DISKS_MAX);
    struct found *found = &s->found[s->count];
    *found = (struct found){ .place = { .rank = LAST_RANK, .item = index } };
    found->disk.id = strdup(id);
    if (found->disk.id == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    s->count++;
    if (item != NULL) {
        found->place = find_place(s->e, item, index);
        found->disk.label = ovf_child_text(item, "ElementName");
    }
    if (is_file)
        return take_file(s, &found->disk, id) < 0
                   ? -1
                   : find_format(&found->disk, NULL);
    xmlNode *node = find_by(s->section, "Disk", "diskId", id);
    if (node == NULL)
        return h2k_fail(H2K_E_CORRUPT,
                        "has a device with a disk that it does not describe: "
                        "%.200s",
                        id);
    return take_disk(s, &found->disk, node) < 0 ? -1 : 0;
}

/* "ovf:/disk/vmdisk1"; "ovf://disk/…" and "/disk/…" in older ones (DSP0243
 * 8.3). */
static int
add_resource(struct search *s, const char *resource, const xmlNode *item,
             size_t index)
{
    const char *p =
        strncmp(resource, "ovf:", 4) == 0 ? resource + 4 : resource;
    p += strspn(p, "/");
    bool is_file = strncmp(p, "file/", 5) == 0;
    if (!is_file && strncmp(p, "disk/", 5) != 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "has a device with a disk that is not in it: %.200s",
                        resource);
    return add_disk(s, p + 5, is_file, item, index);
}

static int
read_devices(struct search *s)
{
    size_t index = 0;
    for (xmlNode *item = ovf_first_item(s->e); item != NULL;
         item = ovf_next_item(s->e, item->next), index++) {
        if (ovf_resource_type(item) != OVF_RESOURCE_DISK)
            continue;
        h2k_autofree char *resource = ovf_child_text(item, "HostResource");
        if (resource != NULL && add_resource(s, resource, item, index) < 0)
            return -1;
    }
    return 0;
}

/* Disks that no device has: they are somebody's data all the same. */
static int
read_others(struct search *s)
{
    size_t index = 0;
    for (xmlNode *node = ovf_child(s->section, "Disk"); node != NULL;
         node = ovf_find(node->next, "Disk"), index++) {
        h2k_autofree char *id = ovf_attribute(node, "diskId");
        if (id == NULL || is_known(s, id))
            continue;
        if (h2k_ovf_machine_warn(s->e->machine,
                                 "%.200s is a disk of no device: it is "
                                 "converted as the last",
                                 id) < 0 ||
            add_disk(s, id, false, NULL, index) < 0)
            return -1;
    }
    return 0;
}

/* Those that have a file, in order, as the machine's. */
static int
take_all(struct search *s)
{
    struct h2k_ovf_machine *m = s->e->machine;
    m->disks = calloc(s->count + 1, sizeof(*m->disks));
    if (m->disks == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    qsort(s->found, s->count, sizeof(*s->found), compare);
    for (size_t i = 0; i < s->count; i++) {
        if (s->found[i].disk.href == NULL)
            continue;
        m->disks[m->disk_count++] = s->found[i].disk;
        s->found[i].disk = (struct h2k_ovf_disk){ 0 };
    }
    return m->disk_count > 0
               ? 0
               : h2k_fail(H2K_E_CORRUPT, "describes no disk that has a file");
}

int
ovf_read_disks(struct ovf_envelope *e)
{
    AUTO_SEARCH s = {
        .e = e,
        .references = ovf_child(e->root, "References"),
        .section = ovf_child(e->root, "DiskSection"),
        .found = calloc(H2K_OVF_DISKS_MAX, sizeof(struct found)),
    };
    if (s.found == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (read_devices(&s) < 0 || read_others(&s) < 0)
        return -1;
    return take_all(&s);
}
