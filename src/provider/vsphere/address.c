/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/address.h"

#include "base/error.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
h2k_vsphere_address_clear(struct h2k_vsphere_address *address)
{
    free(address->origin);
    free(address->endpoint);
    free(address->username);
    *address = (struct h2k_vsphere_address){ 0 };
}

static int
digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "administrator%40vsphere.local", in place. */
static int
decode(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        if (*in != '%') {
            *out++ = *in;
            continue;
        }
        int high = digit(in[1]), low = high < 0 ? -1 : digit(in[2]);
        if (low < 0 || (high == 0 && low == 0))
            return h2k_fail(H2K_E_USAGE,
                            "the server's URL: a '%%' in the user's name "
                            "needs two digits after it");
        *out++ = (char)(high << 4 | low);
        in += 2;
    }
    *out = '\0';
    return 0;
}

/* "user@" before the host; its end is the last '@', as in
 * administrator@vsphere.local@host. */
static int
take_user(const char **rest, size_t authority, char **username)
{
    const char *at = memrchr(*rest, '@', authority);
    if (at == NULL)
        return 0;
    size_t length = (size_t)(at - *rest);
    if (memchr(*rest, ':', length) != NULL)
        return h2k_fail(H2K_E_USAGE,
                        "the server's URL has a password, which everybody on "
                        "this machine could read in the list of processes: "
                        "give it by a file, the environment or a command");
    *username = strndup(*rest, length);
    if (*username == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    *rest = at + 1;
    return decode(*username);
}

/* A host's name or number, perhaps a port. */
static bool
is_host(const char *text, size_t size)
{
    bool brackets = size > 0 && text[0] == '[';
    if (size == 0 || text[0] == ':')
        return false;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c == 0x7f || strchr("\"'<>\\^`{|}%", c) != NULL)
            return false;
        if (!brackets && c == ':' &&
            strspn(text + i + 1, "0123456789") < size - i - 1)
            return false;
    }
    return true;
}

static int
take_scheme(const char *text, const char **rest, const char **scheme)
{
    const char *end = strstr(text, "://");
    *scheme = "https";
    *rest = text;
    if (end == NULL || strcspn(text, "/@") < (size_t)(end - text))
        return 0;
    *rest = end + 3;
    if (strncasecmp(text, "https://", 8) == 0)
        return 0;
    *scheme = "http";
    if (strncasecmp(text, "http://", 7) == 0)
        return 0;
    return h2k_fail(H2K_E_USAGE,
                    "the server's URL begins with '%.*s://': it has to be a "
                    "host's name or https://HOST",
                    (int)(end - text < 20 ? end - text : 20), text);
}

int
h2k_vsphere_address_parse(const char *text,
                          struct h2k_vsphere_address *address)
{
    const char *rest, *scheme;
    *address = (struct h2k_vsphere_address){ 0 };
    if (take_scheme(text, &rest, &scheme) < 0 ||
        take_user(&rest, strcspn(rest, "/?#"), &address->username) < 0)
        return -1;
    size_t host = strcspn(rest, "/?#");
    const char *path = rest + host;
    if (!is_host(rest, host))
        return h2k_fail(H2K_E_USAGE, "the server's URL has no host: it has "
                                     "to be HOST or https://HOST[:PORT]");
    if (strpbrk(path, "?#") != NULL)
        return h2k_fail(H2K_E_USAGE, "the server's URL has a query, which "
                                     "has no meaning there");
    /* What a browser shows for the web client is meant as the host. */
    if (*path == '\0' || strcmp(path, "/") == 0 || strcmp(path, "/ui") == 0 ||
        strcmp(path, "/ui/") == 0)
        path = "/sdk";
    if (asprintf(&address->origin, "%s://%.*s", scheme, (int)host, rest) < 0)
        address->origin = NULL;
    if (asprintf(&address->endpoint, "%s://%.*s%s", scheme, (int)host, rest,
                 path) < 0)
        address->endpoint = NULL;
    if (address->origin == NULL || address->endpoint == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return 0;
}
