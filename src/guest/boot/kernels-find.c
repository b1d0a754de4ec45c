/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which kernels there are: images, and the initramfs files beside them. */
#include "base/error.h"
#include "guest/boot/bls.h"
#include "guest/boot/menu.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* VERSION by the image's name where modules have it, otherwise by the
 * image's own header, by what its distribution says, or by the name. */
static char *
find_version(struct h2k_root *root, const char *image, const char *suffix)
{
    char version[256];
    char *dir = NULL, *named = NULL;
    int rc = 0;
    if (h2k_is_release(suffix) &&
        h2k_find_modules_dir(root, "", suffix, &dir) < 0)
        return NULL;
    bool by_name = dir != NULL;
    free(dir);
    version[0] = '\0';
    if (!by_name && h2k_kernel_image_version(root, image, version) < 0) {
        if (!h2k_is_content_error())
            return NULL;
        version[0] = '\0';
    }
    if (!by_name && version[0] == '\0')
        named = h2k_kernel_named_version(root, suffix, &rc);
    if (named != NULL || rc < 0)
        return named;
    if (version[0] == '\0')
        snprintf(version, sizeof(version), "%s",
                 h2k_is_release(suffix) ? suffix : "unknown");
    char *copy = strdup(version);
    if (copy == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return copy;
}

static bool
is_file(struct h2k_root *root, const char *path)
{
    struct h2k_stat st;
    return h2k_root_stat(root, path, &st) == 0 && S_ISREG(st.mode);
}

static bool
is_known(const struct h2k_kernels *kernels, const char *image)
{
    for (size_t i = 0; i < kernels->count; i++)
        if (strcmp(kernels->items[i].image, image) == 0)
            return true;
    return false;
}

static bool
same_path(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
h2k_kernels_know(const struct h2k_kernels *kernels, const char *image,
                 const char *initramfs)
{
    for (size_t i = 0; i < kernels->count; i++)
        if (strcmp(kernels->items[i].image, image) == 0 &&
            same_path(kernels->items[i].initramfs_path, initramfs))
            return true;
    return false;
}

size_t
h2k_kernels_started(const struct h2k_kernels *kernels, const char *image,
                    const char *initramfs)
{
    size_t found = kernels->count;
    for (size_t i = kernels->count; i > 0; i--) {
        const struct h2k_kernel *k = &kernels->items[i - 1];
        if (strcmp(k->image, image) != 0)
            continue;
        found = i - 1;
        if (same_path(k->initramfs_path, initramfs))
            break;
    }
    return found;
}

/* The initramfs beside an image, as distributions name it. */
static int
find_initramfs(struct h2k_root *root, const char *dir, const char *suffix,
               char **path)
{
    static const struct {
        const char *before, *behind;
    } names[] = {
        { "initrd.img-", "" },          /* Debian, Ubuntu */
        { "initramfs-", ".img" },       /* Fedora, RHEL, Arch */
        { "initrd-", "" },              /* SUSE */
        { "initrd-", ".img" },          /* RHEL 5 */
        { "initramfs-", "" },           /* Alpine */
        { "initramfs-genkernel-", "" }, /* Gentoo */
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        char *candidate = NULL;
        if (asprintf(&candidate, "%s/%s%s%s", dir, names[i].before, suffix,
                     names[i].behind) < 0)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        if (is_file(root, candidate)) {
            *path = candidate;
            return 0;
        }
        free(candidate);
    }
    return 0;
}

/* One more at the end, empty. */
struct h2k_kernel *
h2k_kernels_new(struct h2k_kernels *kernels)
{
    struct h2k_kernel *items =
        reallocarray(kernels->items, kernels->count + 1, sizeof(*items));
    if (items == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    kernels->items = items;
    items[kernels->count] = (struct h2k_kernel){ 0 };
    return &items[kernels->count++];
}

static int
add_kernel(struct h2k_root *root, struct h2k_kernels *kernels,
           const char *image, const char *version, char *initramfs)
{
    struct h2k_kernel *k = h2k_kernels_new(kernels);
    if (k == NULL) {
        free(initramfs);
        return -1;
    }
    k->initramfs_path = initramfs;
    k->image = strdup(image);
    k->version = strdup(version);
    if (k->image == NULL || k->version == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return h2k_kernel_fill(root, k);
}

/* "6.1.0-56-amd64" of "vmlinuz-6.1.0-56-amd64"; NULL when NAME is no
 * image's, or a copy that somebody keeps. */
static const char *
image_suffix(const char *name)
{
    static const char *const prefixes[] = { "vmlinuz-", "vmlinux-", "bzImage-",
                                            "Image-", "kernel-" };
    static const char *const endings[] = { ".old", ".bak",      ".hmac",
                                           ".sig", ".dpkg-bak", ".rpmsave",
                                           ".gz",  ".xz" };
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
        size_t m = strlen(endings[i]);
        if (n > m && strcmp(name + n - m, endings[i]) == 0)
            return NULL;
    }
    if (strstr(name, ".backup.") != NULL)
        return NULL;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
        size_t m = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], m) == 0 && name[m] != '\0')
            return name + m;
    }
    return NULL;
}

