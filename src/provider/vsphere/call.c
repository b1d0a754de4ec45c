/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A method's call: over HTTP, with the session renewed where it ended. */
#include "provider/vsphere/internal.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "net/retry.h"

#include <stdio.h>
#include <string.h>

#define ATTEMPTS 4

/* "PowerOffVM_Task" as people know it. */
static int
prefix_method(const char *method)
{
    const char *task = strstr(method, "_Task");
    int length =
        (int)(task == NULL ? strlen(method) : (size_t)(task - method));
    return h2k_prefix("%.*s: ", length, method);
}

static int
post(struct h2k_vsphere *vs, struct h2k_soap_request *request,
     struct h2k_http_reply *http)
{
    char action[64];
    snprintf(action, sizeof(action), "SOAPAction: \"%s\"", vs->action);
    const char *headers[] = { "Content-Type: text/xml; charset=utf-8", action,
                              NULL };
    const struct h2k_http_request r = {
        .method = "POST",
        .url = vs->endpoint,
        .headers = headers,
        .body = request->xml.data,
        .body_size = request->xml.size,
        .secret_body = request->secret,
        .timeout_ms = request->timeout_ms != 0 ? request->timeout_ms
                      : request->undo          ? H2K_VSPHERE_UNDO_MS
                                               : 0,
        .undo = request->undo,
        .stop = request->stop,
    };
    return h2k_http_call(vs->http, &r, http);
}

/* A fault comes as a 500, and that is not tried again. */
static bool
is_fault(const struct h2k_http_reply *http)
{
    return http->failure == H2K_HTTP_STATUS && http->status == 500 &&
           http->size > 0;
}

/* 0 when a reply came: a response or a fault.  What does not answer the first
 * time is more likely a wrong name than a server that restarts. */
static int
send_request(struct h2k_vsphere *vs, struct h2k_soap_request *request,
             struct h2k_http_reply *http)
{
    struct h2k_retry retry = H2K_RETRY(ATTEMPTS);
    int rc;
    retry.stop = request->stop;
    if (h2k_soap_end(request) < 0)
        return -1;
    do
        rc = post(vs, request, http);
    while (rc < 0 && !is_fault(http) && vs->logged_in &&
           (request->repeatable || http->failure == H2K_HTTP_REFUSED) &&
           !request->undo && h2k_retry_again(&retry, http));
    pthread_mutex_lock(&vs->lock);
    vs->used_ms = h2k_clock_ms();
    pthread_mutex_unlock(&vs->lock);
    return rc < 0 && !is_fault(http) ? -1 : 0;
}

/* The reply's bytes; -1 after a fault, which REPLY has then. */
static int
call_bytes(struct h2k_vsphere *vs, struct h2k_soap_request *request,
           struct h2k_http_reply *http, struct h2k_soap_reply *reply)
{
    h2k_soap_reply_clear(reply);
    if (send_request(vs, request, http) < 0)
        return -1;
    if (http->failure == H2K_HTTP_OK)
        return 0;
    if (h2k_soap_read(http->body, http->size, reply) == 0)
        return h2k_fail(H2K_E_CORRUPT,
                        "a response with the status of a "
                        "failure (HTTP %d)",
                        http->status);
    return reply->doc == NULL
               ? h2k_fail(H2K_E_SOURCE, "HTTP %d, and no SOAP with it",
                          http->status)
               : -1;
}

/* As call_bytes, with the session renewed. */
static int
call_renewed(struct h2k_vsphere *vs, struct h2k_soap_request *request,
             struct h2k_http_reply *http, struct h2k_soap_reply *reply)
{
    unsigned generation = h2k_vsphere_generation(vs);
    int rc = call_bytes(vs, request, http, reply);
    if (rc == 0 || !h2k_soap_fault_is(reply, "NotAuthenticated"))
        return rc;
    if (h2k_vsphere_renew(vs, generation) < 0)
        return -1;
    return call_bytes(vs, request, http, reply);
}

int
h2k_vsphere_call_raw(struct h2k_vsphere *vs, struct h2k_soap_request *request,
                     struct h2k_http_reply *http)
{
    H2K_AUTO_SOAP reply = { 0 };
    if (call_renewed(vs, request, http, &reply) < 0)
        return prefix_method(request->method);
    return 0;
}

/* The reply that came, as that of METHOD. */
static int
read_reply(const struct h2k_http_reply *http, const char *method,
           struct h2k_soap_reply *reply)
{
    return h2k_soap_read(http->body, http->size, reply) < 0
               ? -1
               : h2k_soap_expect(reply, method);
}

int
h2k_vsphere_call(struct h2k_vsphere *vs, struct h2k_soap_request *request,
                 struct h2k_soap_reply *reply)
{
    H2K_AUTO_REPLY http = { 0 };
    if (call_renewed(vs, request, &http, reply) < 0 ||
        read_reply(&http, request->method, reply) < 0)
        return prefix_method(request->method);
    return 0;
}

int
h2k_vsphere_call_once(struct h2k_vsphere *vs, struct h2k_soap_request *request,
                      struct h2k_soap_reply *reply)
{
    H2K_AUTO_REPLY http = { 0 };
    if (call_bytes(vs, request, &http, reply) < 0 ||
        read_reply(&http, request->method, reply) < 0)
        return prefix_method(request->method);
    return 0;
}
