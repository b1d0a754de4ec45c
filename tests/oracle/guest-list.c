/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * guest-list [--key KEY] DISK...: every file of the guest on those disks as
 * its mounts make it, one a line:
 *
 *     TYPE MODE UID GID SIZE SHA-256 PATH[ -> TARGET]
 *
 * (but not /sysroot, where a system of OSTree sees itself from outside)
 * with fields between tabs; TYPE as in ls -l, the size of what is neither file
 * nor link as "-", and so the sum of what is no file.
 */
#include "base/hash.h"
#include "block/overlay.h"
#include "guest/guest.h"
#include "guest/keys.h"
#include "image/image.h"

#include <hyper2kvm/error.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DISKS_MAX 16

static int
failed(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, h2k_errmsg());
    return -1;
}

static char
letter(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return 'd';
    case S_IFLNK:
        return 'l';
    case S_IFCHR:
        return 'c';
    case S_IFBLK:
        return 'b';
    case S_IFIFO:
        return 'p';
    case S_IFSOCK:
        return 's';
    default:
        return '-';
    }
}

static int
sum(const struct h2k_place *place, uint64_t size, char hex[H2K_HASH_HEX_SIZE])
{
    static uint8_t bytes[1 << 20];
    H2K_AUTO(h2k_hash) hash = h2k_hash_new(H2K_HASH_SHA256);
    if (hash == NULL)
        return -1;
    for (uint64_t at = 0, n; at < size; at += n) {
        n = size - at < sizeof(bytes) ? size - at : sizeof(bytes);
        if (h2k_fs_read(place->fs, place->ino, bytes, n, at) < 0 ||
            h2k_hash_update(hash, bytes, n) < 0)
            return -1;
    }
    return h2k_hash_finish(hash, hex);
}

static int
print(struct h2k_place *place, const struct h2k_stat *st, const char *path)
{
    char hex[H2K_HASH_HEX_SIZE] = "-", target[H2K_PATH_MAX + 1];
    bool file = S_ISREG(st->mode), link = S_ISLNK(st->mode);
    if ((file && sum(place, st->size, hex) < 0) ||
        (link &&
         h2k_fs_readlink(place->fs, place->ino, target, sizeof(target)) < 0))
        return failed(path);
    printf("%c\t%04o\t%" PRIu32 "\t%" PRIu32 "\t", letter(st->mode),
           st->mode & 07777, st->uid, st->gid);
    if (file || link)
        printf("%" PRIu64, st->size);
    else
        printf("-");
    printf("\t%s\t%s%s%s\n", hex, path, link ? " -> " : "",
           link ? target : "");
    return 0;
}

/* PATH and all below it.  It is as deep as the guest's own tree. */
static int
list(struct h2k_root *root, const char *path)
{
    struct h2k_place place;
    struct h2k_stat st;
    char **names = NULL;
    size_t count = 0;
    if (h2k_root_lookup_nofollow(root, path, &place) < 0 ||
        h2k_fs_stat(place.fs, place.ino, &st) < 0 ||
        (S_ISDIR(st.mode) && h2k_root_list(root, path, &names, &count) < 0))
        return failed(path);
    int rc = print(&place, &st, path);
    if (strcmp(path, "/sysroot") == 0) {
        h2k_root_free_names(names, count);
        return rc;
    }
    for (size_t i = 0; i < count && rc == 0; i++) {
        char child[H2K_PATH_MAX + 1];
        snprintf(child, sizeof(child), "%s/%s", path[1] == '\0' ? "" : path,
                 names[i]);
        rc = list(root, child);
    }
    h2k_root_free_names(names, count);
    return rc;
}

int
main(int argc, char **argv)
{
    struct h2k_disk_source sources[DISKS_MAX] = { 0 };
    struct h2k_keys keys = { 0 };
    struct h2k_guest_settings settings = { .keys = &keys };
    char ids[DISKS_MAX][16];
    if (argc > 2 && strcmp(argv[1], "--key") == 0) {
        if (h2k_keys_add(&keys, argv[2]) < 0)
            return failed("--key") < 0;
        argc -= 2;
        argv += 2;
    }
    size_t count = (size_t)argc - 1;
    if (argc < 2 || count > DISKS_MAX) {
        fprintf(stderr, "usage: guest-list [--key KEY] DISK...\n");
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        H2K_AUTO(h2k_block)
        file = h2k_image_open(argv[i + 1], NULL, NULL, NULL, NULL);
        snprintf(ids[i], sizeof(ids[i]), "disk-%zu", i);
        sources[i].id = ids[i];
        sources[i].block = file == NULL ? NULL : h2k_overlay_new(file, NULL);
        if (sources[i].block == NULL)
            return failed(argv[i + 1]) < 0;
    }
    H2K_AUTO(h2k_guest) guest = h2k_guest_open(sources, count, &settings);
    for (size_t i = 0; i < count; i++)
        h2k_block_unref(sources[i].block);
    int rc = guest == NULL ? failed("guest") : list(guest->root, "/");
    h2k_keys_clear(&keys);
    return rc < 0;
}
