/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Going on with what an earlier run left.
 *
 * While an export runs, BASE.hyperexport-state.json in its directory says
 * which VM it is, of which version of its configuration, which snapshot was
 * made, and which disks are finished.  After a failure it stays, with the
 * partial files that are worth it.
 *
 * A flat disk goes on at its file's size: what is in the file came in order,
 * and is right as long as the machine did not go down (boot_id).  A finished
 * disk is read again and compared with its hash.  A disk of a lease that is
 * not finished starts again.
 */
#include "provider/export-job.h"

#include "base/checked.h"
#include "base/interrupt.h"
#include "base/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define STATE_SUFFIX ".hyperexport-state.json"
#define STATE_LIMIT ((size_t)1 << 20)
#define STATE_VERSION 1
/* Going on happens at a multiple of this. */
#define ALIGNMENT (UINT64_C(1) << 20)

/* What an earlier run left, as it was written, checked for its types. */
struct h2k_export_state {
    json_t *root;
    const char *change_version; /* these belong to ROOT; NULL: not there */
    const char *transport;
    const char *snapshot;
    const char *snapshot_name;
    const char *boot_id;
    json_t *disks; /* an array */
};

static void
state_free(struct h2k_export_state *state)
{
    if (state == NULL)
        return;
    json_decref(state->root);
    free(state);
}

/* ---- Writing ---- */

/* Of this run of the kernel; "" where it cannot be told. */
static void
read_boot_id(char id[64])
{
    h2k_autofd int fd =
        open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, id, 63);
    id[n > 0 ? n : 0] = '\0';
    id[strcspn(id, "\n")] = '\0';
}

static json_t *
disk_json(const struct h2k_export_job *job, size_t i)
{
    const struct h2k_export_part *part = &job->parts[i];
    json_t *disk =
        json_pack("{s:i, s:I, s:s}", "key", (int)part->disk->key, "capacity",
                  (json_int_t)part->disk->capacity, "file", part->name);
    if (disk != NULL && (part->done || part->complete)) {
        json_object_set_new(disk, "size",
                            json_integer((json_int_t)job->out->disks[i].size));
        json_object_set_new(disk, "sha256",
                            json_string(job->out->disks[i].sha256));
    }
    return disk;
}

static json_t *
state_json(const struct h2k_export_job *job)
{
    char boot_id[64];
    read_boot_id(boot_id);
    const struct h2k_vm *vm = job->out->vm;
    json_t *root = json_pack(
        "{s:i, s:s, s:s*, s:s, s:s*, s:s, s:s*, s:s*, s:s}",
        "hyperexport_state", STATE_VERSION, "vm_id", vm->id, "vm_uuid",
        vm->uuid, "vm_name", vm->name, "change_version", vm->change_version,
        "transport", job->transport->name, "snapshot", job->snapshot,
        "snapshot_name", job->snapshot_name, "boot_id", boot_id);
    json_t *disks = json_array();
    for (size_t i = 0; i < vm->disk_count; i++)
        json_array_append_new(disks, disk_json(job, i));
    json_object_set_new(root, "disks", disks);
    return root;
}

static char *
state_path(const struct h2k_export_job *job)
{
    return h2k_export_base_path(job, STATE_SUFFIX);
}

int
h2k_export_save_state(struct h2k_export_job *job)
{
    if (!job->request->keep)
        return 0;
    job->state_begun = true;
    h2k_autofree char *path = state_path(job);
    json_t *root = path == NULL ? NULL : state_json(job);
    h2k_autofree char *text =
        root == NULL ? NULL : json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    if (text == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    H2K_AUTO(h2k_output) output = h2k_output_new(path);
    if (output == NULL)
        return -1;
    size_t size = strlen(text);
    if (write(h2k_output_fd(output), text, size) != (ssize_t)size)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s: cannot be written", path);
    return h2k_output_publish(output);
}

/* ---- Reading ---- */

/* A file of ours that nobody else could have written. */
static json_t *
load_state(const char *path)
{
    h2k_autofd int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
        st.st_uid != geteuid() || (st.st_mode & 022) != 0 ||
        st.st_size > (off_t)STATE_LIMIT)
        return NULL;
    size_t size = (size_t)st.st_size;
    h2k_autofree char *text = malloc(size + 1);
    if (text == NULL || read(fd, text, size) != (ssize_t)size)
        return NULL;
    return json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
}

