/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/inspection-json.h"

#include "guest/packages/packages.h"
#include "pipeline/json.h"

#define ADD json_object_set_new

/* Null for -1, which is none. */
static json_t *
number(int value)
{
    return value < 0 ? json_null() : json_integer(value);
}

/* {"virtio_blk": {"state": "module", "in_initramfs": false}, …} */
static json_t *
drivers(const struct h2k_inspected_kernel *kernel)
{
    json_t *object = json_object();
    for (int d = 0; d < H2K_DRIVER_COUNT; d++) {
        const struct h2k_kernel_driver *driver = &kernel->drivers[d];
        json_t *one = json_object();
        ADD(one, "state", json_string(h2k_driver_state_name(driver->state)));
        if (driver->state == H2K_DRIVER_MODULE && kernel->initramfs != NULL)
            ADD(one, "in_initramfs", json_boolean(driver->in_initramfs));
        ADD(object, h2k_driver_names[d], one);
    }
    return object;
}

static json_t *
kernel_json(const struct h2k_inspected_kernel *kernel)
{
    json_t *object = json_object();
    ADD(object, "version", h2k_json_text(kernel->version));
    ADD(object, "default", json_boolean(kernel->is_default));
    ADD(object, "image", h2k_json_text(kernel->image));
    ADD(object, "modules", h2k_json_text(kernel->modules_dir));
    ADD(object, "initramfs", h2k_json_text(kernel->initramfs));
    ADD(object, "initramfs_size",
        json_integer((json_int_t)kernel->initramfs_size));
    ADD(object, "initramfs_compression", h2k_json_text(kernel->compression));
    ADD(object, "initramfs_generator", h2k_json_text(kernel->generator));
    ADD(object, "virtio", json_boolean(kernel->has_virtio));
    ADD(object, "drivers", drivers(kernel));
    ADD(object, "package", h2k_json_text(kernel->package));
    if (kernel->problem != NULL)
        ADD(object, "problem", h2k_json_text(kernel->problem));
    return object;
}

static json_t *
package_json(const struct h2k_package *package)
{
    json_t *object = json_object();
    ADD(object, "name", h2k_json_text(package->name));
    if (package->epoch != 0)
        ADD(object, "epoch", json_integer(package->epoch));
    ADD(object, "version", h2k_json_text(package->version));
    ADD(object, "release", h2k_json_text(package->release));
    ADD(object, "arch", h2k_json_text(package->arch));
    return object;
}

static json_t *
filesystem_json(const struct h2k_inspected_filesystem *fs)
{
    json_t *object = json_object();
    ADD(object, "volume", h2k_json_text(fs->volume));
    ADD(object, "stands_on", h2k_json_strings(&fs->below));
    ADD(object, "disk_id", h2k_json_text(fs->disk_id));
    ADD(object, "partition", json_integer(fs->partition));
    ADD(object, "type", h2k_json_text(fs->type));
    ADD(object, "driver", h2k_json_text(fs->driver));
    ADD(object, "uuid", h2k_json_text(fs->uuid));
    ADD(object, "label", h2k_json_text(fs->label));
    ADD(object, "partuuid", h2k_json_text(fs->partuuid));
    ADD(object, "partlabel", h2k_json_text(fs->partlabel));
    ADD(object, "size_bytes", json_integer((json_int_t)fs->size));
    ADD(object, "clean", json_boolean(fs->clean));
    ADD(object, "replayed", json_boolean(fs->replayed));
    if (fs->problem != NULL)
        ADD(object, "problem", h2k_json_text(fs->problem));
    return object;
}

static json_t *
mount_json(const struct h2k_inspected_mount *mount)
{
    json_t *object = json_object();
    ADD(object, "path", h2k_json_text(mount->path));
    ADD(object, "spec", h2k_json_text(mount->spec));
    ADD(object, "type", h2k_json_text(mount->type));
    ADD(object, "options", h2k_json_text(mount->options));
    ADD(object, "volume", h2k_json_text(mount->volume));
    ADD(object, "mounted", json_boolean(mount->mounted));
    if (mount->problem != NULL)
        ADD(object, "problem", h2k_json_text(mount->problem));
    return object;
}

