/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The client: what its requests share, and the channels they run on. */
#include "net/http-internal.h"

#include "base/error.h"
#include "base/secret.h"

#include <stddef.h>
#include <string.h>

/* More than so many idle channels are closed. */
#define IDLE_CHANNELS 16

/* ---- libcurl's memory ----
 *
 * It copies what it sends into buffers of its own, and frees them with the
 * bytes in them.  So each block here starts with its size, and is wiped. */

#define HEAD_SIZE sizeof(max_align_t)

static void *
memory_new(size_t size)
{
    char *block =
        size > SIZE_MAX - HEAD_SIZE ? NULL : malloc(HEAD_SIZE + size);
    if (block == NULL)
        return NULL;
    memcpy(block, &size, sizeof(size));
    return block + HEAD_SIZE;
}

static size_t
memory_size(const void *bytes)
{
    size_t size;
    memcpy(&size, (const char *)bytes - HEAD_SIZE, sizeof(size));
    return size;
}

static void
memory_free(void *bytes)
{
    if (bytes == NULL)
        return;
    h2k_wipe(bytes, memory_size(bytes));
    free((char *)bytes - HEAD_SIZE);
}

static void *
memory_resize(void *bytes, size_t size)
{
    void *other = memory_new(size);
    if (bytes == NULL || other == NULL)
        return other;
    size_t old = memory_size(bytes);
    memcpy(other, bytes, old < size ? old : size);
    memory_free(bytes);
    return other;
}

static char *
memory_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memory_new(size);
    return copy == NULL ? NULL : memcpy(copy, text, size);
}

static void *
memory_zeros(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    void *bytes = memory_new(total);
    return bytes == NULL ? NULL : memset(bytes, 0, total);
}

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

/* A program that called curl_global_init before keeps its own memory. */
static void
curl_start(void)
{
    curl_ready =
        curl_global_init_mem(CURL_GLOBAL_DEFAULT, memory_new, memory_free,
                             memory_resize, memory_text, memory_zeros);
}

/* ---- The client ---- */

static void
share_lock(CURL *easy, curl_lock_data what, curl_lock_access how, void *opaque)
{
    (void)easy, (void)what, (void)how;
    struct h2k_http *http = opaque;
    pthread_mutex_lock(&http->share_lock);
}

static void
share_unlock(CURL *easy, curl_lock_data what, void *opaque)
{
    (void)easy, (void)what;
    struct h2k_http *http = opaque;
    pthread_mutex_unlock(&http->share_lock);
}

static int
http_share(struct h2k_http *http)
{
    http->share = curl_share_init();
    if (http->share == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    curl_share_setopt(http->share, CURLSHOPT_LOCKFUNC, share_lock);
    curl_share_setopt(http->share, CURLSHOPT_UNLOCKFUNC, share_unlock);
    curl_share_setopt(http->share, CURLSHOPT_USERDATA, http);
    if (curl_share_setopt(http->share, CURLSHOPT_SHARE,
                          CURL_LOCK_DATA_COOKIE) != CURLSHE_OK)
        return h2k_fail(H2K_E_COMPONENT, "this libcurl keeps no cookies");
    return 0;
}

struct h2k_http *
h2k_http_new(const struct h2k_http_settings *settings)
{
    pthread_once(&curl_once, curl_start);
    if (curl_ready != CURLE_OK)
        return h2k_fail_null(H2K_E_COMPONENT, "libcurl cannot start: %s",
                             curl_easy_strerror(curl_ready));
    struct h2k_http *http = calloc(1, sizeof(*http));
    if (http == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    pthread_mutex_init(&http->lock, NULL);
    pthread_mutex_init(&http->share_lock, NULL);
    http->connect_timeout_ms = settings->connect_timeout_ms == 0
                                   ? 30000
                                   : settings->connect_timeout_ms;
    http->stall_timeout_ms =
        settings->stall_timeout_ms == 0 ? 60000 : settings->stall_timeout_ms;
    http->rate = settings->rate;
    http->user_agent =
        strdup(settings->user_agent == NULL ? "hyper2kvm/" H2K_VERSION
                                            : settings->user_agent);
    if (http->user_agent == NULL)
        h2k_fail(H2K_E_NOMEM, "out of memory");
    if (http->user_agent == NULL || http_share(http) < 0 ||
        h2k_trust_init(&http->trust, &settings->trust) < 0) {
        h2k_http_free(http);
        return NULL;
    }
    return http;
}

static void
channel_free(struct h2k_channel *channel)
{
    curl_easy_cleanup(channel->easy);
    curl_multi_cleanup(channel->multi);
    free(channel->origin);
    free(channel);
}

void
h2k_http_free(struct h2k_http *http)
{
    if (http == NULL)
        return;
    while (http->idle != NULL) {
        struct h2k_channel *channel = http->idle;
        http->idle = channel->next;
        channel_free(channel);
    }
    if (http->share != NULL)
        curl_share_cleanup(http->share);
    h2k_trust_clear(&http->trust);
    pthread_mutex_destroy(&http->lock);
    pthread_mutex_destroy(&http->share_lock);
    free(http->user_agent);
    free(http);
}

int
h2k_http_trust_host(struct h2k_http *http, const char *url,
                    const char *thumbprint)
{
    H2K_AUTO_URL parsed = { 0 };
    if (h2k_url_parse(url, &parsed) < 0)
        return -1;
    pthread_mutex_lock(&http->lock);
    int rc = h2k_trust_add_pin(&http->trust, parsed.origin, thumbprint);
    pthread_mutex_unlock(&http->lock);
    return rc;
}

/* ---- Channels ---- */

static struct h2k_channel *
channel_new(struct h2k_http *http)
{
    struct h2k_channel *channel = calloc(1, sizeof(*channel));
    if (channel == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    channel->check.trust = &http->trust;
    channel->multi = curl_multi_init();
    channel->easy = curl_easy_init();
    if (channel->multi == NULL || channel->easy == NULL) {
        channel_free(channel);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    return channel;
}

struct h2k_channel *
h2k_channel_get(struct h2k_http *http, const char *origin)
{
    pthread_mutex_lock(&http->lock);
    struct h2k_channel **at = &http->idle;
    while (*at != NULL && strcmp((*at)->origin, origin) != 0)
        at = &(*at)->next;
    if (*at == NULL)
        at = &http->idle;
    struct h2k_channel *channel = *at;
    if (channel != NULL) {
        *at = channel->next;
        http->idle_count--;
    }
    pthread_mutex_unlock(&http->lock);
    if (channel == NULL)
        channel = channel_new(http);
    if (channel == NULL)
        return NULL;
    char *copy = strdup(origin);
    if (copy == NULL) {
        channel_free(channel);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    free(channel->origin);
    channel->origin = copy;
    return channel;
}

void
h2k_channel_put(struct h2k_http *http, struct h2k_channel *channel)
{
    pthread_mutex_lock(&http->lock);
    bool keep = channel->easy != NULL && http->idle_count < IDLE_CHANNELS;
    if (keep) {
        channel->next = http->idle;
        http->idle = channel;
        http->idle_count++;
    }
    pthread_mutex_unlock(&http->lock);
    if (!keep)
        channel_free(channel);
}

void
h2k_channel_forget(struct h2k_channel *channel)
{
    curl_easy_cleanup(channel->easy);
    channel->easy = curl_easy_init();
}
