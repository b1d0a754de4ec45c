/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * One client of an NBD server, without its socket: bytes from the client go
 * in, bytes for it come out.  doc/proto.md of the NBD project: fixed
 * newstyle negotiation, then transmission with simple or structured replies.
 *
 * A client may send anything at all.  What a session holds is bounded: one
 * request with its payload, and its answer.
 */
#ifndef H2K_NBD_SERVER_SESSION_H
#define H2K_NBD_SERVER_SESSION_H

#include "base/buffer.h"
#include "base/error.h"
#include "block/block.h"

/* "Block size constraints": what a client may take for granted. */
#define H2K_NBD_REQUEST_MAX (UINT32_C(32) << 20)
/* An option's data: the largest that has a use is a name and some queries. */
#define H2K_NBD_OPTION_MAX 16384u
#define H2K_NBD_NAME_MAX 4096u /* the protocol's own limit of strings */
/* Options that a client may send before it has to be content. */
#define H2K_NBD_OPTIONS_MAX 1000u

struct h2k_nbd_export {
    char *name;              /* owned */
    struct h2k_block *block; /* a reference */
};

struct h2k_nbd_exports {
    struct h2k_nbd_export *items;
    size_t count;
    /* The first error that a block gave (its code is H2K_OK before). */
    struct h2k_saved_error error;
};

enum h2k_nbd_phase {
    H2K_NBD_CLIENT_FLAGS,
    H2K_NBD_OPTION, /* its header */
    H2K_NBD_OPTION_DATA,
    H2K_NBD_REQUEST, /* its header */
    H2K_NBD_PAYLOAD, /* of a write */
    H2K_NBD_ENDED,   /* what is in `out` is the last of it */
};

/* A request of the transmission phase. */
struct h2k_nbd_request {
    uint16_t flags, type;
    uint64_t cookie, offset;
    uint32_t length;
};

struct h2k_nbd_session {
    struct h2k_nbd_exports *exports;
    enum h2k_nbd_phase phase;
    struct h2k_buffer in;  /* what arrived of the next piece */
    size_t need;           /* bytes that the next piece has in all */
    struct h2k_buffer out; /* to be sent */
    bool no_zeroes, structured;
    uint32_t option; /* under way, in H2K_NBD_OPTION_DATA */
    unsigned options;
    const struct h2k_nbd_export *export; /* chosen */
    const struct h2k_nbd_export *status; /* base:allocation asked for of it */
    struct h2k_nbd_request request;      /* in H2K_NBD_PAYLOAD */
};

/* A client that has just connected; EXPORTS must outlive the session.  The
 * greeting is in `out`. */
void h2k_nbd_session_init(struct h2k_nbd_session *session,
                          struct h2k_nbd_exports *exports);
void h2k_nbd_session_clear(struct h2k_nbd_session *session);

/* How many bytes may be given next: 0 when it has ended. */
size_t h2k_nbd_session_wants(const struct h2k_nbd_session *session);
/* COUNT bytes, at most so many, that the client sent.  What is to be sent in
 * answer is added to `out`. */
void h2k_nbd_session_give(struct h2k_nbd_session *session, const void *bytes,
                          size_t count);

/* ---- Its parts ---- */

/* options.c: the option under way, whose data is in `in`. */
void h2k_nbd_option_run(struct h2k_nbd_session *session);
/* commands.c: the request, with its payload in `in`. */
void h2k_nbd_command_run(struct h2k_nbd_session *session);

/* Wait for COUNT bytes of PHASE. */
void h2k_nbd_session_expect(struct h2k_nbd_session *session,
                            enum h2k_nbd_phase phase, size_t count);
void h2k_nbd_put16(struct h2k_buffer *out, uint16_t v);
void h2k_nbd_put32(struct h2k_buffer *out, uint32_t v);
void h2k_nbd_put64(struct h2k_buffer *out, uint64_t v);

#endif
