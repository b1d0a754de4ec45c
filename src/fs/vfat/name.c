/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/vfat/name.h"

#include "base/endian.h"
#include "base/error.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Bytes 0x80 to 0xff of code page 437, the IBM PC's. */
static const uint16_t code_page[128] = {
    0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7, 0x00ea,
    0x00eb, 0x00e8, 0x00ef, 0x00ee, 0x00ec, 0x00c4, 0x00c5, 0x00c9, 0x00e6,
    0x00c6, 0x00f4, 0x00f6, 0x00f2, 0x00fb, 0x00f9, 0x00ff, 0x00d6, 0x00dc,
    0x00a2, 0x00a3, 0x00a5, 0x20a7, 0x0192, 0x00e1, 0x00ed, 0x00f3, 0x00fa,
    0x00f1, 0x00d1, 0x00aa, 0x00ba, 0x00bf, 0x2310, 0x00ac, 0x00bd, 0x00bc,
    0x00a1, 0x00ab, 0x00bb, 0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561,
    0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255d, 0x255c, 0x255b,
    0x2510, 0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f,
    0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567, 0x2568,
    0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256b, 0x256a, 0x2518,
    0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580, 0x03b1, 0x00df, 0x0393,
    0x03c0, 0x03a3, 0x03c3, 0x00b5, 0x03c4, 0x03a6, 0x0398, 0x03a9, 0x03b4,
    0x221e, 0x03c6, 0x03b5, 0x2229, 0x2261, 0x00b1, 0x2265, 0x2264, 0x2320,
    0x2321, 0x00f7, 0x2248, 0x00b0, 0x2219, 0x00b7, 0x221a, 0x207f, 0x00b2,
    0x25a0, 0x00a0,
};

static bool
is_path_name(const char *text)
{
    return text[0] != '\0' && strcmp(text, ".") != 0 &&
           strcmp(text, "..") != 0 && strchr(text, '/') == NULL;
}

/* ---- Short names ---- */

static size_t
trimmed(const uint8_t *bytes, size_t length)
{
    while (length > 0 && bytes[length - 1] == ' ')
        length--;
    return length;
}

/* COUNT bytes of the code page at TO; NULL when one is none of a name's. */
static char *
put_short(char *to, const uint8_t *bytes, size_t count, bool lower)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t code = bytes[i];
        if (code < 0x20 || code == 0x7f)
            return NULL;
        if (code >= 0x80)
            code = code_page[code - 0x80];
        else if (lower && code >= 'A' && code <= 'Z')
            code += 'a' - 'A';
        to += h2k_utf8_encode(to, code);
    }
    *to = '\0';
    return to;
}

bool
h2k_vfat_short_text(const uint8_t name[H2K_VFAT_SHORT], uint8_t casing,
                    char text[48])
{
    uint8_t bytes[H2K_VFAT_SHORT];
    memcpy(bytes, name, sizeof(bytes));
    if (bytes[0] == 0x05) /* 0xe5 would mean that the entry is free */
        bytes[0] = 0xe5;
    size_t base = trimmed(bytes, 8), extension = trimmed(bytes + 8, 3);
    text[0] = '\0';
    if (base == 0)
        return false;
    char *end = put_short(text, bytes, base, (casing & 0x08) != 0);
    if (end == NULL)
        return false;
    if (extension > 0) {
        *end++ = '.';
        if (put_short(end, bytes + 8, extension, (casing & 0x10) != 0) == NULL)
            return false;
    }
    return is_path_name(text);
}

uint8_t
h2k_vfat_checksum(const uint8_t name[H2K_VFAT_SHORT])
{
    uint8_t sum = 0;
    for (size_t i = 0; i < H2K_VFAT_SHORT; i++)
        sum = (uint8_t)((sum << 7 | sum >> 1) + name[i]);
    return sum;
}

/* What a short name may have of ASCII ("Short Directory Entries"). */
static bool
is_short_char(uint32_t code)
{
    return (code >= 'A' && code <= 'Z') || (code >= '0' && code <= '9') ||
           (code < 0x80 && code != 0 &&
            strchr("$%'-_@~`!(){}^#&", (int)code) != NULL);
}

struct basis {
    uint8_t *to;
    size_t used, room;
    enum h2k_vfat_fit fit;
};

static void
worse(struct basis *b, enum h2k_vfat_fit fit)
{
    if (b->fit < fit)
        b->fit = fit;
}

