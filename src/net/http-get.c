/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Downloads: a reply's bytes into a sink, exactly those that were wanted. */
#include "net/http-internal.h"

#include "base/checked.h"
#include "base/error.h"
#include "net/content-range.h"
#include "net/rate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Of a reply that is an error, so much is kept for the caller. */
#define ERROR_BODY ((size_t)64 << 10)

struct get {
    const struct h2k_http_sink *sink;
    uint64_t first, length; /* as asked for */
    uint64_t expected;      /* bytes announced, or UINT64_MAX */
    uint64_t got;
    bool begun;
    bool wrong; /* not the reply that was wanted, with this error; */
    struct h2k_saved_error error;
    struct h2k_buffer error_body; /* and the beginning of its body */
    bool broken;                  /* more than was announced */
};

static bool
get_is_part(const struct get *get)
{
    return get->first != 0 || get->length != UINT64_MAX;
}

/* WHY: NULL where the status says it. */
static int
get_refuse(struct h2k_transfer *t, struct get *get, const char *why)
{
    get->wrong = true;
    if (why == NULL)
        h2k_transfer_fail_status(t);
    else
        h2k_fail(H2K_E_SOURCE, "%s: the server replied %d, %s", t->url.shown,
                 t->status, why);
    h2k_error_save(&get->error);
    return -1;
}

/* The announced size, or UINT64_MAX. */
static uint64_t
get_announced(struct h2k_transfer *t)
{
    curl_off_t size = -1;
    curl_easy_getinfo(t->channel->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                      &size);
    return size < 0 ? UINT64_MAX : (uint64_t)size;
}

/* Are the headers those of what was asked for?  If not, GET is wrong. */
static int
get_check(struct h2k_transfer *t, struct get *get)
{
    bool part = get_is_part(get);
    if (part && t->status == 200)
        return get_refuse(t, get,
                          "the whole file, where a range of its bytes was "
                          "asked for: it gives no ranges");
    if (t->status != (part ? 206 : 200))
        return get_refuse(t, get, NULL);
    const char *encoding = h2k_transfer_header(t, "Content-Encoding");
    if (encoding != NULL && strcasecmp(encoding, "identity") != 0)
        return get_refuse(t, get,
                          "with the file encoded in some way, which "
                          "was not asked for");
    get->expected = get_announced(t);
    if (!part)
        return 0;
    struct h2k_content_range range;
    const char *text = h2k_transfer_header(t, "Content-Range");
    if (!h2k_content_range_parse(text, &range) ||
        !h2k_content_range_answers(&range, get->first, get->length))
        return get_refuse(t, get, "with other bytes than those asked for");
    uint64_t size = range.last - range.first + 1;
    if (get->expected != UINT64_MAX && get->expected != size)
        return get_refuse(t, get,
                          "with a range of another length than its "
                          "body");
    get->expected = size;
    return 0;
}

/* Once, when the headers are there. */
static int
get_begin(struct h2k_transfer *t, struct get *get)
{
    long status = 0;
    curl_easy_getinfo(t->channel->easy, CURLINFO_RESPONSE_CODE, &status);
    t->status = (int)status;
    get->begun = true;
    if (get_check(t, get) < 0)
        return -1;
    if (get->sink->begin == NULL ||
        get->sink->begin(get->sink->opaque, get->expected) == 0)
        return 0;
    t->local = true;
    return -1;
}

/* The body of an error is kept while it is small; that of a file is not
 * waited for. */
static int
get_keep(struct get *get, const char *bytes, size_t count)
{
    size_t room = ERROR_BODY - get->error_body.size;
    h2k_buffer_add(&get->error_body, bytes, count < room ? count : room);
    return count < room ? 0 : -1;
}

static int
get_data(struct h2k_transfer *t, const char *bytes, size_t count)
{
    struct get *get = t->opaque;
    if (!get->begun && get_begin(t, get) < 0 && !get->wrong)
        return -1;
    if (get->wrong)
        return t->status / 100 == 2 ? -1 : get_keep(get, bytes, count);
    if (count > get->expected - get->got) {
        get->broken = true;
        return h2k_fail(H2K_E_IO, "%s: more bytes came than were announced",
                        t->url.shown);
    }
    if (t->http->rate != NULL && h2k_rate_take(t->http->rate, count) < 0)
        return -1;
    if (get->sink->data(get->sink->opaque, bytes, count) < 0)
        return -1;
    get->got += count;
    return 0;
}