/* A kernel with its initramfs (or NULL), which is taken, unless it is known
 * or one too many. */
static int
add_pair(struct h2k_root *root, struct h2k_kernels *kernels, const char *image,
         const char *suffix, char *initramfs)
{
    h2k_autofree char *version = NULL;
    if (h2k_kernels_know(kernels, image, initramfs)) {
        free(initramfs);
        return 0;
    }
    if (kernels->count == H2K_KERNELS_MAX) {
        free(initramfs);
        return h2k_strings_addf(&kernels->warnings,
                                "%s: more than %d kernels; this one is left "
                                "as it is",
                                image, H2K_KERNELS_MAX);
    }
    version = find_version(root, image, suffix);
    if (version == NULL) {
        free(initramfs);
        return -1;
    }
    return add_kernel(root, kernels, image, version, initramfs);
}

/* mkinitcpio's second image, with all modules. */
static int
add_fallback(struct h2k_root *root, struct h2k_kernels *kernels,
             const char *dir, const char *image, const char *suffix)
{
    h2k_autofree char *path = NULL;
    if (asprintf(&path, "%s/initramfs-%s-fallback.img", dir, suffix) < 0) {
        path = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return is_file(root, path)
               ? add_pair(root, kernels, image, suffix, h2k_steal(path))
               : 0;
}

static int
add_image(struct h2k_root *root, struct h2k_kernels *kernels, const char *dir,
          const char *name, const char *suffix)
{
    h2k_autofree char *image = NULL;
    char *initramfs = NULL;
    if (asprintf(&image, "%s/%s", dir, name) < 0) {
        image = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    if (!is_file(root, image))
        return 0;
    /* What a menu says of it counts. */
    if (!is_known(kernels, image) &&
        (find_initramfs(root, dir, suffix, &initramfs) < 0 ||
         add_pair(root, kernels, image, suffix, initramfs) < 0))
        return -1;
    return add_fallback(root, kernels, dir, image, suffix);
}

/* DIR/VERSION/linux with initrd beside it, as kernel-install(8) has them. */
static int
add_entry_dirs(struct h2k_root *root, struct h2k_kernels *kernels,
               const char *dir)
{
    char **names;
    size_t count;
    if (h2k_root_list(root, dir, &names, &count) < 0)
        return h2k_is_content_error() ? 0 : -1;
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        h2k_autofree char *image = NULL, *initrd = NULL;
        if (asprintf(&image, "%s/%s/linux", dir, names[i]) < 0 ||
            asprintf(&initrd, "%s/%s/initrd", dir, names[i]) < 0)
            rc = h2k_fail(H2K_E_NOMEM, "out of memory");
        else if (is_file(root, image) && !is_known(kernels, image) &&
                 kernels->count < H2K_KERNELS_MAX)
            rc = add_kernel(root, kernels, image, names[i],
                            is_file(root, initrd) ? h2k_steal(initrd) : NULL);
    }
    h2k_root_free_names(names, count);
    return rc;
}

static bool
is_machine_id(const char *name)
{
    return strlen(name) == 32 && strspn(name, "0123456789abcdef") == 32;
}

static int
scan_directory(struct h2k_root *root, struct h2k_kernels *kernels,
               const char *dir)
{
    char **names;
    size_t count;
    if (h2k_root_list(root, dir, &names, &count) < 0)
        return h2k_is_content_error() ? 0 : -1;
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        const char *suffix = image_suffix(names[i]);
        char path[H2K_PATH_MAX];
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        if (suffix != NULL)
            rc = add_image(root, kernels, dir, names[i], suffix);
        else if (is_machine_id(names[i]))
            rc = add_entry_dirs(root, kernels, path);
    }
    h2k_root_free_names(names, count);
    return rc;
}

