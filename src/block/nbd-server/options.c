/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Option haggling; doc/proto.md, "Fixed newstyle negotiation". */
#include "base/view.h"
#include "block/nbd-server/protocol.h"
#include "block/nbd-server/session.h"

#include <string.h>

#define CONTEXT "base:allocation"
#define CONTEXT_ID 1

/* "Block size constraints": no alignment is needed; one that suits the
 * overlays below, and requests that keep answers short. */
#define BLOCK_MINIMUM 1
#define BLOCK_PREFERRED 4096
#define BLOCK_MAXIMUM (UINT32_C(4) << 20)

static void
reply(struct h2k_nbd_session *session, uint32_t type, uint32_t length)
{
    h2k_nbd_put64(&session->out, NBD_OPTION_REPLY_MAGIC);
    h2k_nbd_put32(&session->out, session->option);
    h2k_nbd_put32(&session->out, type);
    h2k_nbd_put32(&session->out, length);
}

/* "All error replies MAY have … an error message string". */
static void
refuse(struct h2k_nbd_session *session, uint32_t type, const char *why)
{
    reply(session, type, (uint32_t)strlen(why));
    h2k_buffer_adds(&session->out, why);
}

static const struct h2k_nbd_export *
find_export(const struct h2k_nbd_session *session, struct h2k_view name)
{
    for (size_t i = 0; i < session->exports->count; i++) {
        const struct h2k_nbd_export *e = &session->exports->items[i];
        if (name.size == strlen(e->name) &&
            h2k_view_equal(name, 0, e->name, name.size))
            return e;
    }
    return NULL;
}

/* "Transmission flags" */
static uint16_t
export_flags(const struct h2k_nbd_session *session,
             const struct h2k_nbd_export *export)
{
    uint32_t flags = NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH |
                     NBD_FLAG_SEND_FUA | NBD_FLAG_CAN_MULTI_CONN;
    flags |= h2k_block_writable(export->block)
                 ? NBD_FLAG_SEND_TRIM | NBD_FLAG_SEND_WRITE_ZEROES
                 : NBD_FLAG_READ_ONLY;
    if (session->structured)
        flags |= NBD_FLAG_SEND_DF;
    return (uint16_t)flags;
}

static void
begin_transmission(struct h2k_nbd_session *session,
                   const struct h2k_nbd_export *export)
{
    session->export = export;
    h2k_nbd_session_expect(session, H2K_NBD_REQUEST, NBD_REQUEST_HEADER);
}

/* NBD_OPT_EXPORT_NAME has no way to say that there is no such export. */
static void
option_export_name(struct h2k_nbd_session *session, struct h2k_view data)
{
    const struct h2k_nbd_export *export = find_export(session, data);
    if (export == NULL) {
        h2k_nbd_session_expect(session, H2K_NBD_ENDED, 0);
        return;
    }
    h2k_nbd_put64(&session->out, h2k_block_size(export->block));
    h2k_nbd_put16(&session->out, export_flags(session, export));
    if (!session->no_zeroes)
        h2k_buffer_add_zeros(&session->out, 124);
    begin_transmission(session, export);
}

static void
option_list(struct h2k_nbd_session *session, struct h2k_view data)
{
    if (data.size != 0) {
        refuse(session, NBD_REP_ERR_INVALID, "NBD_OPT_LIST has no data");
        return;
    }
    for (size_t i = 0; i < session->exports->count; i++) {
        const char *name = session->exports->items[i].name;
        uint32_t length = (uint32_t)strlen(name);
        reply(session, NBD_REP_SERVER, 4 + length);
        h2k_nbd_put32(&session->out, length);
        h2k_buffer_adds(&session->out, name);
    }
    reply(session, NBD_REP_ACK, 0);
}

/* A 32-bit length and as many bytes, at *AT, which goes on behind them. */
static bool
take_string(struct h2k_view data, uint64_t *at, struct h2k_view *out)
{
    if (!h2k_view_has(data, *at, 4))
        return false;
    uint32_t length = h2k_view_be32(data, *at);
    *at += 4;
    if (length > H2K_NBD_NAME_MAX || !h2k_view_slice(data, *at, length, out))
        return false;
    *at += length;
    return true;
}

static void
put_info(struct h2k_nbd_session *session, const struct h2k_nbd_export *export)
{
    reply(session, NBD_REP_INFO, 12);
    h2k_nbd_put16(&session->out, NBD_INFO_EXPORT);
    h2k_nbd_put64(&session->out, h2k_block_size(export->block));
    h2k_nbd_put16(&session->out, export_flags(session, export));
    reply(session, NBD_REP_INFO, 14);
    h2k_nbd_put16(&session->out, NBD_INFO_BLOCK_SIZE);
    h2k_nbd_put32(&session->out, BLOCK_MINIMUM);
    h2k_nbd_put32(&session->out, BLOCK_PREFERRED);
    h2k_nbd_put32(&session->out, BLOCK_MAXIMUM);
    reply(session, NBD_REP_ACK, 0);
}

