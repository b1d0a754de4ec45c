/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/boot/kernels.h"

#include "base/error.h"
#include "block/slice.h"
#include "guest/boot/file-block.h"
#include "guest/boot/ostree.h"
#include "guest/guest.h"

#include <stdio.h>
#include <sys/stat.h>

const char *const h2k_driver_names[H2K_DRIVER_COUNT] = {
    "virtio",
    "virtio_ring",
    "virtio_pci",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_blk",
    "virtio_scsi",
    "sd_mod",
    "virtio_net",
    "virtio_balloon",
    "virtio_console",
    "virtio_rng",
};

/* What builds each driver into a kernel, for one without modules. */
static const char *const driver_options[H2K_DRIVER_COUNT] = {
    "CONFIG_VIRTIO=y",
    "CONFIG_VIRTIO=y",
    "CONFIG_VIRTIO_PCI=y",
    "CONFIG_VIRTIO_PCI_LIB=y",
    "CONFIG_VIRTIO_PCI_LIB_LEGACY=y",
    "CONFIG_VIRTIO_BLK=y",
    "CONFIG_SCSI_VIRTIO=y",
    "CONFIG_BLK_DEV_SD=y",
    "CONFIG_VIRTIO_NET=y",
    "CONFIG_VIRTIO_BALLOON=y",
    "CONFIG_VIRTIO_CONSOLE=y",
    "CONFIG_HW_RANDOM_VIRTIO=y",
};

#define CONFIG_LIMIT (4u << 20)

const char *
h2k_driver_state_name(enum h2k_driver_state state)
{
    static const char *const names[] = { "missing", "module", "builtin" };
    return names[state];
}

static void
free_kernel(struct h2k_kernel *k)
{
    free(k->version);
    free(k->image);
    free(k->modules_dir);
    free(k->initramfs_path);
    free(k->archive_dir);
    free(k->uki);
    free(k->cmdline);
    h2k_modules_free(k->modules);
    h2k_initramfs_free(k->initramfs);
    h2k_strings_clear(&k->archive_modules);
}

void
h2k_kernels_free(struct h2k_kernels *kernels)
{
    if (kernels == NULL)
        return;
    for (size_t i = 0; i < kernels->count; i++)
        free_kernel(&kernels->items[i]);
    free(kernels->items);
    h2k_strings_clear(&kernels->warnings);
    free(kernels);
}

/* ---- One kernel ---- */

bool
h2k_is_content_error(void)
{
    enum h2k_errcode code = h2k_errcode();
    return code != H2K_E_NOMEM && code != H2K_E_IO &&
           code != H2K_E_INTERRUPTED;
}

static void
note_problem(struct h2k_kernel *k, const char *what)
{
    if (k->problem[0] == '\0')
        snprintf(k->problem, sizeof(k->problem), "%.60s: %.170s", what,
                 h2k_errmsg());
}

/* An index of the modules; one that is not there is empty. */
static int
read_index(struct h2k_root *root, const struct h2k_kernel *k, const char *name,
           char **data, struct h2k_view *view)
{
    char path[H2K_PATH_MAX];
    size_t size = 0;
    snprintf(path, sizeof(path), "%s/%s", k->modules_dir, name);
    if (h2k_root_read_file(root, path, H2K_MODULES_INDEX_LIMIT, data, &size) <
        0)
        return h2k_errcode() == H2K_E_NOENT ? 0 : -1;
    *view = h2k_view_of(*data, size);
    return 0;
}

static int
read_modules(struct h2k_root *root, struct h2k_kernel *k)
{
    h2k_autofree char *dep = NULL, *builtin = NULL, *softdep = NULL;
    h2k_autofree char *alias = NULL;
    struct h2k_view views[4] = { { 0 } };
    if (read_index(root, k, "modules.dep", &dep, &views[0]) < 0 ||
        read_index(root, k, "modules.builtin", &builtin, &views[1]) < 0 ||
        read_index(root, k, "modules.softdep", &softdep, &views[2]) < 0 ||
        read_index(root, k, "modules.alias", &alias, &views[3]) < 0)
        return -1;
    if (dep == NULL)
        return h2k_fail(H2K_E_NOENT,
                        "modules.dep is missing; run "
                        "\"depmod %s\" in the guest",
                        k->version);
    k->modules = h2k_modules_parse(views[0], views[1], views[2], views[3]);
    return k->modules == NULL ? -1 : 0;
}

