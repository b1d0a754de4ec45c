/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A bounded view of bytes from outside: the one way to read them.
 *
 * Two styles.  A header whose size was checked once is read with the plain
 * getters, which give 0 outside the view and so can never read past it; a
 * parser that walks asks h2k_view_slice or h2k_view_has first, and fails by
 * name.  A view owns nothing; it lives as long as its bytes.
 */
#ifndef H2K_BASE_VIEW_H
#define H2K_BASE_VIEW_H

#include "base/checked.h"
#include "base/endian.h"

#include <stddef.h>

struct h2k_view {
    const uint8_t *data;
    size_t size;
};

static inline struct h2k_view
h2k_view_of(const void *data, size_t size)
{
    return (struct h2k_view){ .data = data, .size = size };
}

static inline bool
h2k_view_has(struct h2k_view v, uint64_t offset, uint64_t length)
{
    return h2k_range_inside(offset, length, v.size);
}

/* [offset, offset + length) of V into *OUT; false, with *OUT empty, when it
 * is not inside. */
static inline bool
h2k_view_slice(struct h2k_view v, uint64_t offset, uint64_t length,
               struct h2k_view *out)
{
    if (!h2k_view_has(v, offset, length)) {
        *out = (struct h2k_view){ 0 };
        return false;
    }
    *out = h2k_view_of(v.data + offset, (size_t)length);
    return true;
}

/* LENGTH bytes at OFFSET, or NULL. */
static inline const uint8_t *
h2k_view_bytes(struct h2k_view v, uint64_t offset, uint64_t length)
{
    return h2k_view_has(v, offset, length) ? v.data + offset : NULL;
}

static inline bool
h2k_view_equal(struct h2k_view v, uint64_t offset, const void *bytes,
               size_t length)
{
    const uint8_t *p = h2k_view_bytes(v, offset, length);
    return p != NULL && memcmp(p, bytes, length) == 0;
}

#define H2K_DEFINE_VIEW_GET(bits, order)                                       \
    static inline uint##bits##_t h2k_view_##order##bits(struct h2k_view v,     \
                                                        uint64_t offset)       \
    {                                                                          \
        const uint8_t *p = h2k_view_bytes(v, offset, bits / 8);                \
        return p == NULL ? 0 : h2k_get_##order##bits(p);                       \
    }

H2K_DEFINE_VIEW_GET(16, le)
H2K_DEFINE_VIEW_GET(32, le)
H2K_DEFINE_VIEW_GET(64, le)
H2K_DEFINE_VIEW_GET(16, be)
H2K_DEFINE_VIEW_GET(32, be)
H2K_DEFINE_VIEW_GET(64, be)

#undef H2K_DEFINE_VIEW_GET

static inline uint8_t
h2k_view_u8(struct h2k_view v, uint64_t offset)
{
    return offset < v.size ? v.data[offset] : 0;
}

#endif
