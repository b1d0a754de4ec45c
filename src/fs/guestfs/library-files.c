/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Files, by libguestfs. */
#include "base/buffer.h"
#include "base/checked.h"
#include "base/error.h"
#include "fs/guestfs/library.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* guestfs(3), "PROTOCOL LIMITS": a message has at most 4 MiB. */
#define PIECE (UINT64_C(2) << 20)

/* What an int-valued call gave. */
static int
check(const struct h2k_guestfs_handle *h, int rc)
{
    return rc < 0 ? h2k_guestfs_fail(h) : 0;
}

static void
take_stat(const struct guestfs_statns *st, struct h2k_guestfs_stat *out)
{
    *out = (struct h2k_guestfs_stat){
        .device = (uint64_t)st->st_dev,
        .ino = st->st_ino < 0 ? 0 : (uint64_t)st->st_ino,
        .size = st->st_size < 0 ? 0 : (uint64_t)st->st_size,
        .mode = (uint32_t)st->st_mode,
        .uid = (uint32_t)st->st_uid,
        .gid = (uint32_t)st->st_gid,
        .links = (uint32_t)st->st_nlink,
        .mtime = st->st_mtime_sec,
    };
}

int
h2k_guestfs_stat(void *handle, const char *path, struct h2k_guestfs_stat *out)
{
    struct h2k_guestfs_handle *h = handle;
    struct guestfs_statns *st = h->call.lstatns(h->g, path);
    if (st == NULL)
        return h2k_guestfs_fail(h);
    take_stat(st, out);
    h->call.free_statns(st);
    return 0;
}

int
h2k_guestfs_stat_list(void *handle, const char *dir,
                      const struct h2k_guestfs_names *names,
                      struct h2k_guestfs_stat *out)
{
    struct h2k_guestfs_handle *h = handle;
    struct guestfs_statns_list *list =
        h->call.lstatnslist(h->g, dir, names->items);
    if (list == NULL)
        return h2k_guestfs_fail(h);
    bool whole = list->len == names->count;
    for (size_t i = 0; whole && i < names->count; i++)
        take_stat(&list->val[i], &out[i]);
    h->call.free_statns_list(list);
    return whole ? 0 : h2k_fail(H2K_E_FAILED, "libguestfs: a short list");
}

int
h2k_guestfs_list(void *handle, const char *dir,
                 struct h2k_guestfs_names *names)
{
    struct h2k_guestfs_handle *h = handle;
    int rc = 0;
    struct guestfs_dirent_list *list = h->call.readdir(h->g, dir);
    if (list == NULL)
        return h2k_guestfs_fail(h);
    for (uint32_t i = 0; rc == 0 && i < list->len; i++)
        rc = h2k_guestfs_names_add(names, list->val[i].name);
    h->call.free_dirent_list(list);
    return rc;
}

int
h2k_guestfs_read(void *handle, const char *path, void *buffer, size_t count,
                 uint64_t offset)
{
    struct h2k_guestfs_handle *h = handle;
    uint8_t *to = buffer;
    while (count > 0) {
        size_t got = 0, some = (size_t)h2k_min_u64(count, PIECE);
        h2k_autofree char *bytes =
            h->call.pread(h->g, path, (int)some, (int64_t)offset, &got);
        if (bytes == NULL)
            return h2k_guestfs_fail(h);
        if (got == 0 || got > some)
            return h2k_fail(H2K_E_CORRUPT,
                            "libguestfs: %s: ends before its size", path);
        memcpy(to, bytes, got);
        to += got;
        offset += got;
        count -= got;
    }
    return 0;
}

int
h2k_guestfs_readlink(void *handle, const char *path, char *target, size_t size)
{
    struct h2k_guestfs_handle *h = handle;
    h2k_autofree char *text = h->call.readlink(h->g, path);
    if (text == NULL)
        return h2k_guestfs_fail(h);
    if (strlen(text) >= size)
        return h2k_fail(H2K_E_CORRUPT, "libguestfs: %s: a link too long",
                        path);
    strcpy(target, text);
    return 0;
}

int
h2k_guestfs_getxattr(void *handle, const char *path, const char *name,
                     void **value, size_t *size)
{
    struct h2k_guestfs_handle *h = handle;
    *value = h->call.lgetxattr(h->g, path, name, size);
    if (*value != NULL)
        return 0;
    *size = 0;
    h2k_guestfs_fail(h);
    return h2k_errcode() == H2K_E_UNSUPPORTED ? h2k_recode(H2K_E_NOENT) : -1;
}

/* A filesystem without any has none. */
int
h2k_guestfs_listxattr(void *handle, const char *path,
                      struct h2k_guestfs_names *names)
{
    struct h2k_guestfs_handle *h = handle;
    int rc = 0;
    struct guestfs_xattr_list *list = h->call.lgetxattrs(h->g, path);
    if (list == NULL) {
        h2k_guestfs_fail(h);
        return h2k_errcode() == H2K_E_UNSUPPORTED ? 0 : -1;
    }
    for (uint32_t i = 0; rc == 0 && i < list->len; i++)
        rc = h2k_guestfs_names_add(names, list->val[i].attrname);
    h->call.free_xattr_list(list);
    return rc;
}

