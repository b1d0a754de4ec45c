/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a replay's files share: its state, and what it does with each type of
 * item ("Journaling Log", Log Items).
 *
 * Everything in an item but what is a copy of something on disk is in the
 * byte order of the machine that wrote it: little-endian, or it is refused.
 */
#ifndef H2K_FS_XFS_LOG_REPLAY_H
#define H2K_FS_XFS_LOG_REPLAY_H

#include "fs/xfs/log-intent.h"
#include "fs/xfs/log-table.h"
#include "fs/xfs/log-trans.h"

/* The largest buffer, and so the room for one. */
#define H2K_XLOG_BUF_MAX 65536u

struct h2k_xlog_replay {
    struct h2k_xfs *xfs; /* the caller's; its geometry is used */
    struct h2k_xlog log;
    struct h2k_block *target; /* where everything is written */
    uint64_t lsn;             /* of the transaction */
    uint32_t quota_off;       /* H2K_XFS_QFLAG_*ACCT that were turned off */

    struct h2k_xlog_table cancelled; /* sector, sectors: how many times */
    struct h2k_xlog_intents intents;
    struct h2k_xlog_table intent_places; /* id, type: in the list */
    struct h2k_xlog_table changed; /* sector: by transactions of this LSN */
    uint8_t *buffer;               /* owned; H2K_XLOG_BUF_MAX bytes */
};

/* The order in which a transaction's items come to their places, whatever
 * theirs in the log: inodes lie in buffers that may be new. */
enum h2k_xlog_phase {
    H2K_XLOG_BUFFERS_FIRST,
    H2K_XLOG_ITEMS,
    H2K_XLOG_UNLINKED, /* buffers of inodes, for their lists of unlinked */
    H2K_XLOG_CANCELLED,
    H2K_XLOG_PHASES,
};

/* One type of item. */
struct h2k_xlog_item_type {
    uint16_t type;
    /* When it is applied; NULL: H2K_XLOG_ITEMS. */
    enum h2k_xlog_phase (*phase)(const struct h2k_xlog_item *item);
    /* All that can be said without the volume's content; what must be known
     * before anything is applied is noted down. */
    int (*check)(struct h2k_xlog_replay *r, const struct h2k_xlog_item *item);
    /* Brought to its place.  NULL: there is nothing to do. */
    int (*apply)(struct h2k_xlog_replay *r, const struct h2k_xlog_item *item);
};

/* The type of ITEM; NULL for one that we do not know. */
const struct h2k_xlog_item_type *
h2k_xlog_item_type_of(const struct h2k_xlog_item *item);

extern const struct h2k_xlog_item_type h2k_xlog_buffer_item; /* log-buffer.c */
extern const struct h2k_xlog_item_type h2k_xlog_inode_item;  /* log-inode.c */
extern const struct h2k_xlog_item_type h2k_xlog_icreate_item;
extern const struct h2k_xlog_item_type h2k_xlog_dquot_item; /* log-quota.c */
extern const struct h2k_xlog_item_type h2k_xlog_quotaoff_item;
/* log-intent.c: what is promised, and that it was done. */
int h2k_xlog_intent_check(struct h2k_xlog_replay *r,
                          const struct h2k_xlog_item *item);
int h2k_xlog_done_check(struct h2k_xlog_replay *r,
                        const struct h2k_xlog_item *item);
/* log-finish-intents.c: what was promised and not done is done; or
 * H2K_E_UNSUPPORTED. */
int h2k_xlog_intents_finish(struct h2k_xlog_replay *r);

/* H2K_E_CORRUPT about an item of this transaction. */
int h2k_xlog_item_fail(const struct h2k_xlog_replay *r, const char *what)
    __attribute__((cold));

/* COUNT sectors of 512 bytes from SECTOR on are in the volume and none of
 * the log's. */
bool h2k_xlog_place_good(const struct h2k_xlog_replay *r, uint64_t sector,
                         uint32_t count);
/* A buffer of just this place was given up later on: what the log has for it
 * is not to be written. */
bool h2k_xlog_is_cancelled(const struct h2k_xlog_replay *r, uint64_t sector,
                           uint32_t count);

/* ---- Sealing metadata of version 5: log-seal.c ---- */

/* What BLOCK, a sector at least, says of its last change: true, and its LSN
 * in *LSN; false where it says nothing, or is no block of this volume. */
bool h2k_xlog_lsn_of(const struct h2k_xlog_replay *r, const uint8_t *block,
                     uint64_t *lsn);
/* Is what is on disk, with LSN, of the time before the log's end?
 * H2K_E_CORRUPT where it is not: then some of the log is missing. */
int h2k_xlog_lsn_check(const struct h2k_xlog_replay *r, uint64_t lsn);
/* The block gets the transaction's LSN, and its CRC. */
void h2k_xlog_seal(const struct h2k_xlog_replay *r, uint8_t *block,
                   uint32_t length);
/* An inode's CRC. */
void h2k_xlog_seal_inode(const struct h2k_xlog_replay *r, uint8_t *inode);
/* A CRC at OFFSET of LENGTH bytes. */
void h2k_xlog_put_crc(uint8_t *bytes, uint32_t length, uint32_t offset);

/* ---- Afterwards ---- */

/* The superblock's counters, by the AGs' own: log-finish.c. */
int h2k_xlog_count(struct h2k_xlog_replay *r);
/* An unmount record at the head: log-empty.c. */
int h2k_xlog_empty(struct h2k_xlog_replay *r);

#endif
