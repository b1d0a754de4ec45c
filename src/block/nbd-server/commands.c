/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Requests and their answers; doc/proto.md, "Transmission". */
#include "base/checked.h"
#include "block/nbd-server/protocol.h"
#include "block/nbd-server/session.h"

#include <string.h>

/* "base:allocation" is the one context that there is, with this number. */
#define CONTEXT_ID 1
/* The most extents in one answer, and how often a block is asked for it. */
#define EXTENTS_MAX 1024
#define QUESTIONS_MAX 4096
/* An error's words that go with it. */
#define WORDS_MAX 1000u

/* "Structured reply chunk message": the only one of its answer. */
static void
put_chunk(struct h2k_nbd_session *session, uint16_t type, uint32_t length)
{
    h2k_nbd_put32(&session->out, NBD_STRUCTURED_REPLY_MAGIC);
    h2k_nbd_put16(&session->out, NBD_REPLY_FLAG_DONE);
    h2k_nbd_put16(&session->out, type);
    h2k_nbd_put64(&session->out, session->request.cookie);
    h2k_nbd_put32(&session->out, length);
}

static void
put_simple(struct h2k_nbd_session *session, uint32_t error)
{
    h2k_nbd_put32(&session->out, NBD_SIMPLE_REPLY_MAGIC);
    h2k_nbd_put32(&session->out, error);
    h2k_nbd_put64(&session->out, session->request.cookie);
}

static void
answer_done(struct h2k_nbd_session *session)
{
    if (session->structured)
        put_chunk(session, NBD_REPLY_TYPE_NONE, 0);
    else
        put_simple(session, 0);
}

static void
answer_error(struct h2k_nbd_session *session, uint32_t error,
             const char *words)
{
    size_t length = strnlen(words, WORDS_MAX);
    if (!session->structured) {
        put_simple(session, error);
        return;
    }
    put_chunk(session, NBD_REPLY_TYPE_ERROR, 6 + (uint32_t)length);
    h2k_nbd_put32(&session->out, error);
    h2k_nbd_put16(&session->out, (uint16_t)length);
    h2k_buffer_add(&session->out, words, length);
}

/* What a block said, which the server's owner will want to hear, too. */
static void
answer_block_error(struct h2k_nbd_session *session)
{
    uint32_t error = NBD_EIO;
    if (session->exports->error.code == H2K_OK)
        h2k_error_save(&session->exports->error);
    if (h2k_errcode() == H2K_E_NOMEM)
        error = NBD_ENOMEM;
    else if (h2k_errcode() == H2K_E_NOSPACE || h2k_errcode() == H2K_E_OUTPUT)
        error = NBD_ENOSPC;
    answer_error(session, error, h2k_errmsg());
}

static void
answer(struct h2k_nbd_session *session, int rc)
{
    if (rc < 0)
        answer_block_error(session);
    else
        answer_done(session);
}

static void
run_read(struct h2k_nbd_session *session)
{
    const struct h2k_nbd_request *r = &session->request;
    size_t start = session->out.size;
    if (session->structured) {
        put_chunk(session, NBD_REPLY_TYPE_OFFSET_DATA, 8 + r->length);
        h2k_nbd_put64(&session->out, r->offset);
    } else {
        put_simple(session, 0);
    }
    size_t at = session->out.size;
    h2k_buffer_add_zeros(&session->out, r->length);
    if (session->out.failed ||
        h2k_block_pread(session->export->block, session->out.data + at,
                        r->length, r->offset) == 0)
        return;
    session->out.size = start;
    answer_block_error(session);
}

/* NBD_CMD_FLAG_FUA: durable before it is answered. */
static int
flush_if_forced(struct h2k_nbd_session *session)
{
    return (session->request.flags & NBD_CMD_FLAG_FUA) == 0
               ? 0
               : h2k_block_flush(session->export->block);
}

static void
run_write(struct h2k_nbd_session *session)
{
    const struct h2k_nbd_request *r = &session->request;
    int rc = h2k_block_pwrite(session->export->block, session->in.data,
                              r->length, r->offset);
    answer(session, rc < 0 ? rc : flush_if_forced(session));
}

static void
run_write_zeroes(struct h2k_nbd_session *session)
{
    const struct h2k_nbd_request *r = &session->request;
    int rc = h2k_block_zero(session->export->block, r->offset, r->length);
    answer(session, rc < 0 ? rc : flush_if_forced(session));
}

static void
run_trim(struct h2k_nbd_session *session)
{
    const struct h2k_nbd_request *r = &session->request;
    uint64_t bytes = 0;
    int rc = h2k_block_discard(session->export->block, r->offset, r->length,
                               &bytes);
    answer(session, rc < 0 ? rc : flush_if_forced(session));
}

