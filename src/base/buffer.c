/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/buffer.h"

#include "base/checked.h"
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for COUNT more bytes and the NUL; the place where they go, or NULL. */
static char *
buffer_room(struct h2k_buffer *b, size_t count)
{
    size_t need;
    if (b->failed)
        return NULL;
    if (ckd_add(&need, b->size, count) || ckd_add(&need, need, 1)) {
        b->failed = true;
        return NULL;
    }
    if (need > b->capacity) {
        size_t capacity = b->capacity < 64 ? 64 : b->capacity;
        while (capacity < need)
            if (ckd_mul(&capacity, capacity, 2))
                capacity = need;
        char *data = realloc(b->data, capacity);
        if (data == NULL) {
            b->failed = true;
            return NULL;
        }
        b->data = data;
        b->capacity = capacity;
    }
    return b->data + b->size;
}

void
h2k_buffer_add(struct h2k_buffer *b, const void *bytes, size_t count)
{
    char *room = buffer_room(b, count);
    if (room == NULL)
        return;
    if (count > 0)
        memcpy(room, bytes, count);
    room[count] = '\0';
    b->size += count;
}

void
h2k_buffer_add_zeros(struct h2k_buffer *b, size_t count)
{
    char *room = buffer_room(b, count);
    if (room == NULL)
        return;
    memset(room, 0, count + 1);
    b->size += count;
}

void
h2k_buffer_adds(struct h2k_buffer *b, const char *text)
{
    h2k_buffer_add(b, text, strlen(text));
}

void
h2k_buffer_addc(struct h2k_buffer *b, char c)
{
    h2k_buffer_add(b, &c, 1);
}

void
h2k_buffer_vaddf(struct h2k_buffer *b, const char *format, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *room = n < 0 ? NULL : buffer_room(b, (size_t)n);
    if (room == NULL) {
        b->failed = true;
        return;
    }
    vsnprintf(room, (size_t)n + 1, format, ap);
    b->size += (size_t)n;
}

void
h2k_buffer_addf(struct h2k_buffer *b, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    h2k_buffer_vaddf(b, format, ap);
    va_end(ap);
}

int
h2k_buffer_check(const struct h2k_buffer *b)
{
    return b->failed ? h2k_fail(H2K_E_NOMEM, "out of memory") : 0;
}

char *
h2k_buffer_steal(struct h2k_buffer *b)
{
    if (b->data == NULL)
        h2k_buffer_add(b, "", 0);
    if (h2k_buffer_check(b) < 0)
        return NULL;
    char *data = b->data;
    *b = (struct h2k_buffer){ 0 };
    return data;
}

const char *
h2k_buffer_text(const struct h2k_buffer *b)
{
    return b->data == NULL ? "" : b->data;
}

void
h2k_buffer_free(struct h2k_buffer *b)
{
    if (b == NULL)
        return;
    free(b->data);
    *b = (struct h2k_buffer){ 0 };
}
