/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "net/http-internal.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The part WHAT of HANDLE, which the caller frees with free(3); NULL where
 * there is none. */
static char *
url_part(CURLU *handle, CURLUPart what, unsigned flags)
{
    char *part = NULL;
    if (curl_url_get(handle, what, &part, flags) != CURLUE_OK)
        return NULL;
    char *copy = strdup(part);
    curl_free(part);
    return copy;
}

static int
url_fill(CURLU *handle, struct h2k_url *url)
{
    h2k_autofree char *scheme = url_part(handle, CURLUPART_SCHEME, 0);
    h2k_autofree char *port =
        url_part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    h2k_autofree char *said_port = url_part(handle, CURLUPART_PORT, 0);
    url->host = url_part(handle, CURLUPART_HOST, 0);
    url->path = url_part(handle, CURLUPART_PATH, 0);
    if (scheme != NULL && strcasecmp(scheme, "https") != 0 &&
        strcasecmp(scheme, "http") != 0)
        return h2k_fail(H2K_E_USAGE,
                        "'%.20s' is not a protocol for this: use https",
                        scheme);
    if (scheme == NULL || port == NULL || url->host == NULL ||
        url->path == NULL)
        return h2k_fail(H2K_E_USAGE, "an URL has no host");
    url->secure = strcasecmp(scheme, "https") == 0;
    if (asprintf(&url->origin, "%s://%s:%s", scheme, url->host, port) < 0)
        url->origin = NULL;
    if (asprintf(&url->shown, "%s://%s%s%s%.300s", scheme, url->host,
                 said_port == NULL ? "" : ":",
                 said_port == NULL ? "" : said_port, url->path) < 0)
        url->shown = NULL;
    return url->origin == NULL || url->shown == NULL
               ? h2k_fail(H2K_E_NOMEM, "out of memory")
               : 0;
}

int
h2k_url_parse(const char *text, struct h2k_url *url)
{
    *url = (struct h2k_url){ 0 };
    CURLU *handle = curl_url();
    if (handle == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    CURLUcode code =
        curl_url_set(handle, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
    int rc = code == CURLUE_OK ? url_fill(handle, url)
                               : h2k_fail(H2K_E_USAGE, "not an URL (%s)",
                                          curl_url_strerror(code));
    curl_url_cleanup(handle);
    return rc;
}

void
h2k_url_clear(struct h2k_url *url)
{
    free(url->origin);
    free(url->host);
    free(url->path);
    free(url->shown);
    *url = (struct h2k_url){ 0 };
}

char *
h2k_url_escape(const char *text)
{
    char *escaped = curl_easy_escape(NULL, text, 0);
    char *copy = escaped == NULL ? NULL : strdup(escaped);
    curl_free(escaped);
    return copy == NULL ? h2k_fail_null(H2K_E_NOMEM, "out of memory") : copy;
}
