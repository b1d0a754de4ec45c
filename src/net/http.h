/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * HTTPS, by libcurl: whole requests for APIs, and downloads of any length.
 *
 * A client holds what all its requests share: whom to trust, the cookies,
 * the limits.  Thread-safety: one client may be used by any number of
 * threads; each request takes a connection of its own from the client's
 * pool.  All waiting ends within a second of an interruption
 * (base/interrupt.h), with H2K_E_INTERRUPTED.
 */
#ifndef H2K_NET_HTTP_H
#define H2K_NET_HTTP_H

#include "base/cleanup.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h2k_rate; /* net/rate.h: bytes a second, shared by downloads */

/* Whom to trust: the system's CAs, or instead of them one of the others. */
struct h2k_http_trust {
    const char *ca_file;    /* PEM; added to the system's; or NULL */
    const char *thumbprint; /* the leaf certificate's SHA-256 as hexadecimal
                               digits, with or without ':', any case; or
                               NULL.  It is then all that counts. */
    bool insecure;          /* verify nothing; a warning is logged once a
                               client */
};

struct h2k_http_settings {
    struct h2k_http_trust trust;
    const char *user_agent;      /* NULL: "hyper2kvm/VERSION" */
    unsigned connect_timeout_ms; /* 0: 30 000 */
    unsigned stall_timeout_ms;   /* no byte for so long: the connection is
                                    given up; 0: 60 000 */
    struct h2k_rate *rate;       /* not owned; NULL: no limit */
};

struct h2k_http;
struct h2k_http *h2k_http_new(const struct h2k_http_settings *settings);
void h2k_http_free(struct h2k_http *http); /* NULL is fine */
H2K_DEFINE_AUTO(h2k_http, h2k_http_free)

/*
 * What went wrong, for a caller that decides whether to try again; the
 * thread's error has the text (what, which URL without its query, what to
 * do).  TLS that is not trusted tells the certificate's thumbprint and how to
 * accept it.
 */
enum h2k_http_failure {
    H2K_HTTP_OK,
    H2K_HTTP_REFUSED,   /* no connection, name unknown */
    H2K_HTTP_UNTRUSTED, /* TLS verification; never tried again */
    H2K_HTTP_BROKEN,    /* reset, stalled, shorter than announced */
    H2K_HTTP_STATUS,    /* a reply whose status is not 2xx */
    H2K_HTTP_LOCAL,     /* ours: the sink's error, interrupted, memory */
};

struct h2k_http_reply {
    enum h2k_http_failure failure;
    int status;             /* 0 where there was no reply */
    unsigned retry_after_s; /* of a 503 or 429; 0: not said */
    char *body;             /* ends with a 0 that is not counted; owned */
    size_t size;
};
void h2k_http_reply_clear(struct h2k_http_reply *reply);
#define H2K_AUTO_REPLY \
    __attribute__((cleanup(h2k_http_reply_clear))) struct h2k_http_reply

struct h2k_http_request {
    const char *method; /* NULL: GET, or POST with a body */
    const char *url;
    const char *const *headers; /* "Name: value", ended by NULL; or NULL */
    const void *body;
    size_t body_size;
    bool secret_body;    /* holds a password: copies are wiped */
    size_t reply_limit;  /* bytes; 0: 64 MiB */
    unsigned timeout_ms; /* for all of it; 0: only the stall counts */
    bool undo;           /* cleans up: runs also after an interruption (give
                            it a timeout) */
    const atomic_bool *stop; /* given up (H2K_HTTP_LOCAL, H2K_E_FAILED) when
                                it becomes true; or NULL */
};

/*
 * One request, not repeated.  0 with a 2xx; else -1, and REPLY tells, its
 * body too (a SOAP fault comes with a 500).  Redirections are not followed:
 * a server could send the cookie elsewhere.
 *
 * REPLY is { 0 } or that of an earlier request, whose body is then freed.
 */
int h2k_http_call(struct h2k_http *http,
                  const struct h2k_http_request *request,
                  struct h2k_http_reply *reply);

/* Where a download goes. */
struct h2k_http_sink {
    /* Before the first byte.  SIZE: what the server announces, or
     * UINT64_MAX.  May be NULL. */
    int (*begin)(void *opaque, uint64_t size);
    /* The next COUNT bytes, in order.  -1 with an error ends it. */
    int (*data)(void *opaque, const void *bytes, size_t count);
    void *opaque;
};

/*
 * GET of URL from byte FIRST on, LENGTH bytes (UINT64_MAX: to the end), one
 * attempt.  A FIRST or LENGTH needs a server that gives ranges: a 200 in the
 * place of a 206 is a failure of status.  REPLY may be NULL.  What the sink
 * got before a failure, it got in order, and once.
 */
int h2k_http_get(struct h2k_http *http, const char *url, uint64_t first,
                 uint64_t length, const struct h2k_http_sink *sink,
                 struct h2k_http_reply *reply);

/* HEAD: the size (UINT64_MAX where it is not said) and whether byte ranges
 * are offered. */
int h2k_http_head(struct h2k_http *http, const char *url, uint64_t *size,
                  bool *ranges, struct h2k_http_reply *reply);

/* The cookies the client holds and sends, as in a Cookie header, for the
 * host of URL; the caller frees it.  For tests, and for handing a session
 * on. */
char *h2k_http_cookies(struct h2k_http *http, const char *url);
/* Set one, as a Set-Cookie header has it, for the host of URL. */
int h2k_http_set_cookie(struct h2k_http *http, const char *url,
                        const char *cookie);

/* As that, but only for the folder of URL's path and what is below it. */
int h2k_http_lend_cookie(struct h2k_http *http, const char *url,
                         const char *cookie);

/*
 * From now on the server of URL (its host and port) is trusted by the
 * certificate with THUMBPRINT, SHA-256 or SHA-1, and by nothing else: told by
 * a server that is trusted, as a vCenter tells those of the hosts that serve
 * a lease.  A client that is insecure stays so.
 */
int h2k_http_trust_host(struct h2k_http *http, const char *url,
                        const char *thumbprint);

/* The SHA-256 thumbprint that the server at URL shows now, as
 * "AA:BB:…"; nothing is verified, nothing else is sent. */
char *h2k_http_thumbprint(struct h2k_http *http, const char *url);

/* Percent-encode TEXT for a query's value or a path's segment. */
char *h2k_url_escape(const char *text);

#endif
