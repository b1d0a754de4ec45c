/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "hyperexport/vm-text.h"

#include "common/columns.h"
#include "common/terminal.h"

#include "base/buffer.h"
#include "base/error.h"
#include "pipeline/report.h"

#include <inttypes.h>
#include <string.h>

const char *
vm_power_text(enum h2k_vm_power power)
{
    switch (power) {
    case H2K_VM_ON:
        return "on";
    case H2K_VM_SUSPENDED:
        return "suspended";
    case H2K_VM_OFF:
        break;
    }
    return "off";
}

const char *
vm_bus_text(enum h2k_vm_bus bus)
{
    switch (bus) {
    case H2K_VM_BUS_IDE:
        return "IDE";
    case H2K_VM_BUS_SATA:
        return "SATA";
    case H2K_VM_BUS_SCSI:
        return "SCSI";
    case H2K_VM_BUS_NVME:
        return "NVMe";
    case H2K_VM_BUS_UNKNOWN:
        break;
    }
    return "unknown";
}

static const char *
firmware_text(enum h2k_vm_firmware firmware)
{
    return firmware == H2K_VM_UEFI   ? "uefi"
           : firmware == H2K_VM_BIOS ? "bios"
                                     : "unknown";
}

/* ---- JSON ---- */

static json_t *
disk_json(const struct h2k_vm_disk *disk)
{
    return json_pack(
        "{s:i, s:s?, s:s, s:s?, s:i, s:i, s:I, s:s?, s:b, s:b, s:b, s:b}",
        "key", (int)disk->key, "label", disk->label, "bus",
        vm_bus_text(disk->bus), "controller", disk->controller, "bus_number",
        (int)disk->bus_number, "unit", (int)disk->unit, "capacity_bytes",
        (json_int_t)disk->capacity, "backing", disk->backing, "thin",
        disk->thin, "independent", disk->independent, "raw_mapped",
        disk->raw_mapped, "shared", disk->shared);
}

static json_t *
nic_json(const struct h2k_vm_nic *nic)
{
    return json_pack("{s:i, s:s?, s:s?, s:s?, s:s?, s:b}", "key",
                     (int)nic->key, "label", nic->label, "model", nic->model,
                     "mac", nic->mac, "network", nic->network, "connected",
                     nic->connected);
}

static json_t *
guest_json(const struct h2k_vm *vm)
{
    return json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?, s:b}", "id", vm->guest_id,
                     "full_name", vm->guest_full_name, "tools_id",
                     vm->tools_guest_id, "tools_name", vm->tools_guest_name,
                     "hostname", vm->tools_hostname, "tools_running",
                     vm->tools_running);
}

json_t *
vm_json(const struct h2k_vm *vm)
{
    json_t *object = json_pack(
        "{s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s, s:b, s:i, s:i, s:I}", "id",
        vm->id, "name", vm->name, "path", vm->path, "uuid", vm->uuid,
        "datacenter", vm->datacenter, "host", vm->host, "power",
        vm_power_text(vm->power), "template", vm->is_template, "cpus",
        (int)vm->cpus, "cores_per_socket", (int)vm->cores_per_socket,
        "memory_mib", (json_int_t)vm->memory_mib);
    json_t *more =
        json_pack("{s:s, s:b, s:b, s:b, s:b, s:s?, s:s?}", "firmware",
                  firmware_text(vm->firmware), "secure_boot", vm->secure_boot,
                  "tpm", vm->has_tpm, "encrypted", vm->encrypted, "snapshots",
                  vm->has_snapshots, "hardware_version", vm->hardware_version,
                  "annotation", vm->annotation);
    json_t *disks = json_array(), *nics = json_array(), *tags = json_array();
    for (size_t i = 0; i < vm->disk_count; i++)
        json_array_append_new(disks, disk_json(&vm->disks[i]));
    for (size_t i = 0; i < vm->nic_count; i++)
        json_array_append_new(nics, nic_json(&vm->nics[i]));
    for (size_t i = 0; i < vm->tag_count; i++)
        json_array_append_new(tags, json_string(vm->tags[i]));
    json_object_update(object, more);
    json_decref(more);
    json_object_set_new(object, "guest", guest_json(vm));
    json_object_set_new(object, "disks", disks);
    json_object_set_new(object, "nics", nics);
    json_object_set_new(object, "tags", tags);
    return object;
}

/* ---- For a person ---- */

static void
line(const char *heading, const char *text)
{
    h2k_autofree char *safe =
        terminal_safe(text == NULL || text[0] == '\0' ? "-" : text, 0);
    printf("%-12s %s\n", heading, safe == NULL ? "" : safe);
}

