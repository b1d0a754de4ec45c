/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Passwords as crypt(5) writes them. */
#ifndef H2K_BASE_CRYPT_HASH_H
#define H2K_BASE_CRYPT_HASH_H

#include <stdbool.h>
#include <stddef.h>

/* Does TEXT look like a whole hash, perhaps locked with ! before it, or like
 * no password ("", "*", "!")?  DES' hashes are not taken. */
bool h2k_crypt_hash_is_whole(const char *text);

#endif
