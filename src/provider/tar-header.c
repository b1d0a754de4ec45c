/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/tar-header.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where the fields are: offset and size ("ustar Interchange Format"). */
enum {
    NAME = 0,
    NAME_SIZE = 100,
    MODE = 100,
    UID = 108,
    GID = 116,
    ID_SIZE = 8,
    SIZE = 124,
    MTIME = 136,
    NUMBER_SIZE = 12,
    CHECKSUM = 148,
    CHECKSUM_SIZE = 8,
    TYPE = 156,
    MAGIC = 257,
    USER = 265,
    GROUP = 297,
    DEVICE_MAJOR = 329,
    DEVICE_MINOR = 337,
};

#define OCTAL_MAX ((UINT64_C(1) << 33) - 1) /* eleven digits */

static void
put_octal(uint8_t *field, size_t size, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%0*" PRIo64, (int)size - 1, value);
    memcpy(field, text, size);
}

static void
put_number(uint8_t *field, uint64_t value)
{
    if (value <= OCTAL_MAX) {
        put_octal(field, NUMBER_SIZE, value);
        return;
    }
    memset(field, 0, NUMBER_SIZE);
    field[0] = 0x80; /* base 256, positive */
    for (size_t i = 0; i < sizeof(value); i++)
        field[NUMBER_SIZE - 1 - i] = (uint8_t)(value >> (8 * i));
}

/* The sum of all bytes, its own being spaces. */
static void
put_checksum(uint8_t *header)
{
    unsigned sum = 0;
    memset(header + CHECKSUM, ' ', CHECKSUM_SIZE);
    for (size_t i = 0; i < H2K_TAR_BLOCK; i++)
        sum += header[i];
    put_octal(header + CHECKSUM, CHECKSUM_SIZE - 1, sum);
}

void
h2k_tar_header(uint8_t header[H2K_TAR_BLOCK], const char *name, uint64_t size,
               int64_t mtime)
{
    memset(header, 0, H2K_TAR_BLOCK);
    memcpy(header + NAME, name, strnlen(name, NAME_SIZE));
    put_octal(header + MODE, ID_SIZE, 0644);
    put_octal(header + UID, ID_SIZE, 0);
    put_octal(header + GID, ID_SIZE, 0);
    put_number(header + SIZE, size);
    put_number(header + MTIME, mtime < 0 ? 0 : (uint64_t)mtime);
    header[TYPE] = '0';
    memcpy(header + MAGIC, "ustar\00000", 8); /* with its version, "00" */
    memcpy(header + USER, "root", 4);
    memcpy(header + GROUP, "root", 4);
    put_octal(header + DEVICE_MAJOR, ID_SIZE, 0);
    put_octal(header + DEVICE_MINOR, ID_SIZE, 0);
    put_checksum(header);
}
