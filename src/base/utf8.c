/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/utf8.h"

#include <string.h>

size_t
h2k_utf8_decode(const char *text, size_t size, uint32_t *code_point)
{
    /* The least code point that needs so many bytes: a longer form of a
     * lesser one is not well-formed. */
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *p = (const unsigned char *)text;
    size_t length = p[0] < 0x80             ? 1
                    : (p[0] & 0xe0) == 0xc0 ? 2
                    : (p[0] & 0xf0) == 0xe0 ? 3
                    : (p[0] & 0xf8) == 0xf0 ? 4
                                            : 0;
    if (length == 0 || length > size)
        return 0;
    uint32_t c = length == 1 ? p[0] : p[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3fu);
    }
    if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *code_point = c;
    return length;
}

size_t
h2k_utf8_encode(char *to, uint32_t code_point)
{
    static const uint8_t first[] = { 0, 0xc0, 0xe0, 0xf0 };
    if (code_point < 0x80) {
        to[0] = (char)code_point;
        return 1;
    }
    size_t extra = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
    to[0] = (char)(first[extra] | code_point >> (6 * extra));
    for (size_t i = 1; i <= extra; i++)
        to[i] = (char)(0x80 | (code_point >> (6 * (extra - i)) & 0x3f));
    return extra + 1;
}

bool
h2k_utf8_is_valid(const char *text)
{
    size_t size = strlen(text), length;
    uint32_t c;
    for (size_t i = 0; i < size; i += length) {
        length = h2k_utf8_decode(text + i, size - i, &c);
        if (length == 0)
            return false;
    }
    return true;
}

size_t
h2k_utf8_valid_prefix(const char *text, size_t size)
{
    size_t i = 0;
    while (i < size) {
        uint32_t c;
        size_t length = h2k_utf8_decode(text + i, size - i, &c);
        if (length == 0 || (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
            return i;
        i += length;
    }
    return size;
}
