/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Is what was stored what the server sent, and what the disk has? */
#include "provider/export-job.h"

#include "base/interrupt.h"

#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PIECE ((size_t)1 << 20)
#define HEX_SIZE (2 * EVP_MAX_MD_SIZE + 1)

/* Calls TAKE with SIZE bytes of FD from FIRST on. */
static int
read_through(int fd, const char *path, uint64_t first, uint64_t size,
             EVP_MD_CTX *digest)
{
    h2k_autofree uint8_t *buffer = malloc(PIECE);
    if (buffer == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (uint64_t done = 0; done < size;) {
        size_t n = size - done < PIECE ? (size_t)(size - done) : PIECE;
        if (h2k_check_interrupt() < 0)
            return -1;
        ssize_t got = pread(fd, buffer, n, (off_t)(first + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return h2k_fail_errno(H2K_E_VALIDATION,
                                  "%s: cannot be read back at byte %" PRIu64,
                                  path, first + done);
        if (got == 0)
            return h2k_fail(H2K_E_VALIDATION,
                            "%s: ends at byte %" PRIu64 ", and %" PRIu64
                            " were written",
                            path, first + done, first + size);
        if (EVP_DigestUpdate(digest, buffer, (size_t)got) != 1)
            return h2k_fail(H2K_E_FAILED, "hashing failed");
        done += (uint64_t)got;
    }
    return 0;
}

/* The hash of SIZE bytes of a file, by EVP's TYPE, as hexadecimal digits. */
static int
hash_file(int fd, const char *path, uint64_t first, uint64_t size,
          const EVP_MD *type, char hex[HEX_SIZE])
{
    uint8_t value[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    int rc = digest == NULL || EVP_DigestInit_ex(digest, type, NULL) != 1
                 ? h2k_fail(H2K_E_NOMEM, "cannot start hashing")
                 : read_through(fd, path, first, size, digest);
    if (rc == 0 && EVP_DigestFinal_ex(digest, value, &length) != 1)
        rc = h2k_fail(H2K_E_FAILED, "hashing failed");
    EVP_MD_CTX_free(digest);
    for (unsigned i = 0; i < length; i++)
        snprintf(hex + (size_t)2 * i, 3, "%02x", value[i]);
    return rc;
}

/* Where the bytes of a disk are; -1 where they were not kept. */
static int
stored_at(const struct h2k_export_job *job, size_t disk, uint64_t *first)
{
    *first = 0;
    if (job->ova != NULL) {
        *first = h2k_ova_file_offset(job->ova, disk);
        return h2k_ova_fd(job->ova);
    }
    return job->parts[disk].output == NULL
               ? -1
               : h2k_output_fd(job->parts[disk].output);
}

/* ---- What the server counted ---- */

static int
differs(struct h2k_export_job *job, size_t disk, const char *what,
        const char *theirs, const char *ours)
{
    job->spoiled = true;
    return h2k_fail(H2K_E_CHECKSUM,
                    "%s: the server sent %s %s, and %s came: export again",
                    job->parts[disk].disk->label, what, theirs, ours);
}

/* Older servers know SHA-1 only. */
static int
compare_sha1(struct h2k_export_job *job, size_t disk, const char *theirs)
{
    const struct h2k_export_part *part = &job->parts[disk];
    char ours[HEX_SIZE] = "";
    uint64_t first;
    int fd = stored_at(job, disk, &first);
    if (part->sha1[0] != '\0')
        snprintf(ours, sizeof(ours), "%s", part->sha1);
    else if (fd < 0)
        return 0;
    else if (hash_file(fd, part->name, first, job->out->disks[disk].size,
                       EVP_sha1(), ours) < 0)
        return -1;
    return strcasecmp(theirs, ours) == 0
               ? 0
               : differs(job, disk, "SHA-1", theirs, ours);
}

int
h2k_export_compare_sum(struct h2k_export_job *job, size_t disk,
                       const struct h2k_vsphere_lease_sum *sum)
{
    const struct h2k_export_disk *got = &job->out->disks[disk];
    char theirs[32], ours[32];
    snprintf(theirs, sizeof(theirs), "%" PRIu64, sum->size);
    snprintf(ours, sizeof(ours), "%" PRIu64, got->size);
    if (sum->size > 0 && sum->size != got->size)
        return differs(job, disk, "bytes:", theirs, ours);
    if (sum->sha256 != NULL)
        return strcasecmp(sum->sha256, got->sha256) == 0
                   ? 0
                   : differs(job, disk, "SHA-256", sum->sha256, got->sha256);
    return sum->sha1 == NULL ? 0 : compare_sha1(job, disk, sum->sha1);
}

/* ---- Reading back ---- */

static int
verify_disk(struct h2k_export_job *job, size_t i)
{
    const struct h2k_export_disk *disk = &job->out->disks[i];
    char hex[HEX_SIZE] = "";
    uint64_t first;
    int fd = stored_at(job, i, &first);
    if (fd < 0)
        return 0;
    /* From the disk, not from memory: what is clean by now is let go. */
    posix_fadvise(fd, (off_t)first, (off_t)disk->size, POSIX_FADV_DONTNEED);
    if (hash_file(fd, job->parts[i].name, first, disk->size, EVP_sha256(),
                  hex) < 0)
        return -1;
    if (strcmp(hex, disk->sha256) == 0)
        return 0;
    job->spoiled = true;
    return h2k_fail(H2K_E_VALIDATION,
                    "%s: read back, it has SHA-256 %s, and %s was written: "
                    "is the disk below %s sound?",
                    job->parts[i].name, hex, disk->sha256,
                    job->request->directory);
}

int
h2k_export_verify(struct h2k_export_job *job)
{
    for (size_t i = 0; i < job->out->vm->disk_count; i++) {
        h2k_export_say(job, "reading disk %zu again", i + 1);
        if (verify_disk(job, i) < 0)
            return -1;
    }
    return 0;
}
