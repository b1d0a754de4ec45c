/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Kernel releases, and which kernel the boot loader starts. */
#include "base/error.h"
#include "base/view.h"
#include "guest/boot/file-block.h"
#include "guest/boot/bls.h"
#include "guest/boot/menu.h"
#include "guest/boot/ostree.h"

#include <ctype.h>
#include <stdio.h>

#define GRUB_LIMIT (4u << 20)

/* ---- Releases ---- */

/* 553.22.1.el8 is newer than 553.el8: where one has a number and the other a
 * word, the number is more.  "~rc1" is older than nothing. */
static int
rank(char c)
{
    return c == '~'                    ? 0
           : isdigit((unsigned char)c) ? 512
           : isalpha((unsigned char)c) ? 256 + (unsigned char)c
                                       : (unsigned char)c;
}

int
h2k_version_compare(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (!isdigit((unsigned char)*a) || !isdigit((unsigned char)*b)) {
            if (*a != *b)
                return rank(*a) < rank(*b) ? -1 : 1;
            a++;
            b++;
            continue;
        }
        a += strspn(a, "0");
        b += strspn(b, "0");
        size_t m = strspn(a, "0123456789"), n = strspn(b, "0123456789");
        int rc = m != n ? (m < n ? -1 : 1) : strncmp(a, b, m);
        if (rc != 0)
            return rc;
        a += m;
        b += n;
    }
    if (*a == '~' || *b == '~')
        return *a == '~' ? -1 : 1;
    return *a != '\0' ? 1 : *b != '\0' ? -1 : 0;
}

static bool
is_release_byte(char c)
{
    return isalnum((unsigned char)c) ||
           (c != '\0' && strchr(".-_+~", c) != NULL);
}

bool
h2k_is_release(const char *text)
{
    size_t n = 0;
    while (is_release_byte(text[n]))
        n++;
    return n > 0 && n < 256 && text[n] == '\0' && text[0] != '.';
}

int
h2k_kernel_image_version(struct h2k_root *root, const char *path,
                         char version[256])
{
    version[0] = '\0';
    H2K_AUTO(h2k_block) file = h2k_file_block_open(root, path);
    return file == NULL ? -1 : h2k_kernel_block_version(file, version);
}

int
h2k_kernel_block_version(struct h2k_block *file, char version[256])
{
    uint8_t head[0x400];
    char text[256];
    version[0] = '\0';
    uint64_t size = h2k_block_size(file);
    if (size < sizeof(head) + sizeof(text))
        return 0;
    if (h2k_block_pread(file, head, sizeof(head), 0) < 0)
        return -1;
    struct h2k_view v = h2k_view_of(head, sizeof(head));
    /* "kernel_version: a pointer to a string, less 0x200". */
    uint64_t at = (uint64_t)h2k_view_le16(v, 0x20e) + 0x200;
    if (!h2k_view_equal(v, 0x202, "HdrS", 4) || at == 0x200 ||
        !h2k_range_inside(at, sizeof(text), size))
        return 0;
    if (h2k_block_pread(file, text, sizeof(text), at) < 0)
        return -1;
    size_t n = 0;
    while (n < sizeof(text) - 1 && is_release_byte(text[n]))
        n++;
    memcpy(version, text, n);
    version[n] = '\0';
    return 0;
}

/* ---- Releases that names do not have ---- */

/* The first word of the text file PATH, or NULL. */
static char *
read_word(struct h2k_root *root, const char *path)
{
    h2k_autofree char *text = NULL;
    size_t size;
    if (h2k_root_read_file(root, path, 4096, &text, &size) < 0)
        return NULL;
    size_t length = strcspn(text, " \t\r\n");
    text[length] = '\0';
    return h2k_is_release(text) ? h2k_steal(text) : NULL;
}

/* Is the modules' directory NAME of the package SUFFIX, as Arch's pkgbase
 * says, or by "-SUFFIX" at its end? */
