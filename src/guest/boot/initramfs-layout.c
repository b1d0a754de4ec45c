/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where things are in an initramfs, by its own layout. */
#include "base/error.h"
#include "guest/boot/initramfs.h"
#include "guest/boot/modules.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#define LINKS_MAX 8

enum h2k_compression
h2k_initramfs_compression(const struct h2k_initramfs *initramfs)
{
    for (size_t i = initramfs->segment_count; i > 0; i--)
        if (initramfs->segments[i - 1].compression != H2K_COMPRESSION_NONE)
            return initramfs->segments[i - 1].compression;
    return H2K_COMPRESSION_NONE;
}

/* One link in the directories of PATH replaced by its target.  False when
 * there is none, or when it leads out of what we can follow. */
static bool
follow_one(const struct h2k_initramfs *initramfs, char path[PATH_MAX])
{
    char result[PATH_MAX];
    for (size_t n = strcspn(path, "/"); path[n] != '\0';
         n += 1 + strcspn(path + n + 1, "/")) {
        path[n] = '\0';
        const struct h2k_initramfs_entry *entry =
            h2k_initramfs_find(initramfs, path);
        path[n] = '/';
        if (entry == NULL || entry->target == NULL)
            continue;
        const char *target = entry->target;
        /* "usr/lib" beside it or from the root; ".." is seldom there. */
        size_t parent =
            target[0] == '/'
                ? 0
                : (size_t)(memrchr(path, '/', n) == NULL
                               ? 0
                               : (char *)memrchr(path, '/', n) + 1 - path);
        while (target[0] == '/')
            target++;
        if (strstr(target, "..") != NULL ||
            snprintf(result, sizeof(result), "%.*s%s%s", (int)parent, path,
                     target, path + n) >= (int)sizeof(result))
            return false;
        memcpy(path, result, strlen(result) + 1);
        return true;
    }
    return false;
}

bool
h2k_initramfs_has(const struct h2k_initramfs *initramfs, const char *name)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof(path), "%s", name) >= (int)sizeof(path))
        return false;
    for (int i = 0; i < LINKS_MAX; i++) {
        if (h2k_initramfs_find(initramfs, path) != NULL)
            return true;
        if (!follow_one(initramfs, path))
            return false;
    }
    return false;
}

/* Is something in the archive below DIRECTORY? */
static bool
has_below(const struct h2k_initramfs *initramfs, const char *directory)
{
    size_t low = 0, high = initramfs->entry_count, n = strlen(directory);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strncmp(initramfs->entries[middle].name, directory, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < initramfs->entry_count; low++) {
        const char *name = initramfs->entries[low].name;
        if (strncmp(name, directory, n) != 0)
            return false;
        if (name[n] == '/')
            return true;
    }
    return false;
}

static bool
is_directory(const struct h2k_initramfs *initramfs, const char *name)
{
    const struct h2k_initramfs_entry *entry =
        h2k_initramfs_find(initramfs, name);
    return entry != NULL && S_ISDIR(entry->mode);
}

char *
h2k_initramfs_modules_dir(const struct h2k_initramfs *initramfs,
                          const char *version)
{
    static const char *const parents[] = { "usr/lib/modules", "lib/modules" };
    char *dir = NULL;
    const char *parent = NULL;
    /* Where the archive has modules of this kernel, or of any. */
    for (size_t i = 0; i < 2; i++) {
        if (asprintf(&dir, "%s/%s", parents[i], version) < 0)
            return h2k_fail_null(H2K_E_NOMEM, "out of memory");
        if (has_below(initramfs, dir))
            return dir;
        free(dir);
        if (parent == NULL && has_below(initramfs, parents[i]))
            parent = parents[i];
    }
    /* None: /lib as a directory, or as the link that it is. */
    if (parent == NULL)
        parent = is_directory(initramfs, "lib") ? parents[1] : parents[0];
    if (h2k_initramfs_find(initramfs, "lib") == NULL &&
        !has_below(initramfs, "lib") && !has_below(initramfs, "usr/lib"))
        parent = parents[1];
    if (asprintf(&dir, "%s/%s", parent, version) < 0)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return dir;
}

const char *
h2k_initramfs_generator(const struct h2k_initramfs *initramfs)
{
    static const struct {
        const char *file, *generator;
    } signs[] = {
        { "bin/nash", "nash" },
        { "sbin/nash", "nash" },
        { "conf/initramfs.conf", "initramfs-tools" },
        { "usr/lib/dracut", "dracut" },
        { "lib/dracut", "dracut" },
        { "dracut-state.sh", "dracut" },
        { "etc/initrd-release", "dracut" },
        { "usr/lib/initrd-release", "dracut" },
        { "init_functions", "mkinitcpio" },
        { "sbin/nlplug-findfs", "mkinitfs" },
        { "usr/sbin/nlplug-findfs", "mkinitfs" },
        { "mkinitrd.config", "suse-mkinitrd" },
        { "etc/initrd.functions", "genkernel" },
    };
    for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
        if (h2k_initramfs_has(initramfs, signs[i].file))
            return signs[i].generator;
    return NULL;
}

int
h2k_initramfs_modules(const struct h2k_initramfs *initramfs, const char *dir,
                      struct h2k_strings *names)
{
    size_t n = strlen(dir);
    for (size_t i = 0; i < initramfs->entry_count; i++) {
        const struct h2k_initramfs_entry *entry = &initramfs->entries[i];
        char module[H2K_MODULE_NAME];
        if (strncmp(entry->name, dir, n) != 0 || entry->name[n] != '/' ||
            !h2k_module_name_of(entry->name, strlen(entry->name), module))
            continue;
        if (h2k_strings_add(names, module) < 0)
            return -1;
    }
    h2k_strings_sort(names);
    return 0;
}
