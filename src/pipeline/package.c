/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/package.h"

#include "base/error.h"
#include "manifest/contents.h"
#include "ovf/package.h"

#include <stdio.h>
#include <string.h>

bool
h2k_package_is_closed(const struct h2k_manifest *m)
{
    const char *type = h2k_manifest_source(m)->type;
    return h2k_manifest_kind(m) == H2K_MANIFEST_MIGRATION &&
           h2k_manifest_disk_count(m) == 0 && type != NULL &&
           (strcmp(type, "ova") == 0 || strcmp(type, "ovf") == 0);
}

struct disk_id {
    char text[32];
};

static void
list_disks(const struct h2k_ovf_package *package,
           struct h2k_manifest_disk *disks, struct disk_id *ids)
{
    for (size_t i = 0; i < package->machine->disk_count; i++) {
        const struct h2k_ovf_disk *disk = &package->machine->disks[i];
        const struct h2k_ovf_source *source = &package->sources[i];
        snprintf(ids[i].text, sizeof(ids[i].text), "disk-%zu", i);
        disks[i] = (struct h2k_manifest_disk){
            .id = ids[i].text,
            .source_format = disk->format,
            .bytes_given = disk->capacity != 0,
            .bytes = disk->capacity,
            .path = source->path,
            .member = source->member,
            .checksum = source->checksum,
            .boot_order_hint = (uint32_t)i,
            .label = disk->label != NULL ? disk->label : ids[i].text,
            .disk_type = i == 0 ? H2K_DISK_BOOT : H2K_DISK_DATA,
        };
    }
}

static struct h2k_manifest_vm
describe_vm(const struct h2k_ovf_machine *machine)
{
    static const enum h2k_firmware firmwares[] = {
        [H2K_OVF_FIRMWARE_UNKNOWN] = H2K_FIRMWARE_NOT_GIVEN,
        [H2K_OVF_BIOS] = H2K_FIRMWARE_BIOS,
        [H2K_OVF_UEFI] = H2K_FIRMWARE_UEFI,
    };
    return (struct h2k_manifest_vm){
        .cpu = machine->cpus,
        .mem_gb = (double)machine->memory / (1u << 30),
        .firmware = firmwares[machine->firmware],
        .secure_boot = machine->secure_boot,
        .os_hint = machine->os_hint,
        .os_version =
            machine->os_version[0] == '\0' ? NULL : machine->os_version,
    };
}

static struct h2k_manifest *
fill(const struct h2k_manifest *m, const struct h2k_ovf_package *package)
{
    const struct h2k_ovf_machine *machine = package->machine;
    h2k_autofree struct h2k_manifest_disk *disks =
        calloc(machine->disk_count, sizeof(*disks));
    h2k_autofree struct disk_id *ids =
        calloc(machine->disk_count, sizeof(*ids));
    h2k_autofree struct h2k_manifest_nic *nics =
        calloc(machine->nic_count + 1, sizeof(*nics));
    if (disks == NULL || ids == NULL || nics == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    list_disks(package, disks, ids);
    for (size_t i = 0; i < machine->nic_count; i++)
        nics[i] = (struct h2k_manifest_nic){
            .mac = machine->nics[i].mac,
            .network = machine->nics[i].network,
        };
    const struct h2k_manifest_contents contents = {
        .vm_name = machine->name,
        .vm = describe_vm(machine),
        .disks = disks,
        .disk_count = machine->disk_count,
        .nics = nics,
        .nic_count = machine->nic_count,
        .warnings = (const char *const *)machine->warnings,
        .warning_count = machine->warning_count,
    };
    return h2k_manifest_with_contents(m, &contents);
}

struct h2k_manifest *
h2k_package_open(const struct h2k_manifest *m)
{
    const struct h2k_manifest_source *source = h2k_manifest_source(m);
    H2K_AUTO(h2k_ovf_package)
    package = h2k_ovf_package_open(
        source->absolute_path,
        strcmp(source->type, "ova") == 0 ? H2K_OVF_IN_TAR : H2K_OVF_IN_FILES,
        h2k_manifest_pipeline(m)->validate.verify_checksum);
    return package == NULL ? NULL : fill(m, package);
}
