/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/guestfs/appliance.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "block/nbd-server/server.h"
#include "block/overlay.h"
#include "fs/guestfs/ops.h"
#include "fs/guestfs/watch.h"
#include "qemu/qemu.h"

#include <stdio.h>
#include <string.h>

/* A start takes 2 to 5 seconds with KVM and 30 without; the first one also
 * builds the appliance.  A call may mount, which replays a journal. */
#define LAUNCH_MS (300 * UINT64_C(1000))
#define CALL_MS (600 * UINT64_C(1000))
/* guestfs_max_disks, for virtio-scsi. */
#define DISKS_MAX 255

struct h2k_appliance {
    const struct h2k_guestfs_ops *ops;
    struct h2k_block *disks[DISKS_MAX]; /* references */
    unsigned disk_count;
    unsigned points, starts;
    struct h2k_appliance_info info;

    /* While it runs; NULL otherwise. */
    struct h2k_nbd_server *server;
    struct h2k_watch *watch;
    void *handle;

    bool launched; /* it has been, since the handle was opened */

    /* What ended it, for good; H2K_OK before. */
    struct h2k_saved_error end;
    bool gone; /* after it had been launched */
};

struct h2k_appliance *
h2k_appliance_new(const struct h2k_guestfs_ops *ops)
{
    struct h2k_appliance *appliance = calloc(1, sizeof(*appliance));
    if (appliance == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    appliance->ops = ops != NULL ? ops : &h2k_guestfs_library;
    return appliance;
}

/* The handle first, whose process is the server's client. */
void
h2k_appliance_stop(struct h2k_appliance *appliance)
{
    if (appliance->handle != NULL) {
        h2k_nbd_server_lend(appliance->server);
        h2k_watch_begin(appliance->watch, LAUNCH_MS);
        appliance->ops->close(appliance->handle);
        h2k_watch_end(appliance->watch);
        h2k_nbd_server_take_back(appliance->server);
    }
    h2k_watch_free(appliance->watch);
    h2k_nbd_server_free(appliance->server);
    appliance->handle = NULL;
    appliance->launched = false;
    appliance->watch = NULL;
    appliance->server = NULL;
}

void
h2k_appliance_free(struct h2k_appliance *appliance)
{
    if (appliance == NULL)
        return;
    h2k_appliance_stop(appliance);
    for (unsigned i = 0; i < appliance->disk_count; i++)
        h2k_block_unref(appliance->disks[i]);
    free(appliance);
}

int
h2k_appliance_check(struct h2k_appliance *appliance)
{
    return appliance->ops->check();
}

int
h2k_appliance_add(struct h2k_appliance *appliance, struct h2k_block *volume,
                  bool writable, unsigned *disk)
{
    if (appliance->starts > 0)
        return h2k_fail(H2K_E_RANGE, "the libguestfs appliance runs already, "
                                     "and takes no more volumes");
    if (appliance->disk_count == DISKS_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "more than %d volumes for libguestfs", DISKS_MAX);
    struct h2k_block *block =
        writable ? h2k_block_ref(volume) : h2k_overlay_new(volume, NULL);
    if (block == NULL)
        return -1;
    *disk = appliance->disk_count++;
    appliance->disks[*disk] = block;
    return 0;
}

/* sda … sdz, sdaa … */
void
h2k_appliance_device(unsigned disk, char name[H2K_APPLIANCE_DEVICE])
{
    if (disk < 26)
        snprintf(name, H2K_APPLIANCE_DEVICE, "/dev/sd%c", 'a' + (char)disk);
    else
        snprintf(name, H2K_APPLIANCE_DEVICE, "/dev/sd%c%c",
                 'a' + (char)(disk / 26 % 26 - 1), 'a' + (char)(disk % 26));
}

const struct h2k_appliance_info *
h2k_appliance_info(const struct h2k_appliance *appliance)
{
    return &appliance->info;
}

unsigned
h2k_appliance_running(const struct h2k_appliance *appliance)
{
    return appliance->handle == NULL ? 0 : appliance->starts;
}

unsigned
h2k_appliance_next_point(struct h2k_appliance *appliance)
{
    return appliance->points++;
}

const struct h2k_guestfs_ops *
h2k_appliance_ops(const struct h2k_appliance *appliance)
{
    return appliance->ops;
}

/* ---- Starting ---- */

static int
offer_disks(struct h2k_appliance *appliance, char (*names)[24])
{
    appliance->server = h2k_nbd_server_new();
    if (appliance->server == NULL)
        return -1;
    for (unsigned i = 0; i < appliance->disk_count; i++) {
        snprintf(names[i], sizeof(names[i]), "volume%u", i);
        if (h2k_nbd_server_add(appliance->server, names[i],
                               appliance->disks[i]) < 0)
            return -1;
    }
    if (h2k_nbd_server_start(appliance->server) < 0)
        return -1;
    appliance->watch = h2k_watch_new(appliance->server);
    return appliance->watch == NULL ? -1 : 0;
}

/* LIBGUESTFS_BACKEND_SETTINGS says it, or KVM that does not work. */
static bool
must_emulate(struct h2k_appliance_info *info)
{
    const char *settings = getenv("LIBGUESTFS_BACKEND_SETTINGS");
    info->kvm_problem[0] = '\0';
    if (settings != NULL) {
        info->emulated = strstr(settings, "force_tcg") != NULL;
        return false;
    }
    info->emulated =
        !h2k_kvm_works(info->kvm_problem, sizeof(info->kvm_problem));
    return info->emulated;
}

static void *
open_handle(struct h2k_appliance *appliance)
{
    char names[DISKS_MAX][24];
    const char *list[DISKS_MAX];
    if (offer_disks(appliance, names) < 0)
        return NULL;
    for (unsigned i = 0; i < appliance->disk_count; i++)
        list[i] = names[i];
    const struct h2k_guestfs_setup setup = {
        .socket = h2k_nbd_server_socket(appliance->server),
        .disks = list,
        .disk_count = appliance->disk_count,
        .emulate = must_emulate(&appliance->info),
    };
    return appliance->ops->open(&setup);
}

static int
launch_failed(struct h2k_appliance *appliance)
{
    if (h2k_errcode() == H2K_E_FAILED)
        h2k_recode(H2K_E_COMPONENT);
    h2k_prefix("cannot start the libguestfs appliance (libguestfs-test-tool "
               "tells more): ");
    h2k_error_save(&appliance->end);
    h2k_appliance_stop(appliance);
    return h2k_error_restore(&appliance->end);
}

static int
launch(struct h2k_appliance *appliance)
{
    if (appliance->ops->check() < 0)
        return -1;
    uint64_t begin = h2k_clock_ms();
    appliance->handle = open_handle(appliance);
    if (appliance->handle == NULL)
        return launch_failed(appliance);
    appliance->starts++;
    h2k_nbd_server_lend(appliance->server);
    h2k_watch_begin(appliance->watch, LAUNCH_MS);
    int rc = appliance->ops->launch(appliance->handle);
    if (h2k_appliance_end(appliance, rc) < 0)
        return launch_failed(appliance);
    appliance->launched = true;
    h2k_nbd_server_hide(appliance->server);
    appliance->info.started = true;
    appliance->info.seconds = (double)(h2k_clock_ms() - begin) / 1000;
    return 0;
}

/* ---- Calls ---- */

void *
h2k_appliance_begin(struct h2k_appliance *appliance)
{
    if (appliance->end.code != H2K_OK) {
        h2k_error_restore(&appliance->end);
        return NULL;
    }
    if (h2k_check_interrupt() < 0 ||
        (appliance->handle == NULL && launch(appliance) < 0))
        return NULL;
    h2k_nbd_server_lend(appliance->server);
    h2k_watch_begin(appliance->watch, CALL_MS);
    return appliance->handle;
}

bool
h2k_appliance_ended(const struct h2k_appliance *appliance)
{
    return appliance->gone;
}

/* It is gone: whatever it was doing is lost. */
static int
ended(struct h2k_appliance *appliance)
{
    h2k_error_save(&appliance->end);
    appliance->gone = appliance->launched;
    return -1;
}

int
h2k_appliance_end(struct h2k_appliance *appliance, int rc)
{
    struct h2k_saved_error error;
    bool late = h2k_watch_end(appliance->watch);
    h2k_nbd_server_take_back(appliance->server);
    if (rc == 0)
        return 0;
    if (h2k_check_interrupt() < 0)
        return ended(appliance);
    if (late) {
        h2k_fail(H2K_E_FAILED,
                 "the libguestfs appliance did not answer in time, and was "
                 "ended");
        return ended(appliance);
    }
    h2k_error_save(&error);
    if (appliance->launched && appliance->ops->alive(appliance->handle) < 0)
        return ended(appliance);
    h2k_error_restore(&error);
    /* It knows only that a disk failed; we know how. */
    if (h2k_errcode() == H2K_E_CORRUPT || h2k_errcode() == H2K_E_FAILED)
        h2k_nbd_server_check(appliance->server);
    return -1;
}
