/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/lease-files.h"

#include "base/error.h"
#include "net/url.h"
#include "provider/file-name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT_S 300 /* what servers give, where one does not say */
#define TIMEOUT_MOST_S 86400

void
h2k_lease_files_clear(struct h2k_lease_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        struct h2k_vsphere_lease_file *file = &files->items[i];
        free(file->key);
        free(file->url);
        free(file->name);
        free(file->thumbprint);
    }
    free(files->items);
    *files = (struct h2k_lease_files){ 0 };
}

/* ---- URLs ---- */

bool
h2k_lease_url_is_foreign(const char *url, const char *origin)
{
    H2K_AUTO_URL there = { 0 };
    H2K_AUTO_URL here = { 0 };
    return h2k_url_parse(url, &there) < 0 ||
           h2k_url_parse(origin, &here) < 0 ||
           strcasecmp(there.host, here.host) != 0;
}

/* What stands behind "https://" or "http://", in just this form; NULL where
 * TEXT is anything else, or has a blank or control character. */
static const char *
url_authority(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7f)
            return NULL;
    if (strncasecmp(text, "https://", 8) == 0)
        return text + 8;
    return strncasecmp(text, "http://", 7) == 0 ? text + 7 : NULL;
}

/* TEXT with HOST where it says '*' (HttpNfcLeaseDeviceUrl, url).  A user
 * name in it is refused: it would be sent. */
static int
url_complete(const char *text, const char *host, char **url)
{
    const char *authority = url_authority(text);
    if (authority == NULL)
        return h2k_fail(H2K_E_CORRUPT, "a file's URL is not one for this");
    size_t size = strcspn(authority, "/?#");
    if (memchr(authority, '@', size) != NULL)
        return h2k_fail(H2K_E_CORRUPT, "a file's URL has a user name in it");
    bool any =
        size > 0 && *authority == '*' && (size == 1 || authority[1] == ':');
    int rc = any ? asprintf(url, "%.*s%s%s", (int)(authority - text), text,
                            host, authority + 1)
                 : asprintf(url, "%s", text);
    if (rc >= 0)
        return 0;
    *url = NULL;
    return h2k_fail(H2K_E_NOMEM, "out of memory");
}

static int
url_read(const char *text, const struct h2k_url *origin, char **url)
{
    H2K_AUTO_URL parsed = { 0 };
    if (text == NULL)
        return h2k_fail(H2K_E_CORRUPT, "a file has no URL");
    if (url_complete(text, origin->host, url) < 0)
        return -1;
    if (h2k_url_parse(*url, &parsed) < 0)
        return h2k_recode(H2K_E_CORRUPT);
    if (parsed.secure)
        return 0;
    if (origin->secure || strcasecmp(parsed.host, origin->host) != 0)
        return h2k_fail(H2K_E_SOURCE,
                        "%s: the server wants to give a disk without TLS, "
                        "which is refused",
                        parsed.shown);
    return 0;
}

/* ---- Names ---- */

static bool
name_is_taken(const struct h2k_lease_files *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcasecmp(files->items[i].name, name) == 0)
            return true;
    return false;
}

/* The last part of the URL's path, as a file may be called that no other of
 * FILES is. */
static char *
name_choose(const struct h2k_lease_files *files, const char *url)
{
    H2K_AUTO_URL parsed = { 0 };
    if (h2k_url_parse(url, &parsed) < 0)
        return NULL;
    const char *slash = strrchr(parsed.path, '/');
    h2k_autofree char *base =
        h2k_export_file_name(slash == NULL ? parsed.path : slash + 1);
    if (base == NULL)
        return NULL;
    const char *dot = strrchr(base, '.');
    int stem = (int)(dot == NULL ? strlen(base) : (size_t)(dot - base));
    h2k_autofree char *name = strdup(base);
    for (unsigned i = 2; name != NULL && name_is_taken(files, name); i++) {
        free(name);
        if (asprintf(&name, "%.*s-%u%s", stem, base, i, base + stem) < 0)
            name = NULL;
    }
    return name == NULL ? h2k_fail_null(H2K_E_NOMEM, "out of memory")
                        : h2k_steal(name);
}

/* ---- Which disk a file is ---- */

/* The kind of controller in "VirtualLsiLogicController0:0". */
static enum h2k_vm_bus
key_bus(const char *device)
{
    static const struct {
        const char *word;
        enum h2k_vm_bus bus;
    } words[] = {
        { "SCSI", H2K_VM_BUS_SCSI },     { "LsiLogic", H2K_VM_BUS_SCSI },
        { "BusLogic", H2K_VM_BUS_SCSI }, { "IDE", H2K_VM_BUS_IDE },
        { "AHCI", H2K_VM_BUS_SATA },     { "SATA", H2K_VM_BUS_SATA },
        { "NVME", H2K_VM_BUS_NVME },
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strcasestr(device, words[i].word) != NULL)
            return words[i].bus;
    return H2K_VM_BUS_UNKNOWN;
}

/* By controller and place on it: "…/ParaVirtualSCSIController1:3". */
static const struct h2k_vm_disk *
disk_by_place(const struct h2k_vm *vm, const char *device)
{
    unsigned bus_number, unit;
    int end = 0;
    enum h2k_vm_bus bus = key_bus(device);
    size_t digits = strcspn(device, "0123456789");
    if (sscanf(device + digits, "%4u:%4u%n", &bus_number, &unit, &end) != 2 ||
        device[digits + (size_t)end] != '\0')
        return NULL;
    for (size_t i = 0; i < vm->disk_count; i++) {
        const struct h2k_vm_disk *disk = &vm->disks[i];
        if (disk->bus == bus && disk->bus_number == bus_number &&
            disk->unit == unit)
            return disk;
    }
    return NULL;
}