static void
add_basis(struct basis *b, uint32_t code)
{
    if (code == ' ' || code == '.') {
        worse(b, H2K_VFAT_FIT_TAIL);
        return;
    }
    if (code >= 'a' && code <= 'z') {
        worse(b, H2K_VFAT_FIT_CASE);
        code -= 'a' - 'A';
    }
    if (!is_short_char(code)) {
        worse(b, H2K_VFAT_FIT_TAIL);
        code = '_';
    }
    if (b->used < b->room)
        b->to[b->used++] = (uint8_t)code;
    else
        worse(b, H2K_VFAT_FIT_TAIL);
}

static void
add_basis_text(struct basis *b, const char *text, size_t length)
{
    while (length > 0) {
        uint32_t code = 0;
        size_t n = h2k_utf8_decode(text, length, &code);
        if (n == 0)
            n = 1;
        add_basis(b, code);
        text += n;
        length -= n;
    }
}

enum h2k_vfat_fit
h2k_vfat_basis(const char *name, uint8_t basis[H2K_VFAT_SHORT])
{
    struct basis base = { .to = basis, .room = 8 };
    struct basis extension = { .to = basis + 8, .room = 3 };
    memset(basis, ' ', H2K_VFAT_SHORT);
    const char *start = name + strspn(name, ". ");
    if (start != name)
        worse(&base, H2K_VFAT_FIT_TAIL);
    const char *dot = strrchr(start, '.');
    size_t length = dot == NULL ? strlen(start) : (size_t)(dot - start);
    add_basis_text(&base, start, length);
    if (dot != NULL) {
        add_basis_text(&extension, dot + 1, strlen(dot + 1));
        if (extension.used == 0)
            worse(&base, H2K_VFAT_FIT_TAIL);
    }
    if (base.used == 0) {
        basis[0] = '_';
        worse(&base, H2K_VFAT_FIT_TAIL);
    }
    worse(&base, extension.fit);
    return base.fit;
}

void
h2k_vfat_tail(const uint8_t basis[H2K_VFAT_SHORT], uint32_t number,
              uint8_t name[H2K_VFAT_SHORT])
{
    char tail[16];
    size_t length = (size_t)snprintf(tail, sizeof(tail), "~%u", number);
    size_t base = trimmed(basis, 8);
    if (base > 8 - length)
        base = 8 - length;
    memcpy(name, basis, H2K_VFAT_SHORT);
    memset(name + base, ' ', 8 - base);
    memcpy(name + base, tail, length);
}

uint32_t
h2k_vfat_tail_of(const uint8_t name[H2K_VFAT_SHORT])
{
    size_t end = trimmed(name, 8), at = end;
    uint32_t number = 0, unit = 1;
    while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9') {
        number += (uint32_t)(name[--at] - '0') * unit;
        unit *= 10;
    }
    return at > 0 && at < end && name[at - 1] == '~' && name[at] != '0'
               ? number
               : 0;
}

/* ---- Long names ---- */

/* The five, six and two units of a piece are at these offsets. */
static const uint8_t piece_offsets[H2K_VFAT_PIECE] = { 1,  3,  5,  7,  9,
                                                       14, 16, 18, 20, 22,
                                                       24, 28, 30 };

void
h2k_vfat_get_piece(const uint8_t raw[32], uint16_t units[H2K_VFAT_PIECE])
{
    for (size_t i = 0; i < H2K_VFAT_PIECE; i++)
        units[i] = h2k_get_le16(raw + piece_offsets[i]);
}

void
h2k_vfat_put_piece(uint8_t raw[32], const uint16_t *units, size_t count,
                   unsigned ordinal, uint8_t checksum)
{
    size_t from = (ordinal - 1) * H2K_VFAT_PIECE;
    bool last = from + H2K_VFAT_PIECE >= count;
    memset(raw, 0, 32);
    raw[0] = (uint8_t)(ordinal | (last ? 0x40 : 0));
    raw[11] = 0x0f;
    raw[13] = checksum;
    for (size_t i = 0; i < H2K_VFAT_PIECE; i++) {
        size_t at = from + i;
        uint16_t unit = at < count ? units[at] : at == count ? 0 : 0xffff;
        h2k_put_le16(raw + piece_offsets[i], unit);
    }
}

bool
h2k_vfat_from_utf16(const uint16_t *units, size_t count, char *text,
                    size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t code = units[i];
        if (code >= 0xd800 && code < 0xe000) {
            uint32_t low = i + 1 < count ? units[i + 1] : 0;
            if (code >= 0xdc00 || low < 0xdc00 || low >= 0xe000)
                return false;
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            i++;
        }
        char bytes[4];
        size_t n = h2k_utf8_encode(bytes, code);
        if (code < 0x20 || n >= size - used)
            return false;
        memcpy(text + used, bytes, n);
        used += n;
    }
    text[used] = '\0';
    return is_path_name(text);
}

