/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What an export writes, without a server: a made-up VM whose disks are
 * files that are there.
 *
 *     ovf-tool ovf NAME DISK.vmdk...          the envelope
 *     ovf-tool rewrite XML DISK.vmdk...       the server's, or why not
 *     ovf-tool ova OUT.ova NAME FILE...       an archive, each file in pieces
 *     ovf-tool header NAME BYTES              of a member of an archive
 *     ovf-tool flat FLAT-FILE BYTES BUS       a descriptor
 *     ovf-tool name VM-NAME                   the base of file names
 *     ovf-tool manifest DIRECTORY DISK...     artifact-manifest.json
 *     ovf-tool verify MANIFEST
 *
 * The disks of `ovf` and `rewrite` are streamOptimized VMDKs of 64 MiB, as
 * far as the envelope is concerned.  The environment changes the VM:
 * FIRMWARE=efi, SECURE_BOOT=1, BUS=ide|sata|scsi|nvme, NETWORK=name,
 * GUEST=id, NOTES=text, RESTART=1 (every file of an OVA starts twice).
 */
#include "base/cleanup.h"
#include "provider/export-manifest.h"
#include "provider/file-name.h"
#include "provider/flat-descriptor.h"
#include "provider/ova.h"
#include "provider/tar-header.h"

#include <hyper2kvm/error.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DISKS_MAX 8
#define CAPACITY (UINT64_C(64) << 20)

static struct h2k_vm_disk disks[DISKS_MAX];
static struct h2k_vm_nic nics[3];
static struct h2k_vm vm;

static void
die(void)
{
    fprintf(stderr, "ovf-tool: %s\n", h2k_errmsg());
    exit(h2k_exit_code(h2k_errcode()));
}

/* Of the environment, or OTHER; nobody frees it. */
static char *
get(const char *name, const char *other)
{
    const char *value = getenv(name);
    return (char *)(value == NULL ? other : value);
}

static void
make_disks(size_t count)
{
    static const struct {
        const char *name;
        enum h2k_vm_bus bus;
        const char *controller;
    } buses[] = {
        { "scsi", H2K_VM_BUS_SCSI, "VirtualSCSI" },
        { "ide", H2K_VM_BUS_IDE, NULL },
        { "sata", H2K_VM_BUS_SATA, "AHCI" },
        { "nvme", H2K_VM_BUS_NVME, "vmware.nvme.controller" },
    };
    const char *wanted = get("BUS", "scsi");
    for (size_t i = 0; i < count; i++) {
        struct h2k_vm_disk *disk = &disks[i];
        for (size_t b = 0; b < sizeof(buses) / sizeof(*buses); b++)
            if (strcmp(buses[b].name, wanted) == 0) {
                disk->bus = buses[b].bus;
                disk->controller = (char *)buses[b].controller;
            }
        if (asprintf(&disk->label, "Hard disk %zu", i + 1) < 0)
            exit(1);
        disk->key = 2000 + (int32_t)i;
        disk->unit = (unsigned)i % 2; /* and so two to a controller */
        disk->bus_number = (unsigned)i / 2;
        disk->capacity = CAPACITY;
    }
    vm.disks = disks;
    vm.disk_count = count;
}

static void
make_nics(void)
{
    static const char *const models[] = { "VmxNet3", "E1000e", "E1000" };
    for (size_t i = 0; i < 3; i++) {
        nics[i].model = (char *)models[i];
        if (asprintf(&nics[i].mac, "00:50:56:aa:bb:%02zx", i) < 0 ||
            asprintf(&nics[i].label, "Network adapter %zu", i + 1) < 0)
            exit(1);
        nics[i].network =
            i == 1 ? strdup("VM Network") : get("NETWORK", "Production");
        nics[i].connected = i != 1;
    }
    vm.nics = nics;
    vm.nic_count = 3;
}

static void
make_vm(const char *name, size_t disk_count)
{
    vm.id = strdup("vm-42");
    vm.name = strdup(name);
    vm.datacenter = strdup("DC0");
    vm.annotation = get("NOTES", "");
    vm.cpus = 6;
    vm.cores_per_socket = 3;
    vm.memory_mib = 3800;
    vm.firmware = strcmp(get("FIRMWARE", "bios"), "efi") == 0 ? H2K_VM_UEFI
                                                              : H2K_VM_BIOS;
    vm.secure_boot = getenv("SECURE_BOOT") != NULL;
    vm.hardware_version = strdup("vmx-19");
    vm.guest_id = get("GUEST", "debian12_64Guest");
    vm.guest_full_name = strdup("Debian GNU/Linux 12 (64-bit)");
    make_disks(disk_count);
    make_nics();
}

static void
describe_files(struct h2k_ovf_file *files, char **paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct stat st;
        const char *slash = strrchr(paths[i], '/');
        if (stat(paths[i], &st) < 0) {
            perror(paths[i]);
            exit(1);
        }
        files[i].name = slash == NULL ? paths[i] : slash + 1;
        files[i].size = (uint64_t)st.st_size;
        files[i].disk = &disks[i];
    }
}

static void
print_or_die(char *text)
{
    if (text == NULL)
        die();
    fputs(text, stdout);
    free(text);
}

static void
do_ovf(const char *name, char **paths, size_t count)
{
    struct h2k_ovf_file files[DISKS_MAX] = { 0 };
    make_vm(name, count);
    describe_files(files, paths, count);
    print_or_die(h2k_ovf_write(&vm, files, count));
}

static void
do_rewrite(const char *xml, char **paths, size_t count)
{
    static char text[H2K_OVF_MAX_SIZE + 2];
    struct h2k_ovf_file files[DISKS_MAX] = { 0 };
    FILE *in = fopen(xml, "r");
    size_t size = in == NULL ? 0 : fread(text, 1, sizeof(text) - 1, in);
    make_vm("rewritten", count);
    describe_files(files, paths, count);
    print_or_die(h2k_ovf_rewrite(text, size, files, count));
}

