/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "block/tar.h"

#include "base/checked.h"
#include "base/error.h"
#include "block/slice.h"
#include "block/tar-format.h"

#include <inttypes.h>
#include <string.h>

struct h2k_tar {
    struct h2k_block *file;
    struct h2k_tar_member *members;
    size_t count;
};

/* Reading on; what extended headers said belongs to the next member. */
struct reader {
    struct h2k_tar *tar;
    uint64_t at;   /* of the next header */
    char *name;    /* or NULL */
    bool has_size; /* SIZE is set */
    uint64_t size;
};

static void
reader_clear(struct reader *r)
{
    free(r->name);
}

#define AUTO_READER __attribute__((cleanup(reader_clear))) struct reader

static int
out_of_memory(void)
{
    return h2k_fail(H2K_E_NOMEM, "out of memory");
}

/* ---- Numbers ---- */

/* Digits of octal among spaces, ended by a space, a NUL or the field. */
static bool
parse_octal(const uint8_t *field, size_t size, uint64_t *value)
{
    size_t i = 0;
    *value = 0;
    while (i < size && field[i] == ' ')
        i++;
    for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
        if (ckd_mul(value, *value, 8) ||
            ckd_add(value, *value, (uint64_t)(field[i] - '0')))
            return false;
    return i == size || field[i] == ' ' || field[i] == '\0';
}

/* The same, or base 256 with the first bit set, as GNU tar writes what has
 * too many digits. */
static bool
parse_size(const uint8_t *field, uint64_t *value)
{
    if (field[0] != 0x80)
        return parse_octal(field, TAR_NUMBER_SIZE, value);
    *value = 0;
    for (size_t i = 1; i < TAR_NUMBER_SIZE; i++)
        if (ckd_mul(value, *value, 256) || ckd_add(value, *value, field[i]))
            return false;
    return true;
}

static bool
parse_decimal(const char *text, size_t size, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < size; i++)
        if (text[i] < '0' || text[i] > '9' || ckd_mul(value, *value, 10) ||
            ckd_add(value, *value, (uint64_t)(text[i] - '0')))
            return false;
    return size > 0;
}

/* The sum of the header's bytes, its own being spaces; some old writers
 * took bytes as signed. */
static bool
checksum_fits(const uint8_t *header)
{
    uint64_t said;
    int64_t sum = 0, signed_sum = 0;
    if (!parse_octal(header + TAR_CHECKSUM, TAR_CHECKSUM_SIZE, &said))
        return false;
    for (size_t i = 0; i < H2K_TAR_BLOCK; i++) {
        bool own = i >= TAR_CHECKSUM && i < TAR_CHECKSUM + TAR_CHECKSUM_SIZE;
        sum += own ? ' ' : header[i];
        signed_sum += own ? ' ' : (int8_t)header[i];
    }
    return said == (uint64_t)sum || said == (uint64_t)signed_sum;
}

/* ---- Names ---- */

static int
take_name(struct reader *r, const char *name, size_t size)
{
    if (size > H2K_TAR_NAME_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "a member at byte %" PRIu64 " has a name of %zu bytes",
                        r->at, size);
    free(r->name);
    r->name = strndup(name, size);
    return r->name == NULL ? out_of_memory() : 0;
}

/* The header's own, where nothing longer came before it. */
static int
take_header_name(struct reader *r, const uint8_t *header)
{
    char name[TAR_PREFIX_SIZE + 1 + TAR_NAME_SIZE + 1];
    const char *last = (const char *)header + TAR_NAME;
    const char *prefix = (const char *)header + TAR_PREFIX;
    size_t size = 0, n = strnlen(prefix, TAR_PREFIX_SIZE);
    if (r->name != NULL)
        return 0;
    /* GNU tar, whose magic has a space in it, keeps other things there. */
    if (n > 0 && memcmp(header + TAR_MAGIC, "ustar", 6) == 0) {
        memcpy(name, prefix, n);
        name[n] = '/';
        size = n + 1;
    }
    n = strnlen(last, TAR_NAME_SIZE);
    memcpy(name + size, last, n);
    return take_name(r, name, size + n);
}

/* "./web.ovf", as of tar's "." */
static void
drop_here(char *name)
{
    const char *rest = name;
    while (rest[0] == '.' && rest[1] == '/')
        for (rest += 2; *rest == '/';)
            rest++;
    memmove(name, rest, strlen(rest) + 1);
}

