/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A server's OVF descriptor.  What is accepted must be accepted again, as it
 * then is, and name the files that were stored and no others.
 */
#include "provider/ovf.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct h2k_vm_disk disks[2] = {
    { .capacity = UINT64_C(64) << 20 },
    { .capacity = 0 }, /* not known: any will do */
};
static const struct h2k_ovf_file files[3] = {
    { .name = "vm-disk1.vmdk", .size = 1, .disk = &disks[0], .populated = 1 },
    { .name = "vm-disk2.vmdk", .size = 2, .disk = &disks[1] },
    { .name = "vm.nvram", .size = 3 },
};

static void
check(const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char href[64];
        snprintf(href, sizeof(href), "\"%s\"", files[i].name);
        if (strstr(text, href) == NULL)
            abort();
    }
    h2k_autofree char *again =
        h2k_ovf_rewrite(text, strlen(text), files, count);
    if (again == NULL && strlen(text) < H2K_OVF_MAX_SIZE)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (size_t count = 1; count <= 3; count++) {
        h2k_autofree char *text =
            h2k_ovf_rewrite((const char *)data, size, files, count);
        if (text != NULL)
            check(text, count);
    }
    return 0;
}
