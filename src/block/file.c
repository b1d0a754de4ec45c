/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "block/file.h"

#include "base/checked.h"
#include "base/error.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What any device and filesystem asks of address, offset and size. */
#define DIRECT_ALIGN 4096u

struct file {
    int fd;
    int direct_fd; /* the same for O_DIRECT, or -1 */
    char *path;
    uint64_t size;
    bool seek_holes;
};

static void
file_close(void *state)
{
    struct file *file = state;
    close(file->fd);
    if (file->direct_fd >= 0)
        close(file->direct_fd);
    free(file->path);
    free(file);
}

/* As pread: directly where that was asked for and can be done. */
static ssize_t
read_some(const struct file *file, uint8_t *buffer, size_t count,
          uint64_t offset)
{
    size_t whole = (size_t)h2k_align_down(count, DIRECT_ALIGN);
    if (file->direct_fd >= 0 && whole > 0 && offset % DIRECT_ALIGN == 0 &&
        (uintptr_t)buffer % DIRECT_ALIGN == 0) {
        ssize_t n = pread(file->direct_fd, buffer, whole, (off_t)offset);
        if (n >= 0 || errno != EINVAL)
            return n;
    }
    return pread(file->fd, buffer, count, (off_t)offset);
}

static int
file_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    struct file *file = state;
    uint8_t *at = buffer;
    while (count > 0) {
        ssize_t n = read_some(file, at, count, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return h2k_fail_errno(H2K_E_IO, "%s: cannot read at byte %" PRIu64,
                                  file->path, offset);
        if (n == 0)
            return h2k_fail(H2K_E_IO,
                            "%s: ends at byte %" PRIu64
                            ", it became shorter while it was read",
                            file->path, offset);
        at += n;
        offset += (uint64_t)n;
        count -= (size_t)n;
    }
    return 0;
}

static int
file_pwrite(void *state, const void *buffer, size_t count, uint64_t offset)
{
    struct file *file = state;
    const uint8_t *at = buffer;
    while (count > 0) {
        ssize_t n = pwrite(file->fd, at, count, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return h2k_fail_errno(H2K_E_OUTPUT,
                                  "%s: cannot write at byte %" PRIu64,
                                  file->path, offset);
        at += n;
        offset += (uint64_t)n;
        count -= (size_t)n;
    }
    return 0;
}

static int
file_zero(void *state, uint64_t offset, uint64_t length)
{
    static const uint8_t zeros[64 << 10];
    struct file *file = state;
    if (file->seek_holes &&
        fallocate(file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  (off_t)offset, (off_t)length) == 0)
        return 0;
    while (length > 0) { /* no holes there */
        size_t count = (size_t)h2k_min_u64(length, sizeof(zeros));
        if (file_pwrite(file, zeros, count, offset) < 0)
            return -1;
        offset += count;
        length -= count;
    }
    return 0;
}

/* SEEK_DATA and SEEK_HOLE move the descriptor's offset, which nobody uses. */
static int
file_extent(void *state, uint64_t offset, uint64_t length,
            struct h2k_extent *out)
{
    struct file *file = state;
    if (!file->seek_holes)
        return 0;
    off_t data = lseek(file->fd, (off_t)offset, SEEK_DATA);
    if (data < 0 && errno != ENXIO)
        return 0; /* a filesystem that cannot tell: all of it is data */
    uint64_t begin = data < 0 ? file->size : (uint64_t)data;
    if (begin > offset) {
        out->kind = H2K_EXTENT_ABSENT;
        out->length = h2k_min_u64(length, begin - offset);
        return 0;
    }
    off_t hole = lseek(file->fd, (off_t)offset, SEEK_HOLE);
    if (hole > (off_t)offset)
        out->length = h2k_min_u64(length, (uint64_t)hole - offset);
    return 0;
}

static int
file_flush(void *state)
{
    struct file *file = state;
    if (fsync(file->fd) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s: cannot make it durable",
                              file->path);
    return 0;
}

static const struct h2k_block_ops file_ops = {
    .name = "file",
    .close = file_close,
    .pread = file_pread,
    .pwrite = file_pwrite,
    .zero = file_zero,
    .extent = file_extent,
    .flush = file_flush,
};

static int
file_measure(int fd, const char *path, uint64_t *size, bool *regular)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return h2k_fail_errno(H2K_E_IO, "%s", path);
    *regular = S_ISREG(st.st_mode);
    if (*regular) {
        *size = (uint64_t)st.st_size;
        return 0;
    }
    if (S_ISDIR(st.st_mode))
        return h2k_fail(H2K_E_SOURCE, "%s: is a directory, not a disk image",
                        path);
    if (!S_ISBLK(st.st_mode))
        return h2k_fail(H2K_E_SOURCE,
                        "%s: neither a regular file nor a block device", path);
    if (ioctl(fd, BLKGETSIZE64, size) < 0)
        return h2k_fail_errno(H2K_E_IO, "%s: cannot tell its size", path);
    return 0;
}

struct h2k_block *
h2k_file_from_fd(int fd, const char *path, bool writable)
{
    uint64_t size = 0;
    bool regular = false;
    struct file *file = NULL;
    char *name = NULL;
    if (file_measure(fd, path, &size, &regular) == 0) {
        file = malloc(sizeof(*file));
        name = strdup(path);
        if (file == NULL || name == NULL)
            h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    if (file == NULL || name == NULL) {
        free(file);
        free(name);
        close(fd);
        return NULL;
    }
    *file = (struct file){ .fd = fd,
                           .direct_fd = -1,
                           .path = name,
                           .size = size,
                           .seek_holes = regular };
    return h2k_block_new(&file_ops, file, size, writable);
}

void
h2k_file_read_directly(struct h2k_block *block)
{
    struct file *file = h2k_block_state(block, &file_ops);
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
    if (file->direct_fd < 0)
        file->direct_fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
}

static struct h2k_block *
file_open_at(int dirfd, const char *path, int flags)
{
    /* O_NONBLOCK: a FIFO must not hang us before it is refused. */
    int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
    if (fd < 0) {
        h2k_fail_errno(errno == ENOENT ? H2K_E_NOENT : H2K_E_SOURCE, "%s",
                       path);
        return NULL;
    }
    return h2k_file_from_fd(fd, path, false);
}

struct h2k_block *
h2k_file_open(const char *path)
{
    return file_open_at(AT_FDCWD, path, 0);
}

struct h2k_block *
h2k_file_open_beside(int dirfd, const char *name)
{
    if (name[0] == '\0' || strchr(name, '/') != NULL ||
        strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return h2k_fail_null(H2K_E_CORRUPT,
                             "extent file name '%s' is not a plain name in "
                             "the image's own directory",
                             name);
    return file_open_at(dirfd, name, O_NOFOLLOW);
}