static void
print_hardware(const struct h2k_vm *vm)
{
    char size[32];
    printf("%-12s %u", "CPUs", vm->cpus);
    if (vm->cores_per_socket > 0)
        printf(", %u a socket", vm->cores_per_socket);
    printf("\n%-12s %s\n", "Memory",
           h2k_size_human(vm->memory_mib << 20, size));
    printf("%-12s %s%s%s%s\n", "Firmware", firmware_text(vm->firmware),
           vm->secure_boot ? ", secure boot" : "", vm->has_tpm ? ", TPM" : "",
           vm->encrypted ? ", encrypted: it cannot be exported" : "");
    line("Hardware", vm->hardware_version);
}

static void
print_guest(const struct h2k_vm *vm)
{
    H2K_AUTO_BUFFER tools = { 0 };
    line("Guest",
         vm->guest_full_name != NULL ? vm->guest_full_name : vm->guest_id);
    if (vm->tools_running || vm->tools_guest_name != NULL) {
        h2k_buffer_adds(&tools, vm->tools_running ? "running" : "not running");
        if (vm->tools_guest_name != NULL)
            h2k_buffer_addf(&tools, ", found %s", vm->tools_guest_name);
        if (vm->tools_hostname != NULL)
            h2k_buffer_addf(&tools, ", host %s", vm->tools_hostname);
    }
    line("Tools", h2k_buffer_text(&tools));
}

/* "thin, independent". */
static char *
disk_remarks(const struct h2k_vm_disk *disk)
{
    const struct {
        bool is;
        const char *text;
    } all[] = { { disk->thin, "thin" },
                { disk->independent, "independent" },
                { disk->raw_mapped, "raw mapped" },
                { disk->shared, "shared" } };
    H2K_AUTO_BUFFER b = { 0 };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i].is)
            h2k_buffer_addf(&b, "%s%s", b.size > 0 ? ", " : "", all[i].text);
    return h2k_buffer_steal(&b);
}

static int
print_disks(const struct h2k_vm *vm)
{
    static const struct column headings[] = {
        { .heading = "DISK" },    { .heading = "SIZE", .right = true },
        { .heading = "AT" },      { .heading = "CONTROLLER" },
        { .heading = "BACKING" }, { .heading = "" },
        { .heading = NULL },
    };
    H2K_AUTO(columns) columns = columns_new(headings);
    if (columns == NULL)
        return -1;
    for (size_t i = 0; i < vm->disk_count; i++) {
        const struct h2k_vm_disk *disk = &vm->disks[i];
        h2k_autofree char *remarks = disk_remarks(disk);
        char size[32], at[40];
        snprintf(at, sizeof(at), "%s %u:%u", vm_bus_text(disk->bus),
                 disk->bus_number, disk->unit);
        columns_add(columns,
                    (const char *[]){
                        disk->label, h2k_size_human(disk->capacity, size), at,
                        disk->controller, disk->backing, remarks });
    }
    putchar('\n');
    return columns_print(columns, stdout);
}

static int
print_nics(const struct h2k_vm *vm)
{
    static const struct column headings[] = {
        { .heading = "NETWORK ADAPTER" },
        { .heading = "MAC" },
        { .heading = "MODEL" },
        { .heading = "NETWORK" },
        { .heading = "" },
        { .heading = NULL },
    };
    H2K_AUTO(columns) columns = columns_new(headings);
    if (columns == NULL)
        return -1;
    for (size_t i = 0; i < vm->nic_count; i++) {
        const struct h2k_vm_nic *nic = &vm->nics[i];
        columns_add(columns,
                    (const char *[]){ nic->label, nic->mac, nic->model,
                                      nic->network,
                                      nic->connected ? "" : "not connected" });
    }
    putchar('\n');
    return columns_print(columns, stdout);
}

int
vm_print(const struct h2k_vm *vm)
{
    line("Name", vm->name);
    line("Path", vm->path);
    line("Id", vm->id);
    line("UUID", vm->uuid);
    line("Host", vm->host);
    line("Power", vm->is_template ? "template" : vm_power_text(vm->power));
    print_hardware(vm);
    print_guest(vm);
    line("Snapshots", vm->has_snapshots ? "yes" : "no");
    for (size_t i = 0; i < vm->tag_count; i++)
        line(i == 0 ? "Tags" : "", vm->tags[i]);
    if (vm->annotation != NULL && vm->annotation[0] != '\0')
        line("Notes", vm->annotation);
    if ((vm->disk_count > 0 && print_disks(vm) < 0) ||
        (vm->nic_count > 0 && print_nics(vm) < 0))
        return -1;
    return 0;
}
