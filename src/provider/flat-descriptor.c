/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/flat-descriptor.h"

#include "base/buffer.h"
#include "base/error.h"
#include "provider/file-name.h"

#include <inttypes.h>
#include <string.h>

#define SECTOR 512

/* The adapters that the format has names for. */
static const char *
adapter_name(enum h2k_vm_bus bus, const char *controller)
{
    if (bus == H2K_VM_BUS_IDE || bus == H2K_VM_BUS_SATA)
        return "ide";
    if (controller != NULL && strcmp(controller, "buslogic") == 0)
        return "buslogic";
    return "lsilogic";
}

/* The geometry that a BIOS is shown: of no meaning to KVM, and expected by
 * VMware's readers. */
static uint64_t
cylinders(uint64_t sectors, unsigned heads)
{
    uint64_t n = sectors / (63 * heads);
    return heads == 16 && n > 16383 ? 16383 : n;
}

char *
h2k_flat_descriptor(const char *flat_name, uint64_t capacity,
                    enum h2k_vm_bus bus, const char *controller)
{
    if (!h2k_export_name_is_safe(flat_name))
        return h2k_fail_null(
            H2K_E_RANGE, "%s: cannot stand in a VMDK descriptor", flat_name);
    if (capacity == 0 || capacity % SECTOR != 0)
        return h2k_fail_null(H2K_E_RANGE,
                             "%s: %" PRIu64 " bytes are no whole sectors",
                             flat_name, capacity);
    uint64_t sectors = capacity / SECTOR;
    const char *adapter = adapter_name(bus, controller);
    unsigned heads = strcmp(adapter, "ide") == 0 ? 16 : 255;
    H2K_AUTO_BUFFER b = { 0 };
    h2k_buffer_adds(&b, "# Disk DescriptorFile\n"
                        "version=1\n"
                        "encoding=\"UTF-8\"\n"
                        "CID=fffffffe\n"
                        "parentCID=ffffffff\n"
                        "createType=\"monolithicFlat\"\n"
                        "\n"
                        "# Extent description\n");
    h2k_buffer_addf(&b, "RW %" PRIu64 " FLAT \"%s\" 0\n", sectors, flat_name);
    h2k_buffer_addf(&b,
                    "\n"
                    "# The Disk Data Base\n"
                    "#DDB\n"
                    "\n"
                    "ddb.adapterType = \"%s\"\n"
                    "ddb.geometry.cylinders = \"%" PRIu64 "\"\n"
                    "ddb.geometry.heads = \"%u\"\n"
                    "ddb.geometry.sectors = \"63\"\n"
                    "ddb.virtualHWVersion = \"4\"\n",
                    adapter, cylinders(sectors, heads), heads);
    return h2k_buffer_steal(&b);
}
