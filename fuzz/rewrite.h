/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What holds for every rewrite of a text: replacements are in order, the
 * rest of the text stays byte for byte, and a second time there is nothing
 * to replace.
 */
#ifndef H2K_FUZZ_REWRITE_H
#define H2K_FUZZ_REWRITE_H

#include "guest/fix/rewrite.h"

#include <stdlib.h>
#include <string.h>

/* sda1 has all names, sdb1 only PARTUUID, sdc1 none; others are not there. */
static int
fuzz_find(void *opaque, const char *path, struct h2k_volume_names *out)
{
    (void)opaque;
    if (strcmp(path, "/dev/sda1") == 0)
        *out = (struct h2k_volume_names){ .type = "ext4",
                                          .uuid = "aaaa-bbbb",
                                          .partuuid = "cccc-01",
                                          .label = "root" };
    else if (strcmp(path, "/dev/sdb1") == 0)
        *out = (struct h2k_volume_names){ .partuuid = "dddd-01" };
    else if (strcmp(path, "/dev/sdc1") == 0)
        *out = (struct h2k_volume_names){ .not_root = true, .type = "xfs" };
    else
        return 0;
    return 1;
}

static const struct h2k_devices fuzz_devices = { .find = fuzz_find };

/* Undo the replacements in the new text: the old one must come out. */
__attribute__((unused)) static void
fuzz_undo(const struct h2k_rewrite *rewrite, const char *text, size_t size)
{
    size_t from = 0, at = 0;
    for (size_t i = 0; i < rewrite->count; i++) {
        const struct h2k_replacement *item = &rewrite->items[i];
        size_t kept = item->offset - from, length = strlen(item->text);
        if (item->offset < from || size - at < kept + length ||
            memcmp(text + at, rewrite->text + from, kept) != 0 ||
            memcmp(text + at + kept, item->text, length) != 0)
            abort();
        from = item->offset + item->length;
        at += kept + length;
    }
    if (rewrite->size - from != size - at ||
        (size > at && memcmp(text + at, rewrite->text + from, size - at) != 0))
        abort();
}

typedef int (*fuzz_fill_fn)(struct h2k_rewrite *rewrite);

__attribute__((unused)) static void
fuzz_rewrite(const char *text, size_t size, fuzz_fill_fn fill)
{
    H2K_AUTO_REWRITE first = { .text = text,
                               .size = size,
                               .devices = &fuzz_devices };
    h2k_autofree char *after = NULL;
    size_t after_size;
    if (fill(&first) < 0)
        return;
    if (h2k_rewrite_apply(&first, &after, &after_size) < 0)
        abort();
    fuzz_undo(&first, after, after_size);
    H2K_AUTO_REWRITE second = { .text = after,
                                .size = after_size,
                                .devices = &fuzz_devices };
    if (fill(&second) < 0 || second.count != 0)
        abort();
}

#endif
