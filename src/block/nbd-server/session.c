/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "block/nbd-server/session.h"

#include "base/endian.h"
#include "block/nbd-server/protocol.h"

#include <string.h>

/* A buffer that grew beyond it is given back once it was used. */
#define KEEP (UINT64_C(256) << 10)

void
h2k_nbd_put16(struct h2k_buffer *out, uint16_t v)
{
    uint8_t bytes[sizeof(v)];
    h2k_put_be16(bytes, v);
    h2k_buffer_add(out, bytes, sizeof(bytes));
}

void
h2k_nbd_put32(struct h2k_buffer *out, uint32_t v)
{
    uint8_t bytes[sizeof(v)];
    h2k_put_be32(bytes, v);
    h2k_buffer_add(out, bytes, sizeof(bytes));
}

void
h2k_nbd_put64(struct h2k_buffer *out, uint64_t v)
{
    uint8_t bytes[sizeof(v)];
    h2k_put_be64(bytes, v);
    h2k_buffer_add(out, bytes, sizeof(bytes));
}

void
h2k_nbd_session_expect(struct h2k_nbd_session *session,
                       enum h2k_nbd_phase phase, size_t count)
{
    session->phase = phase;
    session->need = count;
}

void
h2k_nbd_session_init(struct h2k_nbd_session *session,
                     struct h2k_nbd_exports *exports)
{
    *session = (struct h2k_nbd_session){ .exports = exports };
    h2k_nbd_put64(&session->out, NBD_MAGIC);
    h2k_nbd_put64(&session->out, NBD_OPTION_MAGIC);
    h2k_nbd_put16(&session->out, NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
    h2k_nbd_session_expect(session, H2K_NBD_CLIENT_FLAGS, 4);
}

void
h2k_nbd_session_clear(struct h2k_nbd_session *session)
{
    h2k_buffer_free(&session->in);
    h2k_buffer_free(&session->out);
}

size_t
h2k_nbd_session_wants(const struct h2k_nbd_session *session)
{
    return session->phase == H2K_NBD_ENDED ? 0
                                           : session->need - session->in.size;
}

static void
end(struct h2k_nbd_session *session)
{
    h2k_nbd_session_expect(session, H2K_NBD_ENDED, 0);
}

/* "Client flags": the server MUST drop a client with an unknown one. */
static void
take_client_flags(struct h2k_nbd_session *session)
{
    uint32_t flags = h2k_get_be32(session->in.data);
    session->no_zeroes = flags & NBD_FLAG_NO_ZEROES;
    if ((flags & ~(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES)) != 0)
        end(session);
    else
        h2k_nbd_session_expect(session, H2K_NBD_OPTION, NBD_OPTION_HEADER);
}

static void
take_option(struct h2k_nbd_session *session)
{
    const char *header = session->in.data;
    uint32_t length = h2k_get_be32(header + 12);
    session->option = h2k_get_be32(header + 8);
    if (h2k_get_be64(header) != NBD_OPTION_MAGIC ||
        length > H2K_NBD_OPTION_MAX ||
        ++session->options > H2K_NBD_OPTIONS_MAX)
        end(session);
    else
        h2k_nbd_session_expect(session, H2K_NBD_OPTION_DATA, length);
}

static void
take_request(struct h2k_nbd_session *session)
{
    const char *header = session->in.data;
    struct h2k_nbd_request *request = &session->request;
    *request = (struct h2k_nbd_request){
        .flags = h2k_get_be16(header + 4),
        .type = h2k_get_be16(header + 6),
        .cookie = h2k_get_be64(header + 8),
        .offset = h2k_get_be64(header + 16),
        .length = h2k_get_be32(header + 24),
    };
    size_t payload = request->type == NBD_CMD_WRITE ? request->length : 0;
    if (h2k_get_be32(header) != NBD_REQUEST_MAGIC ||
        request->type == NBD_CMD_DISC || payload > H2K_NBD_REQUEST_MAX)
        end(session);
    else
        h2k_nbd_session_expect(session, H2K_NBD_PAYLOAD, payload);
}

/* The piece that `in` holds is whole. */
static void
take(struct h2k_nbd_session *session)
{
    switch (session->phase) {
    case H2K_NBD_CLIENT_FLAGS:
        take_client_flags(session);
        break;
    case H2K_NBD_OPTION:
        take_option(session);
        break;
    case H2K_NBD_OPTION_DATA:
        h2k_nbd_session_expect(session, H2K_NBD_OPTION, NBD_OPTION_HEADER);
        h2k_nbd_option_run(session);
        break;
    case H2K_NBD_REQUEST:
        take_request(session);
        break;
    case H2K_NBD_PAYLOAD:
        h2k_nbd_session_expect(session, H2K_NBD_REQUEST, NBD_REQUEST_HEADER);
        h2k_nbd_command_run(session);
        break;
    case H2K_NBD_ENDED:
        break;
    }
    if (session->in.capacity > KEEP)
        h2k_buffer_free(&session->in);
    session->in.size = 0;
}

void
h2k_nbd_session_give(struct h2k_nbd_session *session, const void *bytes,
                     size_t count)
{
    h2k_buffer_add(&session->in, bytes, count);
    while (!session->in.failed && session->phase != H2K_NBD_ENDED &&
           session->in.size >= session->need)
        take(session);
    if (session->in.failed || session->out.failed) /* out of memory */
        end(session);
}
