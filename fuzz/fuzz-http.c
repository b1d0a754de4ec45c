/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What the HTTP client parses by itself: a first byte that says which, and
 * text.  Headers of ranges, URLs, cookies, thumbprints.
 */
#include "net/content-range.h"
#include "net/http-internal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool holds)
{
    if (!holds)
        abort();
}

static void
try_range(const char *text)
{
    struct h2k_content_range r;
    if (!h2k_content_range_parse(text, &r))
        return;
    check(r.first <= r.last && r.last < r.total);
    check(h2k_content_range_answers(&r, r.first, r.last - r.first + 1));
    check(!h2k_content_range_answers(&r, r.first + 1, 1) ||
          r.first == UINT64_MAX);
}

/* A password or a query never gets into what is shown. */
static void
try_url(const char *text)
{
    H2K_AUTO_URL url = { 0 };
    if (h2k_url_parse(text, &url) < 0)
        return;
    check(strchr(url.shown, '?') == NULL && strchr(url.shown, '#') == NULL);
    check(strncmp(url.origin, "http", 4) == 0);
}

static struct h2k_http *
client(const char *thumbprint)
{
    struct h2k_http_settings settings = { .trust.thumbprint = thumbprint,
                                          .trust.insecure = true };
    return h2k_http_new(&settings);
}

/* One that is taken comes back, and no other host sees it. */
static void
try_cookie(const char *text)
{
    H2K_AUTO(h2k_http) http = client(NULL);
    check(http != NULL);
    if (h2k_http_set_cookie(http, "https://a.example/", text) < 0)
        return;
    h2k_autofree char *here = h2k_http_cookies(http, "https://a.example/x");
    h2k_autofree char *there = h2k_http_cookies(http, "https://b.example/");
    check(here != NULL && there != NULL && there[0] == '\0');
    check(strpbrk(here, "\r\n\t") == NULL);
}

static void
try_thumbprint(const char *text)
{
    h2k_http_free(client(text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(
        const char *text) = { try_range, try_url, try_cookie, try_thumbprint };
    if (size == 0)
        return 0;
    h2k_autofree char *text = calloc(1, size);
    check(text != NULL);
    memcpy(text, data + 1, size - 1);
    tries[data[0] % 4](text);
    return 0;
}
