/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Whom a client trusts: the system's CAs and those of a file, or the one
 * certificate with a given thumbprint, or anybody.
 *
 * The certificates are read once a client.  A verification of our own looks
 * at the server's certificate during the handshake, so that an error can
 * show what was refused and how to accept it.
 */
#ifndef H2K_NET_TRUST_H
#define H2K_NET_TRUST_H

#include "net/http.h"

#include <curl/curl.h>
#include <openssl/types.h>

#define H2K_THUMBPRINT_BYTES 32
#define H2K_THUMBPRINT_SIZE (3 * H2K_THUMBPRINT_BYTES) /* with the NUL */

/* The certificate of one server, as another told that is trusted itself. */
struct h2k_trust_pin {
    char *origin;                               /* "https://host:443" */
    unsigned char digest[H2K_THUMBPRINT_BYTES]; /* SIZE of them */
    size_t size;                                /* 20: SHA-1; 32: SHA-256 */
    struct h2k_trust_pin *next;
};

struct h2k_trust {
    X509_STORE *store; /* shared by all connections; counted by OpenSSL */
    bool pinned;       /* only PIN counts */
    unsigned char pin[H2K_THUMBPRINT_BYTES];
    bool insecure;
    struct h2k_trust_pin *hosts; /* only added to, under the client's lock */
};

/* H2K_E_USAGE: a thumbprint that is none, a file without certificates. */
int h2k_trust_init(struct h2k_trust *trust,
                   const struct h2k_http_trust *settings);
void h2k_trust_clear(struct h2k_trust *trust);

/* ORIGIN has the certificate with THUMBPRINT, SHA-256 or SHA-1. */
int h2k_trust_add_pin(struct h2k_trust *trust, const char *origin,
                      const char *thumbprint);
const struct h2k_trust_pin *h2k_trust_find_pin(const struct h2k_trust *trust,
                                               const char *origin);

/* What a TLS connection showed.  It must outlive the connections made with it.
 */
struct h2k_trust_check {
    const struct h2k_trust *trust;
    const struct h2k_trust_pin *pin; /* of this server; or NULL */
    bool look_only; /* refuse any certificate, after a look at it */
    bool shown;     /* the server showed a certificate */
    bool refused;   /* by us */
    bool goodbye;   /* the server said that it ends */
    int error;      /* X509_V_ERR_… */
    char thumbprint[H2K_THUMBPRINT_SIZE];
    char names[256];  /* whom the certificate is for */
    char issuer[256]; /* who signed it */
    char until[64];   /* when it expires, or from when it is valid */
};

/* Have EASY verify by CHECK.  Returns -1 with H2K_E_COMPONENT where libcurl
 * cannot. */
int h2k_trust_apply(CURL *easy, struct h2k_trust_check *check);

/* Set the error for a server that was not trusted; WHERE is its URL to show.
 * Returns -1. */
int h2k_trust_fail(const struct h2k_trust_check *check, const char *where);

#endif
