/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Names in FAT: 8.3 in an OEM code page, and long ones in UTF-16
 * (fatgen103, "FAT Long Directory Entries" and "Name Limits and Character
 * Sets").  Text alone: nothing here knows a volume.
 */
#ifndef H2K_FS_VFAT_NAME_H
#define H2K_FS_VFAT_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define H2K_VFAT_UNITS_MAX 255u /* of UTF-16, in a long name */
#define H2K_VFAT_PIECE 13u      /* units in one entry of a long name */
#define H2K_VFAT_SHORT 11u      /* bytes of a short name, without a dot */

/* A short name as it is shown: code page 437, as Linux mounts by default,
 * with the lower case that CASE (DIR_NTRes) asks for.  False when no path
 * could have it. */
bool h2k_vfat_short_text(const uint8_t name[H2K_VFAT_SHORT], uint8_t casing,
                         char text[48]);

uint8_t h2k_vfat_checksum(const uint8_t name[H2K_VFAT_SHORT]);

/* COUNT units as UTF-8 of at most SIZE bytes with its NUL; false for what is
 * not well-formed, too long, or could not be a name in a path. */
bool h2k_vfat_from_utf16(const uint16_t *units, size_t count, char *text,
                         size_t size);

/* TEXT in UTF-16; the number of units, or 0 when it is not UTF-8 or more
 * than H2K_VFAT_UNITS_MAX. */
size_t h2k_vfat_to_utf16(const char *text, uint16_t units[H2K_VFAT_UNITS_MAX]);

/* Are these one name?  Upper and lower case are the same where Latin, Greek
 * and Cyrillic letters have both. */
bool h2k_vfat_same_name(const char *a, const char *b);

/* Can a new file have this name?  H2K_E_RANGE, with what is wrong. */
int h2k_vfat_check_name(const char *name);

enum h2k_vfat_fit {
    H2K_VFAT_FIT_EXACT, /* NAME itself is a short name: no long one needed */
    H2K_VFAT_FIT_CASE,  /* it is but for lower case */
    H2K_VFAT_FIT_TAIL,  /* needs a numeric tail */
};

/* The basis of NAME's short name ("Basis-Name Generation Algorithm"). */
enum h2k_vfat_fit h2k_vfat_basis(const char *name,
                                 uint8_t basis[H2K_VFAT_SHORT]);

/* BASIS with "~NUMBER" ("Numeric-Tail Generation Algorithm"); NUMBER is from
 * 1 to 999999. */
void h2k_vfat_tail(const uint8_t basis[H2K_VFAT_SHORT], uint32_t number,
                   uint8_t name[H2K_VFAT_SHORT]);

/* The number of NAME's tail, or 0 when it has none. */
uint32_t h2k_vfat_tail_of(const uint8_t name[H2K_VFAT_SHORT]);

/* The directory's entry ORDINAL, from 1, of the long name that UNITS are. */
void h2k_vfat_put_piece(uint8_t raw[32], const uint16_t *units, size_t count,
                        unsigned ordinal, uint8_t checksum);
/* The units of such an entry. */
void h2k_vfat_get_piece(const uint8_t raw[32], uint16_t units[H2K_VFAT_PIECE]);

/* Seconds since 1970 (UTC), and FAT's time and date ("Date and Time
 * Formats"): time in the lower 16 bits.  Before 1980 and after 2107 it is
 * the nearest. */
uint32_t h2k_vfat_pack_time(int64_t seconds);
int64_t h2k_vfat_unpack_time(uint32_t packed);

#endif
