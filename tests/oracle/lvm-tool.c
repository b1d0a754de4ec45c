/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * lvm-tool FILE...: the logical volumes on these raw disks (whole, or in
 * partitions): "GROUP/NAME UUID BYTES rw|ro|-", what is wrong with each, and
 * "free DISK OFFSET LENGTH"; problems go to standard error.
 * lvm-tool cat GROUP/NAME FILE...: its bytes, to standard output.
 */
#include "block/file.h"
#include "guest/guest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <hyper2kvm/error.h>

static void
show(const struct h2k_guest *guest, const struct h2k_guest_lvm *groups)
{
    const struct h2k_lvm *lvm = groups->lvm;
    for (size_t i = 0; i < lvm->count; i++) {
        const struct h2k_lvm_volume *v = &lvm->volumes[i];
        printf("%s/%s %s %" PRIu64 " %s%s%s\n", v->group, v->name, v->id,
               v->length, v->block == NULL ? "-" : "read",
               v->problem[0] == '\0' ? "" : " ", v->problem);
    }
    for (size_t i = 0; i < lvm->free_count; i++) {
        char name[H2K_VOLUME_NAME];
        h2k_guest_volume_name(
            guest, &guest->volumes[groups->sources[lvm->free[i].source]],
            name);
        printf("free %s %" PRIu64 " %" PRIu64 "\n", name, lvm->free[i].offset,
               lvm->free[i].length);
    }
}

static int
show_all(const struct h2k_guest *guest)
{
    for (size_t i = 0; i < guest->lvm_count; i++)
        show(guest, &guest->lvm[i]);
    for (size_t i = 0; i < guest->problems.count; i++)
        fprintf(stderr, "%s\n", guest->problems.items[i]);
    return 0;
}

static int
cat(struct h2k_guest *guest, const char *name)
{
    static uint8_t buffer[100001]; /* odd: stripes are cut */
    const struct h2k_guest_volume *volume;
    char path[600];
    snprintf(path, sizeof(path), "/dev/%s", name);
    if (h2k_guest_resolve(guest, path, &volume) < 0 || volume->block == NULL)
        return -1;
    for (uint64_t at = 0; at < volume->length;) {
        uint64_t left = volume->length - at;
        size_t n = left < sizeof(buffer) ? (size_t)left : sizeof(buffer);
        if (h2k_block_pread(volume->block, buffer, n, at) < 0 ||
            fwrite(buffer, 1, n, stdout) != n)
            return -1;
        at += n;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    bool is_cat = argc > 3 && strcmp(argv[1], "cat") == 0;
    H2K_AUTO(h2k_guest) guest = h2k_guest_new();
    for (int i = is_cat ? 3 : 1; guest != NULL && i < argc; i++) {
        H2K_AUTO(h2k_block) block = h2k_file_open(argv[i]);
        const char *slash = strrchr(argv[i], '/');
        struct h2k_disk_source source = { slash == NULL ? argv[i] : slash + 1,
                                          block };
        if (block == NULL || h2k_guest_add_disk(guest, &source) < 0) {
            fprintf(stderr, "%s\n", h2k_errmsg());
            return 1;
        }
    }
    if (guest == NULL || h2k_guest_find_volumes(guest) < 0 ||
        (is_cat ? cat(guest, argv[2]) : show_all(guest)) < 0) {
        fprintf(stderr, "%s\n", h2k_errmsg());
        return 1;
    }
    return 0;
}
