/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* libguestfs itself: loading it, and its appliance. */
#include "fs/guestfs/library.h"

#include "base/checked.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "fs/guestfs/appliance.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libguestfs.so.0"
/* Another place for it. */
#define LIBRARY_VARIABLE "HYPER2KVM_LIBGUESTFS"
/* MiB: enough for any filesystem's driver, and its checks of a journal. */
#define MEMORY 768

int
h2k_guestfs_fail(const struct h2k_guestfs_handle *h)
{
    static const struct {
        int error;
        enum h2k_errcode code;
    } codes[] = {
        { ENOENT, H2K_E_NOENT },           { ENODATA, H2K_E_NOENT },
        { EEXIST, H2K_E_EXIST },           { ENOTDIR, H2K_E_NOTDIR },
        { EISDIR, H2K_E_ISDIR },           { ENOSPC, H2K_E_NOSPACE },
        { EDQUOT, H2K_E_NOSPACE },         { ELOOP, H2K_E_LOOP },
        { EROFS, H2K_E_READONLY },         { EIO, H2K_E_CORRUPT },
        { EUCLEAN, H2K_E_CORRUPT },        { ENOMEM, H2K_E_NOMEM },
        { EOPNOTSUPP, H2K_E_UNSUPPORTED }, { EINVAL, H2K_E_UNSUPPORTED },
        { EPERM, H2K_E_UNSUPPORTED },      { ENAMETOOLONG, H2K_E_RANGE },
    };
    int error = h->call.last_errno(h->g);
    const char *words = h->call.last_error(h->g);
    enum h2k_errcode code = H2K_E_FAILED;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].error == error)
            code = codes[i].code;
    if (words == NULL)
        words = "no reason given";
    /* What follows is how to find out more, by hand. */
    return h2k_fail(code, "libguestfs: %.*s%s",
                    (int)h2k_min_u64(strcspn(words, "\n"), 600), words,
                    error == EUCLEAN ? "; run xfs_repair, or what checks its "
                                       "filesystem, on it first"
                                     : "");
}

/* ---- Loading ---- */