int
h2k_find_modules_dir(struct h2k_root *root, const char *tree,
                     const char *version, char **dir)
{
    static const char *const parents[] = { "/lib/modules",
                                           "/usr/lib/modules" };
    for (size_t i = 0; i < 2; i++) {
        if (asprintf(dir, "%s%s/%s", tree, parents[i], version) < 0) {
            *dir = NULL;
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        }
        if (h2k_root_is_dir(root, *dir))
            return 0;
        free(*dir);
        *dir = NULL;
    }
    return 0;
}

static struct h2k_block *
open_initramfs(struct h2k_root *root, const struct h2k_kernel *k)
{
    H2K_AUTO(h2k_block) file = h2k_file_block_open(root, k->initramfs_path);
    if (file == NULL || k->uki == NULL)
        return h2k_steal(file);
    const struct h2k_uki_section *section = h2k_uki_find(k->uki, ".initrd");
    return h2k_slice_new(file, section->raw_offset, section->length);
}

static int
read_initramfs(struct h2k_root *root, struct h2k_kernel *k)
{
    struct h2k_stat st;
    H2K_AUTO(h2k_block) file = open_initramfs(root, k);
    if (file == NULL || h2k_root_stat(root, k->initramfs_path, &st) < 0)
        return -1;
    k->shared = st.links > 1 && h2k_root_is_dir(root, "/sysroot/ostree");
    k->initramfs = h2k_initramfs_read(file);
    if (k->initramfs == NULL)
        return -1;
    k->archive_dir = h2k_initramfs_modules_dir(k->initramfs, k->version);
    return k->archive_dir == NULL ||
                   h2k_initramfs_modules(k->initramfs, k->archive_dir,
                                         &k->archive_modules) < 0
               ? -1
               : 0;
}

static int
compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool
h2k_kernel_in_archive(const struct h2k_kernel *k, const char *name)
{
    return k->archive_modules.count > 0 &&
           bsearch(&name, k->archive_modules.items, k->archive_modules.count,
                   sizeof(char *), compare_strings) != NULL;
}

static void
note_drivers(struct h2k_kernel *k)
{
    for (size_t i = 0; i < H2K_DRIVER_COUNT; i++) {
        struct h2k_kernel_driver *driver = &k->drivers[i];
        const char *name = h2k_driver_names[i];
        if (h2k_modules_is_builtin(k->modules, name))
            driver->state = H2K_DRIVER_BUILTIN;
        else if (h2k_modules_find(k->modules, name) != NULL)
            driver->state = H2K_DRIVER_MODULE;
        driver->in_initramfs = h2k_kernel_in_archive(k, name);
    }
}

static bool
has_line(const char *text, const char *line)
{
    size_t n = strlen(line);
    for (const char *p = text; (p = strstr(p, line)) != NULL; p += n)
        if ((p == text || p[-1] == '\n') && (p[n] == '\n' || p[n] == '\0'))
            return true;
    return false;
}

/* A kernel without modules says in its configuration what it has. */
static int
note_config(struct h2k_root *root, struct h2k_kernel *k)
{
    h2k_autofree char *path = NULL, *text = NULL;
    size_t size;
    if (asprintf(&path, "/boot/config-%s", k->version) < 0)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (h2k_root_read_file(root, path, CONFIG_LIMIT, &text, &size) < 0)
        return -1;
    for (size_t i = 0; i < H2K_DRIVER_COUNT; i++)
        if (has_line(text, driver_options[i]))
            k->drivers[i].state = H2K_DRIVER_BUILTIN;
    return 0;
}

/* Where the modules of a kernel are: of another deployment's, in that. */
static int
find_modules(struct h2k_root *root, struct h2k_kernel *k)
{
    int rc;
    h2k_autofree char *tree = h2k_ostree_tree(root, k->image, &rc);
    return rc < 0 ? -1
                  : h2k_find_modules_dir(root, tree == NULL ? "" : tree,
                                         k->version, &k->modules_dir);
}

