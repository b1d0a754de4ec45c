/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/crc32c.h"

#include <isa-l/crc.h>

/* ISA-L counts in an int. */
#define PIECE ((size_t)1 << 30)

uint32_t
h2k_crc32c(uint32_t crc, const void *bytes, size_t count)
{
    /* It reads only, whatever its declaration says. */
    unsigned char *at = (unsigned char *)bytes;
    crc = ~crc;
    while (count > 0) {
        size_t n = count < PIECE ? count : PIECE;
        crc = crc32_iscsi(at, (int)n, crc);
        at += n;
        count -= n;
    }
    return ~crc;
}
