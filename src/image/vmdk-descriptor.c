/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The text that describes a disk ("The Descriptor File"). */
#include "image/vmdk.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define EXTENTS_MAX 1024
#define NO_PARENT UINT32_MAX

/* The types of the specification.  What matters is each extent's own type;
 * this is for messages and reports. */
static const char *const create_types[] = {
    "monolithicSparse",
    "monolithicFlat",
    "streamOptimized",
    "twoGbMaxExtentSparse",
    "twoGbMaxExtentFlat",
    "vmfs",
    "vmfsThin",
    "vmfsPreallocated",
    "vmfsEagerZeroedThick",
    "vmfsSparse",
    "vmfsRaw",
    "vmfsRDM",
    "vmfsRDMP",
    "vmfsRawDeviceMap",
    "vmfsPassthroughRawDeviceMap",
    "seSparse",
    "fullDevice",
    "partitionedDevice",
    "custom",
};

/* What stands for each extent type, or why it is refused. */
static const struct {
    const char *name;
    enum h2k_vmdk_extent_type type;
    const char *refusal;
} extent_types[] = {
    { "SPARSE", H2K_VMDK_SPARSE, NULL },
    { "FLAT", H2K_VMDK_FLAT, NULL },
    { "VMFS", H2K_VMDK_FLAT, NULL },
    { "ZERO", H2K_VMDK_ZERO, NULL },
    { "VMFSSPARSE", 0, "a copy-on-write disk of ESXi (COWD)" },
    { "SESPARSE", 0, "a space-efficient sparse disk of ESXi" },
    { "VMFSRDM", 0, "a raw device mapping" },
    { "VMFSRAW", 0, "a raw device" },
};

/* A piece of the text, not ended by a NUL. */
struct span {
    const char *at;
    size_t size;
};

#define SPAN_ARGS(s) (int)(s).size, (s).at

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void
trim(struct span *s)
{
    while (s->size > 0 && is_blank(s->at[0]))
        s->at++, s->size--;
    while (s->size > 0 && is_blank(s->at[s->size - 1]))
        s->size--;
}

static bool
span_is(struct span s, const char *word)
{
    return s.size == strlen(word) && strncasecmp(s.at, word, s.size) == 0;
}

/* The next word of LINE, or what stands between quotation marks.  Empty at
 * the line's end. */
static struct span
next_word(struct span *line)
{
    trim(line);
    bool quoted = line->size > 0 && line->at[0] == '"';
    struct span word = { line->at + quoted, 0 };
    size_t left = line->size - quoted;
    while (word.size < left && (quoted ? word.at[word.size] != '"'
                                       : !is_blank(word.at[word.size])))
        word.size++;
    size_t used = word.size + quoted;
    if (quoted && used < line->size)
        used++;
    line->at += used;
    line->size -= used;
    return word;
}

static bool
parse_number(struct span s, unsigned base, uint64_t *value)
{
    static const char digits[] = "0123456789abcdef";
    *value = 0;
    for (size_t i = 0; i < s.size; i++) {
        char c =
            s.at[i] >= 'A' && s.at[i] <= 'F' ? (char)(s.at[i] + 32) : s.at[i];
        const char *digit = memchr(digits, c, base);
        if (digit == NULL || ckd_mul(value, *value, base) ||
            ckd_add(value, *value, (uint64_t)(digit - digits)))
            return false;
    }
    return s.size > 0;
}

static int
find_type(struct span word, enum h2k_vmdk_extent_type *type)
{
    for (size_t i = 0; i < sizeof(extent_types) / sizeof(extent_types[0]); i++)
        if (span_is(word, extent_types[i].name)) {
            *type = extent_types[i].type;
            if (extent_types[i].refusal == NULL)
                return 0;
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "has an extent of type %s, %s, which cannot be "
                            "read: export the VM instead of copying its files",
                            extent_types[i].name, extent_types[i].refusal);
        }
    return h2k_fail(H2K_E_UNSUPPORTED,
                    "has an extent of the unknown type '%.*s'",
                    SPAN_ARGS(word));
}

static int
bad_line(int number, const char *why)
{
    return h2k_fail(H2K_E_CORRUPT, "line %d of the descriptor: %s", number,
                    why);
}

