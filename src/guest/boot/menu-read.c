/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Menus as they are in a guest, and the files that their entries mean. */
#include "base/buffer.h"
#include "base/error.h"
#include "guest/boot/file-block.h"
#include "guest/boot/initramfs.h"
#include "guest/boot/menu.h"

#include <stdio.h>
#include <string.h>

static struct h2k_menu *
parse(enum h2k_menu_kind kind, const char *directory,
      const struct h2k_buffer *text)
{
    const char *bytes = h2k_buffer_text(text);
    switch (kind) {
    case H2K_MENU_GRUB2:
        return h2k_menu_parse_grub(directory, bytes, text->size);
    case H2K_MENU_GRUB_LEGACY:
        return h2k_menu_parse_lines(directory, &h2k_menu_grub_legacy, bytes,
                                    text->size);
    case H2K_MENU_SYSLINUX:
        return h2k_menu_parse_lines(directory, &h2k_menu_syslinux, bytes,
                                    text->size);
    case H2K_MENU_LIMINE:
        return h2k_menu_parse_lines(directory, &h2k_menu_limine, bytes,
                                    text->size);
    default:
        return h2k_menu_new(directory);
    }
}

static size_t
directory_length(const char *path)
{
    return (size_t)(strrchr(path, '/') - path);
}

static bool
same_directory(const char *a, const char *b)
{
    size_t length = directory_length(a);
    return length == directory_length(b) && memcmp(a, b, length) == 0;
}

/* PATH at the end of TEXT; what cannot be read, or is too much with what is
 * there, is no menu. */
static int
add_text(struct h2k_root *root, const char *path, struct h2k_buffer *text)
{
    h2k_autofree char *bytes = NULL;
    size_t size;
    if (h2k_root_read_file(root, path, H2K_MENU_SIZE_MAX, &bytes, &size) < 0)
        return h2k_error_is_content() ? 0 : -1;
    if (size > H2K_MENU_SIZE_MAX - text->size)
        return 0;
    h2k_buffer_add(text, bytes, size);
    if (text->size < H2K_MENU_SIZE_MAX)
        h2k_buffer_addc(text, '\n');
    return h2k_buffer_check(text);
}

/* The menu that starts with PATHS[*NEXT], which moves behind it.  The files
 * of EXTLINUX's directory are parts of one. */
static struct h2k_menu *
read_menu(struct h2k_root *root, enum h2k_menu_kind kind,
          const struct h2k_strings *paths, size_t *next)
{
    H2K_AUTO_BUFFER text = { 0 };
    const char *first = paths->items[*next];
    do {
        if (add_text(root, paths->items[*next], &text) < 0)
            return NULL;
        ++*next;
    } while (kind == H2K_MENU_SYSLINUX && *next < paths->count &&
             same_directory(first, paths->items[*next]));
    h2k_autofree char *directory = strndup(first, directory_length(first));
    if (directory == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return parse(kind, directory, &text);
}

int
h2k_menu_each(struct h2k_root *root, enum h2k_menu_kind kind, h2k_menu_fn fn,
              void *opaque)
{
    H2K_AUTO_STRINGS paths = { 0 };
    size_t next = 0;
    if (h2k_menu_files(root, kind, &paths) < 0)
        return -1;
    while (next < paths.count) {
        H2K_AUTO(h2k_menu) menu = read_menu(root, kind, &paths, &next);
        int rc = menu == NULL ? -1 : fn(opaque, menu);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* ---- Files ---- */

/* 1 when PATH has an init, 0, -1. */
static int
has_init(struct h2k_root *root, const char *path)
{
    H2K_AUTO(h2k_block) file = h2k_file_block_open(root, path);
    H2K_AUTO(h2k_initramfs)
    initramfs = file == NULL ? NULL : h2k_initramfs_read(file);
    if (initramfs == NULL)
        return h2k_error_is_content() ? 0 : -1;
    return h2k_initramfs_find(initramfs, "init") != NULL;
}

/* "intel-ucode.img", "amd-microcode": known without unpacking it. */
static bool
is_microcode(const char *path)
{
    const char *base = strrchr(path, '/');
    return strstr(base == NULL ? path : base, "ucode") != NULL ||
           strstr(base == NULL ? path : base, "microcode") != NULL;
}

size_t
h2k_menu_main_initrd(struct h2k_root *root, char *const *paths, size_t count,
                     unsigned *looks)
{
    size_t others = 0, last = count == 0 ? 0 : count - 1;
    for (size_t i = 0; i < count; i++)
        if (!is_microcode(paths[i])) {
            others++;
            last = i;
        }
    for (size_t i = count; i > 0 && others > 1 && *looks > 0; i--) {
        if (is_microcode(paths[i - 1]))
            continue;
        --*looks;
        if (has_init(root, paths[i - 1]) == 1)
            return i - 1;
    }
    return last;
}

/* "/boot/vmlinuz-6.4.0-default", which names its release, may be a link to a
 * file that does not; then the link is what the kernel is called by. */
static int
keep_name(struct h2k_root *root, const struct h2k_menu *menu, const char *path,
          char **kernel)
{
    const char *base = strrchr(path, '/');
    base = base == NULL ? path : base + 1;
    size_t directory = (size_t)(base - path);
    if (strchr(base, '-') == NULL ||
        strcmp(strrchr(*kernel, '/') + 1, base) == 0)
        return 0;
    h2k_autofree char *parent = strndup(path, directory);
    if (parent == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    h2k_autofree char *real =
        h2k_menu_resolve(root, menu, directory == 0 ? "." : parent);
    char *named = NULL;
    struct h2k_place place;
    if (real == NULL)
        return 0;
    if (asprintf(&named, "%s/%s", strcmp(real, "/") == 0 ? "" : real, base) <
        0)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (h2k_root_lookup(root, named, &place) < 0) {
        free(named);
        return 0;
    }
    free(*kernel);
    *kernel = named;
    return 0;
}

int
h2k_menu_entry_files(struct h2k_root *root, const struct h2k_menu *menu,
                     const struct h2k_menu_entry *entry, unsigned *looks,
                     char **kernel, char **initrd)
{
    H2K_AUTO_STRINGS found = { 0 };
    *initrd = NULL;
    *kernel = h2k_menu_resolve(root, menu, entry->kernel);
    if (*kernel == NULL)
        return 0;
    if (keep_name(root, menu, entry->kernel, kernel) < 0)
        return -1;
    for (size_t i = 0; i < entry->initrds.count; i++) {
        h2k_autofree char *path =
            h2k_menu_resolve(root, menu, entry->initrds.items[i]);
        if (path != NULL && h2k_strings_add(&found, path) < 0)
            return -1;
    }
    if (found.count == 0)
        return 1;
    size_t main = h2k_menu_main_initrd(root, found.items, found.count, looks);
    *initrd = strdup(found.items[main]);
    return *initrd == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory") : 1;
}
