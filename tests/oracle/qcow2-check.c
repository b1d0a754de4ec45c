/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* qcow2-check IMAGE: "errors E overlaps O leaks L data D compressed C", and
 * what was found first.  Ends with 1 when the check could not be done, 2 for
 * errors and 3 for leaks alone, as "qemu-img check" does. */
#include "block/file.h"
#include "image/qcow2-check.h"

#include <hyper2kvm/error.h>
#include <inttypes.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
    struct h2k_qcow2_check r;
    H2K_AUTO(h2k_block) file = argc == 2 ? h2k_file_open(argv[1]) : NULL;
    if (file == NULL || h2k_qcow2_check(file, &r) < 0) {
        printf("%s\n", h2k_errmsg());
        return 1;
    }
    printf("errors %" PRIu64 " overlaps %" PRIu64 " leaks %" PRIu64
           " data %" PRIu64 " compressed %" PRIu64 "\n%s\n",
           r.errors, r.overlaps, r.leaks, r.data_clusters,
           r.compressed_clusters, r.first);
    return r.errors > 0 ? 2 : r.leaks > 0 ? 3 : 0;
}
