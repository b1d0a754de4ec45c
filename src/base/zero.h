/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef H2K_BASE_ZERO_H
#define H2K_BASE_ZERO_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Are all COUNT bytes zero?  When the first ones are, and each is what the
 * one 16 bytes on is; memcmp compares with the processor's widest registers,
 * and stops at the first difference. */
static inline bool
h2k_is_zero(const void *bytes, size_t count)
{
    static const unsigned char zeros[16];
    if (count <= sizeof(zeros))
        return memcmp(bytes, zeros, count) == 0;
    return memcmp(bytes, zeros, sizeof(zeros)) == 0 &&
           memcmp(bytes, (const char *)bytes + sizeof(zeros),
                  count - sizeof(zeros)) == 0;
}

#endif
