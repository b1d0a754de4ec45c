/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A watch over calls of libguestfs, which wait for as long as the appliance
 * takes: when that is too long, or the user wants to stop, the appliance's
 * process is killed, and the call comes back with an error.
 */
#ifndef H2K_FS_GUESTFS_WATCH_H
#define H2K_FS_GUESTFS_WATCH_H

#include "block/nbd-server/server.h"

struct h2k_watch;

/* SERVER must outlive it: its clients are who is killed. */
struct h2k_watch *h2k_watch_new(struct h2k_nbd_server *server);
void h2k_watch_free(struct h2k_watch *watch);
H2K_DEFINE_AUTO(h2k_watch, h2k_watch_free)

/* A call begins, for which there are so many milliseconds. */
void h2k_watch_begin(struct h2k_watch *watch, uint64_t limit);
/* It has ended: was its time over? */
bool h2k_watch_end(struct h2k_watch *watch);

#endif
