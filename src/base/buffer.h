/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A growable run of bytes, always followed by a NUL that is not counted, so
 * that text can be used as a string.  Initialise with { 0 }.
 *
 * Running out of memory is remembered in `failed` and every later call does
 * nothing, so a sequence of appends is checked once, by h2k_buffer_check.
 */
#ifndef H2K_BASE_BUFFER_H
#define H2K_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct h2k_buffer {
    char *data; /* owned; NULL while nothing was added */
    size_t size;
    size_t capacity;
    bool failed;
};

void h2k_buffer_add(struct h2k_buffer *b, const void *bytes, size_t count);
void h2k_buffer_adds(struct h2k_buffer *b, const char *text);
void h2k_buffer_addc(struct h2k_buffer *b, char c);
void h2k_buffer_addf(struct h2k_buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void h2k_buffer_vaddf(struct h2k_buffer *b, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));
/* COUNT zero bytes, e.g. for alignment or to be filled in. */
void h2k_buffer_add_zeros(struct h2k_buffer *b, size_t count);

/* 0, or -1 with H2K_E_NOMEM when any append failed. */
int h2k_buffer_check(const struct h2k_buffer *b);

/* The bytes as a string that the caller frees ("" when empty), leaving the
 * buffer empty; NULL with H2K_E_NOMEM when any append failed. */
char *h2k_buffer_steal(struct h2k_buffer *b);

/* The bytes as a string, still the buffer's; "" when empty. */
const char *h2k_buffer_text(const struct h2k_buffer *b);

void h2k_buffer_free(struct h2k_buffer *b); /* empties; NULL is fine */

#define H2K_AUTO_BUFFER __attribute__((cleanup(h2k_buffer_free))) struct h2k_buffer

#endif