/* Unified kernel images in EFI/NAME of the system partition at MOUNT, where
 * systemd-boot or the firmware starts them. */
static int
add_programs(struct h2k_root *root, struct h2k_kernels *kernels,
             const char *mount, const char *name)
{
    char dir[64], **names;
    size_t count;
    int rc = 0;
    snprintf(dir, sizeof(dir), "%s/EFI/%s", mount, name);
    if (h2k_root_list(root, dir, &names, &count) < 0)
        return h2k_is_content_error() ? 0 : -1;
    for (size_t i = 0; i < count && rc == 0; i++) {
        char path[H2K_PATH_MAX];
        size_t length = strlen(names[i]);
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        if (length > 4 && strcasecmp(names[i] + length - 4, ".efi") == 0)
            rc = h2k_kernels_add_unified(root, kernels, path) < 0 ? -1 : 0;
    }
    h2k_root_free_names(names, count);
    return rc;
}

struct finding {
    struct h2k_root *root;
    struct h2k_kernels *kernels;
    unsigned looks; /* see menu.h */
};

/* Is NAME a kernel's, and not a memory test's or another loader's? */
static bool
is_kernel_name(const char *name)
{
    static const char *const names[] = { "vmlinuz", "vmlinux", "bzImage",
                                         "zImage",  "Image",   "linux",
                                         "kernel" };
    if (image_suffix(name) != NULL)
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return strstr(name, ".backup.") == NULL;
    return false;
}

/* What an entry of a menu starts.  IMAGE and INITRD have no links in them;
 * an entry that HAS_INITRD without INITRD names one that is not there by that
 * name. */
static int
add_started(struct finding *f, const char *image, const char *version,
            const char *initrd, bool has_initrd)
{
    const char *base = strrchr(image, '/') + 1;
    const char *suffix = image_suffix(base);
    char header[256];
    char *copy = NULL;
    if (!is_file(f->root, image))
        return 0;
    int unified = h2k_kernels_add_unified(f->root, f->kernels, image);
    if (unified != 0)
        return unified < 0 ? -1 : 0;
    if (!is_kernel_name(base) && version == NULL) {
        if (h2k_kernel_image_version(f->root, image, header) < 0)
            return h2k_is_content_error() ? 0 : -1;
        if (header[0] == '\0')
            return 0;
    }
    if (initrd != NULL && (copy = strdup(initrd)) == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    /* An entry may name its initrd by what only the loader knows. */
    if (initrd == NULL && has_initrd && suffix != NULL) {
        char dir[H2K_PATH_MAX];
        snprintf(dir, sizeof(dir), "%.*s", (int)(base - 1 - image), image);
        if (find_initramfs(f->root, dir, suffix, &copy) < 0)
            return -1;
    }
    return add_pair(
        f->root, f->kernels, image,
        suffix != NULL ? suffix : (version != NULL ? version : base), copy);
}

/* Entries say which initramfs goes with a kernel, whatever their names. */
static int
add_entry(void *opaque, struct h2k_bls_entry *entry)
{
    return add_started(opaque, entry->kernel, entry->version, entry->initrd,
                       entry->has_initrd);
}

static int
add_menu(void *opaque, const struct h2k_menu *menu)
{
    struct finding *f = opaque;
    for (size_t i = 0; i < menu->count; i++) {
        h2k_autofree char *kernel = NULL;
        h2k_autofree char *initrd = NULL;
        const struct h2k_menu_entry *entry = &menu->items[i];
        int rc = h2k_menu_entry_files(f->root, menu, entry, &f->looks, &kernel,
                                      &initrd);
        if (rc > 0)
            rc = add_started(f, kernel, NULL, initrd, entry->has_initrd);
        if (rc < 0)
            return -1;
    }
    return 0;
}

int
h2k_kernels_find(struct h2k_root *root, struct h2k_kernels *kernels)
{
    static const char *const dirs[] = { "/boot", "/efi", "/boot/efi" };
    struct finding finding = { root, kernels, H2K_MENU_LOOKS };
    for (int kind = 0; kind < H2K_MENU_KINDS; kind++)
        if (h2k_menu_each(root, (enum h2k_menu_kind)kind, add_menu, &finding) <
            0)
            return -1;
    if (h2k_bls_each(root, add_entry, &finding) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
        if (scan_directory(root, kernels, dirs[i]) < 0 ||
            add_programs(root, kernels, dirs[i], "Linux") < 0 ||
            add_programs(root, kernels, dirs[i], "BOOT") < 0)
            return -1;
    return 0;
}
