/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* grub.cfg, /etc/default/grub, bare kernel command lines, boot loader entries
 * and grubenv. */
#include "guest/fix/bls-rewrite.h"
#include "guest/fix/grub.h"
#include "guest/resolve.h"

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

static int
fill_entry(struct h2k_rewrite *rewrite)
{
    struct h2k_cmdline_roots roots = { 0 };
    return h2k_bls_rewrite(rewrite, &roots);
}

/* The block keeps its size, and is right the second time. */
static void
environment(const char *text, size_t size)
{
    struct h2k_cmdline_roots roots = { 0 };
    h2k_autofree char *ended = strndup(text, size);
    h2k_autofree char *block = NULL;
    h2k_autofree char *again = NULL;
    if (ended == NULL)
        return;
    H2K_AUTO_REWRITE first = { .text = ended,
                               .size = strlen(ended),
                               .devices = &fuzz_devices };
    if (h2k_grubenv_rewrite(&first, &roots, &block) < 0 || block == NULL)
        return;
    if (strlen(block) != first.size)
        abort();
    H2K_AUTO_REWRITE second = { .text = block,
                                .size = first.size,
                                .devices = &fuzz_devices };
    if (h2k_grubenv_rewrite(&second, &roots, &again) < 0 || again != NULL)
        abort();
}

/* A device that is found is of the text. */
static void
mapping(const char *text, size_t size)
{
    char device[H2K_MAPPING_DEVICE];
    if (!h2k_cmdline_mapping(text, size, "root", device))
        return;
    const char *own = strncmp(device, "UUID=", 5) == 0 ? device + 5 : device;
    if (memmem(text, size, own, strlen(own)) == NULL)
        abort();
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
    fuzz_rewrite(text, size, fill_entry);
    environment(text, size);
    mapping(text, size);
    return 0;
}
