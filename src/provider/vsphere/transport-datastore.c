/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The datastore over HTTPS: the bytes of the disk itself, which stand in
 * "NAME-flat.vmdk" beside the descriptor NAME.vmdk.  The server gives ranges,
 * so what breaks goes on where it was.
 */
#include "provider/vsphere/transport.h"

#include "base/checked.h"
#include "net/ranges.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MOST_CONNECTIONS 8

struct datastore_state {
    struct h2k_export_job *job;
    char **urls; /* one a disk; owned */
};

static void
datastore_close(void *opaque)
{
    struct datastore_state *state = opaque;
    for (size_t i = 0; i < state->job->out->vm->disk_count; i++)
        free(state->urls[i]);
    free(state->urls);
    free(state);
}

/* "[datastore] folder/name.vmdk" is the descriptor. */
static char *
flat_backing(const char *backing)
{
    size_t length = strlen(backing);
    char *flat = NULL;
    if (length > 5 && strcmp(backing + length - 5, ".vmdk") == 0)
        length -= 5;
    if (asprintf(&flat, "%.*s-flat.vmdk", (int)length, backing) < 0)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return flat;
}

static int
ask_size(struct h2k_export_job *job, const char *url, uint64_t *size)
{
    struct h2k_transport_retry retry = H2K_TRANSPORT_RETRY;
    bool ranges = false;
    for (;;) {
        struct h2k_http_reply reply = { 0 };
        int rc = h2k_http_head(h2k_vsphere_http(job->vs), url, size, &ranges,
                               &reply);
        int status = reply.status;
        bool again = rc < 0 && h2k_transport_again(job, &retry, &reply);
        h2k_http_reply_clear(&reply);
        if (again)
            continue;
        if (rc < 0 && status == 404)
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "it has no flat file (vSAN, vVol and sparse disks "
                            "have none): use --transport lease");
        return rc;
    }
}

static int
open_disk(struct datastore_state *state, size_t i)
{
    struct h2k_export_job *job = state->job;
    const struct h2k_vm *vm = job->out->vm;
    const struct h2k_vm_disk *disk = &vm->disks[i];
    h2k_autofree char *flat = flat_backing(disk->backing);
    uint64_t size = 0;
    if (flat == NULL)
        return -1;
    state->urls[i] = h2k_vsphere_datastore_url(job->vs, vm->datacenter, flat);
    if (state->urls[i] == NULL || ask_size(job, state->urls[i], &size) < 0)
        return h2k_prefix("%s (%s): ", disk->label, flat);
    if (size != disk->capacity)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "%s (%s): the file has %" PRIu64 " bytes and the "
                        "disk %" PRIu64 ": it is not the disk's plain bytes; "
                        "use --transport lease",
                        disk->label, flat, size, disk->capacity);
    return 0;
}

static int
datastore_open(struct h2k_export_job *job, void **opaque)
{
    size_t count = job->out->vm->disk_count;
    struct datastore_state *state = calloc(1, sizeof(*state));
    char **urls = calloc(count + 1, sizeof(*urls));
    if (state == NULL || urls == NULL) {
        free(state);
        free(urls);
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    state->job = job;
    state->urls = urls;
    for (size_t i = 0; i < count; i++) {
        if (open_disk(state, i) < 0) {
            datastore_close(state);
            return -1;
        }
    }
    *opaque = state;
    return 0;
}

static int
sink_data(void *opaque, const void *bytes, size_t count)
{
    return h2k_tee_data(opaque, bytes, count);
}

/* Connections for one disk: what others of the same time leave. */
static unsigned
connections(const struct h2k_export_job *job)
{
    uint64_t asked = job->request->parallel > 0 ? job->request->parallel : 1;
    uint64_t disks = h2k_min_u64(asked, job->out->vm->disk_count);
    return (unsigned)h2k_min_u64(asked / disks, MOST_CONNECTIONS);
}

/* From where TEE stands to the disk's end. */
static int
go_on(struct datastore_state *state, size_t disk, struct h2k_tee *tee,
      struct h2k_http_reply *reply)
{
    const struct h2k_http_sink sink = { .data = sink_data, .opaque = tee };
    const struct h2k_ranges_plan plan = {
        .first = h2k_tee_size(tee),
        .size = state->job->parts[disk].disk->capacity,
        .parallel = connections(state->job),
    };
    return h2k_ranges_get(h2k_vsphere_http(state->job->vs), state->urls[disk],
                          &plan, &sink, reply);
}

static int
datastore_disk(void *opaque, size_t disk, struct h2k_tee *tee)
{
    struct datastore_state *state = opaque;
    struct h2k_export_part *part = &state->job->parts[disk];
    struct h2k_transport_retry retry = H2K_TRANSPORT_RETRY;
    if (h2k_tee_begin(tee, part->kept) < 0)
        return -1;
    while (h2k_tee_size(tee) < part->disk->capacity) {
        struct h2k_http_reply reply = { 0 };
        uint64_t before = h2k_tee_size(tee);
        int rc = go_on(state, disk, tee, &reply);
        if (h2k_tee_size(tee) > before) {
            h2k_retry_reset(&retry.retry);
            retry.renewed = false;
        }
        bool again = rc < 0 && h2k_transport_again(state->job, &retry, &reply);
        h2k_http_reply_clear(&reply);
        if (rc < 0 && !again)
            return -1;
        if (again)
            h2k_export_say(state->job,
                           "disk %zu goes on at %" PRIu64 " MiB: %s", disk + 1,
                           h2k_tee_size(tee) >> 20, h2k_errmsg());
    }
    return 0;
}

const struct h2k_transport_ops h2k_transport_datastore = {
    .name = "datastore",
    .what = H2K_BYTES_FLAT,
    .open = datastore_open,
    .disk = datastore_disk,
    .close = datastore_close,
};
