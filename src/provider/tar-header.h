/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The header of a member of a tar archive: POSIX.1 "ustar", of one block. */
#ifndef H2K_PROVIDER_TAR_HEADER_H
#define H2K_PROVIDER_TAR_HEADER_H

#include "block/tar-format.h"

#include <stdint.h>

/*
 * A regular file called NAME (at most 100 bytes) of SIZE bytes, last changed
 * at MTIME, seconds since 1970.  A size of 8 GiB or more, for which the
 * field has no digits, is written in base 256, as GNU tar does; libarchive,
 * Python, VirtualBox and star read that too.
 */
void h2k_tar_header(uint8_t header[H2K_TAR_BLOCK], const char *name,
                    uint64_t size, int64_t mtime);

#endif