/* In pieces of an odd size. */
static void
copy_file(struct h2k_ova *ova, const char *path, size_t limit)
{
    static char buffer[100003];
    FILE *in = fopen(path, "r");
    size_t n, all = 0;
    while (in != NULL && all < limit &&
           (n = fread(buffer, 1, sizeof(buffer), in)) > 0) {
        if (h2k_ova_data(ova, buffer, n) < 0)
            die();
        all += n;
    }
    if (in != NULL)
        fclose(in);
}

static void
finish(struct h2k_ova *ova, const struct h2k_ovf_file *files, size_t count)
{
    char *warning;
    h2k_autofree char *ovf = h2k_ovf_choose(&vm, NULL, files, count,
                                            h2k_ova_ovf_room(ova), &warning);
    if (ovf == NULL || h2k_ova_finish(ova, ovf) < 0)
        die();
    h2k_ova_free(ova);
}

static void
do_ova(const char *out, const char *name, char **paths, size_t count)
{
    struct h2k_ovf_file files[DISKS_MAX] = { 0 };
    const char *names[DISKS_MAX];
    make_vm(name, count);
    describe_files(files, paths, count);
    for (size_t i = 0; i < count; i++)
        names[i] = files[i].name;
    h2k_autofree char *base = h2k_export_file_name(name);
    struct h2k_ova *ova = h2k_ova_new(out, &vm, base, names, count);
    if (ova == NULL)
        die();
    for (size_t i = 0; i < count; i++) {
        if (h2k_ova_begin_file(ova) < 0)
            die();
        if (getenv("RESTART") != NULL) {
            copy_file(ova, paths[i], 200000);
            if (h2k_ova_restart_file(ova) < 0)
                die();
        }
        copy_file(ova, paths[i], SIZE_MAX);
        if (h2k_ova_end_file(ova, &files[i]) < 0)
            die();
    }
    finish(ova, files, count);
}

/* For archives with files too large to be hashed in a test. */
static void
do_header(const char *name, const char *size)
{
    uint8_t header[H2K_TAR_BLOCK];
    h2k_tar_header(header, name, strtoull(size, NULL, 10), 1700000000);
    fwrite(header, 1, sizeof(header), stdout);
}

static void
do_flat(const char *name, const char *bytes, const char *bus)
{
    print_or_die(h2k_flat_descriptor(
        name, strtoull(bytes, NULL, 10),
        strcmp(bus, "ide") == 0 ? H2K_VM_BUS_IDE : H2K_VM_BUS_SCSI, bus));
}

static void
hash_file(const char *path, char hex[H2K_SHA256_HEX_SIZE])
{
    char command[512];
    snprintf(command, sizeof(command), "sha256sum '%s'", path);
    FILE *in = popen(command, "r");
    if (in == NULL || fscanf(in, "%64s", hex) != 1)
        exit(1);
    pclose(in);
}

static void
do_manifest(const char *directory, char **paths, size_t count)
{
    struct h2k_ovf_file files[DISKS_MAX] = { 0 };
    struct h2k_export_manifest_file list[DISKS_MAX] = { 0 };
    make_vm(get("NAME", "web01"), count);
    describe_files(files, paths, count);
    for (size_t i = 0; i < count; i++) {
        hash_file(paths[i], files[i].sha256);
        list[i].vm_disk = &disks[i];
        list[i].name = files[i].name;
        list[i].size = files[i].size;
        list[i].sha256 = files[i].sha256;
        list[i].what = strstr(paths[i], "-flat") != NULL
                           ? H2K_BYTES_FLAT
                           : H2K_BYTES_VMDK_STREAM;
    }
    const struct h2k_export_manifest what = {
        .vm = &vm,
        .transport = H2K_TRANSPORT_LEASE,
        .files = list,
        .file_count = count,
        .checksums = true,
    };
    struct h2k_manifest *m = h2k_export_manifest_build(&what, directory);
    h2k_autofree char *path = NULL;
    if (m == NULL ||
        asprintf(&path, "%s/artifact-manifest.json", directory) < 0 ||
        h2k_manifest_write(m, path) < 0)
        die();
    h2k_manifest_free(m);
}

int
main(int argc, char **argv)
{
    const char *verb = argc > 2 ? argv[1] : "";
    size_t rest = argc > 3 ? (size_t)argc - 3 : 0;
    if (strcmp(verb, "ovf") == 0 && rest <= DISKS_MAX)
        do_ovf(argv[2], argv + 3, rest);
    else if (strcmp(verb, "rewrite") == 0 && rest <= DISKS_MAX)
        do_rewrite(argv[2], argv + 3, rest);
    else if (strcmp(verb, "ova") == 0 && rest > 0 && rest - 1 <= DISKS_MAX)
        do_ova(argv[2], argv[3], argv + 4, rest - 1);
    else if (strcmp(verb, "header") == 0 && argc == 4)
        do_header(argv[2], argv[3]);
    else if (strcmp(verb, "flat") == 0 && argc == 5)
        do_flat(argv[2], argv[3], argv[4]);
    else if (strcmp(verb, "name") == 0)
        print_or_die(h2k_export_file_name(argv[2]));
    else if (strcmp(verb, "manifest") == 0 && rest <= DISKS_MAX)
        do_manifest(argv[2], argv + 3, rest);
    else if (strcmp(verb, "verify") == 0) {
        if (h2k_export_manifest_verify(argv[2], NULL) < 0)
            die();
    } else
        return H2K_E_USAGE;
    return 0;
}
