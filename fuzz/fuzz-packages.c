/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A package database, whose format the first byte chooses: what is read of it
 * can be found again. */
#include "base/error.h"
#include "fs/memory.h"
#include "fs/root.h"
#include "guest/packages/rpm-run.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = {
    "/var/lib/dpkg/status",
    "/var/lib/dpkg/status.d/base",
    "/var/lib/dpkg/info/linux-image-1.list",
    "/lib/apk/db/installed",
    "/var/lib/pacman/local/linux-1-1/desc",
    "/var/lib/pacman/local/linux-1-1/files",
};

static void
put(struct h2k_root *root, const char *path, const void *data, size_t size)
{
    h2k_autofree char *parent = strdup(path);
    char *slash = parent == NULL ? NULL : strrchr(parent, '/');
    if (slash == NULL)
        return;
    *slash = '\0';
    if (h2k_root_mkdirs(root, parent, 0755) == 0)
        h2k_root_write_file(root, path, data, size, 0644);
}

/* The package that a list of files is of. */
static void
put_owner(struct h2k_root *root, const char *path)
{
    static const char deb[] = "Package: linux-image-1\n"
                              "Status: install ok installed\nVersion: 1-1\n";
    static const char desc[] = "%NAME%\nlinux\n\n%VERSION%\n1-1\n\n";
    if (strstr(path, "/info/") != NULL)
        put(root, files[0], deb, sizeof(deb) - 1);
    if (strstr(path, "/files") != NULL)
        put(root, files[4], desc, sizeof(desc) - 1);
}

#define FILES (sizeof(files) / sizeof(*files))

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct h2k_packages packages = { 0 };
    if (size == 0)
        return 0;
    if (data[0] % (FILES + 1) == FILES) {
        /* What hyper2kvm-rpm-packages says. */
        h2k_rpm_parse((const char *)data + 1, size - 1, &packages);
        h2k_packages_clear(&packages);
        return 0;
    }
    const char *path = files[data[0] % (FILES + 1)];
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 26);
    if (fs == NULL)
        return 0;
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    if (root == NULL)
        return 0;
    put_owner(root, path);
    put(root, path, data + 1, size - 1);
    if (h2k_packages_read(root, &packages) < 0)
        abort(); /* a tree in memory can be read */
    for (size_t i = 0; i < packages.count; i++)
        if (h2k_packages_find(&packages, packages.items[i].name) == NULL)
            abort();
    for (size_t i = 0; i < packages.file_count; i++)
        if (packages.files[i].package >= packages.count ||
            h2k_packages_owner(&packages, packages.files[i].path) == NULL)
            abort();
    h2k_packages_clear(&packages);
    return 0;
}
