/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Opening key slots, by libcryptsetup.  It reads files, so it gets one in
 * memory: the header and the slots' material where they stand in the
 * container, and holes for the rest.
 */
#include "volume/luks/header.h"

#include "base/error.h"

#include <errno.h>
#include <libcryptsetup.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE (64u << 10)

static int
write_all(int fd, const uint8_t *bytes, size_t count, uint64_t offset)
{
    while (count > 0) {
        ssize_t n = pwrite(fd, bytes, count, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return h2k_fail_errno(H2K_E_FAILED, "a LUKS header in memory");
        bytes += n;
        count -= (size_t)n;
        offset += (size_t)n;
    }
    return 0;
}

static int
copy_range(struct h2k_block *container, uint64_t offset, uint64_t length,
           int fd)
{
    h2k_autofree uint8_t *bytes = malloc(PIECE);
    if (bytes == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    while (length > 0) {
        size_t n = (size_t)h2k_min_u64(length, PIECE);
        if (h2k_block_pread(container, bytes, n, offset) < 0 ||
            write_all(fd, bytes, n, offset) < 0)
            return -1;
        offset += n;
        length -= n;
    }
    return 0;
}

/* The header as a file; -1 with the error. */
static int
make_file(const struct h2k_luks *luks, struct h2k_block *container)
{
    h2k_autofd int fd = memfd_create("luks", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)(luks->offset + luks->length)) < 0)
        return h2k_fail_errno(H2K_E_FAILED, "a LUKS header in memory");
    if (copy_range(container, 0, luks->header_size, fd) < 0)
        return -1;
    for (size_t i = 0; i < luks->slot_count; i++) {
        const struct h2k_luks_slot *slot = &luks->slots[i];
        uint64_t length =
            h2k_min_u64(h2k_align_up(slot->length, H2K_LUKS_SECTOR),
                        luks->offset - slot->offset);
        if (slot->problem[0] == '\0' &&
            copy_range(container, slot->offset, length, fd) < 0)
            return -1;
    }
    return h2k_steal_fd(&fd);
}

/* libcryptsetup's last message: it says more than its code. */
struct said {
    char text[200];
};

static void
keep_message(int level, const char *message, void *opaque)
{
    struct said *said = opaque;
    if (level != CRYPT_LOG_ERROR)
        return;
    snprintf(said->text, sizeof(said->text), "%.190s", message);
    said->text[strcspn(said->text, "\n")] = '\0';
}

static int
fail_with(const struct said *said, int rc)
{
    if (rc == -ENOMEM)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return h2k_fail(H2K_E_CORRUPT, "LUKS: libcryptsetup: %s",
                    said->text[0] != '\0' ? said->text : strerror(-rc));
}

/* Each slot in turn, as far as BUDGET goes. */
static int
try_slots(const struct h2k_luks *luks, struct crypt_device *device,
          const struct said *said, const void *key, size_t size,
          uint64_t *budget, struct h2k_secret **out)
{
    char volume_key[H2K_LUKS_KEY_MAX];
    for (size_t i = 0; i < luks->slot_count; i++) {
        const struct h2k_luks_slot *slot = &luks->slots[i];
        size_t count = sizeof(volume_key);
        if (slot->problem[0] != '\0')
            continue;
        if (slot->cost + luks->check_cost > *budget)
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "LUKS%d: trying keys on all slots would take too "
                            "long: name the volume that the key is for with "
                            "--key %s:…",
                            luks->version, luks->uuid);
        *budget -= slot->cost + luks->check_cost;
        int rc = crypt_volume_key_get(device, slot->number, volume_key, &count,
                                      key, size);
        if (rc >= 0) {
            *out = h2k_secret_new(volume_key, count);
            h2k_wipe(volume_key, sizeof(volume_key));
            return *out == NULL ? -1 : 1;
        }
        if (rc != -EPERM && rc != -ENOENT)
            return fail_with(said, rc);
    }
    return 0;
}

int
h2k_luks_unlock(const struct h2k_luks *luks, struct h2k_block *container,
                const void *key, size_t size, uint64_t *budget,
                struct h2k_secret **out)
{
    struct crypt_device *device = NULL;
    struct said said = { "" };
    char path[40];
    *out = NULL;
    h2k_autofd int fd = make_file(luks, container);
    if (fd < 0)
        return -1;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    /* The file is ours alone. */
    crypt_metadata_locking(NULL, 0);
    int rc = crypt_init(&device, path);
    if (rc < 0)
        return fail_with(&said, rc);
    crypt_set_log_callback(device, keep_message, &said);
    rc = crypt_load(device, luks->version == 1 ? CRYPT_LUKS1 : CRYPT_LUKS2,
                    NULL);
    rc = rc < 0 ? fail_with(&said, rc)
                : try_slots(luks, device, &said, key, size, budget, out);
    crypt_free(device);
    return rc;
}
