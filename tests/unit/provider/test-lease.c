/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a lease says of its files, good and bad. */
#include "provider/vsphere/lease-files.h"
#include "provider/vsphere/lease-manifest.h"
#include "tap.h"

#define HERE "https://vc.example.com:443"

static struct h2k_vm_disk disks[] = {
    { .key = 2000, .bus = H2K_VM_BUS_SCSI },
    { .key = 2001, .bus = H2K_VM_BUS_SCSI, .unit = 1, .independent = true },
    { .key = 2016, .bus = H2K_VM_BUS_SCSI, .bus_number = 1 },
    { .key = 3001, .bus = H2K_VM_BUS_IDE, .bus_number = 1, .unit = 1 },
    { .key = 16001, .bus = H2K_VM_BUS_SATA, .unit = 1 },
    { .key = 31000, .bus = H2K_VM_BUS_NVME },
};
static const struct h2k_vm vm = { .disks = disks, .disk_count = 6 };

static xmlDoc *
parse(const char *inner)
{
    H2K_AUTO_BUFFER xml = { 0 };
    h2k_buffer_addf(&xml, "<info xmlns=\"urn:vim25\">%s</info>", inner);
    return h2k_soap_parse(h2k_buffer_text(&xml), xml.size);
}

static int
read_from(const char *inner, const char *origin, bool snapshot,
          struct h2k_lease_files *files)
{
    xmlDoc *doc = parse(inner);
    h2k_lease_files_clear(files);
    int rc = doc == NULL ? -1
                         : h2k_lease_files_read(xmlDocGetRootElement(doc),
                                                origin, &vm, snapshot, files);
    xmlFreeDoc(doc);
    return rc;
}

/* A file with this key and URL. */
static int
read_one(const char *key, const char *url, const char *origin, bool snapshot,
         struct h2k_lease_files *files)
{
    H2K_AUTO_BUFFER xml = { 0 };
    h2k_buffer_addf(&xml,
                    "<deviceUrl><key>%s</key><url>%s</url>"
                    "<disk>true</disk></deviceUrl>",
                    key, url);
    return read_from(h2k_buffer_text(&xml), origin, snapshot, files);
}

static void
test_keys(void)
{
    static const struct {
        const char *key;
        int32_t device;
        bool snapshot;
    } cases[] = {
        { "/vm-42/VirtualLsiLogicController0:0", 2000, false },
        { "/vm-42/ParaVirtualSCSIController1:0", 2016, false },
        { "/7/VirtualBusLogicController0:1", 2001, false },
        { "/vm-42/VirtualIDEController1:1", 3001, false },
        { "/vm-42/VirtualAHCIController0:1", 16001, false },
        { "/vm-42/VirtualNVMEController0:0", 31000, false },
        { "/vm-42/disk-1", 2001, false },
        { "/vm-42/disk-1", 2016, true }, /* the independent one is out */
        { "/vm-42/disk-6", -1, false },
        { "/vm-42/VirtualAHCIController0:2", -1, false },
        { "/vm-42/VirtualAHCIController0:1x", -1, false },
        { "/vm-42/nvram", -1, false },
        { "", -1, false },
    };
    H2K_AUTO_LEASE_FILES files = { 0 };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int rc = read_one(cases[i].key, "https://*/nfc/1/a.vmdk", HERE,
                          cases[i].snapshot, &files);
        ok(rc == 0 && files.items[0].disk_key == cases[i].device,
           "'%s' is device %d", cases[i].key, cases[i].device);
    }
}

