/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "image/qcow2-header.h"

#include "base/error.h"
#include "base/view.h"
#include "image/qcow2-format.h"

#include <inttypes.h>

#define BIT(number) (UINT64_C(1) << (number))
#define KNOWN_INCOMPATIBLE                                             \
    (BIT(QCOW2_INCOMPATIBLE_DIRTY) | BIT(QCOW2_INCOMPATIBLE_CORRUPT) | \
     BIT(QCOW2_INCOMPATIBLE_EXTERNAL_DATA) |                           \
     BIT(QCOW2_INCOMPATIBLE_COMPRESSION) |                             \
     BIT(QCOW2_INCOMPATIBLE_EXTENDED_L2))

/* Names from the file go into messages: SIZE bytes of NAME at most, up to a
 * NUL, with what is not printable ASCII made harmless. */
static void
printable(char *out, size_t room, const uint8_t *name, size_t size)
{
    size_t n = 0;
    while (n < size && n < room - 1 && name[n] != '\0') {
        out[n] = name[n] >= ' ' && name[n] <= '~' ? (char)name[n] : '?';
        n++;
    }
    out[n] = '\0';
}

/* The data of the header extension TYPE, empty when there is none.  An area
 * that is cut off ends where it is cut off. */
static struct h2k_view
find_extension(struct h2k_view cluster, uint32_t header_length, uint32_t type)
{
    struct h2k_view data = { 0 };
    uint64_t at = header_length;
    while (h2k_view_has(cluster, at, QCOW2_EXTENSION_HEADER_SIZE)) {
        uint32_t found = h2k_view_be32(cluster, at);
        uint64_t length = h2k_view_be32(cluster, at + 4);
        at += QCOW2_EXTENSION_HEADER_SIZE;
        if (found == QCOW2_EXTENSION_END)
            break;
        if (!h2k_view_slice(cluster, at, length, &data) || found == type)
            return data;
        at += h2k_align_up(length, 8);
    }
    return (struct h2k_view){ 0 };
}

/* "Feature name table": what the file itself calls an incompatible bit. */
static void
feature_name(struct h2k_view names, unsigned bit, char *out, size_t room)
{
    static const uint8_t unnamed[] = "unnamed";
    printable(out, room, unnamed, sizeof(unnamed));
    for (uint64_t at = 0; h2k_view_has(names, at, QCOW2_FEATURE_ENTRY_SIZE);
         at += QCOW2_FEATURE_ENTRY_SIZE)
        if (names.data[at] == QCOW2_FEATURE_TYPE_INCOMPATIBLE &&
            names.data[at + 1] == bit)
            printable(out, room, names.data + at + QCOW2_FEATURE_NAME_OFFSET,
                      QCOW2_FEATURE_NAME_SIZE);
}

static int
refuse_features(struct h2k_view cluster, uint32_t header_length,
                uint64_t features)
{
    uint64_t unknown = features & ~KNOWN_INCOMPATIBLE;
    char name[QCOW2_FEATURE_NAME_SIZE + 1];
    if (unknown != 0) {
        unsigned bit = (unsigned)__builtin_ctzll(unknown);
        feature_name(find_extension(cluster, header_length,
                                    QCOW2_EXTENSION_FEATURE_NAMES),
                     bit, name, sizeof(name));
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "the qcow2 needs a feature that we do not know: "
                        "\"%s\" (incompatible bit %u); convert it to one "
                        "without it",
                        name, bit);
    }
    if (features & BIT(QCOW2_INCOMPATIBLE_CORRUPT))
        return h2k_fail(H2K_E_CORRUPT,
                        "the qcow2 is marked as corrupt: repair a copy of it "
                        "with \"qemu-img check -r all\" first");
    if (features & BIT(QCOW2_INCOMPATIBLE_EXTERNAL_DATA))
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "the qcow2 keeps its data in an external data file: "
                        "convert it to a single file first");
    return 0;
}

