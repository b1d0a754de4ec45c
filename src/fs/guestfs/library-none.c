/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* In place of library.c, where libguestfs' headers were not there. */
#include "base/error.h"
#include "fs/guestfs/appliance.h"
#include "fs/guestfs/ops.h"

#include <stdio.h>

static int
none_check(void)
{
    return h2k_fail(H2K_E_COMPONENT,
                    "hyper2kvm was built without libguestfs (on Debian, it is "
                    "built with it where libguestfs-dev is installed)");
}

void
h2k_appliance_version(char *text, size_t size)
{
    none_check();
    snprintf(text, size, "%s", h2k_errmsg());
}

/* Nothing else is called where the check fails. */
const struct h2k_guestfs_ops h2k_guestfs_library = {
    .check = none_check,
};
