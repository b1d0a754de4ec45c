/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A client of the NBD server that sends anything: the first byte says how
 * much it is given at a time, and whether it need bother with negotiating.
 * What the server holds stays bounded, and a read-only export as it was.
 */
#include "base/endian.h"
#include "block/memory.h"
#include "block/nbd-server/protocol.h"
#include "block/nbd-server/session.h"

#include <stdlib.h>
#include <string.h>

#define DISK 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool holds)
{
    if (!holds)
        abort();
}

/* What a client says to be let in to NAME, with structured replies. */
static void
negotiate(struct h2k_nbd_session *session, const char *name, bool structured)
{
    H2K_AUTO_BUFFER words = { 0 };
    h2k_nbd_put32(&words, NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
    if (structured) {
        h2k_nbd_put64(&words, NBD_OPTION_MAGIC);
        h2k_nbd_put32(&words, NBD_OPT_STRUCTURED_REPLY);
        h2k_nbd_put32(&words, 0);
    }
    h2k_nbd_put64(&words, NBD_OPTION_MAGIC);
    h2k_nbd_put32(&words, NBD_OPT_EXPORT_NAME);
    h2k_nbd_put32(&words, (uint32_t)strlen(name));
    h2k_buffer_adds(&words, name);
    for (size_t at = 0; at < words.size;) {
        size_t wants = h2k_nbd_session_wants(session);
        check(wants > 0 && wants <= words.size - at);
        h2k_nbd_session_give(session, words.data + at, wants);
        at += wants;
    }
    check(session->phase == H2K_NBD_REQUEST);
}

static void
give(struct h2k_nbd_session *session, const uint8_t *data, size_t size,
     size_t piece)
{
    while (size > 0) {
        size_t count = h2k_nbd_session_wants(session);
        check((count == 0) == (session->phase == H2K_NBD_ENDED));
        if (count == 0)
            return;
        count = count > size ? size : count;
        count = count > piece ? piece : count;
        h2k_nbd_session_give(session, data, count);
        check(session->in.size <= H2K_NBD_REQUEST_MAX);
        check(session->out.size <= DISK + 65536);
        session->out.size = 0;
        data += count;
        size -= count;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[DISK];
    struct h2k_nbd_export items[] = {
        { (char[]){ "disk" }, h2k_memory_new(NULL, DISK) },
        { (char[]){ "fixed" }, h2k_memory_view(bytes, DISK) },
    };
    struct h2k_nbd_exports exports = { .items = items, .count = 2 };
    struct h2k_nbd_session session;
    if (size > 0) {
        h2k_nbd_session_init(&session, &exports);
        session.out.size = 0;
        if (data[0] & 1)
            negotiate(&session, data[0] & 2 ? "disk" : "fixed", data[0] & 4);
        give(&session, data + 1, size - 1, 1 + (size_t)(data[0] >> 3) * 64);
        h2k_nbd_session_clear(&session);
    }
    h2k_block_unref(items[0].block);
    h2k_block_unref(items[1].block);
    return 0;
}
