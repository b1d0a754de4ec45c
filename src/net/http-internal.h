/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of the HTTP client share. */
#ifndef H2K_NET_HTTP_INTERNAL_H
#define H2K_NET_HTTP_INTERNAL_H

#include "base/buffer.h"
#include "net/http.h"
#include "net/trust.h"
#include "net/url.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

/* A handle that makes requests, one at a time, with the connections that it
 * keeps open. */
struct h2k_channel {
    CURLM *multi; /* has the connections */
    CURL *easy;
    struct h2k_trust_check check; /* of the last handshake */
    char *origin;                 /* "https://host:443" of the last request */
    struct h2k_channel *next;
};

struct h2k_http {
    struct h2k_trust trust;
    char *user_agent;
    unsigned connect_timeout_ms;
    unsigned stall_timeout_ms;
    struct h2k_rate *rate;
    CURLSH *share; /* the cookies */
    pthread_mutex_t share_lock;
    pthread_mutex_t lock; /* of what follows */
    struct h2k_channel *idle;
    unsigned idle_count;
};

/* A channel that no other thread uses, if possible one that is connected to
 * ORIGIN.  Give it back with h2k_channel_put. */
struct h2k_channel *h2k_channel_get(struct h2k_http *http, const char *origin);
void h2k_channel_put(struct h2k_http *http, struct h2k_channel *channel);
/* Free the request's buffers now, for a request with a password in it. */
void h2k_channel_forget(struct h2k_channel *channel);

/* ---- One transfer (http-transfer.c) ---- */

struct h2k_transfer {
    struct h2k_http *http;
    struct h2k_url url;
    const char *text; /* the URL as it was given */
    const char *method;
    const char *const *headers;
    const char *body; /* NULL: none */
    size_t body_size;
    size_t body_done;
    bool secret;
    bool raw;                /* never decode the reply */
    bool head_only;          /* HEAD */
    bool look_only;          /* just the certificate */
    bool undo;               /* goes on after an interruption */
    const atomic_bool *stop; /* ends it, when it becomes true; or NULL */
    char range[48];          /* "first-last", or empty */
    uint64_t until;          /* h2k_clock_ms when it has to be done, or 0 */

    /* The reply's bytes as they come, its status being known.  -1 with an
     * error ends the transfer. */
    int (*data)(struct h2k_transfer *transfer, const char *bytes,
                size_t count);
    void *opaque;

    /* What came of it. */
    struct h2k_channel *channel;
    struct curl_slist *list;
    enum h2k_http_failure failure;
    int status;
    bool local; /* a callback set the error: that is what went wrong */
    bool stalled, late;
    bool connected;  /* the request could be sent */
    uint64_t active; /* h2k_clock_ms of the last byte */
    size_t header_bytes;
    char detail[CURL_ERROR_SIZE];
};

/*
 * Ready to run; the caller fills in what it needs, and ends it with
 * h2k_transfer_end in any case.  From h2k_transfer_run on the channel's easy
 * handle can be asked about the reply.
 */
int h2k_transfer_begin(struct h2k_transfer *transfer, struct h2k_http *http,
                       const char *url);
/* 0 when a reply came whole, whatever its status.  Else -1, and
 * transfer->failure tells. */
int h2k_transfer_run(struct h2k_transfer *transfer);
/* Gives the channel back, and fills in REPLY's numbers where it is not
 * NULL. */
void h2k_transfer_end(struct h2k_transfer *transfer,
                      struct h2k_http_reply *reply);

/* The error of a status that is not the one wanted: H2K_E_NOENT for 404,
 * else H2K_E_SOURCE.  Returns -1. */
int h2k_transfer_fail_status(struct h2k_transfer *transfer);

/* A header of the reply: NULL where it is missing or stands there more than
 * once. */
const char *h2k_transfer_header(struct h2k_transfer *transfer,
                                const char *name);

/* ---- Downloads (http-get.c) ---- */

/* As h2k_http_get, given up (H2K_HTTP_LOCAL, H2K_E_FAILED) when *STOP becomes
 * true. */
int h2k_http_get_until(struct h2k_http *http, const char *url, uint64_t first,
                       uint64_t length, const struct h2k_http_sink *sink,
                       const atomic_bool *stop, struct h2k_http_reply *reply);

#endif
