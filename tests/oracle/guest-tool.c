/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * guest-tool [--key KEY] [--root ROOT] inspect DISK...
 *     what is found, one "key value" a line
 * guest-tool [--key KEY] [--root ROOT] fix RESULT DISK...
 *     the edits, and the first disk as it then is, raw, in the new file RESULT
 *
 * The disks are images of any format that we read.  Times go to standard
 * error.
 */

#include "block/overlay.h"
#include "guest/fix/fix.h"
#include "guest/inspect/inspect.h"
#include "guest/keys.h"
#include "image/image.h"

#include <hyper2kvm/error.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DISKS_MAX 16

static int
failed(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, h2k_errmsg());
    return h2k_exit_code(h2k_errcode());
}

static void
lap(const char *what)
{
    static struct timespec last;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (what != NULL)
        fprintf(stderr, "# %s: %.3f s\n", what,
                (double)(now.tv_sec - last.tv_sec) +
                    (double)(now.tv_nsec - last.tv_nsec) / 1e9);
    last = now;
}

static void
say(const char *key, const char *value)
{
    printf("%s %s\n", key, value == NULL ? "-" : value);
}

static void
print_kernel(const struct h2k_inspected_kernel *k)
{
    printf("kernel %s %s %s %s %s %s\n", k->version, k->image,
           k->initramfs == NULL ? "-" : k->initramfs,
           k->compression == NULL ? "-" : k->compression,
           k->generator == NULL ? "-" : k->generator,
           k->is_default ? "default" : "other");
    for (size_t i = 0; i < H2K_DRIVER_COUNT; i++)
        printf("driver %s %s%s\n", h2k_driver_names[i],
               h2k_driver_state_name(k->drivers[i].state),
               k->drivers[i].in_initramfs ? " in-initramfs" : "");
    if (k->problem != NULL)
        say("problem", k->problem);
}

static void
print_inspection(const struct h2k_inspection *in)
{
    say("distro", in->distro);
    say("os_version", in->os_version);
    say("product_name", in->product_name);
    say("arch", in->arch);
    say("hostname", in->hostname);
    say("kernel_version", in->kernel_version);
    say("bootloader", in->bootloader);
    say("firmware", in->firmware);
    say("init", in->init);
    say("package_manager", in->package_manager);
    say("vmware_tools", in->vmware_tools);
    for (size_t i = 0; i < in->kernel_count; i++)
        print_kernel(&in->kernels[i]);
    for (size_t i = 0; i < in->filesystem_count; i++)
        printf("filesystem %s %u %s %s%s\n", in->filesystems[i].disk_id,
               in->filesystems[i].partition, in->filesystems[i].type,
               in->filesystems[i].uuid,
               in->filesystems[i].replayed ? " replayed" : "");
    for (size_t i = 0; i < in->mountpoint_count; i++)
        printf("mount %s %s%s\n", in->mountpoints[i].path,
               in->mountpoints[i].spec,
               in->mountpoints[i].mounted ? "" : " not-mounted");
    for (size_t i = 0; i < in->network.count; i++)
        printf("interface %s %s\n", in->network.items[i].name,
               in->network.items[i].source);
    for (size_t i = 0; i < in->warnings.count; i++)
        say("warning", in->warnings.items[i]);
}

/* DISK's bytes into a new file, holes left out. */
static int
write_raw(struct h2k_block *disk, const char *path)
{
    static uint8_t bytes[1 << 20];
    uint64_t size = h2k_block_size(disk), at = 0;
    h2k_autofd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
        return -1;
    while (at < size) {
        struct h2k_extent e;
        uint64_t left = size - at < sizeof(bytes) ? size - at : sizeof(bytes);
        if (h2k_block_extent(disk, at, left, &e) < 0)
            return -1;
        if (e.kind == H2K_EXTENT_DATA &&
            (h2k_block_pread(disk, bytes, e.length, at) < 0 ||
             pwrite(fd, bytes, e.length, (off_t)at) != (ssize_t)e.length))
            return -1;
        at += e.length;
    }
    return 0;
}

static int
fix(struct h2k_guest *guest, const char *result_path)
{
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix_result result = { 0 };
    uint64_t bytes = 0;
    int rc = h2k_fix_run(guest, &options, &result);
    lap("fix");
    for (size_t i = 0; i < result.change_count; i++)
        printf("change %s %s\n", result.changes[i].edit,
               result.changes[i].file);
    for (size_t i = 0; i < result.warnings.count; i++)
        say("warning", result.warnings.items[i]);
    h2k_fix_result_free(&result);
    if (rc < 0)
        return failed("fix");
    if (h2k_guest_discard_free(guest, &bytes) < 0)
        return failed("discard");
    lap("discard");
    printf("discarded %llu\n", (unsigned long long)bytes);
    return write_raw(guest->disks[0].block, result_path) < 0
               ? failed(result_path)
               : 0;
}

static int
run(char **disks, size_t count, const struct h2k_guest_settings *settings,
    const char *result_path)
{
    struct h2k_disk_source sources[DISKS_MAX] = { 0 };
    struct h2k_inspection inspection = { 0 };
    char ids[DISKS_MAX][16];
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        H2K_AUTO(h2k_block)
        file = h2k_image_open(disks[i], NULL, NULL, NULL, NULL);
        snprintf(ids[i], sizeof(ids[i]), "disk-%zu", i);
        sources[i].id = ids[i];
        sources[i].block = file == NULL ? NULL : h2k_overlay_new(file, NULL);
        if (sources[i].block == NULL)
            rc = failed(disks[i]);
    }
    lap(NULL);
    H2K_AUTO(h2k_guest)
    guest = rc != 0 ? NULL : h2k_guest_open(sources, count, settings);
    for (size_t i = 0; i < count; i++)
        h2k_block_unref(sources[i].block);
    if (guest == NULL)
        return rc != 0 ? rc : failed("guest");
    lap("open");
    if (h2k_inspect(guest, &inspection) < 0)
        rc = failed("inspect");
    lap("inspect");
    if (rc == 0 && result_path == NULL)
        print_inspection(&inspection);
    h2k_inspection_free(&inspection);
    return rc != 0 || result_path == NULL ? rc : fix(guest, result_path);
}

int
main(int argc, char **argv)
{
    struct h2k_keys keys = { 0 };
    struct h2k_guest_settings settings = { .keys = &keys };
    int rc = 2;
    for (; argc > 2 && argv[1][0] == '-'; argc -= 2, argv += 2) {
        if (strcmp(argv[1], "--root") == 0)
            settings.root = argv[2];
        else if (h2k_keys_add(&keys, argv[2]) < 0)
            return failed("--key");
    }
    if (argc >= 3 && argc < DISKS_MAX && strcmp(argv[1], "inspect") == 0)
        rc = run(argv + 2, (size_t)argc - 2, &settings, NULL);
    else if (argc >= 4 && argc < DISKS_MAX && strcmp(argv[1], "fix") == 0)
        rc = run(argv + 3, (size_t)argc - 3, &settings, argv[2]);
    else
        fprintf(stderr, "usage: guest-tool [--key KEY] [--root ROOT] inspect "
                        "DISK... | fix RESULT DISK...\n");
    h2k_keys_clear(&keys);
    return rc;
}
