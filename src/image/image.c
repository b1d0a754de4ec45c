/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "image/image.h"

#include "base/checked.h"
#include "base/error.h"
#include "block/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define MAGIC_SIZE_MAX 32

static bool
bytes_at(struct h2k_block *file, uint64_t offset, const char *bytes,
         size_t size)
{
    char found[MAGIC_SIZE_MAX];
    return size <= sizeof(found) &&
           h2k_range_inside(offset, size, h2k_block_size(file)) &&
           h2k_block_pread(file, found, size, offset) == 0 &&
           memcmp(found, bytes, size) == 0;
}

/* A fixed VHD has no header: its footer is the file's last sector, and its
 * first bytes are the disk's (Virtual Hard Disk Image Format Specification
 * 1.0, "Hard Disk Footer Format"). */
static int
vhd_probe(struct h2k_block *file)
{
    uint64_t size = h2k_block_size(file);
    return bytes_at(file, 0, "conectix", 8) ||
           (size >= 512 && bytes_at(file, size - 512, "conectix", 8));
}

/* Known, and not read yet. */
static const struct h2k_image_format vhdx = {
    .name = "vhdx",
    .magic = { { 0, 8, "vhdxfile" } },
};
static const struct h2k_image_format vdi = {
    .name = "vdi",
    .magic = { { 0x40, 4, "\x7f\x10\xda\xbe" } },
};
static const struct h2k_image_format vhd = {
    .name = "vhd",
    .probe = vhd_probe,
};
/* POSIX ustar: the magic field of the first member's header. */
static const struct h2k_image_format ova = {
    .name = "ova",
    .magic = { { 257, 5, "ustar" } },
};

/* The first that fits is it.  The weaker a format's mark, the later it
 * stands. */
static const struct h2k_image_format *const formats[] = {
    &h2k_image_vmdk, &h2k_image_qcow2, &vhdx, &vdi, &vhd, &ova, &h2k_image_raw,
};
#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

static bool
magic_fits(const struct h2k_image_format *format, struct h2k_block *file)
{
    const struct h2k_image_magic *m = format->magic;
    const struct h2k_image_magic *end =
        m + sizeof(format->magic) / sizeof(format->magic[0]);
    if (m->size == 0)
        return true;
    for (; m < end && m->size > 0; m++)
        if (bytes_at(file, m->offset, m->bytes, m->size))
            return true;
    return false;
}

const struct h2k_image_format *
h2k_image_probe(struct h2k_block *file)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (magic_fits(formats[i], file) &&
            (formats[i]->probe == NULL || formats[i]->probe(file)))
            return formats[i];
    return &h2k_image_raw;
}

static const struct h2k_image_format *
find_by_name(const char *name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

/* Raw is believed: a raw disk may begin with anything at all. */
static const struct h2k_image_format *
choose(struct h2k_block *file, const char *name)
{
    if (name != NULL && find_by_name(name) == NULL)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "'%s' is not a disk image format", name);
    if (name != NULL && strcmp(name, "raw") == 0)
        return &h2k_image_raw;
    const struct h2k_image_format *found = h2k_image_probe(file);
    if (name == NULL || strcmp(name, found->name) == 0)
        return found;
    if (found == &h2k_image_raw)
        return h2k_fail_null(H2K_E_SOURCE,
                             "is not %s: it has the marks of no image format, "
                             "so it is damaged, or raw; export it again, or "
                             "name the format that it has",
                             name);
    return h2k_fail_null(H2K_E_SOURCE,
                         "is %s, not %s; name the format that it has, or the "
                         "right file",
                         found->name, name);
}

struct h2k_block *
h2k_image_open_block(struct h2k_block *file, const char *format,
                     const struct h2k_image_options *options,
                     struct h2k_image_info *info)
{
    static const struct h2k_image_options alone = { .dirfd = -1 };
    struct h2k_image_info ignored;
    if (h2k_block_size(file) == 0)
        return h2k_fail_null(H2K_E_SOURCE,
                             "is empty: export or copy it again");
    const struct h2k_image_format *chosen = choose(file, format);
    if (chosen == NULL)
        return NULL;
    if (chosen == &ova)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "is an OVA (a tar archive), not one disk: name "
                             "it as an OVA");
    if (chosen->open == NULL)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "is %s, which cannot be read yet: convert it to "
                             "qcow2 first, with \"qemu-img convert\"",
                             chosen->name);
    return chosen->open(file, options != NULL ? options : &alone,
                        info != NULL ? info : &ignored);
}

struct h2k_block *
h2k_image_open_beside(const struct h2k_image_options *options,
                      const char *name)
{
    if (options->archive == NULL && options->dirfd < 0)
        return h2k_fail_null(H2K_E_UNSUPPORTED, "cannot be reached from here");
    if (options->archive == NULL)
        return h2k_file_open_beside(options->dirfd, name);
    const char *slash = strrchr(options->member, '/');
    h2k_autofree char *beside = NULL;
    if (strchr(name, '/') != NULL)
        return h2k_fail_null(
            H2K_E_CORRUPT, "extent file name '%s' is not a plain name", name);
    if (asprintf(&beside, "%.*s%s",
                 slash == NULL ? 0 : (int)(slash + 1 - options->member),
                 options->member, name) < 0) {
        beside = NULL;
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    return h2k_tar_open_member(options->archive, beside);
}

static int
open_directory_of(const char *path)
{
    h2k_autofree char *directory = strdup(path);
    if (directory == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    char *slash = strrchr(directory, '/');
    if (slash != NULL)
        slash[1] = '\0';
    int fd = open(slash != NULL ? directory : ".",
                  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? h2k_fail_errno(H2K_E_SOURCE, "%s: its directory", path)
                  : fd;
}

/* The file at PATH, or the member of it that OPTIONS names: then the archive
 * is in *TAR, and in OPTIONS. */
static struct h2k_block *
open_file(const char *path, struct h2k_image_options *options,
          struct h2k_tar **tar)
{
    H2K_AUTO(h2k_block) file = h2k_file_open(path);
    if (file == NULL || options->member == NULL)
        return h2k_steal(file);
    options->archive = *tar = h2k_tar_open(file);
    H2K_AUTO(h2k_block)
    member = *tar == NULL ? NULL : h2k_tar_open_member(*tar, options->member);
    if (member == NULL)
        h2k_prefix("%s: ", path);
    return h2k_steal(member);
}

static void
name_image(const char *path, const struct h2k_image_options *options)
{
    if (options->member != NULL)
        h2k_prefix("%s: ", options->member);
    h2k_prefix("%s: ", path);
}

struct h2k_block *
h2k_image_open(const char *path, const char *format,
               const struct h2k_image_options *options,
               struct h2k_image_info *info, struct h2k_block **file_out)
{
    struct h2k_image_options own = { .dirfd = -1 };
    if (options != NULL)
        own = *options;
    H2K_AUTO(h2k_tar) tar = NULL;
    H2K_AUTO(h2k_block) file = open_file(path, &own, &tar);
    if (file == NULL)
        return NULL;
    h2k_autofd int directory = open_directory_of(path);
    if (directory < 0)
        return NULL;
    own.dirfd = directory;
    struct h2k_block *disk = h2k_image_open_block(file, format, &own, info);
    if (disk == NULL) {
        name_image(path, &own);
        return NULL;
    }
    if (file_out != NULL)
        *file_out = h2k_steal(file);
    return disk;
}