/* What the transfer's end means for a download. */
static int
get_finish(struct h2k_transfer *t, struct get *get, int rc)
{
    if (rc == 0 && !get->begun)
        rc = get_begin(t, get); /* an empty file */
    if (get->wrong) {
        t->failure = H2K_HTTP_STATUS;
        return h2k_error_restore(&get->error);
    }
    if (rc < 0) {
        if (get->broken)
            t->failure = H2K_HTTP_BROKEN;
        else if (t->local)
            t->failure = H2K_HTTP_LOCAL;
        return -1;
    }
    if (get->expected == UINT64_MAX || get->got == get->expected)
        return 0;
    t->failure = H2K_HTTP_BROKEN;
    return h2k_fail(
        H2K_E_IO, "%s: the reply ended after %" PRIu64 " of %" PRIu64 " bytes",
        t->url.shown, get->got, get->expected);
}

static int
get_range(struct h2k_transfer *t, uint64_t first, uint64_t length)
{
    uint64_t last;
    if (length == 0 ||
        (length != UINT64_MAX && ckd_add(&last, first, length - 1)))
        return h2k_fail(H2K_E_RANGE, "%s: no such range of bytes",
                        t->url.shown);
    if (length != UINT64_MAX)
        snprintf(t->range, sizeof(t->range), "%" PRIu64 "-%" PRIu64, first,
                 last);
    else if (first != 0)
        snprintf(t->range, sizeof(t->range), "%" PRIu64 "-", first);
    return 0;
}

int
h2k_http_get_until(struct h2k_http *http, const char *url, uint64_t first,
                   uint64_t length, const struct h2k_http_sink *sink,
                   const atomic_bool *stop, struct h2k_http_reply *reply)
{
    struct h2k_transfer t;
    struct get get = {
        .sink = sink, .first = first, .length = length, .expected = UINT64_MAX
    };
    int rc = h2k_transfer_begin(&t, http, url);
    if (rc == 0)
        rc = get_range(&t, first, length);
    t.raw = true;
    t.stop = stop;
    t.data = get_data;
    t.opaque = &get;
    if (rc == 0)
        rc = get_finish(&t, &get, h2k_transfer_run(&t));
    if (reply != NULL)
        h2k_http_reply_clear(reply);
    h2k_transfer_end(&t, reply);
    if (reply != NULL) {
        reply->size = get.error_body.size;
        reply->body = h2k_steal(get.error_body.data);
    }
    h2k_buffer_free(&get.error_body);
    return rc;
}

int
h2k_http_get(struct h2k_http *http, const char *url, uint64_t first,
             uint64_t length, const struct h2k_http_sink *sink,
             struct h2k_http_reply *reply)
{
    return h2k_http_get_until(http, url, first, length, sink, NULL, reply);
}

/* Is BYTES among the units of an Accept-Ranges header (RFC 9110, 14.3)? */
static bool
offers_ranges(const char *units)
{
    return units != NULL && strcasestr(units, "bytes") != NULL;
}

int
h2k_http_head(struct h2k_http *http, const char *url, uint64_t *size,
              bool *ranges, struct h2k_http_reply *reply)
{
    struct h2k_transfer t;
    *size = UINT64_MAX;
    *ranges = false;
    int rc = h2k_transfer_begin(&t, http, url);
    t.raw = true;
    t.head_only = true;
    if (rc == 0)
        rc = h2k_transfer_run(&t);
    if (rc == 0 && t.status != 200)
        rc = h2k_transfer_fail_status(&t);
    if (rc == 0) {
        *size = get_announced(&t);
        *ranges = offers_ranges(h2k_transfer_header(&t, "Accept-Ranges"));
    }
    if (reply != NULL)
        h2k_http_reply_clear(reply);
    h2k_transfer_end(&t, reply);
    return rc;
}
