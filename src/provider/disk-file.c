/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/disk-file.h"

#include "base/error.h"
#include "base/zero.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

/* Zeros this long, at a multiple of it, become a hole. */
#define HOLE ((size_t)64 << 10)
/* The disk is set to work after so many bytes, so that making the file
 * durable at the end takes little time. */
#define WRITEBACK (UINT64_C(8) << 20)

static int
write_at(const struct h2k_disk_file *file, const uint8_t *bytes, size_t count,
         uint64_t offset)
{
    while (count > 0) {
        ssize_t n =
            pwrite(h2k_output_fd(file->output), bytes, count, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == ENOSPC || errno == EDQUOT))
            return h2k_fail_errno(H2K_E_OUTPUT,
                                  "%s: no space after %" PRIu64
                                  " MiB of it: make room there, "
                                  "or export into another directory",
                                  h2k_output_path(file->output), offset >> 20);
        if (n < 0)
            return h2k_fail_errno(
                H2K_E_OUTPUT, "%s: cannot be written at byte %" PRIu64,
                h2k_output_partial_path(file->output), offset);
        bytes += n;
        offset += (uint64_t)n;
        count -= (size_t)n;
    }
    return 0;
}

/* What is not zeros, in runs as long as they are. */
static int
write_data(const struct h2k_disk_file *file, const uint8_t *bytes,
           size_t count, uint64_t offset)
{
    size_t from = 0, at = 0;
    while (at < count) {
        size_t n = HOLE - (size_t)((offset + at) % HOLE);
        if (n > count - at)
            n = count - at;
        bool hole = h2k_is_zero(bytes + at, n);
        if (hole && at > from &&
            write_at(file, bytes + from, at - from, offset + from) < 0)
            return -1;
        at += n;
        if (hole)
            from = at;
    }
    return from == count
               ? 0
               : write_at(file, bytes + from, count - from, offset + from);
}

void
h2k_disk_file_skip(struct h2k_disk_file *file, uint64_t count)
{
    file->offset += count;
}

/* A hint; where it fails, the sync at the end does all. */
static void
start_writing_back(struct h2k_disk_file *file)
{
    if (file->offset - file->written_back < WRITEBACK)
        return;
    sync_file_range(h2k_output_fd(file->output), (off_t)file->written_back,
                    (off_t)(file->offset - file->written_back),
                    SYNC_FILE_RANGE_WRITE);
    file->written_back = file->offset;
}

int
h2k_disk_file_write(struct h2k_disk_file *file, const uint8_t *bytes,
                    size_t count)
{
    int rc = file->holes ? write_data(file, bytes, count, file->offset)
                         : write_at(file, bytes, count, file->offset);
    file->offset += count;
    if (rc == 0)
        start_writing_back(file);
    return rc;
}

int
h2k_disk_file_begin(struct h2k_disk_file *file, struct h2k_output *output,
                    bool holes, uint64_t kept)
{
    *file = (struct h2k_disk_file){ .output = output, .holes = holes };
    const char *path = h2k_output_partial_path(output);
    struct stat st;
    if (fstat(h2k_output_fd(output), &st) == 0 && (uint64_t)st.st_size < kept)
        return h2k_fail(H2K_E_OUTPUT, "%s: has fewer bytes than were kept",
                        path);
    if (ftruncate(h2k_output_fd(output), (off_t)kept) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s: cannot be cut to %" PRIu64,
                              path, kept);
    return 0;
}

int
h2k_disk_file_end(const struct h2k_disk_file *file)
{
    if (ftruncate(h2k_output_fd(file->output), (off_t)file->offset) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s: cannot get its size",
                              h2k_output_partial_path(file->output));
    return 0;
}
