/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Checked arithmetic for numbers from outside.  Each gives true when the
 * result does not fit, as C23's <stdckdint.h> does, and is written so that
 * the header can go once the compilers have that one.
 */
#ifndef H2K_BASE_CHECKED_H
#define H2K_BASE_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

#define ckd_add(result, a, b) __builtin_add_overflow((a), (b), (result))
#define ckd_sub(result, a, b) __builtin_sub_overflow((a), (b), (result))
#define ckd_mul(result, a, b) __builtin_mul_overflow((a), (b), (result))

/* Is [offset, offset + length) inside [0, size)?  An empty range at the end
 * is inside. */
static inline bool
h2k_range_inside(uint64_t offset, uint64_t length, uint64_t size)
{
    return offset <= size && length <= size - offset;
}

static inline bool
h2k_is_power_of_two(uint64_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

/* N rounded down or up to a multiple of ALIGN, a power of two.  Rounding up
 * is for values far from UINT64_MAX: check those from outside first. */
static inline uint64_t
h2k_align_down(uint64_t n, uint64_t align)
{
    return n & ~(align - 1);
}

static inline uint64_t
h2k_align_up(uint64_t n, uint64_t align)
{
    return (n + align - 1) & ~(align - 1);
}

static inline uint64_t
h2k_min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t
h2k_max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* How many pieces of SIZE cover N. */
static inline uint64_t
h2k_div_up(uint64_t n, uint64_t size)
{
    return n / size + (n % size != 0);
}

#endif
