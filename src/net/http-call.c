/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Whole requests: the reply's body in memory. */
#include "net/http-internal.h"

#include "base/clock.h"
#include "base/error.h"

#include <string.h>

#define REPLY_LIMIT ((size_t)64 << 20)

struct call {
    struct h2k_buffer body;
    size_t limit;
};

void
h2k_http_reply_clear(struct h2k_http_reply *reply)
{
    free(reply->body);
    *reply = (struct h2k_http_reply){ 0 };
}

static int
call_data(struct h2k_transfer *t, const char *bytes, size_t count)
{
    struct call *call = t->opaque;
    if (count > call->limit - call->body.size)
        return h2k_fail(H2K_E_SOURCE,
                        "%s: the reply is larger than the limit of %zu bytes",
                        t->url.shown, call->limit);
    h2k_buffer_add(&call->body, bytes, count);
    return h2k_buffer_check(&call->body);
}

static int
call_run(struct h2k_transfer *t, struct call *call,
         const struct h2k_http_request *request)
{
    t->method = request->method;
    t->head_only =
        request->method != NULL && strcmp(request->method, "HEAD") == 0;
    t->headers = request->headers;
    t->body = request->body;
    t->body_size = request->body_size;
    t->secret = request->secret_body;
    t->undo = request->undo;
    t->stop = request->stop;
    if (request->timeout_ms != 0)
        t->until = h2k_clock_ms() + request->timeout_ms;
    t->data = call_data;
    t->opaque = call;
    if (h2k_transfer_run(t) < 0)
        return -1;
    return t->status / 100 == 2 ? 0 : h2k_transfer_fail_status(t);
}

int
h2k_http_call(struct h2k_http *http, const struct h2k_http_request *request,
              struct h2k_http_reply *reply)
{
    struct h2k_transfer t;
    struct call call = { .limit = request->reply_limit == 0
                                      ? REPLY_LIMIT
                                      : request->reply_limit };
    h2k_http_reply_clear(reply);
    int rc = h2k_transfer_begin(&t, http, request->url);
    if (rc == 0)
        rc = call_run(&t, &call, request);
    h2k_transfer_end(&t, reply);
    reply->size = call.body.size;
    reply->body = call.body.data;
    return rc;
}

char *
h2k_http_thumbprint(struct h2k_http *http, const char *url)
{
    struct h2k_transfer t;
    char *thumbprint = NULL;
    int rc = h2k_transfer_begin(&t, http, url);
    if (rc == 0 && !t.url.secure)
        rc = h2k_fail(H2K_E_USAGE, "%s: a certificate needs https",
                      t.url.shown);
    t.look_only = true;
    if (rc == 0)
        h2k_transfer_run(&t);
    if (t.channel != NULL && t.channel->check.shown) {
        thumbprint = strdup(t.channel->check.thumbprint);
        if (thumbprint == NULL)
            h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    h2k_transfer_end(&t, NULL);
    return thumbprint;
}
