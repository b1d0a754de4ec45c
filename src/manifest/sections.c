/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The builder's whole sections, and the entries of its lists. */
#include "manifest/builder.h"

#include "base/error.h"

#include <string.h>

/* clang-format off */
const struct h2k_manifest_pipeline h2k_manifest_pipeline_defaults = {
    .present = true,
    .inspect = { .present = true, .enabled = true },
    .fix = { .present = true, .enabled = true, .backup = true,
             .update_grub = true, .regen_initramfs = true },
    .convert = { .present = true, .enabled = true },
    .validate = { .present = true, .enabled = true,
                  .check_image_integrity = true, .verify_checksum = true },
};
/* clang-format on */

int
h2k_manifest_builder_set_source(struct h2k_manifest_builder *b,
                                const struct h2k_manifest_source *source)
{
    struct h2k_node *map = h2k_builder_map(b, b->doc->root, "source");
    h2k_builder_put_string(b, map, "type", source->type);
    h2k_builder_put_string(b, map, "path", source->path);
    h2k_builder_put_string(b, map, "provider", source->provider);
    h2k_builder_put_string(b, map, "vm_id", source->vm_id);
    h2k_builder_put_string(b, map, "vm_name", source->vm_name);
    h2k_builder_put_string(b, map, "datacenter", source->datacenter);
    h2k_builder_put_string(b, map, "export_timestamp",
                           source->export_timestamp);
    h2k_builder_put_string(b, map, "export_method", source->export_method);
    return h2k_document_check(b->doc);
}

int
h2k_manifest_builder_set_vm(struct h2k_manifest_builder *b,
                            const struct h2k_manifest_vm *vm)
{
    static const char *const firmwares[] = {
        [H2K_FIRMWARE_NOT_GIVEN] = NULL,
        [H2K_FIRMWARE_BIOS] = "bios",
        [H2K_FIRMWARE_UEFI] = "uefi",
        [H2K_FIRMWARE_UNKNOWN] = "unknown",
    };
    struct h2k_node *map = h2k_builder_map(b, b->doc->root, "vm");
    if (vm->cpu != 0)
        h2k_builder_put_integer(b, map, "cpu", vm->cpu);
    if (vm->mem_gb != 0 &&
        h2k_builder_put_number(b, map, "mem_gb", vm->mem_gb) < 0)
        return -1;
    if (vm->firmware <= H2K_FIRMWARE_UNKNOWN)
        h2k_builder_put_string(b, map, "firmware", firmwares[vm->firmware]);
    h2k_builder_put_string(b, map, "os_hint", vm->os_hint);
    h2k_builder_put_string(b, map, "os_version", vm->os_version);
    h2k_builder_put_bool(b, map, "secure_boot", vm->secure_boot);
    return h2k_document_check(b->doc);
}

int
h2k_manifest_builder_set_output(struct h2k_manifest_builder *b,
                                const struct h2k_manifest_output *output)
{
    struct h2k_node *map = h2k_builder_map(b, b->doc->root, "output");
    h2k_builder_put_string(b, map, "directory", output->directory);
    h2k_builder_put_string(b, map, "format", output->format);
    h2k_builder_put_string(b, map, "filename", output->filename);
    return h2k_document_check(b->doc);
}

static void
put_fix(struct h2k_manifest_builder *b, struct h2k_node *pipeline,
        const struct h2k_manifest_fix *fix)
{
    static const char *const modes[] = {
        [H2K_FSTAB_STABILIZE_ALL] = "stabilize-all",
        [H2K_FSTAB_BYPATH_ONLY] = "bypath-only",
        [H2K_FSTAB_NOOP] = "noop",
    };
    struct h2k_node *map = h2k_builder_map(b, pipeline, "fix");
    h2k_builder_put_bool(b, map, "enabled", fix->enabled);
    h2k_builder_put_bool(b, map, "backup", fix->backup);
    h2k_builder_put_bool(b, map, "print_fstab", fix->print_fstab);
    h2k_builder_put_bool(b, map, "update_grub", fix->update_grub);
    h2k_builder_put_bool(b, map, "regen_initramfs", fix->regen_initramfs);
    if (fix->fstab_mode <= H2K_FSTAB_NOOP)
        h2k_builder_put_string(b, map, "fstab_mode", modes[fix->fstab_mode]);
    h2k_builder_put_bool(b, map, "remove_vmware_tools",
                         fix->remove_vmware_tools);
}

