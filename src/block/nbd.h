/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A disk that an NBD server offers: nbdkit (its VDDK plugin too), qemu-nbd,
 * any other; by libnbd.
 */
#ifndef H2K_BLOCK_NBD_H
#define H2K_BLOCK_NBD_H

#include "block/block.h"

/*
 * For reading, by an NBD URI: "nbd://host:port/export",
 * "nbd+unix:///export?socket=/path", nbds:// for TLS.  Threads that read at
 * a time get connections of their own, up to four, where the server allows
 * it.  Extents are what "base:allocation" says, where the server offers
 * that; all is data otherwise.
 *
 * A connection that broke is made again, twice for a request.  All waiting
 * ends within a second of an interruption, and with H2K_E_IO when the server
 * gave no answer for two minutes.
 *
 * NULL with H2K_E_USAGE for a URI that is none, H2K_E_SOURCE where there is
 * no connection or no such export.
 */
struct h2k_block *h2k_nbd_open(const char *uri);

#endif
