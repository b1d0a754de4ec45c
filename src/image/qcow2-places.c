/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "image/qcow2-places.h"

#include "base/error.h"
#include "image/qcow2-decode.h"
#include "image/qcow2-format.h"

#include <string.h>

/* How many of ENTRIES follow one another in the file. */
static size_t
run_of(const uint64_t *entries, size_t count, uint32_t cluster)
{
    size_t run = 1;
    while (run < count && !(entries[run] & QCOW2_L2_COMPRESSED) &&
           entries[run] == entries[0] + run * cluster)
        run++;
    return run;
}

int
h2k_qcow2_read_places(struct h2k_block *file, uint32_t cluster, bool zstd,
                      const uint64_t *entries, size_t count, uint8_t *bytes)
{
    const struct h2k_qcow2_header header = {
        .cluster_bits = (uint32_t)__builtin_ctz(cluster),
        .cluster_size = cluster,
        .zstd = zstd,
    };
    struct h2k_qcow2_decoders *decoders =
        h2k_qcow2_decoders_new(file, &header);
    int rc = decoders == NULL ? -1 : 0;
    for (size_t i = 0, run = 1; rc == 0 && i < count; i += run) {
        uint8_t *at = bytes + i * cluster;
        run = 1;
        if (entries[i] == 0) {
            memset(at, 0, cluster);
        } else if (entries[i] & QCOW2_L2_COMPRESSED) {
            rc = h2k_qcow2_decode(decoders, entries[i], at);
        } else {
            run = run_of(entries + i, count - i, cluster);
            rc = h2k_block_pread(file, at, run * cluster,
                                 entries[i] & QCOW2_ENTRY_OFFSET);
        }
    }
    h2k_qcow2_decoders_free(decoders);
    return rc;
}
