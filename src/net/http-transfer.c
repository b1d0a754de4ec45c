/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One request and its reply, with our own clock, and what went wrong. */
#include "net/http-internal.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupt.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* How long a wait may be before we look at the clock and the user again. */
#define LOOK_MS 200
/* A reply's headers together. */
#define HEADERS_LIMIT (256u << 10)

/* ---- SIGPIPE ----
 *
 * OpenSSL may write to a connection that the other side has closed.  The
 * signal that this gives is the thread's own: it is held back, and taken
 * away unless it was there before. */

struct quiet {
    sigset_t before;
    bool pending;
};

static struct quiet
quiet_begin(void)
{
    struct quiet quiet = { 0 };
    sigset_t pipe, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    quiet.pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe, &quiet.before);
    return quiet;
}

static void
quiet_end(const struct quiet *quiet)
{
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    if (!quiet->pending)
        sigtimedwait(&pipe, NULL, &(struct timespec){ 0 });
    pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
}

/* ---- What libcurl calls ---- */

static bool
transfer_interrupted(const struct h2k_transfer *t)
{
    return !t->undo && h2k_interrupted();
}

static bool
transfer_stopped(const struct h2k_transfer *t)
{
    return t->stop != NULL && atomic_load(t->stop);
}

/* The connection is there, and the request about to be sent. */
static int
on_connected(void *opaque, char *to, char *from, int to_port, int from_port)
{
    (void)to, (void)from, (void)to_port, (void)from_port;
    struct h2k_transfer *t = opaque;
    t->connected = true;
    t->active = h2k_clock_ms();
    return CURL_PREREQFUNC_OK;
}

static size_t
on_header(char *bytes, size_t size, size_t count, void *opaque)
{
    (void)bytes;
    struct h2k_transfer *t = opaque;
    t->active = h2k_clock_ms();
    t->header_bytes += size * count;
    return t->header_bytes > HEADERS_LIMIT ? 0 : size * count;
}

static size_t
on_data(char *bytes, size_t size, size_t count, void *opaque)
{
    struct h2k_transfer *t = opaque;
    size_t all = size * count;
    if (transfer_interrupted(t) || transfer_stopped(t))
        return CURL_WRITEFUNC_ERROR;
    int rc = t->data == NULL ? 0 : t->data(t, bytes, all);
    if (rc < 0) {
        t->local = true;
        return CURL_WRITEFUNC_ERROR;
    }
    /* Afterwards: a slow sink, or our own limit, is not the server's. */
    t->active = h2k_clock_ms();
    return all;
}

static size_t
on_body(char *room, size_t size, size_t count, void *opaque)
{
    struct h2k_transfer *t = opaque;
    size_t some = t->body_size - t->body_done;
    if (some > size * count)
        some = size * count;
    memcpy(room, t->body + t->body_done, some);
    t->body_done += some;
    t->active = h2k_clock_ms();
    return some;
}

/* libcurl sends a request again when a kept connection turns out to be
 * closed.  Not so when its body was sent: it may have been obeyed. */
static int
on_rewind(void *opaque, curl_off_t offset, int origin)
{
    struct h2k_transfer *t = opaque;
    return offset == 0 && origin == SEEK_SET && t->body_done == 0
               ? CURL_SEEKFUNC_OK
               : CURL_SEEKFUNC_FAIL;
}

/* ---- Setting it up ---- */

int
h2k_transfer_begin(struct h2k_transfer *t, struct h2k_http *http,
                   const char *url)
{
    *t = (struct h2k_transfer){ .http = http,
                                .text = url,
                                .failure = H2K_HTTP_LOCAL };
    return h2k_url_parse(url, &t->url);
}