/* NBD_OPT_INFO and NBD_OPT_GO.  What a client asks to be told is a hint:
 * "the server MAY send other information". */
static void
option_go(struct h2k_nbd_session *session, struct h2k_view data)
{
    uint64_t at = 0;
    struct h2k_view name;
    if (!take_string(data, &at, &name) || !h2k_view_has(data, at, 2) ||
        data.size != at + 2 + 2 * (uint64_t)h2k_view_be16(data, at)) {
        refuse(session, NBD_REP_ERR_INVALID, "not a name and a list of kinds");
        return;
    }
    const struct h2k_nbd_export *export = find_export(session, name);
    if (export == NULL) {
        refuse(session, NBD_REP_ERR_UNKNOWN, "there is no such export");
        return;
    }
    put_info(session, export);
    if (session->option == NBD_OPT_GO)
        begin_transmission(session, export);
}

static void
option_structured_reply(struct h2k_nbd_session *session, struct h2k_view data)
{
    if (data.size != 0) {
        refuse(session, NBD_REP_ERR_INVALID,
               "NBD_OPT_STRUCTURED_REPLY has no data");
        return;
    }
    session->structured = true;
    reply(session, NBD_REP_ACK, 0);
}

/* "Metadata querying": does one of COUNT queries at AT want our context?
 * False when they are not what the option's length says. */
static bool
take_queries(struct h2k_view data, uint64_t at, uint32_t count, bool list,
             bool *wanted)
{
    *wanted = list && count == 0;
    for (uint32_t i = 0; i < count; i++) {
        struct h2k_view query;
        if (!take_string(data, &at, &query))
            return false;
        if ((query.size == strlen(CONTEXT) &&
             h2k_view_equal(query, 0, CONTEXT, query.size)) ||
            (list && query.size == strlen("base:") &&
             h2k_view_equal(query, 0, "base:", query.size)))
            *wanted = true;
    }
    return at == data.size;
}

static void
option_meta_context(struct h2k_nbd_session *session, struct h2k_view data)
{
    bool list = session->option == NBD_OPT_LIST_META_CONTEXT, wanted;
    uint64_t at = 0;
    struct h2k_view name;
    if (!list)
        session->status = NULL;
    if (!session->structured || !take_string(data, &at, &name) ||
        !h2k_view_has(data, at, 4) ||
        !take_queries(data, at + 4, h2k_view_be32(data, at), list, &wanted)) {
        refuse(session, NBD_REP_ERR_INVALID,
               session->structured ? "not a name and a list of queries"
                                   : "structured replies come first");
        return;
    }
    const struct h2k_nbd_export *export = find_export(session, name);
    if (export == NULL) {
        refuse(session, NBD_REP_ERR_UNKNOWN, "there is no such export");
        return;
    }
    if (wanted) {
        reply(session, NBD_REP_META_CONTEXT, 4 + (uint32_t)strlen(CONTEXT));
        h2k_nbd_put32(&session->out, list ? 0 : CONTEXT_ID);
        h2k_buffer_adds(&session->out, CONTEXT);
        if (!list)
            session->status = export;
    }
    reply(session, NBD_REP_ACK, 0);
}

static void
option_abort(struct h2k_nbd_session *session, struct h2k_view data)
{
    (void)data;
    reply(session, NBD_REP_ACK, 0);
    h2k_nbd_session_expect(session, H2K_NBD_ENDED, 0);
}

void
h2k_nbd_option_run(struct h2k_nbd_session *session)
{
    static const struct {
        enum nbd_option option;
        void (*run)(struct h2k_nbd_session *session, struct h2k_view data);
    } table[] = {
        { NBD_OPT_EXPORT_NAME, option_export_name },
        { NBD_OPT_ABORT, option_abort },
        { NBD_OPT_LIST, option_list },
        { NBD_OPT_INFO, option_go },
        { NBD_OPT_GO, option_go },
        { NBD_OPT_STRUCTURED_REPLY, option_structured_reply },
        { NBD_OPT_LIST_META_CONTEXT, option_meta_context },
        { NBD_OPT_SET_META_CONTEXT, option_meta_context },
    };
    struct h2k_view data = h2k_view_of(session->in.data, session->in.size);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].option == session->option) {
            table[i].run(session, data);
            return;
        }
    refuse(session, NBD_REP_ERR_UNSUP, "not an option of this server");
}