/* ---- Extended headers ---- */

static int
refuse_sparse(const char *name)
{
    return h2k_fail(H2K_E_UNSUPPORTED,
                    "%.200s is stored without its holes, which no OVA may "
                    "have: unpack it with tar, and pack it again without "
                    "--sparse",
                    name == NULL ? "a member" : name);
}

/* One of pax's: KEY (with its '=') and its value. */
static int
take_record(struct reader *r, const char *key, const char *value, size_t size)
{
    if (strncmp(key, "GNU.sparse.", 11) == 0)
        return refuse_sparse(r->name);
    if (strncmp(key, "path=", 5) == 0) {
        if (memchr(value, '\0', size) != NULL)
            return h2k_fail(H2K_E_CORRUPT, "a member's name has a NUL in it");
        return take_name(r, value, size);
    }
    if (strncmp(key, "size=", 5) == 0) {
        r->has_size = true;
        if (!parse_decimal(value, size, &r->size))
            return h2k_fail(H2K_E_CORRUPT,
                            "the size of a member is no number: %.*s",
                            size > 40 ? 40 : (int)size, value);
    }
    return 0;
}

/* "25 path=web-disk1.vmdk\n" …: each begins with its own length. */
static int
take_records(struct reader *r, const char *text, size_t size)
{
    while (size > 0) {
        const char *space = memchr(text, ' ', size < 21 ? size : 21);
        uint64_t length;
        if (space == NULL ||
            !parse_decimal(text, (size_t)(space - text), &length) ||
            length > size || length < (size_t)(space - text) + 2 ||
            text[length - 1] != '\n')
            return h2k_fail(
                H2K_E_CORRUPT,
                "the extended header at byte %" PRIu64 " is damaged", r->at);
        const char *key = space + 1, *end = text + length - 1;
        const char *equals = memchr(key, '=', (size_t)(end - key));
        if (equals != NULL &&
            take_record(r, key, equals + 1, (size_t)(end - equals - 1)) < 0)
            return -1;
        text += length;
        size -= length;
    }
    return 0;
}

/* The bytes of a header that is about the next member. */
static int
read_extended(struct reader *r, uint8_t type, uint64_t size)
{
    h2k_autofree char *text =
        h2k_block_read_alloc(r->tar->file, r->at + H2K_TAR_BLOCK, size,
                             H2K_TAR_EXTENDED_MAX, "extended header");
    if (text == NULL)
        return -1;
    if (type == 'x')
        return take_records(r, text, size);
    return take_name(r, text, strnlen(text, size));
}

/* ---- Members ---- */

static int
add_member(struct reader *r, enum h2k_tar_kind kind, uint64_t size)
{
    struct h2k_tar *tar = r->tar;
    if (tar->count == H2K_TAR_MEMBERS_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED, "has more than %u members",
                        H2K_TAR_MEMBERS_MAX);
    if (h2k_is_power_of_two(tar->count) || tar->count == 0) {
        size_t room = tar->count == 0 ? 1 : 2 * tar->count;
        struct h2k_tar_member *larger =
            reallocarray(tar->members, room, sizeof(*larger));
        if (larger == NULL)
            return out_of_memory();
        tar->members = larger;
    }
    drop_here(r->name);
    tar->members[tar->count++] = (struct h2k_tar_member){
        .name = h2k_steal(r->name),
        .kind = kind,
        .offset = r->at + H2K_TAR_BLOCK,
        .size = size,
    };
    r->has_size = false;
    return 0;
}

/* What is not known is a file, says POSIX. */
static enum h2k_tar_kind
kind_of(uint8_t type)
{
    switch (type) {
    case '1':
    case '2':
        return H2K_TAR_LINK;
    case '3':
    case '4':
    case '6':
        return H2K_TAR_OTHER;
    case '5':
        return H2K_TAR_DIRECTORY;
    default:
        return H2K_TAR_FILE;
    }
}

static int
check_inside(const struct reader *r, uint64_t size)
{
    uint64_t from = r->at + H2K_TAR_BLOCK;
    uint64_t all = h2k_block_size(r->tar->file);
    if (size <= all - from)
        return 0;
    return h2k_fail(H2K_E_CORRUPT,
                    "cut short: %.200s has %" PRIu64
                    " bytes from byte %" PRIu64 " on, and the archive ends "
                    "at %" PRIu64,
                    r->name == NULL ? "a header" : r->name, size, from, all);
}

