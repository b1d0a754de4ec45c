/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/error.h"
#include "fs/guestfs/ops.h"

#include <string.h>

/* Far more than a directory has in which there is something to do. */
#define NAMES_MAX (UINT64_C(1) << 21)

int
h2k_guestfs_names_add(struct h2k_guestfs_names *names, const char *name)
{
    if (names->count == NAMES_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "libguestfs: more than %u names in one directory",
                        (unsigned)NAMES_MAX);
    if (names->count + 1 >= names->allocated) {
        size_t more = names->allocated == 0 ? 32 : names->allocated * 2;
        char **items = reallocarray(names->items, more, sizeof(*items));
        if (items == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        names->items = items;
        names->allocated = more;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    names->items[names->count++] = copy;
    names->items[names->count] = NULL;
    return 0;
}

void
h2k_guestfs_names_clear(struct h2k_guestfs_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct h2k_guestfs_names){ 0 };
}
