/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * build-manifest DISK.vmdk OUT.json: how a program that exports VMs writes an
 * Artifact Manifest, and how one that imports them reads it.
 *
 *     cc build-manifest.c $(pkg-config --cflags --libs hyper2kvm)
 */
#include <hyper2kvm/manifest.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void
die(void)
{
    fprintf(stderr, "build-manifest: %s\n", h2k_errmsg());
    exit(h2k_exit_code(h2k_errcode()));
}

static void
build(struct h2k_manifest_builder *b, const char *disk)
{
    struct stat st;
    if (stat(disk, &st) < 0) {
        perror(disk);
        exit(H2K_E_SOURCE);
    }
    const struct h2k_manifest_source source = {
        .provider = "vsphere",
        .vm_id = "vm-42",
        .vm_name = "web01",
        .export_method = "example",
    };
    const struct h2k_manifest_vm vm = {
        .cpu = 2,
        .mem_gb = 1.5,
        .firmware = H2K_FIRMWARE_BIOS,
        .os_hint = "debian",
    };
    const struct h2k_manifest_disk boot = {
        .id = "disk-0",
        .source_format = "vmdk",
        .bytes_given = true,
        .bytes = (uint64_t)st.st_size,
        .local_path = disk,
        .boot_order_hint = 0,
        .disk_type = H2K_DISK_BOOT,
    };
    const struct h2k_manifest_output output = { .format = "qcow2" };
    if (h2k_manifest_builder_set_source(b, &source) < 0 ||
        h2k_manifest_builder_set_vm(b, &vm) < 0 ||
        h2k_manifest_builder_set_output(b, &output) < 0 ||
        h2k_manifest_builder_add_disk_hashed(b, &boot, ".", NULL) < 0 ||
        h2k_manifest_builder_add_note(b, "made by an example") < 0)
        die();
}

int
main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: build-manifest DISK.vmdk OUT.json\n");
        return H2K_E_USAGE;
    }
    struct h2k_manifest_builder *b =
        h2k_manifest_builder_new(H2K_MANIFEST_ARTIFACT);
    if (b == NULL)
        die();
    build(b, argv[1]);
    struct h2k_manifest *m = h2k_manifest_builder_build(b, ".", NULL);
    if (m == NULL || h2k_manifest_write(m, argv[2]) < 0)
        die();
    h2k_manifest_builder_free(b);
    h2k_manifest_free(m);

    m = h2k_manifest_load(argv[2], NULL);
    if (m == NULL)
        die();
    const struct h2k_manifest_disk *disk = h2k_manifest_boot_disk(m);
    printf("%s boots from %s, sha256 %s\n", h2k_manifest_source(m)->vm_name,
           disk->path, disk->checksum);
    h2k_manifest_free(m);
    return 0;
}