static json_t *
deployment_json(const struct h2k_deployment *deployment, bool is_default)
{
    json_t *object = json_object();
    ADD(object, "path", h2k_json_text(deployment->path));
    ADD(object, "stateroot", h2k_json_text(deployment->name.stateroot));
    ADD(object, "checksum", h2k_json_text(deployment->name.checksum));
    ADD(object, "serial", json_integer(deployment->name.serial));
    ADD(object, "product_name", h2k_json_text(deployment->product));
    ADD(object, "version", h2k_json_text(deployment->version));
    ADD(object, "origin", h2k_json_text(deployment->origin));
    ADD(object, "entry", h2k_json_text(deployment->entry));
    ADD(object, "composefs", json_boolean(deployment->composefs));
    ADD(object, "default", json_boolean(is_default));
    return object;
}

static json_t *
deployments_json(const struct h2k_ostree *ostree)
{
    json_t *list = json_array();
    for (size_t i = 0; ostree != NULL && i < ostree->count; i++)
        json_array_append_new(
            list, deployment_json(&ostree->items[i], i == ostree->chosen));
    return list;
}

static json_t *
interface_json(const struct h2k_interface *interface)
{
    json_t *object = json_object();
    ADD(object, "name", h2k_json_text(interface->name));
    ADD(object, "type", json_string(h2k_interface_type_name(interface->type)));
    ADD(object, "mac",
        h2k_json_text(interface->mac != NULL ? interface->mac
                                             : interface->given_mac));
    ADD(object, "method", h2k_json_text(interface->method));
    ADD(object, "addresses", h2k_json_strings(&interface->addresses));
    ADD(object, "lower", h2k_json_strings(&interface->lower));
    ADD(object, "kind", h2k_json_text(interface->source));
    ADD(object, "file", h2k_json_text(interface->file));
    return object;
}

static void
add_lists(const struct h2k_inspection *found, json_t *object)
{
    json_t *kernels = json_array(), *filesystems = json_array();
    json_t *mounts = json_array(), *network = json_array();
    json_t *packages = json_array();
    for (size_t i = 0; i < found->kernel_count; i++)
        json_array_append_new(kernels, kernel_json(&found->kernels[i]));
    for (size_t i = 0; i < found->filesystem_count; i++)
        json_array_append_new(filesystems,
                              filesystem_json(&found->filesystems[i]));
    for (size_t i = 0; i < found->mountpoint_count; i++)
        json_array_append_new(mounts, mount_json(&found->mountpoints[i]));
    for (size_t i = 0; i < found->network.count; i++)
        json_array_append_new(network,
                              interface_json(&found->network.items[i]));
    ADD(object, "kernels", kernels);
    ADD(object, "filesystems", filesystems);
    ADD(object, "mountpoints", mounts);
    ADD(object, "network", network);
    for (size_t i = 0; i < found->packages->count; i++)
        json_array_append_new(packages,
                              package_json(&found->packages->items[i]));
    ADD(object, "packages", packages);
    ADD(object, "deployments", deployments_json(found->ostree));
    ADD(object, "lvm", h2k_json_strings(&found->lvm));
}

void
h2k_inspection_to_json(const struct h2k_inspection *found, bool full,
                       json_t *object)
{
    const struct {
        const char *key, *value;
    } texts[] = {
        { "os_type", found->os_type },
        { "distro", found->distro },
        { "os_id", found->os_id },
        { "os_version", found->os_version },
        { "product_name", found->product_name },
        { "arch", found->arch },
        { "hostname", found->hostname },
        { "kernel_version", found->kernel_version },
        { "bootloader", found->bootloader },
        { "firmware", found->firmware },
        { "init", found->init },
        { "package_manager", found->package_manager },
        { "package_format", found->package_format },
        { "immutable", found->immutable },
        { "vmware_tools", found->vmware_tools },
        { "selinux", found->selinux },
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ADD(object, texts[i].key, h2k_json_text(texts[i].value));
    ADD(object, "major_version", number(found->major_version));
    ADD(object, "minor_version", number(found->minor_version));
    ADD(object, "package_count",
        json_integer((json_int_t)found->packages->count));
    ADD(object, "secure_boot", json_boolean(found->secure_boot));
    if (full)
        add_lists(found, object);
}
