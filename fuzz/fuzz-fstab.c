/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* /etc/fstab, /etc/crypttab and what else is one statement a line. */
#include "guest/fix/fstab.h"

#include "rewrite.h"

static int
fill_fstab(struct h2k_rewrite *rewrite)
{
    size_t entries;
    return h2k_fstab_rewrite(rewrite, H2K_FIX_FSTAB_STABILIZE_ALL, &entries);
}

static int
fill_bypath(struct h2k_rewrite *rewrite)
{
    size_t entries;
    return h2k_fstab_rewrite(rewrite, H2K_FIX_FSTAB_BYPATH_ONLY, &entries);
}

static int
fill_crypttab(struct h2k_rewrite *rewrite)
{
    return h2k_crypttab_rewrite(rewrite, H2K_FIX_FSTAB_STABILIZE_ALL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    fuzz_rewrite(text, size, fill_fstab);
    fuzz_rewrite(text, size, fill_bypath);
    fuzz_rewrite(text, size, fill_crypttab);
    return 0;
}
