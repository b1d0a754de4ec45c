/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The Artifact Manifest of an export, from a VM as a server described it. */
#include "provider/export-manifest.h"

#include "tap.h"

#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test-export-manifest.XXXXXX";

#define ABC_SHA256 \
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static struct h2k_vm_disk disks[2] = {
    { .label = (char *)"Hard disk 1", .capacity = 1024, .independent = true },
    { .label = (char *)"Hard disk 2", .capacity = 3 },
};
static struct h2k_vm_nic nics[2] = {
    { .mac = (char *)"00:50:56:aa:bb:01", .network = (char *)"VM Network" },
    { .mac = (char *)"no mac\xff", .network = (char *)"b/\"x\"" },
};
static char *tags[] = { (char *)"env:prod", (char *)"env:web" };
static const struct h2k_vm vm = {
    .id = (char *)"vm-42",
    .name = (char *)"web/01 \xff",
    .datacenter = (char *)"DC0",
    .annotation = (char *)"ask the\x1b owner",
    .power = H2K_VM_SUSPENDED,
    .cpus = 6,
    .memory_mib = 3800,
    .firmware = H2K_VM_UEFI,
    .secure_boot = true,
    .has_tpm = true,
    .has_snapshots = true,
    .guest_id = (char *)"debian12_64Guest",
    .disks = disks,
    .disk_count = 2,
    .nics = nics,
    .nic_count = 2,
    .tags = tags,
    .tag_count = 2,
};
static const struct h2k_export_manifest_file files[2] = {
    { &disks[0], "web-disk1.vmdk", H2K_BYTES_VMDK_STREAM, 3, ABC_SHA256 },
    { &disks[1], "web-disk2-flat.vmdk", H2K_BYTES_FLAT, 3, ABC_SHA256 },
};
static const char *const warnings[] = { "disk 2 started again" };

static struct h2k_export_manifest
request(void)
{
    return (struct h2k_export_manifest){
        .vm = &vm,
        .transport = H2K_TRANSPORT_DATASTORE,
        .files = files,
        .file_count = 2,
        .checksums = true,
        .target = "raw",
        .warnings = warnings,
        .warning_count = 1,
    };
}

static void
test_facts(const struct h2k_manifest *m)
{
    const struct h2k_manifest_source *s = h2k_manifest_source(m);
    ok_string(s->provider, "vsphere");
    ok_string(s->vm_id, "vm-42");
    ok_string(s->vm_name, "web/01 \xef\xbf\xbd");
    ok_string(s->datacenter, "DC0");
    ok_string(s->export_timestamp, "2023-11-14T22:13:20Z");
    ok_string(s->export_method, "datastore");
    const struct h2k_manifest_vm *v = h2k_manifest_vm(m);
    ok(v->cpu == 6 && v->mem_gb == 3.7109375, "cpu, and memory to the MiB");
    ok(v->firmware == H2K_FIRMWARE_UEFI && v->firmware_given && v->secure_boot,
       "firmware and secure boot");
    ok_string(v->os_hint, "debian");
    ok_string(v->os_version, "12");
    ok_string(h2k_manifest_metadata(m)->hypersdk_version, H2K_VERSION);
    ok_string(h2k_manifest_metadata(m)->created_at, "2023-11-14T22:13:20Z");
    ok_string(h2k_manifest_output(m)->format, "raw");
    ok(h2k_manifest_tag_count(m) == 2, "both tags");
    ok_string(h2k_manifest_tag(m, 1)->value, "env:web");
    ok_string(h2k_manifest_note(m, 0)->message,
              "the VM's own notes: ask the\x1b owner");
}