static const char *
string_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static bool
same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* NULL where there is none, or it is of another VM. */
static struct h2k_export_state *
parse_state(const struct h2k_export_job *job, json_t *root)
{
    const struct h2k_vm *vm = job->out->vm;
    json_t *disks = json_object_get(root, "disks");
    if (json_integer_value(json_object_get(root, "hyperexport_state")) !=
            STATE_VERSION ||
        !same(string_of(root, "vm_id"), vm->id) ||
        !same(string_of(root, "vm_uuid"), vm->uuid) || !json_is_array(disks) ||
        string_of(root, "transport") == NULL)
        return NULL;
    struct h2k_export_state *state = calloc(1, sizeof(*state));
    if (state == NULL)
        return NULL;
    *state = (struct h2k_export_state){
        .root = json_incref(root),
        .change_version = string_of(root, "change_version"),
        .transport = string_of(root, "transport"),
        .snapshot = string_of(root, "snapshot"),
        .snapshot_name = string_of(root, "snapshot_name"),
        .boot_id = string_of(root, "boot_id"),
        .disks = disks,
    };
    return state;
}

/* A run that was killed could not remove its snapshot. */
static int
take_snapshot_over(struct h2k_export_job *job,
                   const struct h2k_export_state *state)
{
    const char *name =
        state->snapshot_name != NULL ? state->snapshot_name : state->snapshot;
    const struct h2k_vm *vm = job->out->vm;
    if (job->request->resume && job->request->snapshot &&
        vm->power != H2K_VM_OFF &&
        same(state->change_version, vm->change_version)) {
        job->snapshot = strdup(state->snapshot);
        job->snapshot_name = strdup(name);
        if (job->snapshot == NULL || job->snapshot_name == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        h2k_export_say(job, "going on from the snapshot %s", name);
        return 0;
    }
    h2k_export_say(job, "removing the snapshot %s that an earlier run left",
                   name);
    if (h2k_vsphere_snapshot_remove(job->vs, state->snapshot) < 0) {
        if (h2k_errcode() == H2K_E_INTERRUPTED)
            return -1;
        h2k_export_warn(job,
                        "the snapshot %s of an earlier run could not be "
                        "removed: %s; look for it in the VM's snapshots",
                        name, h2k_errmsg());
    }
    return 0;
}

int
h2k_export_read_state(struct h2k_export_job *job)
{
    if (!job->request->keep)
        return 0;
    h2k_autofree char *path = state_path(job);
    if (path == NULL)
        return -1;
    json_t *root = load_state(path);
    job->earlier = root == NULL ? NULL : parse_state(job, root);
    json_decref(root);
    if (job->earlier == NULL || job->earlier->snapshot == NULL ||
        !job->out->vm->has_snapshots)
        return 0;
    return take_snapshot_over(job, job->earlier);
}

/* ---- Files to go on with ---- */

/* Why nothing of the earlier run can be used, or NULL. */
static const char *
why_not(const struct h2k_export_job *job)
{
    const struct h2k_export_state *s = job->earlier;
    const struct h2k_vm *vm = job->out->vm;
    if (s == NULL)
        return "no earlier run of this VM left anything here";
    if (!same(s->transport, job->transport->name))
        return "the earlier run used another transport";
    if (!same(s->snapshot, job->snapshot))
        return "the VM ran, and its disks are now read from another snapshot";
    if (vm->change_version == NULL ||
        !same(s->change_version, vm->change_version))
        return "the VM was changed or run since";
    if (json_array_size(s->disks) != vm->disk_count)
        return "the VM has other disks now";
    return NULL;
}

static bool
same_boot(const struct h2k_export_state *state)
{
    char boot_id[64];
    read_boot_id(boot_id);
    return boot_id[0] != '\0' && same(state->boot_id, boot_id);
}

/* How much of the file can stay. */
static void
keep_what_is_right(struct h2k_export_job *job, size_t i, uint64_t size)
{
    struct h2k_export_part *part = &job->parts[i];
    const json_t *disk = json_array_get(job->earlier->disks, i);
    const char *sha256 = string_of(disk, "sha256");
    json_int_t finished = json_integer_value(json_object_get(disk, "size"));
    if (json_integer_value(json_object_get(disk, "key")) != part->disk->key ||
        json_integer_value(json_object_get(disk, "capacity")) !=
            (json_int_t)part->disk->capacity ||
        !same(string_of(disk, "file"), part->name))
        return;
    if (sha256 != NULL && strlen(sha256) == H2K_SHA256_HEX_SIZE - 1 &&
        size > 0 && finished == (json_int_t)size) {
        memcpy(job->out->disks[i].sha256, sha256, H2K_SHA256_HEX_SIZE);
        job->out->disks[i].size = size;
        part->complete = true;
        part->kept = size;
    } else if (job->transport->what == H2K_BYTES_FLAT &&
               same_boot(job->earlier)) {
        part->kept =
            h2k_align_down(h2k_min_u64(size, part->disk->capacity), ALIGNMENT);
    }
}

static int
open_part(struct h2k_export_job *job, size_t i, bool resume)
{
    struct h2k_export_part *part = &job->parts[i];
    struct stat st;
    part->output =
        resume ? h2k_output_resume(part->path) : h2k_output_new(part->path);
    if (part->output == NULL)
        return -1;
    if (!resume)
        return 0;
    if (fstat(h2k_output_fd(part->output), &st) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s", part->path);
    keep_what_is_right(job, i, (uint64_t)st.st_size);
    if (part->complete)
        h2k_export_say(job, "disk %zu is here from an earlier run", i + 1);
    else if (part->kept > 0)
        h2k_export_say(job, "disk %zu goes on at %" PRIu64 " MiB", i + 1,
                       part->kept >> 20);
    else if (st.st_size > 0)
        h2k_export_say(job, "disk %zu starts again", i + 1);
    return 0;
}

/* An OVA is written in one pass, and starts anew. */
static int
open_ova(struct h2k_export_job *job)
{
    h2k_autofree char *path = h2k_export_base_path(job, ".ova");
    size_t count = job->out->vm->disk_count;
    h2k_autofree const char **names = calloc(count + 1, sizeof(*names));
    if (path == NULL || names == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        names[i] = job->parts[i].name;
    if (job->request->resume)
        h2k_export_say(job, "nothing to go on with: an OVA is written in one "
                            "pass");
    job->ova = h2k_ova_new(path, job->out->vm, job->base, names, count);
    return job->ova == NULL ? -1 : 0;
}

static int
open_parts(struct h2k_export_job *job)
{
    bool resume = job->request->resume;
    const char *reason = resume ? why_not(job) : NULL;
    if (reason != NULL)
        h2k_export_say(job, "nothing to go on with: %s", reason);
    for (size_t i = 0; i < job->out->vm->disk_count; i++)
        if (open_part(job, i, resume && reason == NULL) < 0)
            return -1;
    return 0;
}

int
h2k_export_lock(struct h2k_export_job *job)
{
    if (!job->request->keep)
        return 0;
    if (h2k_output_make_directory(job->request->directory,
                                  &job->made_directory) < 0)
        return -1;
    if (job->request->format == H2K_EXPORT_OVA)
        return open_ova(job);
    h2k_autofree char *path = h2k_export_base_path(job, ".ovf");
    if (path != NULL)
        job->ovf = h2k_output_new(path);
    return job->ovf == NULL ? -1 : 0;
}

int
h2k_export_open_outputs(struct h2k_export_job *job)
{
    if (!job->request->keep)
        return 0;
    if (job->ova == NULL && open_parts(job) < 0)
        return -1;
    /* The files of this run are locked. */
    int swept = h2k_output_sweep_stale(job->request->directory);
    if (swept > 0)
        h2k_log(H2K_LOG_INFO, "removed %d unfinished files of earlier runs",
                swept);
    return h2k_export_save_state(job);
}

/* ---- The end ---- */

/* At least a finished disk, or a MiB of one that can go on. */
static bool
worth_keeping(const struct h2k_export_job *job, size_t i)
{
    const struct h2k_export_part *part = &job->parts[i];
    struct stat st;
    if (part->output == NULL || job->spoiled || job->snapshot_used)
        return false;
    if (part->done || part->complete)
        return true;
    return job->transport->what == H2K_BYTES_FLAT &&
           fstat(h2k_output_fd(part->output), &st) == 0 &&
           (uint64_t)st.st_size >= ALIGNMENT;
}

static bool
keep_parts(struct h2k_export_job *job)
{
    size_t kept = 0;
    for (size_t i = 0; job->parts != NULL && i < job->out->vm->disk_count;
         i++) {
        if (!worth_keeping(job, i))
            continue;
        h2k_output_keep(job->parts[i].output);
        kept++;
    }
    if (kept > 0)
        h2k_export_say(job,
                       "what came of %zu %s stays in %s: the same command "
                       "with --resume goes on with it, without it starts "
                       "anew",
                       kept, kept == 1 ? "disk" : "disks",
                       job->request->directory);
    return kept > 0;
}

void
h2k_export_end_state(struct h2k_export_job *job, bool failed)
{
    struct h2k_saved_error error;
    h2k_error_save(&error);
    /* A snapshot that could not be removed is remembered for the next run. */
    bool keep = failed && job->request->keep && job->state_begun &&
                (keep_parts(job) || job->snapshot != NULL);
    h2k_autofree char *path =
        job->state_begun && !keep ? state_path(job) : NULL;
    if (path != NULL)
        unlink(path);
    state_free(job->earlier);
    job->earlier = NULL;
    h2k_error_restore(&error);
}