/* Kept once it is there: it has threads and exit handlers of its own. */
static int
load(struct h2k_guestfs_calls *calls)
{
    const char *name = secure_getenv(LIBRARY_VARIABLE);
    void *library = dlopen(name != NULL ? name : LIBRARY,
                           RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL)
        return h2k_fail(H2K_E_COMPONENT,
                        "libguestfs is not installed (on Debian, the "
                        "package " H2K_GUESTFS_PACKAGE ")");
    const char *missing = NULL;
#define FIND(name)                                             \
    *(void **)&calls->name = dlsym(library, "guestfs_" #name); \
    if (calls->name == NULL)                                   \
        missing = "guestfs_" #name;
    H2K_GUESTFS_CALLS(FIND)
#undef FIND
    dlclose(library);
    if (missing != NULL)
        return h2k_fail(H2K_E_COMPONENT,
                        "the libguestfs that is installed has no %s: 1.40 or "
                        "newer is needed",
                        missing);
    return 0;
}

static int
library_check(void)
{
    struct h2k_guestfs_calls calls;
    return load(&calls);
}

void
h2k_appliance_version(char *text, size_t size)
{
    struct h2k_guestfs_handle h = { 0 };
    struct guestfs_version *version = NULL;
    if (load(&h.call) < 0) {
        snprintf(text, size, "%s", h2k_errmsg());
        return;
    }
    h.g = h.call.create_flags(GUESTFS_CREATE_NO_ENVIRONMENT);
    if (h.g != NULL)
        version = h.call.version(h.g);
    if (version == NULL)
        snprintf(text, size, "libguestfs, of an unknown version");
    else
        snprintf(text, size, "libguestfs %d.%d.%d", (int)version->major,
                 (int)version->minor, (int)version->release);
    if (version != NULL)
        h.call.free_version(version);
    if (h.g != NULL)
        h.call.close(h.g);
}

/* ---- A handle ---- */

static void
library_close(void *handle)
{
    struct h2k_guestfs_handle *h = handle;
    if (h->g != NULL) {
        h->call.shutdown(h->g);
        h->call.close(h->g);
    }
    free(h);
}

/* The console's end is kept, for what has to be said when it falls silent. */
static void
hear(struct h2k_guestfs_handle *h, const char *text, size_t length)
{
    size_t used = strlen(h->words);
    for (size_t i = 0; i < length; i++) {
        char c = text[i] >= ' ' && text[i] <= '~' ? text[i] : ' ';
        if (c == ' ' && (used == 0 || h->words[used - 1] == ' '))
            continue;
        if (used == H2K_GUESTFS_WORDS)
            memmove(h->words, h->words + 1, --used);
        h->words[used++] = c;
    }
    h->words[used] = '\0';
}

/* What it would print otherwise. */
static void
on_event(guestfs_h *g, void *opaque, uint64_t event, int event_handle,
         int flags, const char *text, size_t length, const uint64_t *array,
         size_t array_length)
{
    (void)g, (void)event_handle, (void)flags;
    (void)array, (void)array_length;
    if (event == GUESTFS_EVENT_APPLIANCE)
        hear(opaque, text, length);
    h2k_log(H2K_LOG_DEBUG, "libguestfs: %.*s",
            (int)(length > 2000 ? 2000 : length), text);
}

/* The user's own LIBGUESTFS_… variables count; the rest is ours. */
static int
configure(const struct h2k_guestfs_handle *h, bool emulate)
{
    const struct h2k_guestfs_calls *call = &h->call;
    guestfs_h *g = h->g;
    if (getenv("LIBGUESTFS_BACKEND") == NULL &&
        call->set_backend(g, "direct") < 0)
        return -1;
    if (emulate && call->set_backend_setting(g, "force_tcg", "1") < 0)
        return -1;
    if (getenv("LIBGUESTFS_MEMSIZE") == NULL &&
        call->set_memsize(g, MEMORY) < 0)
        return -1;
    return call->set_network(g, 0) < 0 || call->set_autosync(g, 1) < 0 ? -1
                                                                       : 0;
}

static int
add_disks(const struct h2k_guestfs_handle *h,
          const struct h2k_guestfs_setup *setup)
{
    char server[300];
    const char *servers[] = { server, NULL };
    snprintf(server, sizeof(server), "unix:%s", setup->socket);
    for (size_t i = 0; i < setup->disk_count; i++) {
        if (h->call.add_drive_opts(
                h->g, setup->disks[i], GUESTFS_ADD_DRIVE_OPTS_FORMAT, "raw",
                GUESTFS_ADD_DRIVE_OPTS_PROTOCOL, "nbd",
                GUESTFS_ADD_DRIVE_OPTS_SERVER, servers, -1) < 0)
            return -1;
    }
    return 0;
}

static void *
library_open(const struct h2k_guestfs_setup *setup)
{
    struct h2k_guestfs_handle *h = calloc(1, sizeof(*h));
    if (h == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (load(&h->call) < 0) {
        free(h);
        return NULL;
    }
    h->g = h->call.create_flags(0);
    if (h->g == NULL) {
        free(h);
        return h2k_fail_null(H2K_E_COMPONENT, "libguestfs: no handle");
    }
    h->call.set_error_handler(h->g, NULL, NULL);
    h->call.set_event_callback(h->g, on_event,
                               GUESTFS_EVENT_APPLIANCE |
                                   GUESTFS_EVENT_LIBRARY |
                                   GUESTFS_EVENT_TRACE | GUESTFS_EVENT_WARNING,
                               0, h);
    if (configure(h, setup->emulate) == 0 && add_disks(h, setup) == 0)
        return h;
    h2k_guestfs_fail(h);
    library_close(h);
    return NULL;
}

/* The error that is there, and what the console said last. */
static int
quote_console(const struct h2k_guestfs_handle *h)
{
    if (h->words[0] == '\0')
        return -1;
    h2k_autofree char *error = strdup(h2k_errmsg());
    return h2k_fail(h2k_errcode(), "%s; its console ends with \"%s\"",
                    error == NULL ? "libguestfs" : error, h->words);
}

/* Modes are given as they shall be. */
static int
library_launch(void *handle)
{
    struct h2k_guestfs_handle *h = handle;
    if (h->call.launch(h->g) == 0 && h->call.umask(h->g, 0) >= 0)
        return 0;
    h2k_guestfs_fail(h);
    return quote_console(h);
}

static int
library_alive(void *handle)
{
    const struct h2k_guestfs_handle *h = handle;
    if (h->call.is_ready(h->g) > 0)
        return 0;
    h2k_fail(H2K_E_FAILED, "libguestfs: the appliance ended by itself");
    return quote_console(h);
}

/* mkmountpoint fails where it was made before. */
static int
library_mount(void *handle, const char *options, const char *device,
              const char *point)
{
    struct h2k_guestfs_handle *h = handle;
    if (h->call.mkmountpoint(h->g, point) < 0 &&
        h->call.last_errno(h->g) != EEXIST)
        return h2k_guestfs_fail(h);
    if (h->call.mount_options(h->g, options, device, point) == 0)
        return 0;
    h2k_guestfs_fail(h);
    return h2k_recode(H2K_E_UNSUPPORTED);
}

static int
library_umount(void *handle, const char *point)
{
    struct h2k_guestfs_handle *h = handle;
    return h->call.umount_opts(h->g, point, -1) < 0 ? h2k_guestfs_fail(h) : 0;
}

static int
library_sync(void *handle)
{
    struct h2k_guestfs_handle *h = handle;
    return h->call.sync(h->g) < 0 ? h2k_guestfs_fail(h) : 0;
}

const struct h2k_guestfs_ops h2k_guestfs_library = {
    .check = library_check,
    .open = library_open,
    .launch = library_launch,
    .close = library_close,
    .alive = library_alive,
    .mount = library_mount,
    .umount = library_umount,
    .sync = library_sync,
    .stat = h2k_guestfs_stat,
    .stat_list = h2k_guestfs_stat_list,
    .list = h2k_guestfs_list,
    .read = h2k_guestfs_read,
    .readlink = h2k_guestfs_readlink,
    .getxattr = h2k_guestfs_getxattr,
    .listxattr = h2k_guestfs_listxattr,
    .write = h2k_guestfs_write,
    .truncate = h2k_guestfs_truncate,
    .create = h2k_guestfs_create,
    .mkdir = h2k_guestfs_mkdir,
    .symlink = h2k_guestfs_symlink,
    .unlink = h2k_guestfs_unlink,
    .rename = h2k_guestfs_rename,
    .chmod = h2k_guestfs_chmod,
    .chown = h2k_guestfs_chown,
    .set_mtime = h2k_guestfs_set_mtime,
    .setxattr = h2k_guestfs_setxattr,
    .space = h2k_guestfs_space,
};
