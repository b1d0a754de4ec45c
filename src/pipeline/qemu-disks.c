/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/qemu-disks.h"

#include "base/error.h"
#include "block/nbd.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Ends with its reference. */
static int
command(struct h2k_qemu *qemu, json_t *what)
{
    h2k_autofree char *text = what == NULL ? NULL : json_dumps(what, 0);
    json_decref(what);
    return text == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory")
                        : h2k_qemu_command(qemu, text);
}

static int
serve(struct h2k_qemu *qemu, size_t count, const char *socket)
{
    if (command(qemu, json_pack("{s:s}", "execute", "stop")) < 0 ||
        command(qemu, json_pack("{s:s, s:{s:{s:s, s:{s:s}}}}", "execute",
                                "nbd-server-start", "arguments", "addr",
                                "type", "unix", "data", "path", socket)) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        char device[32];
        snprintf(device, sizeof(device), "disk%zu", i);
        if (command(qemu,
                    json_pack("{s:s, s:{s:s}}", "execute", "nbd-server-add",
                              "arguments", "device", device)) < 0)
            return -1;
    }
    return 0;
}

static int
open_all(size_t count, const char *socket, struct h2k_block **blocks)
{
    for (size_t i = 0; i < count; i++) {
        char uri[200];
        snprintf(uri, sizeof(uri), "nbd+unix:///disk%zu?socket=%s", i, socket);
        blocks[i] = h2k_nbd_open(uri);
        if (blocks[i] != NULL)
            continue;
        while (i-- > 0)
            h2k_block_unref(blocks[i]);
        return -1;
    }
    return 0;
}

int
h2k_qemu_disks_open(struct h2k_qemu *qemu, size_t count,
                    struct h2k_block **blocks)
{
    /* A socket's path has little room (unix(7)): not in $TMPDIR. */
    char directory[] = "/tmp/hyper2kvm-XXXXXX";
    char socket[sizeof(directory) + 16];
    if (mkdtemp(directory) == NULL)
        return h2k_fail_errno(H2K_E_FAILED, "%s", directory);
    snprintf(socket, sizeof(socket), "%s/nbd", directory);
    int rc = serve(qemu, count, socket);
    if (rc == 0)
        rc = open_all(count, socket, blocks);
    /* Connections that are made stay; nothing is left behind. */
    unlink(socket);
    rmdir(directory);
    return rc;
}