static bool
is_package(struct h2k_root *root, const char *parent, const char *name,
           const char *suffix)
{
    char path[H2K_PATH_MAX];
    size_t n = strlen(name), m = strlen(suffix);
    snprintf(path, sizeof(path), "%s/%s/pkgbase", parent, name);
    h2k_autofree char *base = read_word(root, path);
    if (base != NULL)
        return strcmp(base, suffix) == 0;
    return n > m + 1 && name[n - m - 1] == '-' &&
           strcmp(name + n - m, suffix) == 0;
}

char *
h2k_kernel_named_version(struct h2k_root *root, const char *suffix, int *rc)
{
    static const char parent[] = "/lib/modules";
    char path[H2K_PATH_MAX], **names, *found = NULL;
    size_t count, matches = 0;
    *rc = 0;
    snprintf(path, sizeof(path), "/usr/share/kernel/%.255s/kernel.release",
             suffix);
    found = read_word(root, path); /* Alpine */
    if (found != NULL)
        return found;
    if (h2k_root_list(root, parent, &names, &count) < 0) {
        *rc = h2k_error_is_content() ? 0 : -1;
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (is_package(root, parent, names[i], suffix)) {
            matches++;
            free(found);
            found = strdup(names[i]);
        }
    h2k_root_free_names(names, count);
    if (matches == 1)
        return found;
    free(found);
    return NULL;
}

/* ---- The boot loader's choice ---- */

/* The kernel whose release stands in TEXT, the longest that does: 6.1.0-5
 * is in 6.1.0-56 too.  kernels->count when none. */
static size_t
named_in(const struct h2k_kernels *kernels, const char *text)
{
    size_t found = kernels->count, longest = 0;
    for (size_t i = 0; i < kernels->count; i++) {
        size_t n = strlen(kernels->items[i].version);
        if (n > longest && strstr(text, kernels->items[i].version) != NULL) {
            found = i;
            longest = n;
        }
    }
    return found;
}

/* saved_entry of the environment block, cut to its line. */
static char *
saved_entry(char *environment)
{
    char *p = environment;
    while (p != NULL && strncmp(p, "saved_entry=", 12) != 0) {
        p = strchr(p, '\n');
        if (p != NULL)
            p++;
    }
    if (p == NULL)
        return NULL;
    p[strcspn(p, "\n")] = '\0';
    return p + 12;
}

/* Newest first: the first that is no rescue image. */
static size_t
newest(const struct h2k_kernels *kernels)
{
    for (size_t i = 0; i < kernels->count; i++)
        if (strstr(kernels->items[i].image, "rescue") == NULL)
            return i;
    return 0;
}

struct choice {
    struct h2k_root *root;
    const struct h2k_kernels *kernels;
    size_t found;
    bool has_grub;  /* a menu of GRUB 2 is there */
    unsigned looks; /* see menu.h */
};

static size_t
started_by(struct choice *c, const struct h2k_menu *menu,
           const struct h2k_menu_entry *entry)
{
    h2k_autofree char *image = NULL;
    h2k_autofree char *initrd = NULL;
    if (h2k_menu_entry_files(c->root, menu, entry, &c->looks, &image,
                             &initrd) <= 0)
        return c->kernels->count;
    return h2k_kernels_started(c->kernels, image, initrd);
}

/* The entry INDEX, or the first behind it that starts one of the kernels. */
static size_t
started_from(struct choice *c, const struct h2k_menu *menu, size_t index)
{
    size_t found = c->kernels->count;
    for (; index < menu->count && found == c->kernels->count; index++)
        found = started_by(c, menu, &menu->items[index]);
    return found;
}

/* A file's text, or NULL. */
static char *
read_text(struct h2k_root *root, const char *path)
{
    char *text = NULL;
    size_t size;
    return h2k_root_read_file(root, path, GRUB_LIMIT, &text, &size) == 0
               ? text
               : NULL;
}

/* The entry of CHOSEN (NULL: the menu's own).  Where the entries of bls.h are
 * in a menu, the numbers of its own are not known. */
static size_t
chosen_in(const struct h2k_menu *menu, const char *chosen)
{
    chosen = chosen == NULL ? menu->chosen : chosen;
    return menu->has_entries && chosen != NULL &&
                   chosen[strspn(chosen, "0123456789>")] == '\0'
               ? menu->count
               : h2k_menu_default(menu, chosen);
}

/* By grub's environment, where the menus at all ask it. */
static int
choose_saved(struct choice *c, const struct h2k_menu *menu)
{
    H2K_AUTO_STRINGS paths = { 0 };
    if (h2k_menu_files(c->root, H2K_MENU_GRUBENV, &paths) < 0)
        return -1;
    for (size_t i = 0; i < paths.count && c->found == c->kernels->count; i++) {
        h2k_autofree char *text = read_text(c->root, paths.items[i]);
        char *saved = text == NULL ? NULL : saved_entry(text);
        if (saved == NULL || saved[0] == '\0')
            continue;
        size_t entry = chosen_in(menu, saved);
        if (entry < menu->count)
            c->found = started_by(c, menu, &menu->items[entry]);
        if (c->found == c->kernels->count)
            c->found = named_in(c->kernels, saved);
    }
    return 0;
}

static int
choose_in_grub(void *opaque, const struct h2k_menu *menu)
{
    struct choice *c = opaque;
    c->has_grub = true;
    if (menu->asks_saved && choose_saved(c, menu) < 0)
        return -1;
    size_t entry = chosen_in(menu, NULL);
    if (c->found == c->kernels->count && entry < menu->count)
        c->found = started_by(c, menu, &menu->items[entry]);
    /* The entries of bls.h are sorted by what is newest. */
    if (c->found == c->kernels->count)
        c->found =
            menu->has_entries ? newest(c->kernels) : started_from(c, menu, 0);
    return c->found < c->kernels->count;
}

/* Menus of other loaders: what they name, else their first. */
static int
choose_in_menu(void *opaque, const struct h2k_menu *menu)
{
    struct choice *c = opaque;
    size_t entry = h2k_menu_default(menu, NULL);
    if (entry < menu->count)
        c->found = started_from(c, menu, entry);
    if (c->found == c->kernels->count)
        c->found = started_from(c, menu, 0);
    return c->found < c->kernels->count;
}

/* Photon's menu has its kernel's name in a file of variables. */
static void
choose_of_photon(struct choice *c)
{
    h2k_autofree char *text = read_text(c->root, "/boot/photon.cfg");
    if (text != NULL)
        c->found = named_in(c->kernels, text);
}

/* Every menu of an OSTree system is made from its entries. */
static void
choose_of_ostree(struct choice *c)
{
    struct h2k_bls_entry entry;
    if (h2k_ostree_default(c->root, &entry) > 0) {
        c->found = h2k_kernels_started(c->kernels, entry.kernel, entry.initrd);
        h2k_bls_entry_clear(&entry);
    }
}

size_t
h2k_kernels_choose_default(struct h2k_root *root,
                           const struct h2k_kernels *kernels)
{
    static const enum h2k_menu_kind others[] = { H2K_MENU_GRUB_LEGACY,
                                                 H2K_MENU_SYSLINUX,
                                                 H2K_MENU_LIMINE };
    struct choice c = { .root = root,
                        .kernels = kernels,
                        .found = kernels->count,
                        .looks = H2K_MENU_LOOKS };
    /* What cannot be read is no choice: the newest is a good guess. */
    choose_of_ostree(&c);
    if (c.found == kernels->count)
        (void)h2k_menu_each(root, H2K_MENU_GRUB2, choose_in_grub, &c);
    if (c.found == kernels->count)
        choose_of_photon(&c);
    if (c.found == kernels->count && !c.has_grub)
        c.found = h2k_bls_default(root, kernels);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (c.found == kernels->count && !c.has_grub)
            (void)h2k_menu_each(root, others[i], choose_in_menu, &c);
    return c.found < kernels->count ? c.found : newest(kernels);
}
