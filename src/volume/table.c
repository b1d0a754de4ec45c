/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "volume/table.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct h2k_partition_table *
h2k_table_new(const char *type, uint32_t sector_size)
{
    struct h2k_partition_table *table = calloc(1, sizeof(*table));
    if (table == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    table->type = type;
    table->sector_size = sector_size;
    return table;
}

int
h2k_table_add(struct h2k_partition_table *table,
              const struct h2k_partition *partition)
{
    /* Room for the next power of two, each time one is reached. */
    if ((table->count & (table->count - 1)) == 0) {
        size_t room = table->count == 0 ? 1 : table->count * 2;
        struct h2k_partition *partitions =
            realloc(table->partitions, room * sizeof(*partitions));
        if (partitions == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        table->partitions = partitions;
    }
    table->partitions[table->count++] = *partition;
    return 0;
}

void
h2k_table_problem(struct h2k_partition_table *table, const char *format, ...)
{
    size_t used = strlen(table->problem);
    if (used > 0 && used + 2 < sizeof(table->problem))
        used += (size_t)snprintf(table->problem + used,
                                 sizeof(table->problem) - used, "; ");
    va_list ap;
    va_start(ap, format);
    vsnprintf(table->problem + used, sizeof(table->problem) - used, format,
              ap);
    va_end(ap);
}

void
h2k_partition_table_free(struct h2k_partition_table *table)
{
    if (table == NULL)
        return;
    free(table->partitions);
    free(table);
}

static int
compare_ranges(const void *a, const void *b)
{
    const struct h2k_table_range *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

int
h2k_table_check_ranges(struct h2k_table_range *ranges, size_t count,
                       uint64_t first, uint64_t end, const char *where)
{
    if (count == 0)
        return 0;
    qsort(ranges, count, sizeof(*ranges), compare_ranges);
    for (size_t i = 0; i < count; i++) {
        const struct h2k_table_range *r = &ranges[i];
        if (r->length == 0)
            return h2k_fail(H2K_E_CORRUPT,
                            "partition %" PRIu32
                            " is empty, or ends before it begins",
                            r->number);
        if (r->offset < first || !h2k_range_inside(r->offset, r->length, end))
            return h2k_fail(H2K_E_CORRUPT,
                            "partition %" PRIu32 " (%" PRIu64
                            " bytes at %" PRIu64 ") does not lie inside %s, "
                            "which is from %" PRIu64 " to %" PRIu64,
                            r->number, r->length, r->offset, where, first,
                            end);
        if (i > 0 && ranges[i - 1].offset + ranges[i - 1].length > r->offset)
            return h2k_fail(H2K_E_CORRUPT,
                            "partitions %" PRIu32 " and %" PRIu32
                            " overlap at byte %" PRIu64,
                            ranges[i - 1].number, r->number, r->offset);
    }
    return 0;
}

/* GPT first: its disk has an MBR too, which only protects it. */
struct h2k_partition_table *
h2k_partition_table_read(struct h2k_block *disk)
{
    struct h2k_partition_table *table = h2k_gpt_read(disk);
    if (table == NULL && h2k_errcode() == H2K_E_NOENT)
        table = h2k_mbr_read(disk);
    return table;
}