int
h2k_guestfs_write(void *handle, const char *path, const void *data,
                  size_t count, uint64_t offset)
{
    struct h2k_guestfs_handle *h = handle;
    const char *from = data;
    while (count > 0) {
        size_t some = (size_t)h2k_min_u64(count, PIECE);
        int n = h->call.pwrite(h->g, path, from, some, (int64_t)offset);
        if (n < 0)
            return h2k_guestfs_fail(h);
        if (n == 0 || (size_t)n > some)
            return h2k_fail(H2K_E_FAILED, "libguestfs: %s: wrote nothing",
                            path);
        from += n;
        offset += (size_t)n;
        count -= (size_t)n;
    }
    return 0;
}

int
h2k_guestfs_truncate(void *handle, const char *path, uint64_t size)
{
    struct h2k_guestfs_handle *h = handle;
    return check(h, h->call.truncate_size(h->g, path, (int64_t)size));
}

/* Unlike touch, mknod fails where something is. */
int
h2k_guestfs_create(void *handle, const char *path, uint32_t mode)
{
    struct h2k_guestfs_handle *h = handle;
    return check(h, h->call.mknod(h->g, (int)(S_IFREG | mode), 0, 0, path));
}

int
h2k_guestfs_mkdir(void *handle, const char *path, uint32_t mode)
{
    struct h2k_guestfs_handle *h = handle;
    return check(h, h->call.mkdir_mode(h->g, path, (int)mode));
}

int
h2k_guestfs_symlink(void *handle, const char *target, const char *path)
{
    struct h2k_guestfs_handle *h = handle;
    return check(h, h->call.ln_s(h->g, target, path));
}

int
h2k_guestfs_unlink(void *handle, const char *path)
{
    struct h2k_guestfs_handle *h = handle;
    return check(h, h->call.rm(h->g, path));
}

int
h2k_guestfs_rename(void *handle, const char *from, const char *to)
{
    struct h2k_guestfs_handle *h = handle;
    return check(h, h->call.rename(h->g, from, to));
}

int
h2k_guestfs_chmod(void *handle, const char *path, uint32_t mode)
{
    struct h2k_guestfs_handle *h = handle;
    return check(h, h->call.chmod(h->g, (int)mode, path));
}

int
h2k_guestfs_chown(void *handle, const char *path, uint32_t uid, uint32_t gid)
{
    struct h2k_guestfs_handle *h = handle;
    return check(h, h->call.lchown(h->g, (int)uid, (int)gid, path));
}

/* -2 nanoseconds leave a time as it is: guestfs(3), "guestfs_utimens". */
int
h2k_guestfs_set_mtime(void *handle, const char *path, int64_t mtime)
{
    struct h2k_guestfs_handle *h = handle;
    return check(h, h->call.utimens(h->g, path, 0, -2, mtime, 0));
}

/* TEXT as one word of sh. */
static void
add_quoted(struct h2k_buffer *to, const char *text)
{
    h2k_buffer_addc(to, '\'');
    for (; *text != '\0'; text++)
        if (*text == '\'')
            h2k_buffer_adds(to, "'\\''");
        else
            h2k_buffer_addc(to, *text);
    h2k_buffer_addc(to, '\'');
}

/* lsetxattr takes a string, which ends at a NUL; access lists and
 * capabilities have some.  setfattr(1) in the appliance takes any bytes. */
static int
set_binary(struct h2k_guestfs_handle *h, const char *path, const char *name,
           const uint8_t *value, size_t size)
{
    H2K_AUTO_BUFFER command = { 0 };
    h2k_buffer_adds(&command, "setfattr -h -n ");
    add_quoted(&command, name);
    h2k_buffer_adds(&command, " -v 0x");
    for (size_t i = 0; i < size; i++)
        h2k_buffer_addf(&command, "%02x", value[i]);
    h2k_buffer_adds(&command, " -- /sysroot");
    add_quoted(&command, path);
    h2k_buffer_adds(&command, " 2>&1 && echo done");
    if (h2k_buffer_check(&command) < 0)
        return -1;
    char *const words[] = { command.data, NULL };
    h2k_autofree char *answer = h->call.debug(h->g, "sh", words);
    if (answer == NULL)
        return h2k_guestfs_fail(h);
    if (strncmp(answer, "done", 4) == 0)
        return 0;
    return h2k_fail(
        strstr(answer, "No space") != NULL ? H2K_E_NOSPACE : H2K_E_UNSUPPORTED,
        "libguestfs: %s: attribute %.200s: %.200s", path, name, answer);
}

int
h2k_guestfs_setxattr(void *handle, const char *path, const char *name,
                     const void *value, size_t size)
{
    struct h2k_guestfs_handle *h = handle;
    if (size > 65536) /* XATTR_SIZE_MAX */
        return h2k_fail(H2K_E_RANGE, "an attribute of %zu bytes", size);
    if (size > 0 && memchr(value, '\0', size) != NULL)
        return set_binary(h, path, name, value, size);
    h2k_autofree char *text = strndup(size == 0 ? "" : value, size);
    if (text == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return check(h, h->call.lsetxattr(h->g, name, text, (int)size, path));
}

int
h2k_guestfs_space(void *handle, const char *path, uint64_t *free_bytes)
{
    struct h2k_guestfs_handle *h = handle;
    struct guestfs_statvfs *st = h->call.statvfs(h->g, path);
    if (st == NULL)
        return h2k_guestfs_fail(h);
    int64_t unit = st->frsize > 0 ? st->frsize : st->bsize;
    if (st->bavail < 0 || unit < 0 ||
        ckd_mul(free_bytes, (uint64_t)st->bavail, (uint64_t)unit))
        *free_bytes = 0;
    h->call.free_statvfs(st);
    return 0;
}