static int
transfer_headers(struct h2k_transfer *t)
{
    /* Neither a question whether to send the body, nor a form's type. */
    const char *own[] = { "Expect:", "Content-Type:", NULL };
    bool typed = false;
    for (size_t i = 0; t->headers != NULL && t->headers[i] != NULL; i++) {
        typed = typed || strncasecmp(t->headers[i], own[1], 13) == 0;
        struct curl_slist *list = curl_slist_append(t->list, t->headers[i]);
        if (list == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        t->list = list;
    }
    if (t->body != NULL && typed)
        own[1] = NULL;
    for (size_t i = 0; t->body != NULL && own[i] != NULL; i++) {
        struct curl_slist *list = curl_slist_append(t->list, own[i]);
        if (list == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        t->list = list;
    }
    if (!t->raw)
        return 0;
    struct curl_slist *list =
        curl_slist_append(t->list, "Accept-Encoding: identity");
    if (list == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    t->list = list;
    return 0;
}

/* What is so for every request. */
static void
transfer_set_common(struct h2k_transfer *t, CURL *easy)
{
    struct h2k_http *http = t->http;
    curl_easy_setopt(easy, CURLOPT_SHARE, http->share);
    curl_easy_setopt(easy, CURLOPT_COOKIEFILE, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, http->user_agent);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)http->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->detail);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
}

/* What curl_easy_reset does, and the list of cookie files, which it leaks. */
static void
reset(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_COOKIEFILE, NULL);
    curl_easy_reset(easy);
}

static int
transfer_set(struct h2k_transfer *t, CURL *easy)
{
    reset(easy);
    transfer_set_common(t, easy);
    if (t->body != NULL) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)t->body_size);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_body);
        curl_easy_setopt(easy, CURLOPT_READDATA, t);
        curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_rewind);
        curl_easy_setopt(easy, CURLOPT_SEEKDATA, t);
    }
    if (t->method != NULL)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, t->method);
    if (t->head_only)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (t->raw)
        curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 512L << 10);
    else
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (t->look_only) { /* a handshake of its own, and a whole one */
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    }
    if (t->range[0] != '\0')
        curl_easy_setopt(easy, CURLOPT_RANGE, t->range);
    if (transfer_headers(t) < 0)
        return -1;
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->list);
    if (curl_easy_setopt(easy, CURLOPT_URL, t->text) != CURLE_OK)
        return h2k_fail(H2K_E_NOMEM, "out of memory");

    struct h2k_trust_check *check = &t->channel->check;
    *check = (struct h2k_trust_check){ .trust = &t->http->trust,
                                       .look_only = t->look_only };
    pthread_mutex_lock(&t->http->lock);
    check->pin = h2k_trust_find_pin(&t->http->trust, t->url.origin);
    pthread_mutex_unlock(&t->http->lock);
    return h2k_trust_apply(easy, check);
}

/* ---- Running it ---- */

/* May it go on?  What ended it is in T. */
static bool
transfer_alive(struct h2k_transfer *t)
{
    uint64_t now = h2k_clock_ms();
    if (t->connected && now - t->active >= t->http->stall_timeout_ms)
        t->stalled = true;
    if (t->until != 0 && now >= t->until)
        t->late = true;
    return !t->stalled && !t->late && !transfer_interrupted(t) &&
           !transfer_stopped(t);
}

/* Until it is done, or may not go on.  Gives whether it is done, with its
 * result in *RESULT. */
static bool
transfer_loop(struct h2k_transfer *t, CURLcode *result)
{
    CURLM *multi = t->channel->multi;
    int running = 1;
    while (curl_multi_perform(multi, &running) == CURLM_OK) {
        int left;
        CURLMsg *message = curl_multi_info_read(multi, &left);
        if (message != NULL && message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return true;
        }
        if (running == 0 || !transfer_alive(t))
            return false;
        if (curl_multi_poll(multi, NULL, 0, LOOK_MS, NULL) != CURLM_OK)
            return false;
    }
    return false;
}

static int
transfer_failed(struct h2k_transfer *t, enum h2k_http_failure failure)
{
    t->failure = failure;
    return -1;
}

