/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Disks from NBD servers (nbdkit's VDDK plugin among them): read from start
 * to end, what the server knows to be zeros left out. */
#include "provider/export-job.h"

#include "base/checked.h"
#include "base/interrupt.h"
#include "block/nbd.h"

#include <inttypes.h>
#include <string.h>

#define PIECE (UINT64_C(1) << 20)

struct nbd_state {
    struct h2k_export_job *job;
    size_t count;
    struct h2k_block *disks[];
};

static void
nbd_close(void *opaque)
{
    struct nbd_state *state = opaque;
    for (size_t i = 0; i < state->count; i++)
        h2k_block_unref(state->disks[i]);
    free(state);
}

static int
open_disk(struct nbd_state *state, size_t i)
{
    struct h2k_export_job *job = state->job;
    const struct h2k_vm_disk *disk = &job->out->vm->disks[i];
    state->disks[i] = h2k_nbd_open(job->request->nbd_uris[i]);
    if (state->disks[i] == NULL)
        return h2k_prefix("%s: ", disk->label);
    uint64_t size = h2k_block_size(state->disks[i]);
    if (size != disk->capacity)
        return h2k_fail(H2K_E_SOURCE,
                        "%s: the NBD server has a disk of %" PRIu64 " bytes, "
                        "and the VM's has %" PRIu64
                        ": are the addresses in the order of --vm-info?",
                        disk->label, size, disk->capacity);
    return 0;
}

static int
nbd_open(struct h2k_export_job *job, void **opaque)
{
    size_t count = job->out->vm->disk_count;
    struct nbd_state *state =
        calloc(1, sizeof(*state) + count * sizeof(state->disks[0]));
    if (state == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    state->job = job;
    state->count = count;
    for (size_t i = 0; i < count; i++) {
        if (open_disk(state, i) < 0) {
            nbd_close(state);
            return -1;
        }
    }
    *opaque = state;
    return 0;
}

static int
copy_data(struct h2k_block *from, uint64_t offset, uint64_t length,
          void *buffer, struct h2k_tee *tee)
{
    for (uint64_t end = offset + length; offset < end;) {
        size_t n = (size_t)h2k_min_u64(end - offset, PIECE);
        if (h2k_check_interrupt() < 0 ||
            h2k_block_pread(from, buffer, n, offset) < 0 ||
            h2k_tee_data(tee, buffer, n) < 0)
            return -1;
        offset += n;
    }
    return 0;
}

static int
nbd_disk(void *opaque, size_t disk, struct h2k_tee *tee)
{
    struct nbd_state *state = opaque;
    struct h2k_block *from = state->disks[disk];
    uint64_t size = h2k_block_size(from);
    h2k_autofree void *buffer = malloc(PIECE);
    if (buffer == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (h2k_tee_begin(tee, state->job->parts[disk].kept) < 0)
        return -1;
    for (uint64_t at = h2k_tee_size(tee); at < size;) {
        struct h2k_extent extent;
        if (h2k_check_interrupt() < 0 ||
            h2k_block_extent(from, at, size - at, &extent) < 0)
            return -1;
        int rc = extent.kind == H2K_EXTENT_DATA
                     ? copy_data(from, at, extent.length, buffer, tee)
                     : h2k_tee_zeros(tee, extent.length);
        if (rc < 0)
            return -1;
        at += extent.length;
    }
    return 0;
}

const struct h2k_transport_ops h2k_transport_nbd = {
    .name = "nbd",
    .what = H2K_BYTES_FLAT,
    .open = nbd_open,
    .disk = nbd_disk,
    .close = nbd_close,
};
