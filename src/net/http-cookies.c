/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The cookies, which libcurl keeps and sends (RFC 6265).  They go in and out
 * as lines of Netscape's cookie file: domain, whether for its subdomains
 * too, path, whether for https only, expiry, name and value, with tabs in
 * between.
 */
#include "net/http-internal.h"

#include "base/error.h"

#include <string.h>
#include <strings.h>

enum { DOMAIN, SUBDOMAINS, PATH, SECURE, EXPIRES, NAME, VALUE, FIELDS };

static CURL *
cookies_handle(struct h2k_http *http)
{
    CURL *easy = curl_easy_init();
    if (easy == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    curl_easy_setopt(easy, CURLOPT_SHARE, http->share);
    curl_easy_setopt(easy, CURLOPT_COOKIEFILE, "");
    return easy;
}

/* ---- Out ---- */

/* Cut LINE at its tabs.  False where there are not enough. */
static bool
line_split(char *line, char *fields[FIELDS])
{
    for (size_t i = 0; i < FIELDS; i++) {
        fields[i] = line;
        char *tab = i + 1 < FIELDS ? strchr(line, '\t') : NULL;
        if (i + 1 < FIELDS && tab == NULL)
            return false;
        if (tab != NULL) {
            *tab = '\0';
            line = tab + 1;
        }
    }
    return true;
}

static bool
is_for_host(char *const fields[FIELDS], const char *host)
{
    const char *domain = fields[DOMAIN];
    if (strncmp(domain, "#HttpOnly_", 10) == 0)
        domain += 10;
    if (*domain == '.')
        domain++;
    size_t size = strlen(domain), host_size = strlen(host);
    if (strcasecmp(domain, host) == 0)
        return true;
    return strcmp(fields[SUBDOMAINS], "TRUE") == 0 && host_size > size &&
           host[host_size - size - 1] == '.' &&
           strcasecmp(host + host_size - size, domain) == 0;
}

static int
add_cookie(struct h2k_buffer *out, const char *line, const struct h2k_url *url)
{
    h2k_autofree char *copy = strdup(line);
    char *fields[FIELDS];
    if (copy == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (!line_split(copy, fields) || !is_for_host(fields, url->host) ||
        (strcmp(fields[SECURE], "TRUE") == 0 && !url->secure))
        return 0;
    h2k_buffer_addf(out, "%s%s=%s", out->size == 0 ? "" : "; ", fields[NAME],
                    fields[VALUE]);
    return 0;
}

char *
h2k_http_cookies(struct h2k_http *http, const char *url)
{
    H2K_AUTO_URL parsed = { 0 };
    H2K_AUTO_BUFFER out = { 0 };
    if (h2k_url_parse(url, &parsed) < 0)
        return NULL;
    CURL *easy = cookies_handle(http);
    if (easy == NULL)
        return NULL;
    struct curl_slist *list = NULL;
    CURLcode code = curl_easy_getinfo(easy, CURLINFO_COOKIELIST, &list);
    int rc = code == CURLE_OK ? 0 : h2k_fail(H2K_E_NOMEM, "out of memory");
    for (struct curl_slist *at = list; rc == 0 && at != NULL; at = at->next)
        rc = add_cookie(&out, at->data, &parsed);
    curl_slist_free_all(list);
    curl_easy_cleanup(easy);
    return rc < 0 ? NULL : h2k_buffer_steal(&out);
}

/* ---- In ---- */

/* Is TEXT's attribute, up to its ';', NAME (without a value)? */
static bool
is_attribute(const char *text, const char *name)
{
    size_t size = strlen(name);
    text += strspn(text, " ");
    return strncasecmp(text, name, size) == 0 &&
           (text[size] == '\0' || text[size] == ';' || text[size] == ' ');
}

static bool
has_attribute(const char *cookie, const char *name)
{
    for (const char *at = strchr(cookie, ';'); at != NULL;
         at = strchr(at + 1, ';'))
        if (is_attribute(at + 1, name))
            return true;
    return false;
}

/* A session's cookie for PATH and what is below it, whatever path and time
 * it names. */
static int
make_line(struct h2k_buffer *line, const char *cookie,
          const struct h2k_url *url, const char *path)
{
    size_t size = strcspn(cookie, ";");
    const char *equals = memchr(cookie, '=', size);
    if (equals == NULL || equals == cookie ||
        strpbrk(cookie, "\t\r\n") != NULL || size > 4000)
        return h2k_fail(H2K_E_USAGE, "%s: a cookie is NAME=VALUE", url->shown);
    h2k_buffer_addf(line, "%s\tFALSE\t%s\t%s\t0\t%.*s\t%.*s", url->host, path,
                    has_attribute(cookie, "Secure") ? "TRUE" : "FALSE",
                    (int)(equals - cookie), cookie,
                    (int)(size - (size_t)(equals + 1 - cookie)), equals + 1);
    return h2k_buffer_check(line);
}

static int
set_cookie(struct h2k_http *http, const struct h2k_url *url,
           const char *cookie, const char *path)
{
    H2K_AUTO_BUFFER line = { 0 };
    if (make_line(&line, cookie, url, path) < 0)
        return -1;
    CURL *easy = cookies_handle(http);
    if (easy == NULL)
        return -1;
    CURLcode code =
        curl_easy_setopt(easy, CURLOPT_COOKIELIST, h2k_buffer_text(&line));
    curl_easy_cleanup(easy);
    return code == CURLE_OK ? 0 : h2k_fail(H2K_E_NOMEM, "out of memory");
}

int
h2k_http_set_cookie(struct h2k_http *http, const char *url, const char *cookie)
{
    H2K_AUTO_URL parsed = { 0 };
    if (h2k_url_parse(url, &parsed) < 0)
        return -1;
    return set_cookie(http, &parsed, cookie, "/");
}

int
h2k_http_lend_cookie(struct h2k_http *http, const char *url,
                     const char *cookie)
{
    H2K_AUTO_URL parsed = { 0 };
    if (h2k_url_parse(url, &parsed) < 0)
        return -1;
    char *slash = strrchr(parsed.path, '/');
    if (slash == NULL || strpbrk(parsed.path, "\t\r\n") != NULL)
        return h2k_fail(H2K_E_USAGE, "%s: not a path for a cookie",
                        parsed.shown);
    slash[slash == parsed.path] = '\0';
    return set_cookie(http, &parsed, cookie, parsed.path);
}
