/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * libguestfs' appliance, a small virtual machine with Linux' own filesystem
 * drivers; one for a guest, started when it is first needed.
 *
 * It sees volumes, not disks: what is in partitions, logical volumes and
 * arrays of ours was found by our own layers, and each volume is a disk of
 * its own there, offered over NBD out of the same blocks.
 *
 * Not thread-safe: one appliance, with all filesystems in it, one thread at
 * a time.  While a call runs, a thread of the NBD server uses the blocks;
 * none does between calls.
 */
#ifndef H2K_FS_GUESTFS_APPLIANCE_H
#define H2K_FS_GUESTFS_APPLIANCE_H

#include "block/block.h"

struct h2k_appliance;
struct h2k_guestfs_ops;

/* Debian's package with the library. */
#define H2K_GUESTFS_PACKAGE "libguestfs0"

struct h2k_appliance_info {
    bool started;          /* it was, at least once */
    double seconds;        /* that the last start took */
    bool emulated;         /* without KVM */
    char kvm_problem[128]; /* why, or "" */
};

/* An appliance that is not started yet; OPS is libguestfs where it is
 * NULL. */
struct h2k_appliance *h2k_appliance_new(const struct h2k_guestfs_ops *ops);
/* Ends it, without writing what was not flushed. */
void h2k_appliance_free(struct h2k_appliance *appliance);
H2K_DEFINE_AUTO(h2k_appliance, h2k_appliance_free)

/* 0 when libguestfs is there; -1 with H2K_E_COMPONENT and how to get it. */
int h2k_appliance_check(struct h2k_appliance *appliance);

/*
 * Give it VOLUME, of which it keeps a reference; *DISK is its number.  Where
 * it is not WRITABLE, what the appliance writes (replaying a journal, for
 * one) is thrown away.  Before it is started: H2K_E_RANGE afterwards.
 */
int h2k_appliance_add(struct h2k_appliance *appliance,
                      struct h2k_block *volume, bool writable, unsigned *disk);
/* "/dev/sda" for disk 0, as the appliance names it. */
#define H2K_APPLIANCE_DEVICE 16
void h2k_appliance_device(unsigned disk, char name[H2K_APPLIANCE_DEVICE]);

/* End it once all its filesystems are flushed; it is started again when it
 * is needed again.  The volumes have everything then. */
void h2k_appliance_stop(struct h2k_appliance *appliance);

const struct h2k_appliance_info *
h2k_appliance_info(const struct h2k_appliance *appliance);

/* It was started and is gone, by itself, for a call that took too long, or
 * interrupted: what was not flushed is lost, and every call says so. */
bool h2k_appliance_ended(const struct h2k_appliance *appliance);

/* "libguestfs 1.48.6", or why there is none; for --version. */
void h2k_appliance_version(char *text, size_t size);

/* ---- For the driver ---- */

/* A number for each start, from 1; 0 while it is not running. */
unsigned h2k_appliance_running(const struct h2k_appliance *appliance);
/* A number of its own for each filesystem. */
unsigned h2k_appliance_next_point(struct h2k_appliance *appliance);
const struct h2k_guestfs_ops *
h2k_appliance_ops(const struct h2k_appliance *appliance);

/*
 * Around one call: the handle for it, of an appliance that runs, the blocks
 * being lent; NULL when it cannot be started.  A call that takes longer than
 * ten minutes, or an interruption, ends the appliance.  _end gives RC, with
 * the error that explains it.
 */
void *h2k_appliance_begin(struct h2k_appliance *appliance);
int h2k_appliance_end(struct h2k_appliance *appliance, int rc);

#endif
