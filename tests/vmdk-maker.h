/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Makes streamOptimized VMDKs as a server sends them, with the directory at
 * the end, for tests: qemu-img only makes ones with it in front. */
#ifndef H2K_TESTS_VMDK_MAKER_H
#define H2K_TESTS_VMDK_MAKER_H

#include "base/buffer.h"

#include <stdint.h>

#define VMDK_MAKER_GRAIN 65536u
#define VMDK_MAKER_TABLE 512u

/* How it can go wrong; 0: as it should be. */
enum vmdk_maker_fault {
    VMDK_MAKER_GOOD,
    VMDK_MAKER_LOST_GRAIN,  /* one that a table names does not come */
    VMDK_MAKER_EXTRA_GRAIN, /* one comes that no table names */
    VMDK_MAKER_TWICE,       /* one comes twice */
    VMDK_MAKER_BACKWARDS,   /* two change places */
    VMDK_MAKER_MOVED_ENTRY, /* a table names another place */
    VMDK_MAKER_MOVED_TABLE, /* the directory names another place */
    VMDK_MAKER_LOST_TABLE,  /* the directory lacks a table */
    VMDK_MAKER_NO_FOOTER,
    VMDK_MAKER_OTHER_FOOTER, /* of another capacity */
    VMDK_MAKER_WRONG_FOOTER, /* the directory is elsewhere */
    VMDK_MAKER_NO_END,
    VMDK_MAKER_MORE,       /* a sector behind the end */
    VMDK_MAKER_OUTSIDE,    /* a grain behind the disk's end */
    VMDK_MAKER_HUGE_GRAIN, /* a grain's marker of 1 GiB */
    VMDK_MAKER_BAD_TYPE,   /* a marker of an unknown type */
    VMDK_MAKER_BAD_ZLIB,   /* a grain's bytes are none */
    VMDK_MAKER_FAULTS,
};

/* SIZE bytes of DISK, whole sectors.  Grains of zeros are left out. */
void vmdk_make(struct h2k_buffer *out, const uint8_t *disk, size_t size,
               enum vmdk_maker_fault fault);

#endif
