/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The edit "initramfs": every kernel's initramfs gets what it lacks to find
 * its disks on KVM, by an archive appended to the file.
 */
#include "base/error.h"
#include "guest/fix/edits.h"
#include "guest/guest.h"
#include "guest/fix/initramfs-config.h"
#include "guest/fix/protection.h"
#include "guest/boot/kernels.h"
#include "guest/fix/supplement.h"

#include <stdio.h>
#include <string.h>

/* What a filesystem's own structures may take beside the content. */
#define SPACE_MARGIN 65536

/* One filesystem with initramfs files, and what is left of it. */
struct room {
    struct h2k_fs *fs;
    uint64_t free_bytes;
};

/* One kernel's turn. */
struct job {
    const struct h2k_kernel *kernel;
    struct h2k_supplement supplement;
    uint64_t bytes; /* that the file grows by, at most */
    bool tight;
    bool backup; /* of a unified image: there is room for its copy */
};

struct run {
    struct h2k_fix *fix;
    struct h2k_strings changed; /* configuration that was corrected */
    struct h2k_kernels *kernels;
    struct job *jobs;
    size_t job_count;
    struct room rooms[8];
    size_t room_count;
};

static bool
initramfs_applies(struct h2k_fix *fix)
{
    return fix->options->regen_initramfs;
}

/* A kernel that will not boot: an error for the default one, which is what
 * starts on the other side, and a warning for others. */
