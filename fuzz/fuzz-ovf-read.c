/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What comes with disks: an envelope, or where it begins with an S a
 * manifest of checksums.  A disk that is accepted has a file beside
 * the envelope, and a format.
 */
#include "ovf/machine.h"
#include "ovf/sums.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_machine(const char *text, size_t size)
{
    H2K_AUTO(h2k_ovf_machine) machine = h2k_ovf_machine_read(text, size);
    if (machine == NULL)
        return;
    if (machine->disk_count == 0)
        abort();
    for (size_t i = 0; i < machine->disk_count; i++) {
        const struct h2k_ovf_disk *disk = &machine->disks[i];
        h2k_autofree char *decoded = h2k_ovf_decode_href(disk->href);
        if (!h2k_ovf_is_file_name(disk->href) || disk->format == NULL ||
            (decoded != NULL && !h2k_ovf_is_file_name(decoded)))
            abort();
    }
    for (size_t i = 0; i < machine->nic_count; i++)
        if (machine->nics[i].mac != NULL && strlen(machine->nics[i].mac) != 17)
            abort();
}

static void
read_sums(const char *text, size_t size)
{
    H2K_AUTO(h2k_ovf_sums) sums = h2k_ovf_sums_parse(text, size);
    for (size_t i = 0; sums != NULL && i < sums->count; i++) {
        enum h2k_hash_kind kind;
        if (h2k_ovf_sums_find(sums, sums->sums[i].name) == NULL ||
            !h2k_hash_kind_of(sums->sums[i].hex, &kind) ||
            kind != sums->sums[i].kind)
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] == 'S')
        read_sums((const char *)data, size);
    else
        read_machine((const char *)data, size);
    return 0;
}