/* "RW 4192256 SPARSE "disk-s001.vmdk"", "RW 100 FLAT "disk-flat.vmdk" 0". */
static int
parse_extent(struct span line, int number, struct h2k_vmdk_extent *e)
{
    struct span access = next_word(&line);
    if (span_is(access, "NOACCESS"))
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "has an extent that must not be accessed (NOACCESS)");
    if (!parse_number(next_word(&line), 10, &e->sectors) || e->sectors == 0 ||
        e->sectors > H2K_BLOCK_SIZE_MAX / H2K_VMDK_SECTOR)
        return bad_line(number, "the extent's size is not a good number");
    if (find_type(next_word(&line), &e->type) < 0)
        return -1;
    if (e->type == H2K_VMDK_ZERO)
        return 0;
    struct span file = next_word(&line), offset = next_word(&line);
    if (file.size == 0)
        return bad_line(number, "the extent has no file");
    if (e->type == H2K_VMDK_FLAT && offset.size > 0 &&
        (!parse_number(offset, 10, &e->offset) ||
         e->offset > H2K_BLOCK_SIZE_MAX / H2K_VMDK_SECTOR))
        return bad_line(number, "the extent's offset is not a good number");
    e->file = strndup(file.at, file.size);
    return e->file != NULL ? 0 : h2k_fail(H2K_E_NOMEM, "out of memory");
}

static int
add_extent(struct h2k_vmdk_descriptor *d, struct span line, int number)
{
    if (d->extent_count == EXTENTS_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED, "has more than %d extents",
                        EXTENTS_MAX);
    struct h2k_vmdk_extent *grown =
        reallocarray(d->extents, d->extent_count + 1, sizeof(*grown));
    if (grown == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    d->extents = grown;
    struct h2k_vmdk_extent *e = &grown[d->extent_count];
    *e = (struct h2k_vmdk_extent){ 0 };
    if (parse_extent(line, number, e) < 0)
        return -1;
    d->extent_count++;
    d->sectors += e->sectors;
    if (d->sectors > H2K_BLOCK_SIZE_MAX / H2K_VMDK_SECTOR)
        return h2k_fail(H2K_E_UNSUPPORTED, "is larger than 1 PiB");
    return 0;
}

static void
set_create_type(struct h2k_vmdk_descriptor *d, struct span value)
{
    for (size_t i = 0; i < sizeof(create_types) / sizeof(create_types[0]); i++)
        if (span_is(value, create_types[i]))
            d->create_type = create_types[i];
}

static int
check_parent(struct span value, int number)
{
    uint64_t parent = 0;
    if (!parse_number(value, 16, &parent))
        return bad_line(number, "parentCID is not a number");
    if (parent != NO_PARENT)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "holds only the changes since a snapshot (parentCID "
                        "%08" PRIx64 "): consolidate the VM's snapshots, then "
                        "export it again",
                        parent);
    return 0;
}

/* Of the keys, CID is of use to who writes only, and the disk database
 * ("ddb.", with the geometry for a BIOS) describes VMware's hardware. */
static int
parse_entry(struct h2k_vmdk_descriptor *d, struct span line, int number)
{
    const char *equals = memchr(line.at, '=', line.size);
    if (equals == NULL)
        return 0;
    struct span key = { line.at, (size_t)(equals - line.at) };
    struct span rest = { equals + 1, line.size - key.size - 1 };
    struct span value = next_word(&rest);
    trim(&key);
    if (span_is(key, "parentCID"))
        return check_parent(value, number);
    if (span_is(key, "createType"))
        set_create_type(d, value);
    return 0;
}

static int
parse_line(struct h2k_vmdk_descriptor *d, struct span line, int number)
{
    trim(&line);
    if (line.size == 0 || line.at[0] == '#')
        return 0;
    struct span rest = line, first = next_word(&rest);
    if (span_is(first, "RW") || span_is(first, "RDONLY") ||
        span_is(first, "NOACCESS"))
        return add_extent(d, line, number);
    return parse_entry(d, line, number);
}

struct h2k_vmdk_descriptor *
h2k_vmdk_descriptor_parse(const char *text, size_t size)
{
    H2K_AUTO(h2k_vmdk_descriptor) d = calloc(1, sizeof(*d));
    if (d == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    d->create_type = "";
    size = strnlen(text, size);
    for (int number = 1; size > 0; number++) {
        const char *end = memchr(text, '\n', size);
        struct span line = { text, end == NULL ? size : (size_t)(end - text) };
        if (parse_line(d, line, number) < 0)
            return NULL;
        size_t used = line.size + (end != NULL);
        text += used;
        size -= used;
    }
    if (d->extent_count == 0)
        return h2k_fail_null(H2K_E_CORRUPT, "the descriptor names no extent");
    return h2k_steal(d);
}

void
h2k_vmdk_descriptor_free(struct h2k_vmdk_descriptor *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < d->extent_count; i++)
        free(d->extents[i].file);
    free(d->extents);
    free(d);
}