static void
test_disks(const struct h2k_manifest *m)
{
    const struct h2k_manifest_disk *d = h2k_manifest_disk(m, 0);
    ok(h2k_manifest_disk_count(m) == 2 && h2k_manifest_boot_disk(m) == d,
       "the first disk boots");
    ok_string(d->id, "disk-0");
    ok_string(d->source_format, "vmdk");
    ok_string(d->label, "Hard disk 1");
    ok_string(d->checksum, ABC_SHA256);
    ok_string(d->local_path, "web-disk1.vmdk");
    ok(d->bytes == 3 && d->boot_order_hint == 0 &&
           d->disk_type == H2K_DISK_BOOT,
       "size of its file, order and type");
    d = h2k_manifest_disk(m, 1);
    ok_string(d->source_format, "raw");
    ok(d->boot_order_hint == 1 && d->disk_type == H2K_DISK_DATA,
       "the second is data");
    const struct h2k_manifest_nic *n = h2k_manifest_nic(m, 0);
    ok(h2k_manifest_nic_count(m) == 2, "both adapters");
    ok_string(n->id, "nic-0");
    ok_string(n->mac, "00:50:56:aa:bb:01");
    ok_string(n->network, "VM Network");
    n = h2k_manifest_nic(m, 1);
    ok(n->mac == NULL, "what is no MAC address is left out");
    ok_string(n->network, "b/\"x\"");
}

static bool
warns(const struct h2k_manifest *m, const char *words)
{
    for (size_t i = 0; i < h2k_manifest_warning_count(m); i++) {
        const struct h2k_manifest_remark *r = h2k_manifest_warning(m, i);
        if (strstr(r->message, words) != NULL)
            return strcmp(r->stage, "export") == 0 && r->timestamp != NULL;
    }
    return false;
}

static void
test_warnings(const struct h2k_manifest *m)
{
    ok(warns(m, "virtual TPM"), "warns of the TPM");
    ok(warns(m, "is suspended"), "of the suspended state");
    ok(warns(m, "has snapshots"), "of snapshots");
    ok(warns(m, "Hard disk 1 is independent"), "of an independent disk");
    ok(warns(m, "disk 2 started again"), "and has those of the export");
    ok(h2k_manifest_warning_count(m) == 5, "and no other");
}

static void
put(const char *name, const char *text)
{
    FILE *out = fopen(name, "w");
    if (out == NULL || fputs(text, out) < 0 || fclose(out) != 0)
        abort();
}

static void
test_verify(const struct h2k_manifest *m)
{
    const char *path = "artifact-manifest.json";
    put("web-disk1.vmdk", "abc");
    put("web-disk2-flat.vmdk", "abc");
    ok(h2k_manifest_write(m, path) == 0 &&
           h2k_export_manifest_verify(path, NULL) == 0,
       "what was written is verified");
    put("web-disk2-flat.vmdk", "abd");
    ok_error(h2k_export_manifest_verify(path, NULL) < 0, H2K_E_CHECKSUM,
             "Checksum mismatch for disk-1");
    unlink("web-disk2-flat.vmdk");
    ok_error(h2k_export_manifest_verify(path, NULL) < 0, H2K_E_SOURCE,
             "web-disk2-flat.vmdk");
    put(path, "{\"manifest_version\": \"1.0\"}");
    ok_error(h2k_export_manifest_verify(path, NULL) < 0, H2K_E_VALIDATION,
             path);
    unlink("web-disk1.vmdk");
    unlink(path);
}

static void
test_without(void)
{
    struct h2k_export_manifest what = request();
    what.checksums = false;
    what.target = NULL;
    what.transport = H2K_TRANSPORT_LEASE;
    what.from_snapshot = true;
    struct h2k_manifest *m = h2k_export_manifest_build(&what, ".");
    ok(m != NULL && h2k_manifest_disk(m, 0)->checksum == NULL,
       "no checksum where none was asked for");
    ok_string(h2k_manifest_output(m)->format, "qcow2");
    ok_string(h2k_manifest_source(m)->export_method, "nfc-lease");
    ok(warns(m, "snapshot of the running VM"), "a running VM is told");
    h2k_manifest_free(m);
    what.file_count = 0;
    ok_error(h2k_export_manifest_build(&what, ".") == NULL, H2K_E_USAGE,
             "disks");
}

int
main(void)
{
    setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    if (mkdtemp(dir) == NULL || chdir(dir) < 0)
        return 1;
    const struct h2k_export_manifest what = request();
    struct h2k_manifest *m = h2k_export_manifest_build(&what, dir);
    if (ok(m != NULL, "built")) {
        test_facts(m);
        test_disks(m);
        test_warnings(m);
        test_verify(m);
    }
    h2k_manifest_free(m);
    test_without();
    if (chdir("/") < 0 || rmdir(dir) < 0)
        return 1;
    return tap_done();
}
