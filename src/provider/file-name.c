/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/file-name.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NAME_IN_TAR_MAX 100 /* bytes; POSIX.1 ustar without a prefix */
#define HASH_DIGITS 8

/* What some reader of the name takes for something else.  '%', '#' and '?'
 * mean something in a URI, ':' to qemu-img, the rest to Windows. */
static bool
is_misread(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
           c == 0xfeff || c == 0xfffe || c == 0xffff ||
           (c < 0x80 && strchr("/\\:*?\"<>|%#", (int)c) != NULL);
}

static void
add_readable(struct h2k_buffer *b, const char *name)
{
    size_t size = strlen(name), length;
    for (size_t i = 0; i < size; i += length) {
        uint32_t c;
        length = h2k_utf8_decode(name + i, size - i, &c);
        if (length == 0 || is_misread(c))
            h2k_buffer_addc(b, '_');
        else
            h2k_buffer_add(b, name + i, length);
        length += length == 0;
    }
}

/* Windows forgets these at the end of a name, and people do not see them. */
static void
trim_end(struct h2k_buffer *b)
{
    while (b->size > 0 && strchr(" .", b->data[b->size - 1]) != NULL)
        b->data[--b->size] = '\0';
}

/* The first digits of NAME's SHA-256 in place of what is too much. */
static int
shorten(struct h2k_buffer *b, const char *name)
{
    uint8_t digest[H2K_SHA256_SIZE];
    char hex[H2K_SHA256_HEX_SIZE];
    H2K_AUTO(h2k_sha256) h = h2k_sha256_new();
    if (h == NULL || h2k_sha256_update(h, name, strlen(name)) < 0 ||
        h2k_sha256_finish(h, digest) < 0)
        return -1;
    h2k_sha256_hex(digest, hex);
    b->size = H2K_FILE_NAME_MAX - HASH_DIGITS - 1;
    while ((b->data[b->size] & 0xc0) == 0x80)
        b->size--;
    b->data[b->size] = '\0';
    trim_end(b);
    h2k_buffer_addf(b, "-%.*s", HASH_DIGITS, hex);
    return 0;
}

char *
h2k_export_file_name(const char *name)
{
    H2K_AUTO_BUFFER b = { 0 };
    /* An option of a command, or a file that ls does not show. */
    if (*name == '-' || *name == '.') {
        h2k_buffer_addc(&b, '_');
        name++;
    }
    add_readable(&b, name + strspn(name, " "));
    if (h2k_buffer_check(&b) < 0)
        return NULL;
    trim_end(&b);
    if (b.size == 0)
        h2k_buffer_adds(&b, "vm");
    if (b.size > H2K_FILE_NAME_MAX && shorten(&b, name) < 0)
        return NULL;
    return h2k_buffer_steal(&b);
}

char *
h2k_export_disk_name(const char *base, unsigned number, const char *suffix)
{
    char *name = NULL;
    if (asprintf(&name, "%s-disk%u%s", base, number, suffix) < 0)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return name;
}

bool
h2k_export_name_is_safe(const char *name)
{
    size_t size = strlen(name), length;
    if (size == 0 || size > NAME_IN_TAR_MAX || *name == '-' || *name == '.')
        return false;
    for (size_t i = 0; i < size; i += length) {
        uint32_t c;
        length = h2k_utf8_decode(name + i, size - i, &c);
        if (length == 0 || is_misread(c))
            return false;
    }
    return true;
}
