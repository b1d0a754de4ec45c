/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * volume-tool list FILE...: what stands on volumes on these raw disks, one a
 * line: "NAME | KIND | BYTES | rw, ro or - | TYPE | what it stands on".
 * volume-tool cat DEVICE FILE...: its bytes, to standard output.
 * volume-tool write DEVICE FILE...: standard input over its bytes, in the
 * files.
 * Before the command, -k KEY, repeatable, is a key as --key takes it, and
 * -b COST what trying keys may cost.
 * DEVICE is a name that the guest knows, or the NAME of the list.  Problems
 * go to standard error.
 */
#include "base/cleanup.h"
#include "block/file.h"
#include "guest/guest.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <hyper2kvm/error.h>

static uint8_t buffer[100001]; /* odd: chunks are cut */

static void
list(const struct h2k_guest *guest)
{
    static const char *const kinds[] = { "partition", "logical", "array",
                                         "content" };
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[i];
        char name[H2K_VOLUME_NAME];
        if (v->disk != H2K_GUEST_NO_DISK)
            continue;
        h2k_guest_volume_name(guest, v, name);
        printf("%s | %s | %" PRIu64 " | %s | %s |", name, kinds[v->kind],
               v->length,
               v->block == NULL               ? "-"
               : h2k_block_writable(v->block) ? "rw"
                                              : "ro",
               v->fs_info.type);
        for (size_t k = 0; k < v->below_count; k++) {
            h2k_guest_volume_name(guest, &guest->volumes[v->below[k]], name);
            printf("%s%s", k == 0 ? " " : ", ", name);
        }
        puts("");
    }
}

static struct h2k_block *
find(struct h2k_guest *guest, const char *device)
{
    const struct h2k_guest_volume *volume;
    char name[H2K_VOLUME_NAME];
    for (size_t i = 0; i < guest->volume_count; i++) {
        h2k_guest_volume_name(guest, &guest->volumes[i], name);
        if (strcmp(name, device) == 0)
            return guest->volumes[i].block;
    }
    return h2k_guest_resolve(guest, device, &volume) < 0 ? NULL
                                                         : volume->block;
}

static int
copy(struct h2k_block *block, bool to_block)
{
    uint64_t size = h2k_block_size(block);
    for (uint64_t at = 0; at < size;) {
        uint64_t left = size - at;
        size_t n = left < sizeof(buffer) ? (size_t)left : sizeof(buffer);
        if (to_block && (n = fread(buffer, 1, n, stdin)) == 0)
            break;
        if (to_block ? h2k_block_pwrite(block, buffer, n, at) < 0
                     : h2k_block_pread(block, buffer, n, at) < 0 ||
                           fwrite(buffer, 1, n, stdout) != n)
            return -1;
        at += n;
    }
    return to_block ? h2k_block_flush(block) : 0;
}

static int
add_disks(struct h2k_guest *guest, char **files, bool writable)
{
    for (; *files != NULL; files++) {
        int fd = open(*files, writable ? O_RDWR : O_RDONLY);
        H2K_AUTO(h2k_block)
        block = fd < 0 ? NULL : h2k_file_from_fd(fd, *files, writable);
        const char *slash = strrchr(*files, '/');
        struct h2k_disk_source source = { slash == NULL ? *files : slash + 1,
                                          block };
        if (block == NULL || h2k_guest_add_disk(guest, &source) < 0)
            return -1;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    struct h2k_keys keys = { 0 };
    uint64_t budget = H2K_LUKS_TOTAL_COST;
    for (; argc > 3 && argv[1][0] == '-'; argc -= 2, argv += 2)
        if (strcmp(argv[1], "-b") == 0)
            budget = strtoull(argv[2], NULL, 10);
        else if (h2k_keys_add(&keys, argv[2]) < 0)
            fprintf(stderr, "%s\n", h2k_errmsg());
    bool listing = argc > 2 && strcmp(argv[1], "list") == 0;
    bool writing = argc > 3 && strcmp(argv[1], "write") == 0;
    H2K_AUTO(h2k_guest) guest = h2k_guest_new();
    if (guest != NULL) {
        guest->settings.keys = &keys;
        guest->unlock_cost = budget;
    }
    int rc = guest == NULL || argc < 3 ||
                     add_disks(guest, argv + (listing ? 2 : 3), writing) < 0 ||
                     h2k_guest_find_volumes(guest) < 0
                 ? -1
                 : 0;
    for (size_t i = 0; rc == 0 && i < guest->warnings.count; i++)
        fprintf(stderr, "%s\n", guest->warnings.items[i]);
    if (rc == 0 && listing) {
        list(guest);
    } else if (rc == 0) {
        struct h2k_block *block = find(guest, argv[2]);
        rc = block == NULL ? -1 : copy(block, writing);
    }
    if (rc < 0)
        fprintf(stderr, "%s\n", h2k_errmsg());
    h2k_keys_clear(&keys);
    return rc < 0;
}
