/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Blocks offered to another program over NBD, by a unix socket in a
 * directory that only we can enter.
 *
 * The server has one thread, and blocks are not for two threads at a time:
 * so the owner lends them.  Between h2k_nbd_server_lend and _take_back the
 * server's thread may use the blocks (and all that they share parents with),
 * and the owner's thread must not; at other times clients wait.
 */
#ifndef H2K_NBD_SERVER_H
#define H2K_NBD_SERVER_H

#include "block/block.h"

#include <sys/types.h>

/* Clients at a time; one more is hung up on. */
#define H2K_NBD_CLIENTS_MAX 512

struct h2k_nbd_server;

struct h2k_nbd_server *h2k_nbd_server_new(void);
/* Hangs up on clients and removes what is left of socket and directory. */
void h2k_nbd_server_free(struct h2k_nbd_server *server);
H2K_DEFINE_AUTO(h2k_nbd_server, h2k_nbd_server_free)

/* Offer BLOCK, of which it keeps a reference, as NAME (1 to 4096 bytes).
 * Before h2k_nbd_server_start only. */
int h2k_nbd_server_add(struct h2k_nbd_server *server, const char *name,
                       struct h2k_block *block);

/* Make the directory in $TMPDIR or /tmp, the socket in it, and the thread.
 * Nothing is served before it is lent. */
int h2k_nbd_server_start(struct h2k_nbd_server *server);
/* The socket's path; "" before it is started and after it is hidden. */
const char *h2k_nbd_server_socket(const struct h2k_nbd_server *server);
/* Everyone who should be is connected: the socket and its directory go, so
 * that nothing is left of them whatever becomes of this process. */
void h2k_nbd_server_hide(struct h2k_nbd_server *server);

void h2k_nbd_server_lend(struct h2k_nbd_server *server);
/* Returns when the request under way, if any, is done. */
void h2k_nbd_server_take_back(struct h2k_nbd_server *server);

/* Kill the processes of all clients (never our own): what ends a wait for
 * one that hangs.  May be called by any thread. */
void h2k_nbd_server_kill_clients(struct h2k_nbd_server *server);

/* 0, or -1 with the first error that a block gave, which clients know as an
 * input/output error alone.  Not while blocks are lent. */
int h2k_nbd_server_check(const struct h2k_nbd_server *server);

#endif