static int
take_features(struct h2k_qcow2_header *h, struct h2k_view cluster)
{
    uint64_t features = h2k_view_be64(cluster, QCOW2_HEADER_INCOMPATIBLE);
    uint32_t length = h2k_view_be32(cluster, QCOW2_HEADER_LENGTH);
    uint32_t order = h2k_view_be32(cluster, QCOW2_HEADER_REFCOUNT_ORDER);
    if (length < QCOW2_HEADER_V3_END || length % 8 != 0 ||
        length > h->cluster_size || length > cluster.size)
        return h2k_fail(H2K_E_CORRUPT,
                        "the qcow2's header has a length of %" PRIu32
                        " bytes, which cannot be",
                        length);
    if (order > QCOW2_REFCOUNT_ORDER_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "the qcow2 has a refcount order of %" PRIu32
                        "; 6 is the greatest",
                        order);
    if (refuse_features(cluster, length, features) < 0)
        return -1;
    uint8_t compression = length > QCOW2_HEADER_COMPRESSION
                              ? h2k_view_u8(cluster, QCOW2_HEADER_COMPRESSION)
                              : QCOW2_COMPRESSION_ZLIB;
    bool declared = (features & BIT(QCOW2_INCOMPATIBLE_COMPRESSION)) != 0;
    if (declared != (compression != QCOW2_COMPRESSION_ZLIB))
        return h2k_fail(H2K_E_CORRUPT,
                        "the qcow2's compression type %u contradicts its "
                        "feature bit",
                        compression);
    if (compression > QCOW2_COMPRESSION_ZSTD)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "the qcow2 is compressed in a way (%u) that we do not "
                        "know; zlib and zstd are read",
                        compression);
    h->refcount_bits = 1u << order;
    h->zstd = compression == QCOW2_COMPRESSION_ZSTD;
    h->dirty = (features & BIT(QCOW2_INCOMPATIBLE_DIRTY)) != 0;
    h->extended_l2 = (features & BIT(QCOW2_INCOMPATIBLE_EXTENDED_L2)) != 0;
    h->bitmaps =
        find_extension(cluster, length, QCOW2_EXTENSION_BITMAPS).size > 0;
    return 0;
}

static int
refuse_backing(struct h2k_view cluster)
{
    char name[128] = "";
    uint64_t offset = h2k_view_be64(cluster, QCOW2_HEADER_BACKING_OFFSET);
    uint32_t size = h2k_view_be32(cluster, QCOW2_HEADER_BACKING_SIZE);
    if (offset == 0)
        return 0;
    const uint8_t *bytes = h2k_view_bytes(cluster, offset, size);
    if (size > QCOW2_BACKING_SIZE_MAX || bytes == NULL)
        return h2k_fail(H2K_E_CORRUPT,
                        "the qcow2 has a backing file whose name lies outside "
                        "of its header");
    printable(name, sizeof(name), bytes, size);
    return h2k_fail(H2K_E_UNSUPPORTED,
                    "the qcow2 holds only changes to another image, its "
                    "backing file \"%s\": flatten it first, with \"qemu-img "
                    "convert\"",
                    name);
}

static int
refuse_encryption(struct h2k_view cluster)
{
    uint32_t method = h2k_view_be32(cluster, QCOW2_HEADER_CRYPT_METHOD);
    if (method == QCOW2_CRYPT_NONE)
        return 0;
    if (method > QCOW2_CRYPT_LUKS)
        return h2k_fail(H2K_E_CORRUPT,
                        "the qcow2 has an unknown encryption method, %" PRIu32,
                        method);
    return h2k_fail(H2K_E_UNSUPPORTED,
                    "the qcow2 is encrypted (%s): decrypt it first, with "
                    "\"qemu-img convert\"",
                    method == QCOW2_CRYPT_AES ? "AES" : "LUKS");
}

/* The L1 table must have an entry for each part of the disk; it can have
 * more, for the state of machines in snapshots. */
static int
take_l1(struct h2k_qcow2_header *h, struct h2k_view cluster,
        uint64_t file_size)
{
    h->l1_entries = h2k_view_be32(cluster, QCOW2_HEADER_L1_SIZE);
    h->l1_offset = h2k_view_be64(cluster, QCOW2_HEADER_L1_OFFSET);
    uint64_t bytes = (uint64_t)h->l1_entries * QCOW2_L1_ENTRY_SIZE;
    uint64_t clusters = h2k_div_up(h->disk_size, h->cluster_size);
    uint64_t needed = h2k_div_up(clusters, h->l2_entries);
    if (bytes > QCOW2_L1_BYTES_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "the qcow2's L1 table has %" PRIu32
                        " entries, more than any has",
                        h->l1_entries);
    if (needed > h->l1_entries)
        return h2k_fail(H2K_E_CORRUPT,
                        "the qcow2's L1 table has %" PRIu32
                        " entries; its disk needs %" PRIu64,
                        h->l1_entries, needed);
    h->l1_needed = (uint32_t)needed;
    if (h->l1_entries == 0)
        return 0;
    if (h->l1_offset % h->cluster_size != 0 || h->l1_offset == 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "the qcow2's L1 table is at byte %" PRIu64
                        ", where none can begin",
                        h->l1_offset);
    if (!h2k_range_inside(h->l1_offset, bytes, file_size))
        return h2k_fail(H2K_E_CORRUPT,
                        "the qcow2's L1 table, at byte %" PRIu64
                        ", lies beyond the file's end, at %" PRIu64
                        ": it was cut short, or is damaged",
                        h->l1_offset, file_size);
    return 0;
}