size_t
h2k_vfat_to_utf16(const char *text, uint16_t units[H2K_VFAT_UNITS_MAX])
{
    size_t left = strlen(text), count = 0;
    while (left > 0) {
        uint32_t code = 0;
        size_t n = h2k_utf8_decode(text, left, &code);
        size_t wanted = code >= 0x10000 ? 2 : 1;
        if (n == 0 || count + wanted > H2K_VFAT_UNITS_MAX)
            return 0;
        if (wanted == 2) {
            units[count++] = (uint16_t)(0xd800 + ((code - 0x10000) >> 10));
            units[count++] = (uint16_t)(0xdc00 + ((code - 0x10000) & 0x3ff));
        } else {
            units[count++] = (uint16_t)code;
        }
        text += n;
        left -= n;
    }
    return count;
}

/* ---- Comparing ---- */

/* The upper case of a letter, where it is a single one (UnicodeData.txt). */
static uint32_t
upper(uint32_t c)
{
    if (c < 0x80)
        return c >= 'a' && c <= 'z' ? c - 32 : c;
    if (c >= 0xe0 && c <= 0xfe)
        return c == 0xf7 ? c : c - 32;
    if (c == 0xff)
        return 0x178;
    /* Pairs side by side, the capital even, or odd. */
    if ((c >= 0x100 && c <= 0x137 && c != 0x131) || (c >= 0x14a && c <= 0x177))
        return c & ~UINT32_C(1);
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
        return (c & 1) != 0 ? c : c - 1;
    if (c >= 0x3b1 && c <= 0x3cb)
        return c == 0x3c2 ? c : c - 32;
    if (c >= 0x430 && c <= 0x44f)
        return c - 32;
    if (c >= 0x450 && c <= 0x45f)
        return c - 80;
    return c;
}

bool
h2k_vfat_same_name(const char *a, const char *b)
{
    size_t left_a = strlen(a), left_b = strlen(b);
    while (left_a > 0 && left_b > 0) {
        uint32_t x = 0, y = 0;
        size_t n = h2k_utf8_decode(a, left_a, &x);
        size_t m = h2k_utf8_decode(b, left_b, &y);
        if (n == 0 || m == 0 || upper(x) != upper(y))
            return false;
        a += n;
        left_a -= n;
        b += m;
        left_b -= m;
    }
    return left_a == 0 && left_b == 0;
}

int
h2k_vfat_check_name(const char *name)
{
    uint16_t units[H2K_VFAT_UNITS_MAX];
    size_t length = strlen(name);
    if (h2k_vfat_to_utf16(name, units) == 0)
        return h2k_fail(H2K_E_RANGE,
                        "'%.300s' is not UTF-8 or longer than 255 characters, "
                        "and no name in vfat",
                        name);
    for (const char *p = name; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || strchr("\"*:<>?\\|", *p) != NULL)
            return h2k_fail(
                H2K_E_RANGE, "'%.300s': vfat has no '%c' (%#x) in names", name,
                (unsigned char)*p < 0x20 ? '?' : *p, (unsigned char)*p);
    if (name[length - 1] == '.' || name[length - 1] == ' ')
        return h2k_fail(H2K_E_RANGE,
                        "'%.300s': a name in vfat cannot end with a period "
                        "or a blank",
                        name);
    return 0;
}

/* ---- Times ---- */

#define FIRST_TIME INT64_C(315532800) /* 1980-01-01 00:00:00 */
#define LAST_TIME INT64_C(4354819198) /* 2107-12-31 23:59:58 */

uint32_t
h2k_vfat_pack_time(int64_t seconds)
{
    struct tm tm = { 0 };
    time_t when = (time_t)(seconds < FIRST_TIME  ? FIRST_TIME
                           : seconds > LAST_TIME ? LAST_TIME
                                                 : seconds);
    gmtime_r(&when, &tm);
    uint32_t date =
        (uint32_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
    uint32_t clock =
        (uint32_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2);
    return date << 16 | clock;
}

int64_t
h2k_vfat_unpack_time(uint32_t packed)
{
    struct tm tm = {
        .tm_year = (int)(packed >> 25) + 80,
        .tm_mon = (int)(packed >> 21 & 15) - 1,
        .tm_mday = (int)(packed >> 16 & 31),
        .tm_hour = (int)(packed >> 11 & 31),
        .tm_min = (int)(packed >> 5 & 63),
        .tm_sec = (int)(packed & 31) * 2,
    };
    /* Zero is no date: many tools leave it so. */
    if (tm.tm_mon < 0 || tm.tm_mday == 0)
        return FIRST_TIME;
    return (int64_t)timegm(&tm);
}
