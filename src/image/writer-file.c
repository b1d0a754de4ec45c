/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "image/writer-file.h"

#include "base/checked.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* What any device and filesystem asks of address, offset and size. */
#define DIRECT_ALIGN 4096u
/* Less than this waits for the device longer than the cache costs. */
#define DIRECT_SIZE_MIN ((size_t)64 << 10)

void
h2k_writer_file_init(struct h2k_writer_file *file, int fd, uint64_t disk_size)
{
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    *file = (struct h2k_writer_file){
        .fd = fd,
        .direct_fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC),
        .disk_size = disk_size,
    };
}

void
h2k_writer_file_clear(struct h2k_writer_file *file)
{
    if (file->direct_fd >= 0)
        close(file->direct_fd);
    file->direct_fd = -1;
}

static int
write_failed(const struct h2k_writer_file *file, uint64_t offset)
{
    if (errno == ENOSPC || errno == EDQUOT)
        return h2k_fail_errno(H2K_E_OUTPUT,
                              "no space for the output after %" PRIu64
                              " MiB of it (a disk of %" PRIu64
                              " MiB can need that much): make room there, or "
                              "write to another directory",
                              file->written >> 20, file->disk_size >> 20);
    if (errno == EFBIG)
        return h2k_fail_errno(H2K_E_OUTPUT,
                              "the output may not grow past %" PRIu64
                              " bytes: a limit (ulimit -f), or a filesystem "
                              "without large files",
                              offset);
    return h2k_fail_errno(H2K_E_OUTPUT,
                          "cannot write the output at byte %" PRIu64, offset);
}

/* As pwrite: directly where that can be done, and not again where it turns
 * out that it cannot. */
static ssize_t
write_some(struct h2k_writer_file *file, const uint8_t *bytes, size_t count,
           uint64_t offset)
{
    size_t whole = (size_t)h2k_align_down(count, DIRECT_ALIGN);
    if (file->direct_fd >= 0 && whole >= DIRECT_SIZE_MIN && offset % DIRECT_ALIGN == 0 &&
        (uintptr_t)bytes % DIRECT_ALIGN == 0) {
        ssize_t n = pwrite(file->direct_fd, bytes, whole, (off_t)offset);
        if (n >= 0 || errno != EINVAL)
            return n;
        h2k_writer_file_clear(file);
    }
    return pwrite(file->fd, bytes, count, (off_t)offset);
}

int
h2k_writer_file_put(struct h2k_writer_file *file, const void *bytes,
                    size_t count, uint64_t offset)
{
    const uint8_t *at = bytes;
    while (count > 0) {
        ssize_t n = write_some(file, at, count, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = ENOSPC;
        if (n <= 0)
            return write_failed(file, offset);
        at += n;
        offset += (uint64_t)n;
        count -= (size_t)n;
        file->written += (uint64_t)n;
    }
    return 0;
}

int
h2k_writer_file_resize(struct h2k_writer_file *file, uint64_t size)
{
    return ftruncate(file->fd, (off_t)size) == 0 ? 0
                                                 : write_failed(file, size);
}
