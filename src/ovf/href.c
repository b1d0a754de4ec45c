/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names of files as an OVF writes them. */
#include "base/utf8.h"
#include "ovf/machine.h"

#include <string.h>

#define NAME_MAX_BYTES 255

bool
h2k_ovf_is_file_name(const char *name)
{
    size_t size = strlen(name);
    if (size == 0 || size > NAME_MAX_BYTES || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0 || strpbrk(name, "/\\\n\r\t") != NULL)
        return false;
    return h2k_utf8_valid_prefix(name, size) == size;
}

static int
digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

char *
h2k_ovf_decode_href(const char *href)
{
    h2k_autofree char *name = strdup(href);
    char *to = name;
    if (name == NULL || strchr(href, '%') == NULL)
        return NULL;
    for (const char *p = href; *p != '\0'; to++) {
        int high = *p == '%' ? digit(p[1]) : -1;
        int low = high < 0 ? -1 : digit(p[2]);
        *to = low < 0 ? *p : (char)(16 * high + low);
        if (*to == '\0')
            return NULL;
        p += low < 0 ? 1 : 3;
    }
    *to = '\0';
    return h2k_ovf_is_file_name(name) && strcmp(name, href) != 0
               ? h2k_steal(name)
               : NULL;
}
