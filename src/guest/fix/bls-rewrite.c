/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Device names in boot loader entries, and in grub's environment block that
 * they may refer to as $kernelopts. */
#include "base/error.h"
#include "guest/fix/bls-rewrite.h"
#include "guest/fix/lines.h"

#include <stdio.h>
#include <string.h>

int
h2k_bls_rewrite(struct h2k_rewrite *rewrite, struct h2k_cmdline_roots *roots)
{
    struct h2k_line line;
    size_t cursor = 0;
    bool initrd = false;
    while (h2k_line_next(rewrite, &cursor, &line))
        initrd |= h2k_field_is(rewrite, line.fields[0], "initrd");
    cursor = 0;
    while (h2k_line_next(rewrite, &cursor, &line)) {
        if (!h2k_field_is(rewrite, line.fields[0], "options"))
            continue;
        size_t at = line.fields[0].at + line.fields[0].length;
        if (h2k_cmdline_rewrite(
                rewrite, rewrite->text + at, line.end - at, NULL, at,
                initrd ? H2K_READER_USERLAND : H2K_READER_KERNEL, roots) < 0)
            return -1;
    }
    return 0;
}

/* GRUB manual, "Environment block": 1024 bytes, a comment that names it,
 * NAME=VALUE lines, and '#' to its end. */
#define GRUBENV_HEAD "# GRUB Environment Block\n"

/* The part that counts: without the '#' that fill the block. */
static size_t
used_size(const struct h2k_rewrite *rewrite)
{
    size_t size = rewrite->size;
    while (size > 0 && rewrite->text[size - 1] == '#')
        size--;
    return size;
}

static int
rewrite_lines(struct h2k_rewrite *rewrite, size_t used,
              struct h2k_cmdline_roots *roots)
{
    for (size_t at = 0; at < used;) {
        const char *line = rewrite->text + at;
        const char *newline = memchr(line, '\n', used - at);
        size_t length = newline == NULL ? used - at : (size_t)(newline - line);
        const char *equals = memchr(line, '=', length);
        if (line[0] != '#' && equals != NULL) {
            size_t value = (size_t)(equals + 1 - line);
            if (h2k_cmdline_rewrite(rewrite, line + value, length - value,
                                    NULL, at + value, H2K_READER_USERLAND,
                                    roots) < 0)
                return -1;
        }
        at += length + 1;
    }
    return 0;
}

int
h2k_grubenv_rewrite(struct h2k_rewrite *rewrite,
                    struct h2k_cmdline_roots *roots, char **text)
{
    h2k_autofree char *changed = NULL;
    size_t used = used_size(rewrite), size;
    *text = NULL;
    if (strncmp(rewrite->text, GRUBENV_HEAD, strlen(GRUBENV_HEAD)) != 0)
        return 0;
    if (rewrite_lines(rewrite, used, roots) < 0)
        return -1;
    if (rewrite->count == 0)
        return 0;
    if (h2k_rewrite_apply(rewrite, &changed, &size) < 0)
        return -1;
    size_t now = size - (rewrite->size - used);
    if (now > rewrite->size)
        return h2k_rewrite_warn(
            rewrite, 0,
            "stable names do not fit into its %zu bytes: it stays as it is; "
            "shorten it with grub-editenv in the guest",
            rewrite->size);
    char *block = malloc(rewrite->size + 1);
    if (block == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    memset(block, '#', rewrite->size);
    memcpy(block, changed, now);
    block[rewrite->size] = '\0';
    *text = block;
    return 0;
}
