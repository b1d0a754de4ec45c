/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/packages/packages.h"

#include "base/error.h"
#include "guest/inspect/inspect.h"

#include <stdio.h>
#include <string.h>

/* The package of a kernel: of its image, or of what is in its directory of
 * modules, which the database may have with or without /usr.  Several own the
 * directory itself, so that counts last. */
static const struct h2k_package *
owner(const struct h2k_packages *packages,
      const struct h2k_inspected_kernel *k)
{
    static const char *const names[] = { "/vmlinuz", "/modules.builtin",
                                         "/modules.order", "/pkgbase", "" };
    static const char *const parents[] = { "/lib", "/usr/lib" };
    const struct h2k_package *found = h2k_packages_owner(packages, k->image);
    for (size_t i = 0; i < 5 && found == NULL; i++)
        for (size_t n = 0; n < 2 && found == NULL; n++) {
            char path[H2K_PATH_MAX];
            snprintf(path, sizeof(path), "%s/modules/%s%s", parents[n],
                     k->version, names[i]);
            found = h2k_packages_owner(packages, path);
        }
    return found;
}

int
h2k_inspect_packages(struct h2k_guest *guest, struct h2k_inspection *out)
{
    const struct h2k_packages *packages = h2k_guest_packages(guest);
    if (packages == NULL)
        return -1;
    out->packages = packages;
    out->package_format = packages->format;
    for (size_t i = 0; i < out->kernel_count; i++) {
        const struct h2k_package *found = owner(packages, &out->kernels[i]);
        if (found == NULL)
            continue;
        out->kernels[i].package = strdup(found->name);
        if (out->kernels[i].package == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    if (packages->problem[0] == '\0')
        return 0;
    return h2k_strings_addf(&out->warnings,
                            "the list of packages is not whole: %s",
                            packages->problem);
}
