/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The checksums beside an OVF: NAME.mf, "SHA256(web-disk1.vmdk)= 9f86…" a
 * line (DSP0243 5.1). */
#ifndef H2K_OVF_SUMS_H
#define H2K_OVF_SUMS_H

#include "base/hash.h"

#define H2K_OVF_SUMS_MAX_SIZE (1u << 20) /* bytes */

struct h2k_ovf_sum {
    char *name;
    enum h2k_hash_kind kind;
    char hex[H2K_HASH_HEX_SIZE]; /* lower case */
};

struct h2k_ovf_sums {
    struct h2k_ovf_sum *sums;
    size_t count;
};

/* Lines with sums of a kind that is not known are left out.  NULL with
 * H2K_E_CORRUPT: another line, or two sums for one file that differ. */
struct h2k_ovf_sums *h2k_ovf_sums_parse(const char *text, size_t size);
void h2k_ovf_sums_free(struct h2k_ovf_sums *sums); /* NULL is fine */
H2K_DEFINE_AUTO(h2k_ovf_sums, h2k_ovf_sums_free)

/* The strongest of NAME's; NULL: none.  SUMS may be NULL. */
const struct h2k_ovf_sum *h2k_ovf_sums_find(const struct h2k_ovf_sums *sums,
                                            const char *name);

#endif