__attribute__((format(printf, 3, 4))) static int
cannot(struct run *run, const struct h2k_kernel *k, const char *format, ...)
{
    char why[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(why, sizeof(why), format, ap);
    va_end(ap);
    if (k->is_default)
        return h2k_fail(H2K_E_UNFIXABLE,
                        "%s, which the boot loader starts: %s", k->image, why);
    return h2k_fix_warn(run->fix, "%s: %s; it will not boot on KVM", k->image,
                        why);
}

/* Is it worth planning?  1, 0 when not, -1 with an error. */
static int
examine(struct run *run, const struct h2k_kernel *k)
{
    if (!h2k_kernel_has_virtio(k)) {
        if (k->problem[0] != '\0')
            return cannot(run, k, "%s", k->problem);
        return cannot(run, k,
                      "this kernel has no virtio drivers for a disk; "
                      "install one that has, before exporting the machine");
    }
    if (k->initramfs_path == NULL)
        return h2k_kernel_needs_no_modules(k)
                   ? 0
                   : cannot(run, k,
                            "its virtio drivers are modules, and the boot "
                            "loader gives it no initramfs; make one in the "
                            "guest, with an entry that names it");
    if (k->initramfs == NULL)
        return cannot(run, k, "%s", k->problem);
    return k->modules != NULL;
}

/* Two images may share one initramfs. */
static bool
is_planned(const struct run *run, const struct h2k_kernel *k)
{
    for (size_t i = 0; i < run->job_count; i++)
        if (k->shared ? strcmp(run->jobs[i].kernel->initramfs_path,
                               k->initramfs_path) == 0
                      : h2k_root_same(run->fix->root,
                                      run->jobs[i].kernel->initramfs_path,
                                      k->initramfs_path))
            return true;
    return false;
}

/* Red Hat's initrd of before dracut: nash runs insmod for each of a list,
 * and there is no udev. */
static bool
is_nash(const struct h2k_kernel *k)
{
    const char *generator = h2k_initramfs_generator(k->initramfs);
    return generator != NULL && strcmp(generator, "nash") == 0;
}

/* Nothing can be put into this image: what can be done instead. */
static int
sealed(struct run *run, const struct h2k_kernel *k)
{
    bool sata =
        h2k_kernel_in_archive(k, "ahci") && h2k_kernel_in_archive(k, "sd_mod");
    return cannot(run, k,
                  "its initramfs lacks the drivers for a virtio disk, and %s; "
                  "before exporting, add virtio_pci, virtio_blk, virtio_scsi "
                  "and virtio_net to the configuration of what makes it "
                  "(dracut: add_drivers, mkinitcpio: MODULES) and make it "
                  "again in the guest%s",
                  h2k_kernel_sealed(k),
                  sata ? ", or give the new machine a SATA disk, which it can "
                         "drive"
                       : "");
}

/* What a file grows by when its initramfs does by BYTES. */
static uint64_t
growth(const struct h2k_kernel *k, uint64_t bytes)
{
    const struct h2k_uki_section *section =
        k->uki == NULL ? NULL : h2k_uki_find(k->uki, ".initrd");
    return section == NULL
               ? bytes + (k->shared ? k->initramfs->size : 0)
               : h2k_uki_growth(k->uki, section, section->length + bytes);
}

/* Why nothing can be put into K's initramfs: an error, or a warning and 1; 0
 * where something can. */
static int
refuse(struct run *run, const struct h2k_kernel *k)
{
    const char *problem = h2k_supplement_refused(k->initramfs);
    int rc;
    if (k->initramfs->problem[0] != '\0')
        rc = cannot(run, k,
                    "%s cannot be extended: %s; make a new one in the guest",
                    k->initramfs_path, k->initramfs->problem);
    else if (is_nash(k))
        rc = cannot(run, k,
                    "the script in %s loads a fixed list of drivers, "
                    "without virtio, and asks for no others; before "
                    "exporting, make it again in the guest: mkinitrd -f "
                    "--with=virtio_pci --with=virtio_blk %s %s",
                    k->initramfs_path, k->initramfs_path, k->version);
    else if (h2k_kernel_sealed(k) != NULL)
        rc = sealed(run, k);
    else if (problem != NULL)
        rc = cannot(run, k, "%s: %s", k->initramfs_path, problem);
    else if (h2k_fix_check_place(run->fix, k->initramfs_path, true) < 0)
        rc = cannot(run, k, "%s", h2k_errmsg());
    else
        return 0;
    return rc < 0 ? -1 : 1;
}

/* It lacks nothing; but what was read of it may not be all. */
static int
lacks_nothing(struct run *run, const struct h2k_kernel *k)
{
    if (k->initramfs->problem[0] == '\0')
        return 0;
    return h2k_fix_warn(run->fix,
                        "%s: what could be read of it has the drivers for "
                        "KVM, but %s; make a new one in the guest if it does "
                        "not boot",
                        k->initramfs_path, k->initramfs->problem);
}

static int
plan_kernel(struct run *run, const struct h2k_kernel *k)
{
    H2K_AUTO_SUPPLEMENT supplement = { 0 };
    int rc = examine(run, k);
    if (rc <= 0 || is_planned(run, k))
        return rc < 0 ? -1 : 0;
    if (h2k_supplement_plan(run->fix->root, k, &run->changed,
                            &run->fix->initramfs_files, &supplement) < 0)
        return h2k_errcode() == H2K_E_CORRUPT
                   ? cannot(run, k,
                            "%s; install the kernel's package again in the "
                            "guest",
                            h2k_errmsg())
                   : -1;
    if (supplement.file_count == 0)
        return lacks_nothing(run, k);
    if ((rc = refuse(run, k)) != 0)
        return rc < 0 ? -1 : 0;
    struct job *job = &run->jobs[run->job_count++];
    *job = (struct job){ .kernel = k, .supplement = supplement };
    supplement = (struct h2k_supplement){ 0 };
    job->bytes =
        growth(k, h2k_supplement_bytes(k->initramfs, &job->supplement));
    return 0;
}

/* ---- Space ---- */

static struct room *
find_room(struct run *run, const char *path)
{
    struct h2k_place place;
    if (h2k_root_lookup(run->fix->root, path, &place) < 0)
        return NULL;
    for (size_t i = 0; i < run->room_count; i++)
        if (run->rooms[i].fs == place.fs)
            return &run->rooms[i];
    if (run->room_count == sizeof(run->rooms) / sizeof(*run->rooms))
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "initramfs files on more than 8 filesystems");
    struct room *room = &run->rooms[run->room_count];
    if (h2k_fs_space(place.fs, &room->free_bytes) < 0)
        return NULL;
    room->fs = place.fs;
    run->room_count++;
    return room;
}

/* How many bytes the supplement has when it is compressed. */
static int
measure_tight(struct run *run, struct job *job)
{
    H2K_AUTO_BUFFER bytes = { 0 };
    if (h2k_supplement_build(run->fix->root, job->kernel->initramfs,
                             &job->supplement, true, &bytes) < 0)
        return -1;
    job->tight = true;
    job->bytes = growth(job->kernel, bytes.size);
    return 0;
}

/* Take what JOB needs from its filesystem.  Where there is little left it is
 * compressed; when that is not enough either, it is left out. */