int
h2k_kernel_fill(struct h2k_root *root, struct h2k_kernel *k)
{
    if (find_modules(root, k) < 0)
        return -1;
    if (k->initramfs_path != NULL && read_initramfs(root, k) < 0) {
        if (!h2k_is_content_error())
            return -1;
        note_problem(k, "initramfs");
    }
    if (k->modules_dir == NULL) {
        if (note_config(root, k) == 0)
            return 0;
        if (!h2k_is_content_error())
            return -1;
        if (k->problem[0] == '\0')
            snprintf(k->problem, sizeof(k->problem),
                     "no modules in /lib/modules/%.60s: install the "
                     "kernel's package again in the guest",
                     k->version);
        return 0;
    }
    if (read_modules(root, k) < 0) {
        if (!h2k_is_content_error())
            return -1;
        note_problem(k, "modules");
        return 0;
    }
    note_drivers(k);
    return 0;
}

/* ---- All of them ---- */

static int
compare_kernels(const void *a, const void *b)
{
    const struct h2k_kernel *x = a, *y = b;
    int rc = h2k_version_compare(y->version, x->version);
    if (rc == 0)
        rc = strcmp(x->image, y->image);
    if (rc != 0 || x->initramfs_path == NULL || y->initramfs_path == NULL)
        return rc != 0
                   ? rc
                   : (x->initramfs_path == NULL) - (y->initramfs_path == NULL);
    /* The fallback behind what it is one for. */
    size_t m = strlen(x->initramfs_path), n = strlen(y->initramfs_path);
    return m != n ? (m < n ? -1 : 1)
                  : strcmp(x->initramfs_path, y->initramfs_path);
}

struct h2k_kernels *
h2k_kernels_read(struct h2k_root *root)
{
    H2K_AUTO(h2k_kernels) kernels = calloc(1, sizeof(*kernels));
    if (kernels == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (h2k_kernels_find(root, kernels) < 0)
        return NULL;
    if (kernels->count > 1)
        qsort(kernels->items, kernels->count, sizeof(*kernels->items),
              compare_kernels);
    if (kernels->count > 0) {
        size_t chosen = h2k_kernels_choose_default(root, kernels);
        kernels->items[chosen].is_default = true;
    }
    return h2k_steal(kernels);
}

struct h2k_kernels *
h2k_guest_kernels(struct h2k_guest *guest)
{
    if (guest->kernels == NULL)
        guest->kernels = h2k_kernels_read(guest->root);
    return guest->kernels;
}

void
h2k_guest_forget_kernels(struct h2k_guest *guest)
{
    h2k_kernels_free(guest->kernels);
    guest->kernels = NULL;
}

const struct h2k_kernel *
h2k_kernels_default(const struct h2k_kernels *kernels)
{
    for (size_t i = 0; i < kernels->count; i++)
        if (kernels->items[i].is_default)
            return &kernels->items[i];
    return NULL;
}

bool
h2k_kernel_has_virtio(const struct h2k_kernel *kernel)
{
    const struct h2k_kernel_driver *d = kernel->drivers;
    return d[H2K_DRIVER_VIRTIO_PCI].state != H2K_DRIVER_MISSING &&
           (d[H2K_DRIVER_VIRTIO_BLK].state != H2K_DRIVER_MISSING ||
            d[H2K_DRIVER_VIRTIO_SCSI].state != H2K_DRIVER_MISSING);
}

bool
h2k_kernel_needs_no_modules(const struct h2k_kernel *k)
{
    const struct h2k_kernel_driver *d = k->drivers;
    return d[H2K_DRIVER_VIRTIO_PCI].state == H2K_DRIVER_BUILTIN &&
           (d[H2K_DRIVER_VIRTIO_BLK].state == H2K_DRIVER_BUILTIN ||
            (d[H2K_DRIVER_VIRTIO_SCSI].state == H2K_DRIVER_BUILTIN &&
             d[H2K_DRIVER_SD_MOD].state == H2K_DRIVER_BUILTIN));
}
