/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A private directory for files that another program is to read, and that
 * are gone afterwards: at the end, or when the run was killed, by the next
 * run that makes one of the same kind.
 */
#ifndef H2K_BASE_SCRATCH_H
#define H2K_BASE_SCRATCH_H

#include "base/cleanup.h"

/* Start from H2K_SCRATCH_NONE. */
struct h2k_scratch {
    char path[300]; /* absolute; "" for none */
    int fd;         /* of the directory, which is locked by it; or -1 */
};
#define H2K_SCRATCH_NONE \
    {                    \
        .fd = -1         \
    }

/*
 * "hyper2kvm-KIND-XXXXXX", mode 0700, in $TMPDIR or else /var/tmp.  Those of
 * this user there whose makers are no more are removed.  -1 with
 * H2K_E_OUTPUT.
 */
int h2k_scratch_make(struct h2k_scratch *scratch, const char *kind);
/* Remove it with its files; it holds no directories. */
void h2k_scratch_remove(struct h2k_scratch *scratch);
#define H2K_AUTO_SCRATCH \
    __attribute__((cleanup(h2k_scratch_remove))) struct h2k_scratch

#endif