static int
reserve(struct run *run, struct job *job)
{
    struct room *room = find_room(run, job->kernel->initramfs_path);
    if (room == NULL)
        return -1;
    if (job->bytes + SPACE_MARGIN > room->free_bytes &&
        measure_tight(run, job) < 0)
        return -1;
    if (job->bytes + SPACE_MARGIN <= room->free_bytes) {
        room->free_bytes -= job->bytes;
        return 0;
    }
    uint64_t bytes = job->bytes;
    h2k_supplement_free(&job->supplement);
    return cannot(run, job->kernel,
                  "%s needs %llu bytes more, and its filesystem has %llu%s; "
                  "make room there in the guest, by removing old kernels",
                  job->kernel->initramfs_path,
                  (unsigned long long)bytes + SPACE_MARGIN,
                  (unsigned long long)room->free_bytes,
                  job->kernel->is_default
                      ? ""
                      : " left by the default kernel and newer ones");
}

/* Unified images are large, and system partitions are not: their copies get
 * what room is left. */
static int
reserve_backups(struct run *run)
{
    for (size_t i = 0; i < run->job_count; i++) {
        struct job *job = &run->jobs[i];
        if (job->kernel->uki == NULL || job->supplement.file_count == 0)
            continue;
        struct room *room = find_room(run, job->kernel->image);
        if (room == NULL)
            return -1;
        uint64_t size = job->kernel->uki->size + SPACE_MARGIN;
        job->backup = size <= room->free_bytes;
        room->free_bytes -= job->backup ? size : 0;
    }
    return 0;
}

static int
turn_of(const struct h2k_kernel *k)
{
    if (k->is_default)
        return 0;
    return strstr(k->initramfs_path, "fallback") == NULL &&
                   strstr(k->image, "rescue") == NULL
               ? 1
               : 2;
}

/* The default kernel first: what room there is belongs to it.  Then the
 * newest, and what is for emergencies last. */
static int
reserve_all(struct run *run)
{
    for (int turn = 0; turn < 3; turn++)
        for (size_t i = 0; i < run->job_count; i++)
            if (turn_of(run->jobs[i].kernel) == turn &&
                reserve(run, &run->jobs[i]) < 0)
                return -1;
    return reserve_backups(run);
}

/* ---- Writing ---- */

/* How to undo it is part of the record: a copy of the file would take the
 * room that /boot seldom has. */
static int
record(struct run *run, const struct job *job, uint64_t appended)
{
    const struct h2k_kernel *k = job->kernel;
    const struct h2k_uki_section *section =
        k->uki == NULL ? NULL : h2k_uki_find(k->uki, ".initrd");
    struct h2k_fix_result *result = run->fix->result;
    H2K_AUTO_BUFFER before = { 0 };
    H2K_AUTO_BUFFER after = { 0 };
    h2k_buffer_addf(&before, "%llu bytes",
                    (unsigned long long)k->initramfs->size);
    h2k_buffer_addf(&after, "%llu bytes; added:",
                    (unsigned long long)(k->initramfs->size + appended));
    const struct h2k_strings *modules = &job->supplement.modules;
    for (size_t i = 0; i < modules->count; i++) {
        h2k_buffer_addf(&after, " %s", modules->items[i]);
        if (h2k_strings_add_once(&result->drivers_injected,
                                 modules->items[i]) < 0)
            return -1;
    }
    if (modules->count == 0)
        h2k_buffer_adds(&after, " configuration");
    if (section == NULL)
        h2k_buffer_addf(&after, "; cutting the file to %llu bytes undoes it",
                        (unsigned long long)k->initramfs->size);
    else
        h2k_buffer_addf(&before,
                        " in .initrd, at %u of the file, %u of "
                        "memory, of an image of %llu bytes",
                        section->raw_offset, section->address,
                        (unsigned long long)k->uki->size);
    if (h2k_buffer_check(&before) < 0 || h2k_buffer_check(&after) < 0 ||
        h2k_strings_add_once(&result->kernels, k->version) < 0)
        return -1;
    return h2k_fix_record(run->fix, k->initramfs_path,
                          "an archive with drivers for KVM, appended",
                          h2k_buffer_text(&before), h2k_buffer_text(&after));
}

/* The initramfs in a unified image, with MORE behind it. */
static int
extend_unified(struct h2k_fix *fix, const struct h2k_kernel *k,
               const struct h2k_buffer *more)
{
    H2K_AUTO_BUFFER content = { 0 };
    const struct h2k_uki_section *section = h2k_uki_find(k->uki, ".initrd");
    struct h2k_place place;
    h2k_buffer_add_zeros(&content, section->length);
    if (h2k_buffer_check(&content) < 0 ||
        h2k_root_lookup(fix->root, k->image, &place) < 0 ||
        h2k_fs_read(place.fs, place.ino, content.data, section->length,
                    section->raw_offset) < 0)
        return h2k_prefix("%s: ", k->image);
    h2k_buffer_add(&content, more->data, more->size);
    if (h2k_buffer_check(&content) < 0)
        return -1;
    return h2k_uki_replace(fix->root, k->image, k->uki, section, content.data,
                           content.size);
}

