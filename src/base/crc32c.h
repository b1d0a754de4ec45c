/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CRC-32C (RFC 3720, appendix B.4), by ISA-L, which uses the processor's
 * own. */
#ifndef H2K_BASE_CRC32C_H
#define H2K_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of what CRC is that of (0: nothing yet) and COUNT bytes more.
 * Formats that begin and end with all bits set want just this. */
uint32_t h2k_crc32c(uint32_t crc, const void *bytes, size_t count);

#endif
