/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * volume-list FILE: the partition table of a raw image, one line for the
 * table (type, sector size, id, "backup" or "first"), then one for each
 * partition: number, start and length in sectors, type, UUID or "-", "boot"
 * or "-", name.  What was survived goes to standard error.
 */
#include "block/file.h"
#include "volume/volume.h"

#include <inttypes.h>
#include <stdio.h>

#include <hyper2kvm/error.h>

static const char *
or_dash(const char *text)
{
    return text[0] == '\0' ? "-" : text;
}

int
main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    H2K_AUTO(h2k_block) disk = h2k_file_open(argv[1]);
    H2K_AUTO(h2k_partition_table)
    table = disk == NULL ? NULL : h2k_partition_table_read(disk);
    if (table == NULL) {
        fprintf(stderr, "%s\n", h2k_errmsg());
        return h2k_errcode() == H2K_E_NOENT ? 4 : 1;
    }
    printf("%s %" PRIu32 " %s %s\n", table->type, table->sector_size,
           table->id, table->used_backup ? "backup" : "first");
    for (size_t i = 0; i < table->count; i++) {
        const struct h2k_partition *p = &table->partitions[i];
        printf("%" PRIu32 " %" PRIu64 " %" PRIu64 " %s %s %s %s\n", p->number,
               p->offset / table->sector_size, p->length / table->sector_size,
               p->type, or_dash(p->uuid), p->bootable ? "boot" : "-",
               p->label);
    }
    if (table->problem[0] != '\0')
        fprintf(stderr, "%s\n", table->problem);
    return 0;
}
