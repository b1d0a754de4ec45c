/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/inspect/inspect.h"

#include "base/error.h"
#include "guest/read-only.h"

#include <string.h>

static void
free_kernel(struct h2k_inspected_kernel *k)
{
    free(k->version);
    free(k->image);
    free(k->modules_dir);
    free(k->initramfs);
    free(k->initramfs_modules);
    free(k->package);
    free(k->problem);
}

static void
free_filesystem(struct h2k_inspected_filesystem *f)
{
    free(f->volume);
    h2k_strings_clear(&f->below);
    free(f->disk_id);
    free(f->uuid);
    free(f->label);
    free(f->partuuid);
    free(f->partlabel);
    free(f->problem);
    free(f->driver);
}

static void
free_mount(struct h2k_inspected_mount *m)
{
    free(m->path);
    free(m->spec);
    free(m->type);
    free(m->options);
    free(m->volume);
    free(m->problem);
}

void
h2k_inspection_free(struct h2k_inspection *in)
{
    free(in->distro);
    free(in->os_id);
    free(in->os_version);
    free(in->product_name);
    free(in->hostname);
    free(in->kernel_version);
    for (size_t i = 0; i < in->kernel_count; i++)
        free_kernel(&in->kernels[i]);
    free(in->kernels);
    for (size_t i = 0; i < in->filesystem_count; i++)
        free_filesystem(&in->filesystems[i]);
    free(in->filesystems);
    for (size_t i = 0; i < in->mountpoint_count; i++)
        free_mount(&in->mountpoints[i]);
    free(in->mountpoints);
    h2k_strings_clear(&in->lvm);
    h2k_network_free(&in->network);
    free(in->selinux);
    h2k_strings_clear(&in->warnings);
    *in = (struct h2k_inspection){ 0 };
}

/* A copy into *FIELD; NULL stays NULL. */
static int
copy(char **field, const char *text)
{
    if (text == NULL)
        return 0;
    *field = strdup(text);
    return *field == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory") : 0;
}

/* "" is for no problem. */
static const char *
or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

/* ---- Kernels ---- */

static int
copy_kernel(struct h2k_inspected_kernel *to, const struct h2k_kernel *k)
{
    const char *problem = or_null(k->problem);
    to->is_default = k->is_default;
    to->has_virtio = h2k_kernel_has_virtio(k);
    memcpy(to->drivers, k->drivers, sizeof(to->drivers));
    if (k->initramfs != NULL) {
        to->compression =
            h2k_compression_name(h2k_initramfs_compression(k->initramfs));
        to->generator = h2k_initramfs_generator(k->initramfs);
        to->initramfs_size = k->initramfs->size;
        if (problem == NULL)
            problem = or_null(k->initramfs->problem);
    }
    if (copy(&to->version, k->version) < 0 || copy(&to->image, k->image) < 0 ||
        copy(&to->modules_dir, k->modules_dir) < 0 ||
        copy(&to->initramfs, k->initramfs_path) < 0 ||
        copy(&to->initramfs_modules, k->archive_dir) < 0)
        return -1;
    return copy(&to->problem, problem);
}

static int
warn_kernel(const struct h2k_inspected_kernel *k, struct h2k_strings *warnings)
{
    if (k->problem != NULL)
        return h2k_strings_addf(warnings, "%s: %s", k->image, k->problem);
    if (!k->has_virtio)
        return h2k_strings_addf(
            warnings, "%s: this kernel has no virtio drivers for a disk",
            k->image);
    return 0;
}

static int
inspect_kernels(struct h2k_guest *guest, struct h2k_inspection *out)
{
    const struct h2k_kernels *kernels = h2k_guest_kernels(guest);
    if (kernels == NULL)
        return -1;
    out->kernels = calloc(kernels->count + 1, sizeof(*out->kernels));
    if (out->kernels == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < kernels->count; i++) {
        out->kernel_count++;
        if (copy_kernel(&out->kernels[i], &kernels->items[i]) < 0 ||
            warn_kernel(&out->kernels[i], &out->warnings) < 0)
            return -1;
    }
    for (size_t i = 0; i < kernels->warnings.count; i++)
        if (h2k_strings_add(&out->warnings, kernels->warnings.items[i]) < 0)
            return -1;
    const struct h2k_kernel *chosen = h2k_kernels_default(kernels);
    if (chosen == NULL)
        return h2k_strings_add(&out->warnings, "no kernel found in /boot");
    return copy(&out->kernel_version, chosen->version);
}