/* The member whose HEADER is at r->at: *SIZE receives how many bytes follow
 * it. */
static int
read_member(struct reader *r, const uint8_t *header, uint64_t *size)
{
    uint8_t type = header[TAR_TYPE];
    if (!parse_size(header + TAR_SIZE, size))
        return h2k_fail(H2K_E_CORRUPT,
                        "the member at byte %" PRIu64 " has no valid size",
                        r->at);
    bool about_next = type == 'x' || type == 'L' || type == 'K' || type == 'g';
    if (!about_next) {
        if (take_header_name(r, header) < 0)
            return -1;
        if (type == 'S')
            return refuse_sparse(r->name);
        if (r->has_size)
            *size = r->size;
        if (kind_of(type) != H2K_TAR_FILE)
            *size = 0;
    }
    if (check_inside(r, *size) < 0)
        return -1;
    if (type == 'x' || type == 'L')
        return read_extended(r, type, *size);
    return about_next ? 0 : add_member(r, kind_of(type), *size);
}

static bool
is_zero(const uint8_t *header)
{
    return header[0] == 0 &&
           memcmp(header, header + 1, H2K_TAR_BLOCK - 1) == 0;
}

static int
read_all(struct reader *r)
{
    struct h2k_block *file = r->tar->file;
    uint8_t header[H2K_TAR_BLOCK];
    uint64_t size;
    while (h2k_range_inside(r->at, sizeof(header), h2k_block_size(file))) {
        if (h2k_block_pread(file, header, sizeof(header), r->at) < 0)
            return -1;
        if (is_zero(header))
            break;
        if (!checksum_fits(header))
            return r->at == 0
                       ? h2k_fail(H2K_E_CORRUPT, "is not a tar archive")
                       : h2k_fail(H2K_E_CORRUPT,
                                  "is damaged: no member begins at byte "
                                  "%" PRIu64,
                                  r->at);
        if (read_member(r, header, &size) < 0)
            return -1;
        /* Inside the file, so far from overflow. */
        r->at += H2K_TAR_BLOCK + h2k_align_up(size, H2K_TAR_BLOCK);
    }
    if (r->tar->count == 0)
        return h2k_fail(H2K_E_CORRUPT, "is not a tar archive with a file in "
                                       "it");
    return 0;
}

struct h2k_tar *
h2k_tar_open(struct h2k_block *file)
{
    H2K_AUTO(h2k_tar) tar = calloc(1, sizeof(*tar));
    AUTO_READER r = { .tar = tar };
    if (tar == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    tar->file = h2k_block_ref(file);
    return read_all(&r) < 0 ? NULL : h2k_steal(tar);
}

void
h2k_tar_free(struct h2k_tar *tar)
{
    if (tar == NULL)
        return;
    for (size_t i = 0; i < tar->count; i++)
        free(tar->members[i].name);
    free(tar->members);
    h2k_block_unref(tar->file);
    free(tar);
}

/* ---- Finding ---- */

size_t
h2k_tar_count(const struct h2k_tar *tar)
{
    return tar->count;
}

const struct h2k_tar_member *
h2k_tar_member(const struct h2k_tar *tar, size_t i)
{
    return &tar->members[i];
}

const struct h2k_tar_member *
h2k_tar_find(const struct h2k_tar *tar, const char *name)
{
    const struct h2k_tar_member *found = NULL;
    for (size_t i = 0; i < tar->count; i++) {
        if (strcmp(tar->members[i].name, name) != 0)
            continue;
        if (found != NULL)
            return h2k_fail_null(H2K_E_CORRUPT, "%s: stands twice in it",
                                 name);
        found = &tar->members[i];
    }
    if (found == NULL)
        return h2k_fail_null(H2K_E_NOENT, "%s: is not in it", name);
    if (found->kind != H2K_TAR_FILE)
        return h2k_fail_null(H2K_E_CORRUPT, "%s: is %s in it, not a file",
                             name,
                             found->kind == H2K_TAR_LINK        ? "a link"
                             : found->kind == H2K_TAR_DIRECTORY ? "a directory"
                                                                : "a device");
    return found;
}

struct h2k_block *
h2k_tar_open_member(const struct h2k_tar *tar, const char *name)
{
    const struct h2k_tar_member *member = h2k_tar_find(tar, name);
    return member == NULL
               ? NULL
               : h2k_slice_new(tar->file, member->offset, member->size);
}
