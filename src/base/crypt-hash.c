/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/crypt-hash.h"

#include <string.h>

#define SET "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./"

static bool
only(const char *text, const char *set)
{
    return text[strspn(text, set)] == '\0';
}

/* The sizes of what crypt(5) makes; 0 for methods whose parameters vary. */
static size_t
hash_size(const char *method, size_t size)
{
    static const struct {
        const char *method;
        size_t size;
    } methods[] = { { "1", 22 }, { "5", 43 },  { "6", 86 },
                    { "y", 43 }, { "gy", 43 }, { "7", 43 } };
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
        if (strlen(methods[i].method) == size &&
            strncmp(method, methods[i].method, size) == 0)
            return methods[i].size;
    return 0;
}

bool
h2k_crypt_hash_is_whole(const char *text)
{
    text += strspn(text, "!");
    if (*text == '\0' || strcmp(text, "*") == 0)
        return true; /* no password */
    if (*text != '$')
        return false;
    const char *last = strrchr(text, '$') + 1;
    size_t method = strcspn(text + 1, "$");
    if (method == 2 && text[1] == '2') /* $2b$10$ and salt and hash in one */
        return strlen(last) == 53 && only(last, SET);
    size_t size = hash_size(text + 1, method);
    return size != 0 && strlen(last) == size && only(last, SET) &&
           last - text > (ptrdiff_t)method + 3;
}
