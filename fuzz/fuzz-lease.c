/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a server says of a lease's files and of what it sent.  Every file that
 * is taken has a harmless name of its own, a URL that is no way around TLS,
 * and a device of the VM that no other file has, or none.
 */
#include "provider/file-name.h"
#include "provider/vsphere/lease-files.h"
#include "provider/vsphere/lease-manifest.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct h2k_vm_disk disks[] = {
    { .key = 2000, .bus = H2K_VM_BUS_SCSI },
    { .key = 2001, .bus = H2K_VM_BUS_SCSI, .unit = 1, .independent = true },
    { .key = 16001, .bus = H2K_VM_BUS_SATA, .unit = 1 },
    { .key = 31000, .bus = H2K_VM_BUS_NVME },
};
static const struct h2k_vm vm = { .disks = disks, .disk_count = 4 };

static bool
is_ours(int32_t key)
{
    for (size_t i = 0; i < vm.disk_count; i++)
        if (disks[i].key == key)
            return true;
    return key == -1;
}

static void
check(const struct h2k_lease_files *files, const char *origin)
{
    bool plain = strncmp(origin, "http:", 5) == 0;
    for (size_t i = 0; i < files->count; i++) {
        const struct h2k_vsphere_lease_file *a = &files->items[i];
        if (!h2k_export_name_is_safe(a->name) || !is_ours(a->disk_key) ||
            a->key == NULL || a->size > INT64_MAX)
            abort();
        if (strncasecmp(a->url, "https://", 8) != 0 &&
            (!plain || h2k_lease_url_is_foreign(a->url, origin)))
            abort();
        for (size_t k = 0; k < i; k++) {
            const struct h2k_vsphere_lease_file *b = &files->items[k];
            if (strcasecmp(a->name, b->name) == 0 ||
                (a->disk_key != -1 && a->disk_key == b->disk_key))
                abort();
        }
    }
    if (files->timeout_ms < 1000)
        abort();
}

static void
read_files(const xmlNode *root, const char *origin, bool snapshot)
{
    H2K_AUTO_LEASE_FILES files = { 0 };
    if (h2k_lease_files_read(root, origin, &vm, snapshot, &files) == 0)
        check(&files, origin);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct h2k_vsphere_lease_sum *sums = NULL;
    size_t count = 0;
    xmlDoc *doc = h2k_soap_parse((const char *)data, size);
    if (doc == NULL)
        return 0;
    const xmlNode *root = xmlDocGetRootElement(doc);
    read_files(root, "https://vc.example.com:443", false);
    read_files(root, "http://[::1]:8989", true);
    if (h2k_lease_manifest_read(root, &sums, &count) == 0)
        h2k_vsphere_lease_sums_free(sums, count);
    xmlFreeDoc(doc);
    return 0;
}
