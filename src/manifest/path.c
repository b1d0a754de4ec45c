/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where a node is, in the words of a user: disks[1].checksum. */
#include "manifest/document.h"

#include "base/buffer.h"

#include <string.h>

#define MAX_STEPS 80 /* a tree is at most H2K_MANIFEST_MAX_DEPTH deep */

static void
add_key(struct h2k_buffer *b, const char *key)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (*key != '\0' && key[strspn(key, plain)] == '\0') {
        h2k_buffer_addf(b, "%s%s", b->size > 0 ? "." : "", key);
        return;
    }
    h2k_buffer_adds(b, "[\"");
    for (; *key != '\0'; key++)
        if ((unsigned char)*key < 0x20 || *key == 0x7f)
            h2k_buffer_addf(b, "\\x%02x", (unsigned)(unsigned char)*key);
        else
            h2k_buffer_addc(b, *key);
    h2k_buffer_adds(b, "\"]");
}

char *
h2k_node_path(const struct h2k_node *node, const char *child)
{
    const struct h2k_node *steps[MAX_STEPS];
    size_t count = 0;
    H2K_AUTO_BUFFER b = { 0 };
    for (; node != NULL && node->parent != NULL && count < MAX_STEPS;
         node = node->parent)
        steps[count++] = node;
    while (count-- > 0)
        if (steps[count]->key != NULL)
            add_key(&b, steps[count]->key);
        else
            h2k_buffer_addf(&b, "[%zu]", steps[count]->index);
    if (child != NULL)
        add_key(&b, child);
    char *text = b.failed ? NULL : strdup(h2k_buffer_text(&b));
    return text;
}
