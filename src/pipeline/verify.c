/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The other half of convert.h: what was written, read back and compared. */
#include "base/checked.h"
#include "base/error.h"
#include "block/file.h"
#include "block/overlay.h"
#include "image/image.h"
#include "pipeline/convert.h"
#include "pipeline/readback.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

static int
verify_work(void *opaque, void *thread, struct h2k_sweep_item *item)
{
    (void)opaque;
    (void)thread;
    struct h2k_digest_value *value = item->result;
    *value = h2k_digest_bytes(item->bytes, item->length);
    return 0;
}

static int
verify_ordered(void *opaque, struct h2k_sweep_item *item)
{
    const struct h2k_digest_value *value = item->result;
    h2k_digest_put(opaque, item->offset, *value);
    return 0;
}

static struct h2k_block *
open_output(const struct h2k_verify_request *request)
{
    int fd = fcntl(request->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) {
        h2k_fail_errno(H2K_E_IO, "%s", request->path);
        return NULL;
    }
    H2K_AUTO(h2k_block) file = h2k_file_from_fd(fd, request->path, false);
    if (file == NULL)
        return NULL;
    h2k_file_read_directly(file);
    struct h2k_image_options options = { .dirfd = -1 };
    return h2k_image_open_block(file, request->format, &options, NULL);
}

/* An overlay over DISK without those chunks that are known already, and
 * their share in DIGEST. */
static struct h2k_block *
leave_out_known(const struct h2k_verify_request *request,
                struct h2k_block *disk, struct h2k_digest *digest)
{
    H2K_AUTO(h2k_block) overlay = h2k_overlay_new(disk, NULL);
    uint64_t size = h2k_block_size(disk);
    for (uint64_t at = 0; overlay != NULL && at < size;
         at += H2K_SWEEP_CHUNK) {
        uint64_t length = h2k_min_u64(H2K_SWEEP_CHUNK, size - at);
        if (h2k_readback_holds(disk, at, request->cluster,
                               request->places[at / H2K_SWEEP_CHUNK]) &&
            length % H2K_OVERLAY_CHUNK == 0 &&
            h2k_digest_copy(digest, request->digest, at) &&
            h2k_overlay_discard(overlay, at, length) < 0)
            return NULL;
    }
    return h2k_steal(overlay);
}

int
h2k_verify(const struct h2k_verify_request *request)
{
    static const struct h2k_sweep_ops ops = {
        .result_size = sizeof(struct h2k_digest_value),
        .work = verify_work,
        .ordered = verify_ordered,
    };
    H2K_AUTO(h2k_block) disk = open_output(request);
    if (disk == NULL) {
        h2k_recode(H2K_E_VALIDATION);
        return h2k_prefix("what was written cannot be opened: ");
    }
    uint64_t size = h2k_block_size(disk), offset = 0, length = 0;
    H2K_AUTO(h2k_digest) digest = h2k_digest_new(size);
    if (digest == NULL)
        return -1;
    if (request->places != NULL) {
        H2K_AUTO(h2k_block) rest = leave_out_known(request, disk, digest);
        if (rest == NULL)
            return -1;
        h2k_block_unref(disk);
        disk = h2k_steal(rest);
    }
    if (h2k_sweep(disk, request->threads, &ops, digest, &request->progress) <
        0) {
        h2k_recode(H2K_E_VALIDATION);
        return h2k_prefix("what was written cannot be read back: ");
    }
    if (!h2k_digest_equal(request->digest, digest, &offset, &length))
        return h2k_fail(H2K_E_VALIDATION,
                        "%s: what is read back differs from what was written, "
                        "in the %" PRIu64 " bytes at %" PRIu64
                        " of the disk; check the host's storage and memory",
                        request->path, length, offset);
    return 0;
}