static void
put_convert(struct h2k_manifest_builder *b, struct h2k_node *pipeline,
            const struct h2k_manifest_convert *convert)
{
    struct h2k_node *map = h2k_builder_map(b, pipeline, "convert");
    h2k_builder_put_bool(b, map, "enabled", convert->enabled);
    h2k_builder_put_bool(b, map, "compress", convert->compress);
    if (convert->compress_level != 0)
        h2k_builder_put_integer(b, map, "compress_level",
                                convert->compress_level);
}

static void
put_validate(struct h2k_manifest_builder *b, struct h2k_node *pipeline,
             const struct h2k_manifest_validate *validate)
{
    struct h2k_node *map = h2k_builder_map(b, pipeline, "validate");
    h2k_builder_put_bool(b, map, "enabled", validate->enabled);
    h2k_builder_put_bool(b, map, "check_image_integrity",
                         validate->check_image_integrity);
    h2k_builder_put_bool(b, map, "verify_checksum", validate->verify_checksum);
    h2k_builder_put_bool(b, map, "test_boot", validate->test_boot);
}

int
h2k_manifest_builder_set_pipeline(struct h2k_manifest_builder *b,
                                  const struct h2k_manifest_pipeline *pipeline)
{
    struct h2k_node *map = h2k_node_new(b->doc, H2K_NODE_MAP, NULL);
    if (!pipeline->present) {
        h2k_node_remove(b->doc->root, "pipeline");
        return h2k_document_check(b->doc);
    }
    h2k_node_put(b->doc, b->doc->root, "pipeline", map);
    if (pipeline->inspect.present) {
        struct h2k_node *inspect = h2k_builder_map(b, map, "inspect");
        h2k_builder_put_bool(b, inspect, "enabled", pipeline->inspect.enabled);
        h2k_builder_put_bool(b, inspect, "collect_guest_info",
                             pipeline->inspect.collect_guest_info);
    }
    if (pipeline->fix.present)
        put_fix(b, map, &pipeline->fix);
    if (pipeline->convert.present)
        put_convert(b, map, &pipeline->convert);
    if (pipeline->validate.present)
        put_validate(b, map, &pipeline->validate);
    return h2k_document_check(b->doc);
}

int
h2k_manifest_builder_set_metadata(struct h2k_manifest_builder *b,
                                  const struct h2k_manifest_metadata *metadata)
{
    struct h2k_node *map = h2k_builder_map(b, b->doc->root, "metadata");
    h2k_builder_put_string(b, map, "name", metadata->name);
    h2k_builder_put_string(b, map, "description", metadata->description);
    h2k_builder_put_string(b, map, "owner", metadata->owner);
    h2k_builder_put_string(b, map, "created", metadata->created);
    h2k_builder_put_string(b, map, "hypersdk_version",
                           metadata->hypersdk_version);
    h2k_builder_put_string(b, map, "job_id", metadata->job_id);
    h2k_builder_put_string(b, map, "created_at", metadata->created_at);
    return h2k_document_check(b->doc);
}

/* A map at the end of the list under KEY, which is made where there is
 * none. */
static struct h2k_node *
add_entry(struct h2k_manifest_builder *b, const char *key,
          enum h2k_node_kind kind, const char *text)
{
    struct h2k_node *list = h2k_node_get(b->doc->root, key);
    struct h2k_node *entry = h2k_node_new(b->doc, kind, text);
    if (list == NULL || list->kind != H2K_NODE_LIST) {
        list = h2k_node_new(b->doc, H2K_NODE_LIST, NULL);
        h2k_node_put(b->doc, b->doc->root, key, list);
    }
    h2k_node_append(b->doc, list, NULL, entry);
    return entry;
}

