/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * edit-text fstab|crypttab|menu|default: the text of standard input as FIX
 * would leave it, for a guest whose /dev/sdXN has UUID
 * "00000000-0000-4000-8000-0000000000XN" and so on.  Warnings go to standard
 * error.
 */
#include "guest/fix/fstab.h"
#include "guest/fix/grub.h"

#include <hyper2kvm/error.h>

#include <stdio.h>
#include <string.h>

static int
find(void *opaque, const char *path, struct h2k_volume_names *out)
{
    const char *name = strstr(path, "/dev/sd");
    (void)opaque;
    if (name != path || strlen(path) != 9)
        return 0;
    *out = (struct h2k_volume_names){ 0 };
    snprintf(out->uuid, sizeof(out->uuid),
             "00000000-0000-4000-8000-0000000000%s", path + 7);
    snprintf(out->partuuid, sizeof(out->partuuid),
             "11111111-0000-4000-8000-0000000000%s", path + 7);
    return 1;
}

static int
fill(struct h2k_rewrite *rewrite, const char *kind)
{
    struct h2k_grub_seen seen = { 0 };
    size_t entries;
    if (strcmp(kind, "fstab") == 0)
        return h2k_fstab_rewrite(rewrite, H2K_FIX_FSTAB_STABILIZE_ALL,
                                 &entries);
    if (strcmp(kind, "crypttab") == 0)
        return h2k_crypttab_rewrite(rewrite, H2K_FIX_FSTAB_STABILIZE_ALL);
    if (strcmp(kind, "menu") == 0)
        return h2k_grub_cfg_rewrite(rewrite, &seen);
    return h2k_grub_default_rewrite(rewrite, &seen);
}

int
main(int argc, char **argv)
{
    static const struct h2k_devices devices = { .find = find };
    static char text[1 << 20];
    h2k_autofree char *after = NULL;
    size_t size = fread(text, 1, sizeof(text), stdin), after_size;
    H2K_AUTO_REWRITE rewrite = { .text = text,
                                 .size = size,
                                 .devices = &devices };
    if (argc != 2)
        return 2;
    if (fill(&rewrite, argv[1]) < 0 ||
        h2k_rewrite_apply(&rewrite, &after, &after_size) < 0) {
        fprintf(stderr, "%s\n", h2k_errmsg());
        return 1;
    }
    for (size_t i = 0; i < rewrite.warnings.count; i++)
        fprintf(stderr, "%s\n", rewrite.warnings.items[i]);
    return fwrite(after, 1, after_size, stdout) == after_size ? 0 : 1;
}