static void
run_flush(struct h2k_nbd_session *session)
{
    answer(session, h2k_block_flush(session->export->block));
}

static uint32_t
state_of(enum h2k_extent_kind kind)
{
    return kind == H2K_EXTENT_ABSENT ? NBD_STATE_HOLE | NBD_STATE_ZERO
           : kind == H2K_EXTENT_ZERO ? NBD_STATE_ZERO
                                     : 0;
}

struct status {
    uint32_t length, state;
};

/* What lies in the request's range, from its beginning on; the number of
 * extents, or -1. */
static int
collect_status(const struct h2k_nbd_session *session, struct status *extents,
               size_t limit)
{
    const struct h2k_nbd_request *r = &session->request;
    uint64_t at = r->offset, end = r->offset + r->length;
    size_t count = 0;
    for (int i = 0; at < end && i < QUESTIONS_MAX; i++) {
        struct h2k_extent e;
        if (h2k_block_extent(session->export->block, at, end - at, &e) < 0)
            return -1;
        uint32_t state = state_of(e.kind);
        if (count == 0 || extents[count - 1].state != state) {
            if (count == limit)
                break;
            extents[count++] = (struct status){ .state = state };
        }
        extents[count - 1].length += (uint32_t)e.length;
        at += e.length;
    }
    return (int)count;
}

static void
run_block_status(struct h2k_nbd_session *session)
{
    struct status extents[EXTENTS_MAX];
    bool one = session->request.flags & NBD_CMD_FLAG_REQ_ONE;
    if (session->status != session->export) {
        answer_error(session, NBD_EINVAL, "no metadata context was asked for");
        return;
    }
    int count = collect_status(session, extents, one ? 1 : EXTENTS_MAX);
    if (count < 0) {
        answer_block_error(session);
        return;
    }
    put_chunk(session, NBD_REPLY_TYPE_BLOCK_STATUS, 4 + 8 * (uint32_t)count);
    h2k_nbd_put32(&session->out, CONTEXT_ID);
    for (int i = 0; i < count; i++) {
        h2k_nbd_put32(&session->out, extents[i].length);
        h2k_nbd_put32(&session->out, extents[i].state);
    }
}

struct command {
    enum nbd_command type;
    bool writes, ranged;
    uint16_t flags; /* that it may have, beside FUA */
    void (*run)(struct h2k_nbd_session *session);
};

static const struct command commands[] = {
    { NBD_CMD_READ, false, true, NBD_CMD_FLAG_DF, run_read },
    { NBD_CMD_WRITE, true, true, 0, run_write },
    { NBD_CMD_FLUSH, false, false, 0, run_flush },
    { NBD_CMD_TRIM, true, true, 0, run_trim },
    { NBD_CMD_WRITE_ZEROES, true, true, NBD_CMD_FLAG_NO_HOLE,
      run_write_zeroes },
    { NBD_CMD_BLOCK_STATUS, false, true, NBD_CMD_FLAG_REQ_ONE,
      run_block_status },
};

/* What is wrong with the request, with the protocol's number for it ("Error
 * values"), or NULL. */
static const char *
find_fault(const struct h2k_nbd_session *session,
           const struct command *command, uint32_t *error)
{
    const struct h2k_nbd_request *r = &session->request;
    const struct h2k_block *block = session->export->block;
    *error = NBD_EINVAL;
    if ((r->flags & ~(command->flags | NBD_CMD_FLAG_FUA)) != 0)
        return "a flag that the command does not have";
    if (command->writes && !h2k_block_writable(block)) {
        *error = NBD_EPERM;
        return "the export is read-only";
    }
    if (!command->ranged)
        return NULL;
    if (r->length == 0)
        return "a request of no bytes";
    if (!h2k_range_inside(r->offset, r->length, h2k_block_size(block))) {
        if (command->writes && command->type != NBD_CMD_TRIM)
            *error = NBD_ENOSPC;
        return "beyond the end of the export";
    }
    if (command->type == NBD_CMD_READ && r->length > H2K_NBD_REQUEST_MAX) {
        *error = NBD_EOVERFLOW;
        return "a request of more than 32 MiB";
    }
    return NULL;
}

void
h2k_nbd_command_run(struct h2k_nbd_session *session)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (commands[i].type != session->request.type)
            continue;
        uint32_t error;
        const char *fault = find_fault(session, &commands[i], &error);
        if (fault != NULL)
            answer_error(session, error, fault);
        else
            commands[i].run(session);
        return;
    }
    answer_error(session, NBD_EINVAL, "not a command of this server");
}
