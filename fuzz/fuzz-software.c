/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Package files, .deb and .rpm. */
#include "guest/software/software.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    H2K_AUTO(h2k_software) package = h2k_software_parse(data, size);
    if (package == NULL)
        return 0;
    if (package->name == NULL || package->version == NULL ||
        package->architecture == NULL)
        abort();
    for (size_t i = 0; i < package->files.count; i++) {
        const struct h2k_software_file *file = &package->files.items[i];
        if (strstr(file->path, "/../") != NULL ||
            (file->path[0] != '/' && file->path[0] != '\0'))
            abort();
    }
    return 0;
}
