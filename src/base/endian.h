/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Integers at any address in a given byte order. */
#ifndef H2K_BASE_ENDIAN_H
#define H2K_BASE_ENDIAN_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define H2K_DEFINE_ENDIAN(bits, order)                                         \
    static inline uint##bits##_t h2k_get_##order##bits(const void *p)          \
    {                                                                          \
        uint##bits##_t v;                                                      \
        memcpy(&v, p, sizeof(v));                                              \
        return order##bits##toh(v);                                            \
    }                                                                          \
    static inline void h2k_put_##order##bits(void *p, uint##bits##_t v)        \
    {                                                                          \
        v = hto##order##bits(v);                                               \
        memcpy(p, &v, sizeof(v));                                              \
    }

H2K_DEFINE_ENDIAN(16, le)
H2K_DEFINE_ENDIAN(32, le)
H2K_DEFINE_ENDIAN(64, le)
H2K_DEFINE_ENDIAN(16, be)
H2K_DEFINE_ENDIAN(32, be)
H2K_DEFINE_ENDIAN(64, be)

#undef H2K_DEFINE_ENDIAN

#endif