/* libcurl's words, where they are words. */
static const char *
transfer_detail(struct h2k_transfer *t, CURLcode code)
{
    if (t->detail[0] == '\0')
        return curl_easy_strerror(code);
    for (char *p = t->detail; *p != '\0'; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
    return t->detail;
}

/* A handshake that the network broke may work the next time; one that the
 * two sides did not agree on will not. */
static bool
is_broken_handshake(const char *detail)
{
    static const char *const words[] = { "SYSCALL", "unexpected eof", "reset",
                                         "closed" };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasestr(detail, words[i]) != NULL)
            return true;
    return false;
}

static int
transfer_explain(struct h2k_transfer *t, CURLcode code)
{
    const char *where = t->url.shown;
    const char *detail = transfer_detail(t, code);
    long connect_code = 0;
    curl_easy_getinfo(t->channel->easy, CURLINFO_HTTP_CONNECTCODE,
                      &connect_code);
    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        h2k_fail(H2K_E_NOMEM, "out of memory");
        return transfer_failed(t, H2K_HTTP_LOCAL);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        h2k_fail(H2K_E_USAGE, "%s: %s", where, detail);
        return transfer_failed(t, H2K_HTTP_LOCAL);
    case CURLE_PEER_FAILED_VERIFICATION:
        h2k_trust_fail(&t->channel->check, where);
        return transfer_failed(t, H2K_HTTP_UNTRUSTED);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PROXY:
        h2k_fail(H2K_E_SOURCE, "%s: no connection: %s", where, detail);
        return transfer_failed(t, H2K_HTTP_REFUSED);
    case CURLE_SSL_CONNECT_ERROR:
        if (is_broken_handshake(detail))
            break;
        h2k_fail(H2K_E_SOURCE, "%s: no TLS connection: %s", where, detail);
        return transfer_failed(t, H2K_HTTP_UNTRUSTED);
    case CURLE_PARTIAL_FILE:
        h2k_fail(H2K_E_IO, "%s: the reply ended before it was whole: %s",
                 where, detail);
        return transfer_failed(t, H2K_HTTP_BROKEN);
    default:
        break;
    }
    if (connect_code != 0 && connect_code / 100 != 2) {
        h2k_fail(H2K_E_SOURCE, "%s: the proxy replied %ld to CONNECT", where,
                 connect_code);
        return transfer_failed(t, H2K_HTTP_REFUSED);
    }
    h2k_fail(H2K_E_IO, "%s: the connection broke: %s", where, detail);
    return transfer_failed(t, H2K_HTTP_BROKEN);
}

/* A body without a length ends with the connection.  TLS tells that from a
 * break (RFC 9112, 9.8); without TLS nobody knows. */
static bool
transfer_is_cut(struct h2k_transfer *t)
{
    curl_off_t size = -1;
    curl_easy_getinfo(t->channel->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                      &size);
    return t->url.secure && !t->head_only && t->status != 204 && size < 0 &&
           h2k_transfer_header(t, "Transfer-Encoding") == NULL &&
           !t->channel->check.goodbye;
}

