/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Unified kernel images as kernels. */
#include "base/error.h"
#include "block/slice.h"
#include "guest/boot/file-block.h"
#include "guest/boot/kernels.h"
#include "guest/text/ini.h"

#include <stdio.h>
#include <string.h>

/* The release: of `.uname`, or of the kernel's own header. */
static char *
find_version(struct h2k_block *file, const struct h2k_uki *uki,
             const char *path)
{
    char version[256];
    h2k_autofree char *name = h2k_uki_text(file, uki, ".uname");
    const struct h2k_uki_section *image = h2k_uki_find(uki, ".linux");
    if (name == NULL)
        return NULL;
    if (h2k_is_release(name))
        return h2k_steal(name);
    H2K_AUTO(h2k_block)
    kernel = h2k_slice_new(file, image->raw_offset, image->length);
    if (kernel == NULL || h2k_kernel_block_version(kernel, version) < 0)
        return NULL;
    char *copy = strdup(version[0] != '\0' ? version : strrchr(path, '/') + 1);
    return copy == NULL ? h2k_fail_null(H2K_E_NOMEM, "out of memory") : copy;
}

static void
set_sort_key(struct h2k_kernel *k, const char *release)
{
    h2k_autofree char *image = h2k_ini_get(release, "IMAGE_ID");
    h2k_autofree char *id = h2k_ini_get(release, "ID");
    const char *key = image != NULL ? image : id;
    if (key != NULL)
        snprintf(k->sort_key, sizeof(k->sort_key), "%s", key);
}

static int
add(struct h2k_root *root, struct h2k_kernels *kernels, const char *path,
    struct h2k_block *file, const struct h2k_uki *uki)
{
    const struct h2k_uki_section *initrd = h2k_uki_find(uki, ".initrd");
    h2k_autofree char *version = find_version(file, uki, path);
    h2k_autofree char *cmdline = h2k_uki_text(file, uki, ".cmdline");
    h2k_autofree char *release = h2k_uki_text(file, uki, ".osrel");
    h2k_autofree struct h2k_uki *copy = malloc(sizeof(*copy));
    h2k_autofree char *image = strdup(path);
    h2k_autofree char *archive = strdup(path);
    if (version == NULL || cmdline == NULL || release == NULL)
        return -1;
    struct h2k_kernel *k = h2k_kernels_new(kernels);
    if (k == NULL)
        return -1;
    k->version = h2k_steal(version);
    k->cmdline = h2k_steal(cmdline);
    if (image == NULL || archive == NULL || copy == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    *copy = *uki;
    k->uki = h2k_steal(copy);
    k->image = h2k_steal(image);
    set_sort_key(k, release);
    if (initrd != NULL && initrd->length > 0)
        k->initramfs_path = h2k_steal(archive);
    return h2k_kernel_fill(root, k);
}

/* A change moves what is in an image, so each is there once. */
static bool
is_known(struct h2k_root *root, const struct h2k_kernels *kernels,
         const char *path)
{
    for (size_t i = 0; i < kernels->count; i++)
        if (kernels->items[i].uki != NULL &&
            h2k_root_same(root, kernels->items[i].image, path))
            return true;
    return false;
}

int
h2k_kernels_add_unified(struct h2k_root *root, struct h2k_kernels *kernels,
                        const char *path)
{
    struct h2k_uki uki;
    H2K_AUTO(h2k_block) file = h2k_file_block_open(root, path);
    int rc = file == NULL ? -1 : h2k_uki_read(file, &uki);
    if (rc <= 0)
        return rc == 0 || h2k_is_content_error() ? 0 : -1;
    if (is_known(root, kernels, path))
        return 1;
    if (kernels->count == H2K_KERNELS_MAX)
        return h2k_strings_addf(&kernels->warnings,
                                "%s: more than %d kernels; this one is left "
                                "as it is",
                                path, H2K_KERNELS_MAX) < 0
                   ? -1
                   : 1;
    return add(root, kernels, path, file, &uki) < 0 ? -1 : 1;
}

const char *
h2k_kernel_sealed(const struct h2k_kernel *kernel)
{
    if (kernel->uki == NULL)
        return NULL;
    if (kernel->uki->is_signed)
        return "it is a signed unified kernel image, and a change would break "
               "its signature";
    if (kernel->uki->has_profiles)
        return "it is a unified kernel image with several profiles, which are "
               "left as they are";
    return NULL;
}