/* The disk that is NUMBER in the order of device keys, in which the server
 * lists them. */
static const struct h2k_vm_disk *
disk_by_number(const struct h2k_vm *vm, bool snapshot, unsigned number)
{
    for (size_t i = 0; i < vm->disk_count; i++) {
        const struct h2k_vm_disk *disk = &vm->disks[i];
        unsigned before = 0;
        if (snapshot && disk->independent)
            continue;
        for (size_t k = 0; k < vm->disk_count; k++)
            if (!(snapshot && vm->disks[k].independent) &&
                vm->disks[k].key < disk->key)
                before++;
        if (before == number)
            return disk;
    }
    return NULL;
}

static int32_t
disk_key(const struct h2k_vm *vm, bool snapshot, const char *key)
{
    const char *slash = strrchr(key, '/');
    const char *device = slash == NULL ? key : slash + 1;
    const struct h2k_vm_disk *disk;
    unsigned number;
    int end = 0;
    if (sscanf(device, "disk-%4u%n", &number, &end) == 1 &&
        device[end] == '\0')
        disk = disk_by_number(vm, snapshot, number);
    else
        disk = disk_by_place(vm, device);
    return disk == NULL ? -1 : disk->key;
}

static bool
key_is_taken(const struct h2k_lease_files *files, int32_t key)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->items[i].disk_key == key)
            return true;
    return false;
}

/* ---- All of it ---- */

/* One HttpNfcLeaseDeviceUrl into FILE, whose fields the caller frees. */
static int
file_read(const xmlNode *device, const struct h2k_url *origin,
          const struct h2k_lease_files *files,
          struct h2k_vsphere_lease_file *file)
{
    int64_t size = 0;
    const xmlNode *disk = h2k_soap_child(device, "disk");
    if (h2k_soap_copy_at(device, "key", &file->key) < 0 ||
        h2k_soap_copy_at(device, "sslThumbprint", &file->thumbprint) < 0 ||
        url_read(h2k_soap_get_at(device, "url"), origin, &file->url) < 0)
        return -1;
    if (file->key == NULL)
        return h2k_fail(H2K_E_CORRUPT, "a file has no key");
    file->name = name_choose(files, file->url);
    if (file->name == NULL)
        return -1;
    if (file->thumbprint != NULL && *file->thumbprint == '\0') {
        free(file->thumbprint);
        file->thumbprint = NULL;
    }
    h2k_soap_get_i64(h2k_soap_child(device, "fileSize"), 0, INT64_MAX, &size);
    file->size = (uint64_t)size;
    size_t length = strlen(file->name);
    file->is_disk =
        disk != NULL
            ? h2k_soap_get_bool(disk)
            : length > 5 && strcasecmp(file->name + length - 5, ".vmdk") == 0;
    return 0;
}

static void
file_match(struct h2k_vsphere_lease_file *file, const xmlNode *device,
           const struct h2k_vm *vm, bool snapshot,
           const struct h2k_lease_files *files)
{
    const char *import_key = h2k_soap_get_at(device, "importKey");
    int32_t key = -1;
    if (file->is_disk)
        key = disk_key(vm, snapshot, file->key);
    if (file->is_disk && key < 0 && import_key != NULL)
        key = disk_key(vm, snapshot, import_key);
    file->disk_key = key_is_taken(files, key) ? -1 : key;
}

/* A VM's only disk is what the lease's only disk is, whatever its key. */
static void
match_single(const struct h2k_vm *vm, struct h2k_lease_files *files)
{
    struct h2k_vsphere_lease_file *only = NULL;
    size_t disks = 0;
    for (size_t i = 0; i < files->count; i++)
        if (files->items[i].is_disk) {
            only = &files->items[i];
            disks++;
        }
    if (disks == 1 && vm->disk_count == 1 && only->disk_key == -1)
        only->disk_key = vm->disks[0].key;
}

static size_t
count_devices(const xmlNode *info)
{
    size_t count = 0;
    h2k_soap_each (device, info, "deviceUrl")
        count++;
    return count;
}

static int
read_devices(const xmlNode *info, const struct h2k_url *origin,
             const struct h2k_vm *vm, bool snapshot,
             struct h2k_lease_files *files)
{
    h2k_soap_each (device, info, "deviceUrl") {
        struct h2k_vsphere_lease_file *file = &files->items[files->count];
        int rc = file_read(device, origin, files, file);
        if (rc == 0)
            file_match(file, device, vm, snapshot, files);
        files->count++;
        if (rc < 0)
            return -1;
    }
    match_single(vm, files);
    return 0;
}

int
h2k_lease_files_read(const xmlNode *info, const char *origin,
                     const struct h2k_vm *vm, bool snapshot,
                     struct h2k_lease_files *files)
{
    H2K_AUTO_URL here = { 0 };
    int64_t timeout = TIMEOUT_S;
    size_t count = count_devices(info);
    if (h2k_url_parse(origin, &here) < 0)
        return -1;
    if (count > H2K_LEASE_FILES_MAX)
        return h2k_fail(H2K_E_CORRUPT, "the lease has %zu files", count);
    files->items = calloc(count + 1, sizeof(*files->items));
    if (files->items == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    h2k_soap_get_i64(h2k_soap_child(info, "leaseTimeout"), 1, TIMEOUT_MOST_S,
                     &timeout);
    files->timeout_ms = (unsigned)timeout * 1000;
    return read_devices(info, &here, vm, snapshot, files);
}
