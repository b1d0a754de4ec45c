/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A package's archive, by libarchive. */
#include "guest/software/software.h"

#include "base/checked.h"
#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Linux' own limit (PATH_MAX), which bounds what names take in memory. */
#define PATH_LIMIT 4096

static void
archive_cleanup(struct archive **archive)
{
    archive_read_free(*archive);
}

/* "./usr//sbin/" is "/usr/sbin", and "./" is "".  NULL for one that would
 * lead elsewhere, or no memory. */
static char *
clean_path(const char *path)
{
    size_t length = strlen(path), at = 0;
    if (length >= PATH_LIMIT)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "a path in it has more than %d bytes",
                             PATH_LIMIT - 1);
    char *out = malloc(length + 2);
    if (out == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    while (*path != '\0') {
        size_t part = strcspn(path, "/");
        if (part == 2 && memcmp(path, "..", 2) == 0) {
            free(out);
            return h2k_fail_null(H2K_E_CORRUPT,
                                 "a path in it has \"..\" in it");
        }
        if (part > 0 && !(part == 1 && *path == '.')) {
            out[at++] = '/';
            memcpy(out + at, path, part);
            at += part;
        }
        path += part;
        path += strspn(path, "/");
    }
    out[at] = '\0';
    return out;
}

static struct h2k_software_file *
add_file(struct h2k_software_files *files)
{
    size_t count = files->count;
    if (count == H2K_SOFTWARE_ENTRIES_MAX)
        return h2k_fail_null(H2K_E_UNSUPPORTED, "more than %d files",
                             H2K_SOFTWARE_ENTRIES_MAX);
    if (count == 0 || h2k_is_power_of_two(count)) {
        void *items = reallocarray(files->items, count == 0 ? 1 : count * 2,
                                   sizeof(*files->items));
        if (items == NULL)
            return h2k_fail_null(H2K_E_NOMEM, "out of memory");
        files->items = items;
    }
    files->items[count] = (struct h2k_software_file){ 0 };
    files->count++;
    return &files->items[count];
}

/* The content, where all contents so far are *TOTAL bytes. */
static int
read_data(struct archive *archive, struct archive_entry *entry,
          struct h2k_software_file *file, size_t *total)
{
    int64_t size = archive_entry_size(entry);
    if (size < 0 || size > H2K_SOFTWARE_CONTENT_MAX ||
        (size_t)size > H2K_SOFTWARE_CONTENT_MAX - *total)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "the files in it are more than %u MiB",
                        H2K_SOFTWARE_CONTENT_MAX >> 20);
    file->data = malloc((size_t)size + 1);
    if (file->data == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    la_ssize_t n = archive_read_data(archive, file->data, (size_t)size);
    if (n != size)
        return h2k_fail(H2K_E_CORRUPT, "%.200s: is cut short", file->path);
    ((char *)file->data)[size] = '\0';
    file->size = (size_t)size;
    *total += file->size;
    return 0;
}

/* A hard link has the content of the file before it that it names. */
static int
copy_linked(const struct h2k_software_files *files,
            struct h2k_software_file *file, const char *name, size_t *total)
{
    h2k_autofree char *path = clean_path(name);
    if (path == NULL)
        return -1;
    const struct h2k_software_file *from = h2k_software_find(files, path);
    if (from == NULL || from == file || from->data == NULL)
        return h2k_fail(H2K_E_CORRUPT,
                        "%.200s: is a link to what is not there", file->path);
    if (from->size > H2K_SOFTWARE_CONTENT_MAX - *total)
        return h2k_fail(H2K_E_UNSUPPORTED, "the files in it are too large");
    file->mode = from->mode;
    file->data = malloc(from->size + 1);
    if (file->data == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    memcpy(file->data, from->data, from->size + 1);
    file->size = from->size;
    *total += file->size;
    return 0;
}

static int
read_entry(struct archive *archive, struct archive_entry *entry,
           struct h2k_software_files *files, size_t *total)
{
    const char *name = archive_entry_pathname(entry);
    const char *target = archive_entry_symlink(entry);
    const char *linked = archive_entry_hardlink(entry);
    if (name == NULL)
        return h2k_fail(H2K_E_CORRUPT, "a file in it has no name");
    struct h2k_software_file *file = add_file(files);
    if (file == NULL)
        return -1;
    file->path = clean_path(name);
    if (file->path == NULL)
        return -1;
    file->mode = archive_entry_mode(entry);
    file->uid = (uint32_t)archive_entry_uid(entry);
    file->gid = (uint32_t)archive_entry_gid(entry);
    file->mtime = archive_entry_mtime(entry);
    if (linked != NULL)
        return copy_linked(files, file, linked, total);
    if (S_ISREG(file->mode))
        return read_data(archive, entry, file, total);
    if (S_ISDIR(file->mode))
        return 0;
    if (!S_ISLNK(file->mode) || target == NULL)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "%.200s: is neither file, directory nor link",
                        file->path);
    if (strlen(target) >= PATH_LIMIT)
        return h2k_fail(H2K_E_UNSUPPORTED, "%.200s: leads too far",
                        file->path);
    file->target = strdup(target);
    return file->target == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory") : 0;
}

/* Only what libarchive does itself: for what it was built without, it would
 * run a program, and says ARCHIVE_WARN. */
static int
support(struct archive *archive)
{
    archive_read_support_filter_none(archive);
    int rc = archive_read_support_filter_gzip(archive);
    if (rc == ARCHIVE_OK)
        rc = archive_read_support_filter_xz(archive);
    if (rc == ARCHIVE_OK)
        rc = archive_read_support_filter_lzma(archive);
    if (rc == ARCHIVE_OK)
        rc = archive_read_support_filter_bzip2(archive);
    if (rc == ARCHIVE_OK)
        rc = archive_read_support_filter_zstd(archive);
    if (rc != ARCHIVE_OK)
        return h2k_fail(H2K_E_COMPONENT,
                        "this libarchive was built without a compression "
                        "that packages use");
    archive_read_support_format_tar(archive);
    archive_read_support_format_cpio(archive);
    archive_read_support_format_empty(archive);
    return 0;
}

int
h2k_software_unpack(const void *bytes, size_t size,
                    struct h2k_software_files *files)
{
    __attribute__((cleanup(archive_cleanup))) struct archive *archive =
        archive_read_new();
    struct archive_entry *entry;
    size_t total = 0;
    int rc;
    if (archive == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (support(archive) < 0)
        return -1;
    rc = archive_read_open_memory(archive, bytes, size);
    while (rc == ARCHIVE_OK &&
           (rc = archive_read_next_header(archive, &entry)) == ARCHIVE_OK)
        if (read_entry(archive, entry, files, &total) < 0)
            return -1;
    if (rc != ARCHIVE_EOF)
        return h2k_fail(H2K_E_CORRUPT, "its archive: %.200s",
                        archive_error_string(archive) == NULL
                            ? "cannot be read"
                            : archive_error_string(archive));
    return 0;
}
