/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Fault injection: a block that passes on to its parent, and fails where it
 * is told to.  Tests put it under any layer.
 */
#ifndef H2K_BLOCK_FAULT_H
#define H2K_BLOCK_FAULT_H

#include "block/block.h"

struct h2k_fault_plan {
    /* Requests that touch [bad_offset, bad_offset + bad_length) fail with
     * H2K_E_IO.  A length of 0: none do. */
    uint64_t bad_offset;
    uint64_t bad_length;
    bool on_read, on_write; /* which requests the range is bad for */

    /* Reads reaching beyond this byte end early: the parent's bytes up to
     * here, then H2K_E_IO as a file cut short gives.  0: nowhere. */
    uint64_t short_at;

    /* After this many reads (writes), each next one fails.  0: never. */
    uint64_t reads_before_failure;
    uint64_t writes_before_failure;

    /* Sleep this long before each request, in microseconds. */
    uint32_t delay_us;
};

struct h2k_block *h2k_fault_new(struct h2k_block *parent,
                                const struct h2k_fault_plan *plan);

#endif
