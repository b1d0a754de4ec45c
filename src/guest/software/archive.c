/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A package's archive, by libarchive. */
#include "guest/software/software.h"

#include "base/buffer.h"
#include "base/checked.h"
#include "base/error.h"
#include "base/view.h"
#include "guest/boot/cpio.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Linux' own limit (PATH_MAX), which bounds what names take in memory. */
#define PATH_LIMIT 4096

/* Bytes of an archive: the files and what is around them. */
#define ARCHIVE_MAX (H2K_SOFTWARE_CONTENT_MAX + (32u << 20))

static void
archive_cleanup(struct archive **archive)
{
    archive_read_free(*archive);
}
#define AUTO_ARCHIVE __attribute__((cleanup(archive_cleanup))) struct archive *

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

/* ---- Compression ---- */

static int
fail_of(struct archive *archive)
{
    const char *why = archive_error_string(archive);
    return h2k_fail(H2K_E_CORRUPT, "its archive: %.200s",
                    why == NULL ? "cannot be read" : why);
}

/* Only what libarchive does itself: for what it was built without, it would
 * run a program, and says ARCHIVE_WARN. */
static int
support_filters(struct archive *archive)
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
    return rc == ARCHIVE_OK
               ? 0
               : h2k_fail(H2K_E_COMPONENT,
                          "this libarchive was built without a compression "
                          "that packages use");
}

/* All of it decompressed into OUT. */
static int
decompress(const void *bytes, size_t size, struct h2k_buffer *out)
{
    AUTO_ARCHIVE archive = archive_read_new();
    struct archive_entry *entry;
    char piece[65536];
    la_ssize_t n = 0;
    if (archive == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (support_filters(archive) < 0)
        return -1;
    archive_read_support_format_raw(archive);
    archive_read_support_format_empty(archive);
    int rc = archive_read_open_memory(archive, bytes, size);
    if (rc == ARCHIVE_OK)
        rc = archive_read_next_header(archive, &entry);
    while (rc == ARCHIVE_OK &&
           (n = archive_read_data(archive, piece, sizeof(piece))) > 0) {
        if (out->size > ARCHIVE_MAX)
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "its archive is more than %u MiB",
                            ARCHIVE_MAX >> 20);
        h2k_buffer_add(out, piece, (size_t)n);
    }
    if ((rc != ARCHIVE_OK && rc != ARCHIVE_EOF) || n < 0)
        return fail_of(archive);
    return h2k_buffer_check(out);
}

/* ---- Entries ---- */

/* A cpio archive whose headers are right, one behind the other: libarchive
 * looks for the next one wherever it is, and makes room for a name of 4 GiB
 * that is not there. */
static int
check_cpio(struct h2k_view bytes)
{
    struct h2k_cpio_header header;
    struct h2k_view rest = bytes;
    while (rest.size > 0) {
        if (!h2k_cpio_parse(rest, &header))
            return h2k_fail(H2K_E_CORRUPT, "a header in its archive is "
                                           "damaged");
        if (h2k_view_equal(rest, H2K_CPIO_HEADER, H2K_CPIO_TRAILER,
                           sizeof(H2K_CPIO_TRAILER)))
            return 0;
        uint64_t entry =
            h2k_cpio_entry_size(header.name_size - 1, header.file_size);
        if (!h2k_view_slice(rest, entry, rest.size - entry, &rest))
            return h2k_fail(H2K_E_CORRUPT, "its archive is cut short");
    }
    return h2k_fail(H2K_E_CORRUPT, "its archive is cut short");
}

static int
read_entries(struct archive *archive, struct h2k_view bytes,
             struct h2k_software_files *files)
{
    struct archive_entry *entry;
    size_t total = 0;
    int rc = archive_read_open_memory(archive, bytes.data, bytes.size);
    while (rc == ARCHIVE_OK &&
           (rc = archive_read_next_header(archive, &entry)) == ARCHIVE_OK)
        if (read_entry(archive, entry, files, &total) < 0)
            return -1;
    return rc == ARCHIVE_EOF ? 0 : fail_of(archive);
}

int
h2k_software_unpack(const void *bytes, size_t size,
                    struct h2k_software_files *files)
{
    AUTO_ARCHIVE archive = archive_read_new();
    H2K_AUTO_BUFFER plain = { 0 };
    if (archive == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (decompress(bytes, size, &plain) < 0)
        return -1;
    struct h2k_view view = h2k_view_of(plain.data, plain.size);
    archive_read_support_filter_none(archive);
    archive_read_support_format_empty(archive);
    if (!h2k_view_equal(view, 0, "07070", 5))
        archive_read_support_format_tar(archive);
    else if (check_cpio(view) < 0)
        return -1;
    else
        archive_read_support_format_cpio(archive);
    return read_entries(archive, view, files);
}
