/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which kernels there are: images, and the initramfs files beside them. */
#include "base/error.h"
#include "guest/boot/bls.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* VERSION by the image's name where modules have it, otherwise by the
 * image's own header, otherwise by the name. */
static char *
find_version(struct h2k_root *root, const char *image, const char *suffix)
{
    char version[256];
    char *dir = NULL;
    if (h2k_find_modules_dir(root, suffix, &dir) < 0)
        return NULL;
    bool named = dir != NULL;
    free(dir);
    if (!named && h2k_kernel_image_version(root, image, version) < 0) {
        if (!h2k_is_content_error())
            return NULL;
        version[0] = '\0';
    }
    char *copy = strdup(named || version[0] == '\0' ? suffix : version);
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
static struct h2k_kernel *
new_kernel(struct h2k_kernels *kernels)
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
    struct h2k_kernel *k = new_kernel(kernels);
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

static int
add_image(struct h2k_root *root, struct h2k_kernels *kernels, const char *dir,
          const char *name, const char *suffix)
{
    h2k_autofree char *image = NULL, *version = NULL;
    char *initramfs = NULL;
    if (asprintf(&image, "%s/%s", dir, name) < 0) {
        image = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    if (is_known(kernels, image) || !is_file(root, image))
        return 0;
    if (kernels->count == H2K_KERNELS_MAX)
        return h2k_strings_addf(&kernels->warnings,
                                "%s: more than %d kernels; this one is left "
                                "as it is",
                                image, H2K_KERNELS_MAX);
    version = find_version(root, image, suffix);
    if (version == NULL || find_initramfs(root, dir, suffix, &initramfs) < 0)
        return -1;
    return add_kernel(root, kernels, image, version, initramfs);
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

struct finding {
    struct h2k_root *root;
    struct h2k_kernels *kernels;
};

/* Entries say which initramfs goes with a kernel, whatever their names. */
static int
add_entry(void *opaque, struct h2k_bls_entry *entry)
{
    struct finding *f = opaque;
    const char *base = strrchr(entry->kernel, '/') + 1;
    const char *suffix = image_suffix(base);
    if (is_known(f->kernels, entry->kernel) ||
        !is_file(f->root, entry->kernel) ||
        f->kernels->count == H2K_KERNELS_MAX)
        return 0;
    h2k_autofree char *version = find_version(
        f->root, entry->kernel,
        suffix != NULL ? suffix
                       : (entry->version != NULL ? entry->version : base));
    if (version == NULL)
        return -1;
    return add_kernel(f->root, f->kernels, entry->kernel, version,
                      h2k_steal(entry->initrd));
}

int
h2k_kernels_find(struct h2k_root *root, struct h2k_kernels *kernels)
{
    static const char *const dirs[] = { "/boot", "/efi", "/boot/efi" };
    struct finding finding = { root, kernels };
    if (h2k_bls_each(root, add_entry, &finding) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
        if (scan_directory(root, kernels, dirs[i]) < 0)
            return -1;
    return 0;
}