static int
take_sizes(struct h2k_qcow2_header *h, struct h2k_view start)
{
    h->version = h2k_view_be32(start, QCOW2_HEADER_VERSION);
    h->cluster_bits = h2k_view_be32(start, QCOW2_HEADER_CLUSTER_BITS);
    h->disk_size = h2k_view_be64(start, QCOW2_HEADER_SIZE);
    if (h->version != 2 && h->version != 3)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "qcow2 version %" PRIu32 "; 2 and 3 are read",
                        h->version);
    if (h->cluster_bits < QCOW2_CLUSTER_BITS_MIN ||
        h->cluster_bits > QCOW2_CLUSTER_BITS_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "the qcow2 has clusters of 2^%" PRIu32
                        " bytes; 2^9 to 2^21 are possible",
                        h->cluster_bits);
    if (h->disk_size > H2K_BLOCK_SIZE_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "the qcow2's disk has %" PRIu64
                        " bytes; up to 1 PiB are read",
                        h->disk_size);
    h->cluster_size = UINT32_C(1) << h->cluster_bits;
    h->refcount_bits = 1u << QCOW2_REFCOUNT_ORDER_V2;
    return 0;
}

static int
take_l2_layout(struct h2k_qcow2_header *h)
{
    if (h->extended_l2 && h->cluster_bits < QCOW2_EXTENDED_L2_CLUSTER_BITS_MIN)
        return h2k_fail(H2K_E_CORRUPT,
                        "the qcow2 has extended L2 entries and clusters of "
                        "%" PRIu32 " bytes, which are too small for them",
                        h->cluster_size);
    h->subclusters = h->extended_l2 ? QCOW2_SUBCLUSTERS : 1;
    h->l2_entry_size =
        h->extended_l2 ? QCOW2_L2_EXTENDED_ENTRY_SIZE : QCOW2_L2_ENTRY_SIZE;
    h->l2_entries = h->cluster_size / h->l2_entry_size;
    return 0;
}

int
h2k_qcow2_header_read(struct h2k_block *file, struct h2k_qcow2_header *header)
{
    struct h2k_qcow2_header *h = header;
    uint8_t fixed[QCOW2_HEADER_V2_END];
    uint64_t file_size = h2k_block_size(file);
    *h = (struct h2k_qcow2_header){ 0 };
    if (file_size < sizeof(fixed))
        return h2k_fail(H2K_E_CORRUPT,
                        "the qcow2 ends within its header: cut short");
    if (h2k_block_pread(file, fixed, sizeof(fixed), 0) < 0)
        return h2k_prefix("header: ");
    struct h2k_view start = h2k_view_of(fixed, sizeof(fixed));
    if (!h2k_view_equal(start, QCOW2_HEADER_MAGIC, QCOW2_MAGIC,
                        QCOW2_MAGIC_SIZE))
        return h2k_fail(H2K_E_CORRUPT, "not a qcow2: its magic is missing");
    if (take_sizes(h, start) < 0)
        return -1;

    uint64_t size = h2k_min_u64(h->cluster_size, file_size);
    h2k_autofree void *bytes =
        h2k_block_read_alloc(file, 0, size, size, "header cluster");
    if (bytes == NULL)
        return -1;
    struct h2k_view cluster = h2k_view_of(bytes, (size_t)size);
    if ((h->version >= 3 && take_features(h, cluster) < 0) ||
        refuse_encryption(cluster) < 0 || refuse_backing(cluster) < 0 ||
        take_l2_layout(h) < 0 || take_l1(h, cluster, file_size) < 0)
        return -1;
    h->refcount_offset =
        h2k_view_be64(cluster, QCOW2_HEADER_REFCOUNT_TABLE_OFFSET);
    h->refcount_clusters =
        h2k_view_be32(cluster, QCOW2_HEADER_REFCOUNT_TABLE_CLUSTERS);
    h->snapshot_count = h2k_view_be32(cluster, QCOW2_HEADER_SNAPSHOT_COUNT);
    return 0;
}
