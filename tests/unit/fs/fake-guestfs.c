/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fake-guestfs.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct fake_guestfs fake;

static int
fake_check(void)
{
    return 0;
}

static void *
fake_open(const struct h2k_guestfs_setup *setup)
{
    struct stat st;
    fake.opened++;
    fake.connectable = stat(setup->socket, &st) == 0 && S_ISSOCK(st.st_mode);
    return &fake;
}

static int
fake_launch(void *handle)
{
    (void)handle;
    fake.launched++;
    return fake.launch_fails ? h2k_fail(H2K_E_FAILED, "no kernel found") : 0;
}

static void
fake_close(void *handle)
{
    (void)handle;
    fake.closed++;
}

static int
fake_alive(void *handle)
{
    (void)handle;
    return fake.dead ? h2k_fail(H2K_E_FAILED, "fake: it ended by itself") : 0;
}

static int
fake_mount(void *handle, const char *options, const char *device,
           const char *point)
{
    (void)handle, (void)point;
    fake.mounts++;
    snprintf(fake.options, sizeof(fake.options), "%s", options);
    snprintf(fake.device, sizeof(fake.device), "%s", device);
    return 0;
}

static int
fake_umount(void *handle, const char *point)
{
    (void)handle, (void)point;
    fake.umounts++;
    return 0;
}

static int
fake_sync(void *handle)
{
    (void)handle;
    fake.syncs++;
    return 0;
}

/* "/volume0/etc/fstab": its directory, and its last name. */
static int
find(const char *path, h2k_ino *dir, const char **name, h2k_ino *ino)
{
    char part[H2K_NAME_MAX + 1];
    fake.calls++;
    if (fake.dead)
        return h2k_fail(H2K_E_FAILED, "fake: nobody is there");
    *dir = *ino = h2k_fs_root(fake.fs);
    *name = "";
    path += 1 + strcspn(path + 1, "/");
    while (*path == '/') {
        size_t n = strcspn(path + 1, "/");
        *name = path + 1;
        *dir = *ino;
        snprintf(part, sizeof(part), "%.*s", (int)n, path + 1);
        path += 1 + n;
        if (h2k_fs_lookup(fake.fs, *dir, part, ino) < 0 && *path == '/')
            return -1;
    }
    return 0;
}

static int
find_there(const char *path, h2k_ino *ino)
{
    h2k_ino dir;
    const char *name;
    if (find(path, &dir, &name, ino) < 0)
        return -1;
    return *ino != 0 ? 0 : h2k_fail(H2K_E_NOENT, "fake: %s", path);
}

static int
fake_stat(void *handle, const char *path, struct h2k_guestfs_stat *out)
{
    h2k_ino ino;
    struct h2k_stat st;
    (void)handle;
    if (find_there(path, &ino) < 0 || h2k_fs_stat(fake.fs, ino, &st) < 0)
        return -1;
    *out = (struct h2k_guestfs_stat){ 5,      st.ino, st.size,  st.mode,
                                      st.uid, st.gid, st.links, st.mtime };
    return 0;
}

static int
fake_stat_list(void *handle, const char *dir,
               const struct h2k_guestfs_names *names,
               struct h2k_guestfs_stat *out)
{
    char path[H2K_PATH_MAX];
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        snprintf(path, sizeof(path), "%s%s%s", dir, i == 0 ? "" : "/",
                 i == 0 ? "" : name);
        /* A directory that is its own parent's parent. */
        if (fake.hostile != NULL && strcmp(name, fake.hostile) == 0)
            fake_stat(handle, "/volume0", &out[i]);
        else if (fake_stat(handle, path, &out[i]) < 0)
            out[i].ino = 0;
    }
    return 0;
}

static int
add_name(void *opaque, const char *name, h2k_ino ino)
{
    (void)ino;
    return h2k_guestfs_names_add(opaque, name);
}

static int
fake_list(void *handle, const char *dir, struct h2k_guestfs_names *names)
{
    h2k_ino ino;
    (void)handle;
    h2k_guestfs_names_add(names, ".");
    h2k_guestfs_names_add(names, "..");
    if (fake.hostile != NULL) {
        h2k_guestfs_names_add(names, fake.hostile);
        h2k_guestfs_names_add(names, "a/b");
        h2k_guestfs_names_add(names, "");
    }
    return find_there(dir, &ino) < 0
               ? -1
               : h2k_fs_readdir(fake.fs, ino, add_name, names);
}

static int
fake_read(void *handle, const char *path, void *buffer, size_t count,
          uint64_t offset)
{
    h2k_ino ino;
    (void)handle;
    return find_there(path, &ino) < 0
               ? -1
               : h2k_fs_read(fake.fs, ino, buffer, count, offset);
}

static int
fake_readlink(void *handle, const char *path, char *target, size_t size)
{
    h2k_ino ino;
    (void)handle;
    return find_there(path, &ino) < 0
               ? -1
               : h2k_fs_readlink(fake.fs, ino, target, size);
}

