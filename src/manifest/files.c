/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The files that a manifest speaks of. */
#include "manifest/internal.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define READ_SIZE (1u << 20)

static const struct h2k_manifest_checks no_checks = { 0 };

/* A source's file, open; -1 with the thread's error. */
static int
open_source(const char *path, uint64_t *size)
{
    struct stat st;
    /* Not to wait for the other end of a FIFO. */
    h2k_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return h2k_fail(H2K_E_SOURCE, "Source path not found: %s", path);
    if (fd < 0 || fstat(fd, &st) < 0)
        return h2k_fail_errno(H2K_E_SOURCE, "%s: cannot be read", path);
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return h2k_fail(H2K_E_SOURCE,
                        "%s: is neither a file nor a block device", path);
    off_t end = S_ISBLK(st.st_mode) ? lseek(fd, 0, SEEK_END) : st.st_size;
    if (end < 0 || (S_ISBLK(st.st_mode) && lseek(fd, 0, SEEK_SET) < 0))
        return h2k_fail_errno(H2K_E_SOURCE, "%s: cannot be read", path);
    *size = (uint64_t)end;
    return h2k_steal_fd(&fd);
}

static int
hash_fd(int fd, const struct h2k_manifest_disk *disk, uint64_t size,
        const struct h2k_manifest_checks *checks, struct h2k_sha256 *hash)
{
    h2k_autofree unsigned char *buffer = malloc(READ_SIZE);
    uint64_t done = 0;
    if (buffer == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (;;) {
        if (h2k_check_interrupt() < 0)
            return -1;
        ssize_t n = read(fd, buffer, READ_SIZE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return h2k_fail_errno(H2K_E_SOURCE, "%s: cannot be read",
                                  disk->path);
        if (n == 0)
            return 0;
        if (h2k_sha256_update(hash, buffer, (size_t)n) < 0)
            return -1;
        done += (uint64_t)n;
        if (checks->progress != NULL)
            checks->progress(checks->opaque, disk->id, done, size);
    }
}

int
h2k_disk_hash(const struct h2k_manifest_disk *disk,
              const struct h2k_manifest_checks *checks, uint64_t *size,
              char hex[H2K_SHA256_HEX_SIZE])
{
    uint8_t digest[H2K_SHA256_SIZE];
    h2k_autofd int fd = open_source(disk->path, size);
    if (fd < 0)
        return -1;
    H2K_AUTO(h2k_sha256) hash = h2k_sha256_new();
    if (hash == NULL ||
        hash_fd(fd, disk, *size, checks == NULL ? &no_checks : checks, hash) <
            0 ||
        h2k_sha256_finish(hash, digest) < 0)
        return -1;
    h2k_sha256_hex(digest, hex);
    return 0;
}

int
h2k_manifest_compare_checksum(const struct h2k_manifest_disk *disk,
                              const char *hex)
{
    enum h2k_hash_kind kind = H2K_HASH_SHA256;
    if (disk->checksum == NULL || strcmp(disk->checksum, hex) == 0)
        return 0;
    h2k_hash_kind_of(disk->checksum, &kind);
    return h2k_fail(H2K_E_CHECKSUM,
                    "Checksum mismatch for %s: expected %s:%s, got "
                    "%s:%s (the file is not the one that was exported: "
                    "copy it, or export it, again)",
                    disk->id, h2k_hash_word(kind), disk->checksum,
                    h2k_hash_word(kind), hex);
}

/* The thread's error, as a problem of KEY in the disk's map. */
static void
report_error(const struct h2k_manifest *m, size_t i, const char *key,
             struct h2k_problems *problems)
{
    const struct h2k_node *node = h2k_node_get(m->disk_nodes[i], key);
    h2k_report_code(problems, h2k_errcode(),
                    node == NULL ? m->disk_nodes[i] : node, NULL, "%s",
                    h2k_errmsg());
}

static const char *
path_key(const struct h2k_manifest *m)
{
    return m->kind == H2K_MANIFEST_MIGRATION ? "path" : "local_path";
}

/* `bytes` is the file's size or the virtual disk's. */
static void
check_size(const struct h2k_manifest *m, size_t i, uint64_t file_size,
           const struct h2k_manifest_probed *probed,
           struct h2k_problems *problems)
{
    const struct h2k_manifest_disk *disk = &m->disks[i];
    /* Without a look inside, it may be the virtual size. */
    if (!disk->bytes_given || disk->bytes == file_size ||
        probed->format == NULL || disk->bytes == probed->virtual_size)
        return;
    h2k_report(problems, H2K_PROBLEM_WARNING,
               h2k_node_get(m->disk_nodes[i], "bytes"), NULL,
               "is %" PRIu64 ", but the file has %" PRIu64
               " bytes and the virtual disk %" PRIu64,
               disk->bytes, file_size, probed->virtual_size);
}

static void
check_format(const struct h2k_manifest *m, size_t i,
             const struct h2k_manifest_probed *probed,
             struct h2k_problems *problems)
{
    const struct h2k_manifest_disk *disk = &m->disks[i];
    if (probed->format == NULL || disk->source_format == NULL ||
        strcmp(probed->format, disk->source_format) == 0)
        return;
    const char *key =
        m->kind == H2K_MANIFEST_MIGRATION ? "type" : "source_format";
    h2k_fail(H2K_E_SOURCE, "is %s, but the file is %s: %s",
             disk->source_format, probed->format, disk->path);
    report_error(m, i, key, problems);
}

static void
check_checksum(const struct h2k_manifest *m, size_t i,
               const struct h2k_manifest_checks *checks,
               struct h2k_problems *problems)
{
    char hex[H2K_SHA256_HEX_SIZE];
    uint64_t size;
    if (m->disks[i].checksum == NULL)
        return;
    if ((h2k_disk_hash(&m->disks[i], checks, &size, hex) < 0 ||
         h2k_manifest_compare_checksum(&m->disks[i], hex) < 0) &&
        h2k_errcode() != H2K_E_INTERRUPTED)
        report_error(m, i, "checksum", problems);
}

static void
check_disk(const struct h2k_manifest *m, size_t i,
           const struct h2k_manifest_checks *checks,
           struct h2k_problems *problems)
{
    const struct h2k_manifest_disk *disk = &m->disks[i];
    struct h2k_manifest_probed probed = { 0 };
    uint64_t size;
    h2k_autofd int fd = open_source(disk->path, &size);
    if (fd < 0) {
        report_error(m, i, path_key(m), problems);
        return;
    }
    if (checks->probe != NULL &&
        checks->probe(checks->opaque, disk->path, disk->source_format,
                      &probed) < 0) {
        report_error(m, i, path_key(m), problems);
        return;
    }
    check_format(m, i, &probed, problems);
    check_size(m, i, size, &probed, problems);
    if (checks->checksums)
        check_checksum(m, i, checks, problems);
}

/* Of an ova or ovf, which is no disk: that it is there. */
static void
check_archive(const struct h2k_manifest *m, struct h2k_problems *problems)
{
    const struct h2k_node *node =
        h2k_node_get(h2k_node_get(m->modern, "source"), "path");
    if (m->kind != H2K_MANIFEST_MIGRATION || m->disk_count > 0 ||
        m->source.path == NULL || *m->source.path == '\0')
        return;
    uint64_t size;
    h2k_autofd int fd = open_source(m->source.absolute_path, &size);
    if (fd < 0)
        h2k_report_code(problems, h2k_errcode(), node, NULL, "%s",
                        h2k_errmsg());
}

static void
check_sources(const struct h2k_manifest *m,
              const struct h2k_manifest_checks *checks,
              struct h2k_problems *problems)
{
    if (checks == NULL)
        checks = &no_checks;
    check_archive(m, problems);
    for (size_t i = 0; i < m->disk_count && !h2k_interrupted(); i++)
        if (m->disks[i].local_path[0] != '\0') /* else reported already */
            check_disk(m, i, checks, problems);
}

/* Of all that can be wrong, having been stopped is what is said. */
static int
end(struct h2k_problem_scope *scope, bool strict)
{
    int rc = h2k_scope_end(scope, strict);
    return h2k_check_interrupt() < 0 ? -1 : rc;
}

int
h2k_manifest_check_files(const struct h2k_manifest *m,
                         const struct h2k_manifest_checks *checks,
                         struct h2k_problems *problems)
{
    struct h2k_problem_scope scope = { 0 };
    if (h2k_scope_begin(&scope, problems) < 0)
        return -1;
    check_sources(m, checks, scope.used);
    return end(&scope, false);
}

int
h2k_manifest_verify_checksums(const struct h2k_manifest *m,
                              const struct h2k_manifest_checks *checks,
                              struct h2k_problems *problems)
{
    struct h2k_problem_scope scope = { 0 };
    if (h2k_scope_begin(&scope, problems) < 0)
        return -1;
    for (size_t i = 0; i < m->disk_count && !h2k_interrupted(); i++)
        check_checksum(m, i, checks, scope.used);
    return end(&scope, false);
}

int
h2k_manifest_validate_file(const char *path,
                           const struct h2k_manifest_checks *checks,
                           bool strict, struct h2k_problems *problems)
{
    struct h2k_problem_scope scope = { 0 };
    if (h2k_scope_begin(&scope, problems) < 0)
        return -1;
    H2K_AUTO(h2k_manifest) m = h2k_manifest_load_any(path, scope.used);
    if (m != NULL)
        check_sources(m, checks, scope.used);
    return end(&scope, strict);
}
