/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A copy-on-write overlay: reads come from the parent, writes stay here.
 * Every edit of a guest lands in one; the source is never written.
 *
 * What the parent cannot give, because its image is damaged, is H2K_E_IO
 * here: for those above, who look for damage in what they read, it is a read
 * that failed.
 *
 * Written chunks are kept in memory up to a limit, and beyond that in an
 * unlinked temporary file, so that memory stays constant when a large
 * journal is replayed.
 *
 * Discarding marks ranges whose content no longer matters (blocks that a
 * filesystem says are free): they read as zeros and are reported absent, so
 * that converting leaves them out.
 */
#ifndef H2K_BLOCK_OVERLAY_H
#define H2K_BLOCK_OVERLAY_H

#include "block/block.h"

/* Chunk size, in bytes: what one write copies at least. */
#define H2K_OVERLAY_CHUNK UINT64_C(4096)

/* An overlay over PARENT, of its size.  SPILL_DIR is where the temporary
 * file goes when more than a few MiB were written; NULL: $TMPDIR or
 * /var/tmp. */
struct h2k_block *h2k_overlay_new(struct h2k_block *parent,
                                  const char *spill_dir);

/*
 * 0, or -1 with the first error that reading the parent gave.  A caller that
 * took something for absent because it could not be read learns it here.
 * Call it when no other thread uses the overlay.
 */
int h2k_overlay_check_reads(struct h2k_block *overlay);

/* [offset, offset + length) need not be kept.  Only whole chunks inside it
 * are dropped. */
int h2k_overlay_discard(struct h2k_block *overlay, uint64_t offset,
                        uint64_t length);

/* How many bytes were written to it (in whole chunks) and are kept. */
uint64_t h2k_overlay_dirty(struct h2k_block *overlay);

enum h2k_overlay_kind {
    H2K_OVERLAY_PARENT,    /* as the parent has it */
    H2K_OVERLAY_WRITTEN,   /* written here */
    H2K_OVERLAY_DISCARDED, /* discarded, and not written */
};

/* What the overlay itself has at OFFSET, a multiple of the chunk size inside
 * the disk, and for how many bytes from there on, at most LENGTH: for putting
 * its changes into the parent. */
enum h2k_overlay_kind h2k_overlay_at(struct h2k_block *overlay,
                                     uint64_t offset, uint64_t length,
                                     uint64_t *run);

/* Forget every write and discard since the overlay was made: reads are the
 * parent's again. */
void h2k_overlay_reset(struct h2k_block *overlay);

#endif
