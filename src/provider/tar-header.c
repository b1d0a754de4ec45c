/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/tar-header.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
        put_octal(field, TAR_NUMBER_SIZE, value);
        return;
    }
    memset(field, 0, TAR_NUMBER_SIZE);
    field[0] = 0x80; /* base 256, positive */
    for (size_t i = 0; i < sizeof(value); i++)
        field[TAR_NUMBER_SIZE - 1 - i] = (uint8_t)(value >> (8 * i));
}

/* The sum of all bytes, its own being spaces. */
static void
put_checksum(uint8_t *header)
{
    unsigned sum = 0;
    memset(header + TAR_CHECKSUM, ' ', TAR_CHECKSUM_SIZE);
    for (size_t i = 0; i < H2K_TAR_BLOCK; i++)
        sum += header[i];
    put_octal(header + TAR_CHECKSUM, TAR_CHECKSUM_SIZE - 1, sum);
}

void
h2k_tar_header(uint8_t header[H2K_TAR_BLOCK], const char *name, uint64_t size,
               int64_t mtime)
{
    memset(header, 0, H2K_TAR_BLOCK);
    memcpy(header + TAR_NAME, name, strnlen(name, TAR_NAME_SIZE));
    put_octal(header + TAR_MODE, TAR_ID_SIZE, 0644);
    put_octal(header + TAR_UID, TAR_ID_SIZE, 0);
    put_octal(header + TAR_GID, TAR_ID_SIZE, 0);
    put_number(header + TAR_SIZE, size);
    put_number(header + TAR_MTIME, mtime < 0 ? 0 : (uint64_t)mtime);
    header[TAR_TYPE] = '0';
    memcpy(header + TAR_MAGIC, "ustar\00000", 8); /* with its version, "00" */
    memcpy(header + TAR_USER, "root", 4);
    memcpy(header + TAR_GROUP, "root", 4);
    put_octal(header + TAR_DEVICE_MAJOR, TAR_ID_SIZE, 0);
    put_octal(header + TAR_DEVICE_MINOR, TAR_ID_SIZE, 0);
    put_checksum(header);
}