static int
add_disk(struct h2k_manifest_builder *b, const struct h2k_manifest_disk *disk,
         uint64_t bytes, const char *checksum)
{
    static const char *const types[] = {
        [H2K_DISK_UNKNOWN] = "unknown",
        [H2K_DISK_BOOT] = "boot",
        [H2K_DISK_DATA] = "data",
    };
    if (bytes > INT64_MAX)
        return h2k_fail(H2K_E_RANGE, "disk '%s' is too large", disk->id);
    struct h2k_node *map = add_entry(b, "disks", H2K_NODE_MAP, NULL);
    h2k_builder_put_string(b, map, "id", disk->id);
    h2k_builder_put_string(b, map, "source_format", disk->source_format);
    h2k_builder_put_integer(b, map, "bytes", (int64_t)bytes);
    h2k_builder_put_string(b, map, "local_path", disk->local_path);
    if (checksum != NULL)
        h2k_builder_put_string(
            b, map, "checksum",
            h2k_document_format(b->doc, "sha256:%s", checksum));
    h2k_builder_put_integer(b, map, "boot_order_hint", disk->boot_order_hint);
    h2k_builder_put_string(b, map, "label", disk->label);
    if (disk->disk_type <= H2K_DISK_DATA)
        h2k_builder_put_string(b, map, "disk_type", types[disk->disk_type]);
    return h2k_document_check(b->doc);
}

int
h2k_manifest_builder_add_disk(struct h2k_manifest_builder *b,
                              const struct h2k_manifest_disk *disk)
{
    return add_disk(b, disk, disk->bytes, disk->checksum);
}

int
h2k_manifest_builder_add_disk_hashed(struct h2k_manifest_builder *b,
                                     const struct h2k_manifest_disk *disk,
                                     const char *base_dir,
                                     const struct h2k_manifest_checks *checks)
{
    char hex[H2K_SHA256_HEX_SIZE];
    uint64_t size = 0;
    h2k_autofree char *base = h2k_path_base(base_dir);
    struct h2k_manifest_disk found = *disk;
    if (base == NULL || disk->local_path == NULL)
        return base == NULL
                   ? -1
                   : h2k_fail(H2K_E_RANGE, "a disk needs its local_path");
    if (found.id == NULL)
        found.id = "";
    found.path = h2k_path_resolve(b->doc, base, disk->local_path);
    if (h2k_document_check(b->doc) < 0 ||
        h2k_disk_hash(&found, checks, &size, hex) < 0)
        return -1;
    bool given = disk->bytes_given || disk->bytes != 0;
    return add_disk(b, disk, given ? disk->bytes : size, hex);
}

int
h2k_manifest_builder_add_nic(struct h2k_manifest_builder *b,
                             const struct h2k_manifest_nic *nic)
{
    struct h2k_node *map = add_entry(b, "nics", H2K_NODE_MAP, NULL);
    h2k_builder_put_string(b, map, "id", nic->id);
    h2k_builder_put_string(b, map, "mac", nic->mac);
    h2k_builder_put_string(b, map, "network", nic->network);
    return h2k_document_check(b->doc);
}

int
h2k_manifest_builder_add_note(struct h2k_manifest_builder *b, const char *note)
{
    add_entry(b, "notes", H2K_NODE_STRING, note);
    return h2k_document_check(b->doc);
}

int
h2k_manifest_builder_add_warning(struct h2k_manifest_builder *b,
                                 const struct h2k_manifest_remark *warning)
{
    struct h2k_node *map = add_entry(b, "warnings", H2K_NODE_MAP, NULL);
    h2k_builder_put_string(b, map, "stage", warning->stage);
    h2k_builder_put_string(b, map, "message", warning->message);
    h2k_builder_put_string(b, map, "timestamp", warning->timestamp);
    return h2k_document_check(b->doc);
}

int
h2k_manifest_builder_add_tag(struct h2k_manifest_builder *b, const char *key,
                             const char *value)
{
    struct h2k_node *metadata = h2k_builder_map(b, b->doc->root, "metadata");
    struct h2k_node *tags = h2k_node_get(metadata, "tags");
    enum h2k_node_kind kind = key == NULL ? H2K_NODE_LIST : H2K_NODE_MAP;
    if (tags == NULL || tags->first == NULL) {
        tags = h2k_node_new(b->doc, kind, NULL);
        h2k_node_put(b->doc, metadata, "tags", tags);
    }
    if (tags != NULL && tags->kind != kind)
        return h2k_fail(H2K_E_RANGE, "metadata.tags is %s",
                        h2k_node_kind_name(tags->kind));
    struct h2k_node *tag = h2k_node_new(b->doc, H2K_NODE_STRING, value);
    if (key == NULL)
        h2k_node_append(b->doc, tags, NULL, tag);
    else
        h2k_node_put(b->doc, tags, key, tag);
    return h2k_document_check(b->doc);
}
