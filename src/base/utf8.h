/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* UTF-8 (RFC 3629), checked before any parser sees it. */
#ifndef H2K_BASE_UTF8_H
#define H2K_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the one well-formed character at TEXT (of SIZE bytes, at
 * least 1), and its code point; 0 when it is not well-formed. */
size_t h2k_utf8_decode(const char *text, size_t size, uint32_t *code_point);

/* CODE_POINT at TO, which has room for 4 bytes; the number of bytes. */
size_t h2k_utf8_encode(char *to, uint32_t code_point);

bool h2k_utf8_is_valid(const char *text); /* up to its NUL */

/* The size of the part from the start that is well-formed and free of
 * control characters other than tab, LF and CR: SIZE when all is. */
size_t h2k_utf8_valid_prefix(const char *text, size_t size);

#endif