static int
transfer_result(struct h2k_transfer *t, bool done, CURLcode code)
{
    if (t->local) /* the error is set */
        return transfer_failed(t, H2K_HTTP_LOCAL);
    if (done && code == CURLE_OK && transfer_is_cut(t)) {
        h2k_fail(H2K_E_IO,
                 "%s: the connection broke before the reply was told to end",
                 t->url.shown);
        return transfer_failed(t, H2K_HTTP_BROKEN);
    }
    if (done && code == CURLE_OK) {
        t->failure = H2K_HTTP_OK;
        return 0;
    }
    if (transfer_interrupted(t)) {
        h2k_check_interrupt();
        return transfer_failed(t, H2K_HTTP_LOCAL);
    }
    if (transfer_stopped(t)) {
        h2k_fail(H2K_E_FAILED, "%s: given up", t->url.shown);
        return transfer_failed(t, H2K_HTTP_LOCAL);
    }
    if (t->stalled || t->late) {
        uint64_t limit = t->http->stall_timeout_ms;
        h2k_fail(H2K_E_IO,
                 t->late ? "%s: it was not done in time"
                         : "%s: the server stalled: nothing came for %.1f s",
                 t->url.shown, (double)limit / 1000);
        return transfer_failed(t, H2K_HTTP_BROKEN);
    }
    if (t->channel->check.refused) {
        h2k_trust_fail(&t->channel->check, t->url.shown);
        return transfer_failed(t, H2K_HTTP_UNTRUSTED);
    }
    return transfer_explain(t, done ? code : CURLE_FAILED_INIT);
}

int
h2k_transfer_run(struct h2k_transfer *t)
{
    if (transfer_interrupted(t))
        return h2k_check_interrupt();
    t->channel = h2k_channel_get(t->http, t->url.origin);
    if (t->channel == NULL || transfer_set(t, t->channel->easy) < 0)
        return -1;
    t->active = h2k_clock_ms();
    struct quiet quiet = quiet_begin();
    CURLcode code = CURLE_FAILED_INIT;
    bool done = false;
    CURL *easy = t->channel->easy;
    if (curl_multi_add_handle(t->channel->multi, easy) == CURLM_OK)
        done = transfer_loop(t, &code);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    t->status = (int)status;
    curl_multi_remove_handle(t->channel->multi, easy);
    quiet_end(&quiet);
    return transfer_result(t, done, code);
}

void
h2k_transfer_end(struct h2k_transfer *t, struct h2k_http_reply *reply)
{
    if (reply != NULL) {
        curl_off_t after = 0;
        if (t->channel != NULL)
            curl_easy_getinfo(t->channel->easy, CURLINFO_RETRY_AFTER, &after);
        reply->failure = t->failure;
        reply->status = t->status;
        reply->retry_after_s = after < 0       ? 0
                               : after > 86400 ? 86400
                                               : (unsigned)after;
    }
    if (t->channel != NULL) {
        /* The handle must not know what dies with T. */
        reset(t->channel->easy);
        if (t->secret)
            h2k_channel_forget(t->channel);
        h2k_channel_put(t->http, h2k_steal(t->channel));
    }
    curl_slist_free_all(h2k_steal(t->list));
    h2k_url_clear(&t->url);
}

/* ---- The reply ---- */

const char *
h2k_transfer_header(struct h2k_transfer *t, const char *name)
{
    struct curl_header *header = NULL;
    CURLHcode rc =
        curl_easy_header(t->channel->easy, name, 0, CURLH_HEADER, -1, &header);
    return rc == CURLHE_OK && header->amount == 1 ? header->value : NULL;
}

static const char *
status_words(int status)
{
    switch (status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return "a redirection, which is not followed; use the URL of the "
               "server itself";
    case 400:
        return "bad request";
    case 401:
        return "not logged in, or a wrong user name or password";
    case 403:
        return "forbidden; this user may lack a privilege";
    case 404:
        return "not found";
    case 407:
        return "the proxy wants a login";
    case 408:
        return "the request took too long";
    case 416:
        return "no such range of bytes";
    case 429:
        return "too many requests";
    case 500:
        return "an error in the server";
    case 502:
        return "bad gateway";
    case 503:
        return "the service is not available";
    case 504:
        return "a gateway's timeout";
    default:
        return "not what was asked for";
    }
}

int
h2k_transfer_fail_status(struct h2k_transfer *t)
{
    t->failure = H2K_HTTP_STATUS;
    return h2k_fail(t->status == 404 ? H2K_E_NOENT : H2K_E_SOURCE,
                    "%s: the server replied %d (%s)", t->url.shown, t->status,
                    status_words(t->status));
}
