/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* grub.cfg, /etc/default/grub and bare kernel command lines. */
#include "guest/grub.h"

#include "rewrite.h"

static int
fill_menu(struct h2k_rewrite *rewrite)
{
    struct h2k_grub_seen seen = { 0 };
    return h2k_grub_cfg_rewrite(rewrite, &seen);
}

static int
fill_default(struct h2k_rewrite *rewrite)
{
    struct h2k_grub_seen seen = { 0 };
    return h2k_grub_default_rewrite(rewrite, &seen);
}

static int
fill_bare(struct h2k_rewrite *rewrite)
{
    struct h2k_grub_seen seen = { .bare_kernel = true };
    return h2k_grub_default_rewrite(rewrite, &seen);
}

static int
fill_cmdline(struct h2k_rewrite *rewrite)
{
    struct h2k_cmdline_roots roots = { 0 };
    return h2k_cmdline_rewrite(rewrite, rewrite->text, rewrite->size, NULL, 0,
                               H2K_READER_USERLAND, &roots);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    fuzz_rewrite(text, size, fill_menu);
    fuzz_rewrite(text, size, fill_default);
    fuzz_rewrite(text, size, fill_bare);
    fuzz_rewrite(text, size, fill_cmdline);
    return 0;
}