/* ---- Volumes and mounts ---- */

static int
inspect_volume(const struct h2k_guest *guest, const struct h2k_guest_volume *v,
               struct h2k_inspection *out)
{
    struct h2k_inspected_filesystem *f =
        &out->filesystems[out->filesystem_count++];
    char name[H2K_VOLUME_NAME];
    for (size_t i = 0; i < v->below_count; i++) {
        h2k_guest_volume_name(guest, &guest->volumes[v->below[i]], name);
        if (h2k_strings_add(&f->below, name) < 0)
            return -1;
    }
    h2k_guest_volume_name(guest, v, name);
    f->partition = v->partition;
    f->type = v->fs_info.type;
    f->size = v->length;
    f->clean = v->fs_info.clean;
    f->replayed = v->fs_info.replayed;
    if (copy(&f->volume, name) < 0 ||
        copy(&f->disk_id,
             v->disk < guest->disk_count ? guest->disks[v->disk].id : "") <
            0 ||
        copy(&f->uuid, v->fs_info.uuid) < 0 ||
        copy(&f->label, v->fs_info.label) < 0 ||
        copy(&f->partuuid, v->uuid) < 0 || copy(&f->partlabel, v->label) < 0 ||
        copy(&f->problem, or_null(v->fs_info.problem)) < 0 ||
        copy(&f->driver, v->fs == NULL ? NULL : h2k_fs_driver(v->fs)) < 0)
        return -1;
    if (strncasecmp(v->fs_info.type, "LVM2", 4) != 0)
        return 0;
    return h2k_strings_add(&out->lvm, name);
}

static int
inspect_volumes(const struct h2k_guest *guest, struct h2k_inspection *out)
{
    out->filesystems =
        calloc(guest->volume_count + 1, sizeof(*out->filesystems));
    if (out->filesystems == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < guest->volume_count; i++)
        if (inspect_volume(guest, &guest->volumes[i], out) < 0)
            return -1;
    return 0;
}

static int
inspect_mounts(const struct h2k_guest *guest, struct h2k_inspection *out)
{
    out->mountpoints =
        calloc(guest->mount_count + 1, sizeof(*out->mountpoints));
    if (out->mountpoints == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < guest->mount_count; i++) {
        const struct h2k_guest_mount *m = &guest->mounts[i];
        struct h2k_inspected_mount *to =
            &out->mountpoints[out->mountpoint_count++];
        char name[H2K_VOLUME_NAME];
        if (m->volume != NULL)
            h2k_guest_volume_name(guest, m->volume, name);
        to->mounted = m->mounted;
        if (copy(&to->path, m->path) < 0 || copy(&to->spec, m->spec) < 0 ||
            copy(&to->type, m->type) < 0 ||
            copy(&to->options, m->options) < 0 ||
            copy(&to->volume, m->volume == NULL ? NULL : name) < 0 ||
            copy(&to->problem, or_null(m->problem)) < 0)
            return -1;
    }
    return 0;
}

int
h2k_inspect(struct h2k_guest *guest, struct h2k_inspection *out)
{
    struct h2k_root *root = guest->root;
    out->os_type = "linux";
    out->ostree = guest->ostree;
    out->immutable = h2k_guest_immutable(guest);
    if (h2k_inspect_release(root, out) < 0 ||
        h2k_inspect_hostname(root, out) < 0 ||
        h2k_inspect_selinux(root, out) < 0 ||
        inspect_kernels(guest, out) < 0 ||
        h2k_inspect_packages(guest, out) < 0 ||
        inspect_volumes(guest, out) < 0 || inspect_mounts(guest, out) < 0)
        return -1;
    out->arch = h2k_inspect_arch(root);
    out->init = h2k_inspect_init(root);
    out->package_manager = h2k_inspect_package_manager(root);
    out->vmware_tools = h2k_inspect_vmware_tools(root);
    out->bootloader = h2k_inspect_bootloader(root);
    out->firmware = h2k_inspect_firmware(guest);
    out->secure_boot = h2k_inspect_shim(root);
    if (h2k_guest_check_awake(guest) < 0 &&
        (h2k_errcode() != H2K_E_UNFIXABLE ||
         h2k_strings_add(&out->warnings, h2k_errmsg()) < 0))
        return -1;
    return h2k_network_read(root, &out->network, &out->warnings);
}
