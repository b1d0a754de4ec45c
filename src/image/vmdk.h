/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What the files of the VMDK reader share.  The format is VMware's "Virtual
 * Disk Format 5.0" (technical note); sections are named where they matter.
 *
 * A disk is described by a text, the descriptor, as one or more extents in a
 * row.  The descriptor is a file of its own, or embedded in the one sparse
 * extent.  Each extent becomes a block: flat ones a slice of their file,
 * sparse ones a driver (vmdk-sparse.c).
 */
#ifndef H2K_IMAGE_VMDK_H
#define H2K_IMAGE_VMDK_H

#include "base/view.h"
#include "block/block.h"

#include <stddef.h>
#include <stdint.h>

#define H2K_VMDK_SECTOR 512

struct h2k_image_options;

/* The header of a sparse extent ("Hosted Sparse Extents").  Offsets and sizes
 * are in sectors of 512 bytes, and lie inside the file but for the
 * directories, which are checked where they are loaded. */
struct h2k_vmdk_header {
    uint32_t version;
    uint64_t capacity;   /* of the extent */
    uint64_t grain_size; /* a power of two, 8 or more */
    uint64_t descriptor_offset, descriptor_size; /* 0, 0: none embedded */
    uint32_t table_entries; /* in one grain table; a power of two */
    uint64_t directory;     /* H2K_VMDK_DIRECTORY_AT_END: the footer has it */
    uint64_t overhead;      /* where the grains begin; not checked */
    uint64_t redundant_directory; /* 0: none */
    bool zeroed_grains;           /* a table entry of 1 is a grain of zeros */
    bool compressed;              /* grains are zlib streams behind markers */
    bool unclean;                 /* was open for writing when copied */
    bool footer;                  /* the directory's place was in the footer */
};

#define H2K_VMDK_DIRECTORY_AT_END UINT64_MAX

/* Metadata markers ("Stream-Optimized Compressed Sparse Extents"): a count of
 * sectors, a size of 0, and the type. */
enum h2k_vmdk_marker {
    H2K_VMDK_MARKER_END = 0,
    H2K_VMDK_MARKER_TABLE = 1,
    H2K_VMDK_MARKER_DIRECTORY = 2,
    H2K_VMDK_MARKER_FOOTER = 3,
};

/* The header in the sector V, or its copy in the footer: WHAT.  FILE_SIZE is
 * in bytes; UINT64_MAX where it is not known. */
int h2k_vmdk_header_parse(struct h2k_view v, const char *what,
                          uint64_t file_size, struct h2k_vmdk_header *h);
/* The footer is of the same disk as the header, and completes it. */
int h2k_vmdk_footer_check(const struct h2k_vmdk_header *header,
                          const struct h2k_vmdk_header *footer);

struct h2k_vmdk_descriptor;

/* The descriptor embedded in an extent, SIZE bytes of TEXT; none where SIZE
 * is 0 or they are zeros, and *OUT is then NULL.  -1 unless the extent with
 * HEADER is a disk of its own. */
int h2k_vmdk_embedded_parse(const struct h2k_vmdk_header *header,
                            const char *text, size_t size,
                            struct h2k_vmdk_descriptor **out);

/* Read and check FILE's header and, where the header says that the grain
 * directory is at the end, the footer. */
int h2k_vmdk_header_read(struct h2k_block *file,
                         struct h2k_vmdk_header *header);

/* The extent's disk; HEADER is copied. */
struct h2k_block *h2k_vmdk_sparse_open(struct h2k_block *file,
                                       const struct h2k_vmdk_header *header);

/* Of the extent types of "The Descriptor File", those that we read. */
enum h2k_vmdk_extent_type {
    H2K_VMDK_FLAT,
    H2K_VMDK_SPARSE,
    H2K_VMDK_ZERO,
};

struct h2k_vmdk_extent {
    enum h2k_vmdk_extent_type type;
    uint64_t sectors; /* of the disk */
    uint64_t offset;  /* sectors into the file; FLAT only */
    char *file;       /* owned; as the descriptor has it, not to be trusted;
                         NULL for ZERO */
};

struct h2k_vmdk_descriptor {
    const char *create_type; /* static; "" when it is none that we know */
    struct h2k_vmdk_extent *extents;
    size_t extent_count;
    uint64_t sectors; /* of all extents; at most H2K_BLOCK_SIZE_MAX bytes */
};

/* Descriptors that are larger are refused; 1,024 extents of 2 GB need less. */
#define H2K_VMDK_DESCRIPTOR_MAX (256 << 10)

/* Parse SIZE bytes of TEXT, which may be padded with zeros.  A disk that
 * needs a parent (a snapshot's delta) is refused, as are extent types that we
 * do not read, by name: H2K_E_UNSUPPORTED. */
struct h2k_vmdk_descriptor *h2k_vmdk_descriptor_parse(const char *text,
                                                      size_t size);
void h2k_vmdk_descriptor_free(struct h2k_vmdk_descriptor *descriptor);

H2K_DEFINE_AUTO(h2k_vmdk_descriptor, h2k_vmdk_descriptor_free)

/* The disk of a descriptor's extents, opened beside the descriptor
 * as OPTIONS says.
 * *FILE_SIZE is the sum of their files' bytes, *GRANULARITY the largest
 * grain in bytes, or 512, and *COMPRESSED whether any grains are. */
struct h2k_block *
h2k_vmdk_span_open(const struct h2k_vmdk_descriptor *descriptor,
                   const struct h2k_image_options *options,
                   uint64_t *file_size, uint32_t *granularity,
                   bool *compressed);

#endif
