/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/ova.h"

#include "base/buffer.h"
#include "base/checked.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/output.h"
#include "provider/file-name.h"
#include "provider/tar-header.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A server's own descriptor says more than ours. */
#define ROOM_FACTOR 2
#define ROOM_EXTRA ((size_t)32 << 10)

struct member {
    char *name;
    uint64_t offset; /* of its bytes */
    uint64_t size;
    char sha256[H2K_SHA256_HEX_SIZE];
};

struct h2k_ova {
    struct h2k_output *output;
    int64_t mtime;
    char *ovf_name, *mf_name;
    size_t ovf_room, mf_size; /* bytes */
    uint64_t mf_offset;       /* of its header; the OVF's is at 0 */
    struct member *members;
    size_t count, current; /* those before CURRENT have ended */
    bool open;             /* CURRENT has begun */
    struct h2k_sha256 *hash;
    uint64_t end; /* where the next byte goes */
};

static uint64_t
padded(uint64_t size)
{
    return h2k_align_up(size, H2K_TAR_BLOCK);
}

static int
write_at(const struct h2k_ova *ova, const void *bytes, size_t count,
         uint64_t offset)
{
    const char *from = bytes;
    while (count > 0) {
        ssize_t n =
            pwrite(h2k_output_fd(ova->output), from, count, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return h2k_fail_errno(H2K_E_OUTPUT, "%s: cannot write",
                                  h2k_output_path(ova->output));
        from += n;
        offset += (uint64_t)n;
        count -= (size_t)n;
    }
    return 0;
}

static int
write_header(const struct h2k_ova *ova, const char *name, uint64_t size,
             uint64_t offset)
{
    uint8_t header[H2K_TAR_BLOCK];
    h2k_tar_header(header, name, size, ova->mtime);
    return write_at(ova, header, sizeof(header), offset);
}

/* ---- Starting ---- */

static int
set_names(struct h2k_ova *ova, const char *base, const char *const *names,
          size_t count)
{
    if (asprintf(&ova->ovf_name, "%s.ovf", base) < 0)
        ova->ovf_name = NULL;
    if (asprintf(&ova->mf_name, "%s.mf", base) < 0)
        ova->mf_name = NULL;
    ova->members = calloc(count + 1, sizeof(*ova->members));
    if (ova->ovf_name == NULL || ova->mf_name == NULL || ova->members == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (!h2k_export_name_is_safe(ova->ovf_name))
        return h2k_fail(H2K_E_RANGE, "%s: cannot stand in an OVA",
                        ova->ovf_name);
    for (ova->count = 0; ova->count < count; ova->count++) {
        const char *name = names[ova->count];
        if (!h2k_export_name_is_safe(name))
            return h2k_fail(H2K_E_RANGE, "%s: cannot stand in an OVA", name);
        ova->members[ova->count].name = strdup(name);
        if (ova->members[ova->count].name == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return 0;
}

/* As members, for the functions about OVF. */
static struct h2k_ovf_file *
list_files(const struct h2k_ova *ova)
{
    struct h2k_ovf_file *files = calloc(ova->count + 1, sizeof(*files));
    if (files == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < ova->count; i++) {
        files[i].name = ova->members[i].name;
        files[i].size = ova->members[i].size;
        memcpy(files[i].sha256, ova->members[i].sha256,
               sizeof(files[i].sha256));
    }
    return files;
}

/* What the OVF and the manifest can need at most: every number at its
 * longest, every file a disk. */
static int
keep_room(struct h2k_ova *ova, const struct h2k_vm *vm)
{
    static const struct h2k_vm_disk largest = {
        .bus_number = UINT32_MAX,
        .unit = UINT32_MAX,
        .capacity = UINT64_MAX,
    };
    h2k_autofree struct h2k_ovf_file *files = list_files(ova);
    if (files == NULL)
        return -1;
    for (size_t i = 0; i < ova->count; i++) {
        files[i].size = files[i].populated = UINT64_MAX;
        files[i].disk = i < vm->disk_count ? &vm->disks[i] : &largest;
        memset(files[i].sha256, '0', H2K_SHA256_HEX_SIZE - 1);
    }
    h2k_autofree char *ovf = h2k_ovf_write(vm, files, ova->count);
    if (ovf == NULL)
        return -1;
    h2k_autofree char *mf =
        h2k_ovf_manifest(ova->ovf_name, "", 0, files, ova->count);
    if (mf == NULL)
        return -1;
    ova->ovf_room = padded(strlen(ovf) * ROOM_FACTOR + ROOM_EXTRA);
    ova->mf_size = strlen(mf);
    ova->mf_offset = H2K_TAR_BLOCK + ova->ovf_room;
    ova->end = ova->mf_offset + H2K_TAR_BLOCK + padded(ova->mf_size);
    return 0;
}

struct h2k_ova *
h2k_ova_new(const char *path, const struct h2k_vm *vm, const char *base,
            const char *const *names, size_t count)
{
    H2K_AUTO(h2k_ova) ova = calloc(1, sizeof(*ova));
    if (ova == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    ova->mtime = h2k_clock_now();
    if (set_names(ova, base, names, count) < 0 || keep_room(ova, vm) < 0)
        return NULL;
    ova->output = h2k_output_new(path);
    return ova->output == NULL ? NULL : h2k_steal(ova);
}

/* ---- Files ---- */

static int
start_over(struct h2k_ova *ova)
{
    struct member *m = &ova->members[ova->current];
    h2k_sha256_free(ova->hash);
    ova->hash = h2k_sha256_new();
    m->size = 0;
    ova->end = m->offset;
    return ova->hash == NULL ? -1 : 0;
}

int
h2k_ova_begin_file(struct h2k_ova *ova)
{
    if (ova->open || ova->current == ova->count)
        return h2k_fail(H2K_E_RANGE, "%s: no file is to begin now",
                        h2k_output_path(ova->output));
    ova->members[ova->current].offset = ova->end + H2K_TAR_BLOCK;
    ova->open = true;
    return start_over(ova);
}

static int
need_open(const struct h2k_ova *ova)
{
    return ova->open ? 0
                     : h2k_fail(H2K_E_RANGE, "%s: no file has begun",
                                h2k_output_path(ova->output));
}

int
h2k_ova_data(struct h2k_ova *ova, const void *bytes, size_t count)
{
    if (need_open(ova) < 0 || write_at(ova, bytes, count, ova->end) < 0 ||
        h2k_sha256_update(ova->hash, bytes, count) < 0)
        return -1;
    ova->members[ova->current].size += count;
    ova->end += count;
    return 0;
}

int
h2k_ova_restart_file(struct h2k_ova *ova)
{
    if (need_open(ova) < 0 || start_over(ova) < 0)
        return -1;
    if (ftruncate(h2k_output_fd(ova->output), (off_t)ova->end) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s",
                              h2k_output_path(ova->output));
    return 0;
}

int
h2k_ova_end_file(struct h2k_ova *ova, struct h2k_ovf_file *file)
{
    if (need_open(ova) < 0)
        return -1;
    struct member *m = &ova->members[ova->current];
    uint8_t digest[H2K_SHA256_SIZE];
    if (h2k_sha256_finish(ova->hash, digest) < 0 ||
        write_header(ova, m->name, m->size, m->offset - H2K_TAR_BLOCK) < 0)
        return -1;
    h2k_sha256_hex(digest, m->sha256);
    ova->end = m->offset + padded(m->size);
    ova->open = false;
    ova->current++;
    if (file != NULL) {
        file->size = m->size;
        memcpy(file->sha256, m->sha256, sizeof(file->sha256));
    }
    return 0;
}

uint64_t
h2k_ova_file_offset(const struct h2k_ova *ova, size_t i)
{
    return ova->members[i].offset;
}

size_t
h2k_ova_ovf_room(const struct h2k_ova *ova)
{
    return ova->ovf_room - 1;
}

int
h2k_ova_fd(const struct h2k_ova *ova)
{
    return h2k_output_fd(ova->output);
}

/* ---- Ending ---- */

/* Spaces after the last element are XML (section 2.1, Misc), and the sum
 * in the manifest is of what stands in the archive. */
static int
write_ovf(struct h2k_ova *ova, const char *ovf, size_t size, char *room)
{
    memcpy(room, ovf, size);
    memset(room + size, ' ', ova->ovf_room - size);
    room[ova->ovf_room - 1] = '\n';
    if (write_header(ova, ova->ovf_name, ova->ovf_room, 0) < 0)
        return -1;
    return write_at(ova, room, ova->ovf_room, H2K_TAR_BLOCK);
}

static int
write_manifest(struct h2k_ova *ova, const char *room)
{
    h2k_autofree struct h2k_ovf_file *files = list_files(ova);
    if (files == NULL)
        return -1;
    h2k_autofree char *mf = h2k_ovf_manifest(ova->ovf_name, room,
                                             ova->ovf_room, files, ova->count);
    if (mf == NULL ||
        write_header(ova, ova->mf_name, ova->mf_size, ova->mf_offset) < 0)
        return -1;
    return write_at(ova, mf, ova->mf_size, ova->mf_offset + H2K_TAR_BLOCK);
}

/* Two blocks of zeros. */
static int
write_end(struct h2k_ova *ova)
{
    if (ftruncate(h2k_output_fd(ova->output),
                  (off_t)(ova->end + 2 * H2K_TAR_BLOCK)) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s: cannot write",
                              h2k_output_path(ova->output));
    return 0;
}

int
h2k_ova_finish(struct h2k_ova *ova, const char *ovf)
{
    size_t size = strlen(ovf);
    if (ova->open || ova->current != ova->count)
        return h2k_fail(H2K_E_RANGE, "%s: not all files have come",
                        h2k_output_path(ova->output));
    if (size > h2k_ova_ovf_room(ova))
        return h2k_fail(
            H2K_E_RANGE, "%s: the OVF has %zu bytes, and room for %zu",
            h2k_output_path(ova->output), size, h2k_ova_ovf_room(ova));
    h2k_autofree char *room = malloc(ova->ovf_room);
    if (room == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (write_ovf(ova, ovf, size, room) < 0 || write_manifest(ova, room) < 0 ||
        write_end(ova) < 0)
        return -1;
    return h2k_output_publish(ova->output);
}

void
h2k_ova_free(struct h2k_ova *ova)
{
    if (ova == NULL)
        return;
    for (size_t i = 0; i < ova->count; i++)
        free(ova->members[i].name);
    free(ova->members);
    free(ova->ovf_name);
    free(ova->mf_name);
    h2k_sha256_free(ova->hash);
    h2k_output_free(ova->output);
    free(ova);
}