static void
test_urls(void)
{
    static const struct {
        const char *url, *origin, *result; /* NULL: refused */
    } cases[] = {
        { "https://*/nfc/a", HERE, "https://vc.example.com/nfc/a" },
        { "https://*:8443/nfc/a", HERE, "https://vc.example.com:8443/nfc/a" },
        { "https://*/a", "https://[::1]:1234", "https://[::1]/a" },
        { "https://*.example.com/a", HERE, NULL },
        { "https://esx1/nfc/a", HERE, "https://esx1/nfc/a" },
        { "http://*/nfc/a", HERE, NULL },
        { "http://esx1/nfc/a", HERE, NULL },
        { "http://*/a", "http://vc:80", "http://vc/a" },
        { "http://esx1/a", "http://vc:80", NULL },
        { "https://me:secret@*/a", HERE, NULL },
        { "https://*@elsewhere/a", HERE, NULL },
        { "https://* /a", HERE, NULL },
        { "https:/me:secret@elsewhere/://x", HERE, NULL },
        { "file:///etc/passwd", HERE, NULL },
        { "/nfc/a", HERE, NULL },
        { "", HERE, NULL },
    };
    H2K_AUTO_LEASE_FILES files = { 0 };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int rc = read_one("k", cases[i].url, cases[i].origin, false, &files);
        if (cases[i].result == NULL)
            ok(rc < 0, "'%s' is refused", cases[i].url);
        else if (ok(rc == 0, "'%s' at %s", cases[i].url, cases[i].origin))
            ok_string(files.items[0].url, cases[i].result);
    }
    ok(!h2k_lease_url_is_foreign("https://VC.example.com:444/x", HERE),
       "another port of the host is not foreign");
    ok(h2k_lease_url_is_foreign("https://vc.example.com.evil/x", HERE),
       "a longer name is");
}

static void
test_files(void)
{
    H2K_AUTO_LEASE_FILES files = { 0 };
    int rc = read_from(
        "<deviceUrl><key>disk-0</key><url>https://*/1/disk.vmdk</url>"
        "<sslThumbprint></sslThumbprint></deviceUrl>"
        "<deviceUrl><key>disk-0</key><url>https://*/2/DISK.vmdk</url>"
        "<sslThumbprint>AA</sslThumbprint><fileSize>7</fileSize></deviceUrl>"
        "<deviceUrl><key>n</key><url>https://*/x/.nvram</url></deviceUrl>"
        "<leaseTimeout>60</leaseTimeout>",
        HERE, false, &files);
    ok(rc == 0 && files.count == 3 && files.timeout_ms == 60000, "files");
    if (rc < 0)
        return;
    ok_string(files.items[0].name, "disk.vmdk");
    ok_string(files.items[1].name, "DISK-2.vmdk");
    ok(files.items[0].is_disk && !files.items[2].is_disk,
       "a .vmdk is a disk where it is not said");
    ok(files.items[0].disk_key == 2000 && files.items[1].disk_key == -1,
       "a device has one file");
    ok(files.items[0].thumbprint == NULL && files.items[1].size == 7,
       "thumbprint and size");
    ok_error(read_from("<deviceUrl><url>https://*/a</url></deviceUrl>", HERE,
                       false, &files) < 0,
             H2K_E_CORRUPT, "no key");
    ok(read_from("<leaseTimeout>0</leaseTimeout>", HERE, false, &files) == 0 &&
           files.timeout_ms == 300000,
       "a timeout that is none");
}

static void
test_manifest(void)
{
    struct h2k_vsphere_lease_sum *sums = NULL;
    size_t count = 0;
    xmlDoc *doc = parse(
        "<returnval><key>a</key><size>5</size>"
        "<sha1>DA39A3EE5E6B4B0D3255BFEF95601890AFD80709</sha1></returnval>"
        "<returnval><key>b</key><sha1>rubbish</sha1><checksumType>sha256"
        "</checksumType><checksum>e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b"
        "934ca495991b7852b855</checksum></returnval>");
    int rc = h2k_lease_manifest_read(xmlDocGetRootElement(doc), &sums, &count);
    xmlFreeDoc(doc);
    if (!ok(rc == 0 && count == 2, "sums"))
        return;
    ok(sums[0].size == 5 && sums[0].sha256 == NULL, "size, no SHA-256");
    ok_string(sums[0].sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    ok(sums[1].sha1 == NULL && sums[1].sha256 != NULL, "SHA-256, no SHA-1");
    h2k_vsphere_lease_sums_free(sums, count);
}

int
main(void)
{
    test_keys();
    test_urls();
    test_files();
    test_manifest();
    return tap_done();
}
