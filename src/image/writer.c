/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "image/writer.h"

#include "base/error.h"

#include <string.h>

static const struct h2k_image_writer_ops *const writers[] = {
    &h2k_writer_qcow2,
    &h2k_writer_raw,
};

const struct h2k_image_writer_ops *
h2k_writer_find(const char *format)
{
    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
        if (strcmp(writers[i]->name, format) == 0)
            return writers[i];
    return h2k_fail_null(H2K_E_UNSUPPORTED,
                         "%.40s cannot be written: choose qcow2 or raw",
                         format);
}