static int
fake_getxattr(void *handle, const char *path, const char *name, void **value,
              size_t *size)
{
    h2k_ino ino;
    (void)handle;
    return find_there(path, &ino) < 0
               ? -1
               : h2k_fs_getxattr(fake.fs, ino, name, value, size);
}

static int
add_attribute(void *opaque, const char *name)
{
    return h2k_guestfs_names_add(opaque, name);
}

static int
fake_listxattr(void *handle, const char *path, struct h2k_guestfs_names *names)
{
    h2k_ino ino;
    (void)handle;
    return find_there(path, &ino) < 0
               ? -1
               : h2k_fs_listxattr(fake.fs, ino, add_attribute, names);
}

static int
fake_write(void *handle, const char *path, const void *data, size_t count,
           uint64_t offset)
{
    h2k_ino ino;
    (void)handle;
    return find_there(path, &ino) < 0
               ? -1
               : h2k_fs_write(fake.fs, ino, data, count, offset);
}

static int
fake_truncate(void *handle, const char *path, uint64_t size)
{
    h2k_ino ino;
    (void)handle;
    return find_there(path, &ino) < 0 ? -1
                                      : h2k_fs_truncate(fake.fs, ino, size);
}

/* As in a directory that hands its group and bits down. */
static int
fake_create(void *handle, const char *path, uint32_t mode)
{
    h2k_ino dir, ino;
    const char *name;
    (void)handle;
    if (find(path, &dir, &name, &ino) < 0 ||
        h2k_fs_create(fake.fs, dir, name, mode & 0700, &ino) < 0)
        return -1;
    return h2k_fs_chown(fake.fs, ino, 0, 50);
}

static int
fake_mkdir(void *handle, const char *path, uint32_t mode)
{
    h2k_ino dir, ino;
    const char *name;
    (void)handle;
    return find(path, &dir, &name, &ino) < 0
               ? -1
               : h2k_fs_mkdir(fake.fs, dir, name, mode | 02000, &ino);
}

static int
fake_symlink(void *handle, const char *target, const char *path)
{
    h2k_ino dir, ino;
    const char *name;
    (void)handle;
    return find(path, &dir, &name, &ino) < 0
               ? -1
               : h2k_fs_symlink(fake.fs, dir, name, target);
}

static int
fake_unlink(void *handle, const char *path)
{
    h2k_ino dir, ino;
    const char *name;
    (void)handle;
    return find(path, &dir, &name, &ino) < 0
               ? -1
               : h2k_fs_unlink(fake.fs, dir, name);
}

static int
fake_rename(void *handle, const char *from, const char *to)
{
    h2k_ino old_dir, new_dir, ino;
    const char *old_name, *new_name;
    (void)handle;
    return find(from, &old_dir, &old_name, &ino) < 0 ||
                   find(to, &new_dir, &new_name, &ino) < 0
               ? -1
               : h2k_fs_rename(fake.fs, old_dir, old_name, new_dir, new_name);
}

static int
fake_chmod(void *handle, const char *path, uint32_t mode)
{
    h2k_ino ino;
    (void)handle;
    return find_there(path, &ino) < 0 ? -1 : h2k_fs_chmod(fake.fs, ino, mode);
}

static int
fake_chown(void *handle, const char *path, uint32_t uid, uint32_t gid)
{
    h2k_ino ino;
    (void)handle;
    return find_there(path, &ino) < 0 ? -1
                                      : h2k_fs_chown(fake.fs, ino, uid, gid);
}

static int
fake_set_mtime(void *handle, const char *path, int64_t mtime)
{
    h2k_ino ino;
    (void)handle;
    return find_there(path, &ino) < 0 ? -1
                                      : h2k_fs_set_mtime(fake.fs, ino, mtime);
}

static int
fake_setxattr(void *handle, const char *path, const char *name,
              const void *value, size_t size)
{
    h2k_ino ino;
    (void)handle;
    return find_there(path, &ino) < 0
               ? -1
               : h2k_fs_setxattr(fake.fs, ino, name, value, size);
}

static int
fake_space(void *handle, const char *path, uint64_t *free_bytes)
{
    (void)handle, (void)path;
    return h2k_fs_space(fake.fs, free_bytes);
}

const struct h2k_guestfs_ops fake_guestfs_ops = {
    .check = fake_check,
    .open = fake_open,
    .launch = fake_launch,
    .close = fake_close,
    .alive = fake_alive,
    .mount = fake_mount,
    .umount = fake_umount,
    .sync = fake_sync,
    .stat = fake_stat,
    .stat_list = fake_stat_list,
    .list = fake_list,
    .read = fake_read,
    .readlink = fake_readlink,
    .getxattr = fake_getxattr,
    .listxattr = fake_listxattr,
    .write = fake_write,
    .truncate = fake_truncate,
    .create = fake_create,
    .mkdir = fake_mkdir,
    .symlink = fake_symlink,
    .unlink = fake_unlink,
    .rename = fake_rename,
    .chmod = fake_chmod,
    .chown = fake_chown,
    .set_mtime = fake_set_mtime,
    .setxattr = fake_setxattr,
    .space = fake_space,
};