static int
write_job(struct run *run, const struct job *job)
{
    H2K_AUTO_BUFFER bytes = { 0 };
    const struct h2k_kernel *k = job->kernel;
    if (job->supplement.file_count == 0)
        return 0; /* left out */
    if (h2k_supplement_build(run->fix->root, k->initramfs, &job->supplement,
                             job->tight, &bytes) < 0)
        return -1;
    if (k->uki != NULL) {
        if ((job->backup && h2k_fix_backup(run->fix, k->image) < 0) ||
            extend_unified(run->fix, k, &bytes) < 0)
            return -1;
    } else if ((k->shared &&
                h2k_root_unshare(run->fix->root, k->initramfs_path) < 0) ||
               h2k_root_append(run->fix->root, k->initramfs_path, bytes.data,
                               bytes.size) < 0) {
        return h2k_prefix("%s: ", k->initramfs_path);
    }
    return record(run, job, bytes.size);
}

/* ---- The edit ---- */

static int
no_kernel(struct h2k_fix *fix)
{
    const struct h2k_guest_mount *boot =
        fix->guest == NULL ? NULL : h2k_guest_find_mount(fix->guest, "/boot");
    if (boot != NULL && !boot->mounted)
        return h2k_fail(H2K_E_UNFIXABLE, "/boot, where the kernels are: %s",
                        boot->problem);
    return h2k_fail(H2K_E_UNFIXABLE,
                    "no kernel found in /boot; to leave it as it is, set "
                    "pipeline.fix.regen_initramfs to false");
}

/* Files that other edits have corrected, of those that mean the same in the
 * initramfs.  Its /etc/fstab, for one, does not. */
static int
find_changed(struct run *run)
{
    static const char *const places[] = { "/etc/lvm/", "/etc/modprobe.",
                                          "/etc/crypttab",
                                          "/etc/udev/rules.d/",
                                          "/etc/systemd/network/" };
    const struct h2k_fix_result *result = run->fix->result;
    for (size_t i = 0; i < result->change_count; i++)
        for (size_t k = 0; k < sizeof(places) / sizeof(places[0]); k++)
            if (strncmp(result->changes[i].file, places[k],
                        strlen(places[k])) == 0 &&
                h2k_strings_add_once(&run->changed, result->changes[i].file) <
                    0)
                return -1;
    return 0;
}

static int
run_jobs(struct run *run)
{
    if (find_changed(run) < 0)
        return -1;
    for (size_t i = 0; i < run->kernels->count; i++)
        if (plan_kernel(run, &run->kernels->items[i]) < 0)
            return -1;
    if (reserve_all(run) < 0)
        return -1;
    for (size_t i = 0; i < run->job_count; i++)
        if (write_job(run, &run->jobs[i]) < 0)
            return -1;
    const struct h2k_kernel *kernel = h2k_kernels_default(run->kernels);
    return kernel == NULL ? 0 : h2k_initramfs_configure(run->fix, kernel);
}

static int
run_with(struct h2k_fix *fix, struct h2k_kernels *kernels)
{
    struct run run = { .fix = fix, .kernels = kernels };
    if (kernels->count == 0)
        return no_kernel(fix);
    for (size_t i = 0; i < kernels->warnings.count; i++)
        if (h2k_fix_warn(fix, "%s", kernels->warnings.items[i]) < 0)
            return -1;
    run.jobs = calloc(kernels->count, sizeof(*run.jobs));
    if (run.jobs == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    int rc = run_jobs(&run);
    for (size_t i = 0; i < run.job_count; i++)
        h2k_supplement_free(&run.jobs[i].supplement);
    free(run.jobs);
    h2k_strings_clear(&run.changed);
    return rc;
}

static int
initramfs_run(struct h2k_fix *fix)
{
    if (fix->guest != NULL) {
        struct h2k_kernels *kernels = h2k_guest_kernels(fix->guest);
        int rc = kernels == NULL ? -1 : run_with(fix, kernels);
        h2k_guest_forget_kernels(fix->guest);
        return rc;
    }
    H2K_AUTO(h2k_kernels) kernels = h2k_kernels_read(fix->root);
    return kernels == NULL ? -1 : run_with(fix, kernels);
}

const struct h2k_edit h2k_edit_initramfs = {
    .name = "initramfs",
    .applies = initramfs_applies,
    .run = initramfs_run,
};
