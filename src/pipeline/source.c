/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/source.h"

#include "base/error.h"
#include "block/overlay.h"
#include "image/qcow2-check.h"

#include <stdio.h>
#include <string.h>

/* What to do about the error that is there.  Always -1. */
static int
advise(void)
{
    if (h2k_errcode() != H2K_E_CORRUPT && h2k_errcode() != H2K_E_IO)
        return -1;
    return h2k_fail(h2k_errcode(), "%s; export or copy it again",
                    h2k_errmsg());
}

int
h2k_source_check_reads(struct h2k_block *overlay, const char *path)
{
    if (h2k_overlay_check_reads(overlay) == 0)
        return 0;
    h2k_prefix("%s: ", path);
    return advise();
}

/* Wrong reference counts harm who writes to the image, which is not us.
 * What the check does not know (internal snapshots) is no fault. */
static int
check_qcow2(struct h2k_block *file, char *warning)
{
    struct h2k_qcow2_check found;
    if (h2k_qcow2_check(file, &found) < 0) {
        if (!h2k_error_is_content())
            return -1;
        if (h2k_errcode() != H2K_E_UNSUPPORTED)
            snprintf(warning, H2K_SOURCE_WARNING,
                     "it is damaged, but its disk can be read: %s",
                     h2k_errmsg());
        return 0;
    }
    if (found.errors > found.refcounts)
        return h2k_fail(H2K_E_CORRUPT, "the qcow2 is damaged: %s",
                        found.first);
    if (found.errors > 0)
        snprintf(warning, H2K_SOURCE_WARNING,
                 "it is damaged, but its disk can be read: %s", found.first);
    return 0;
}

struct h2k_block *
h2k_source_open(const char *path, const char *member, const char *format,
                struct h2k_image_info *info, struct h2k_block **file_out,
                char warning[H2K_SOURCE_WARNING])
{
    const struct h2k_image_options options = { .dirfd = -1, .member = member };
    H2K_AUTO(h2k_block) file = NULL;
    H2K_AUTO(h2k_block)
    disk = h2k_image_open(path, format, &options, info, &file);
    warning[0] = '\0';
    if (disk == NULL && member == NULL && h2k_errcode() == H2K_E_NOENT)
        return h2k_fail_null(H2K_E_SOURCE, "Source path not found: %s", path);
    if (disk == NULL) {
        advise();
        return NULL;
    }
    if (h2k_block_size(disk) == 0)
        return h2k_fail_null(H2K_E_SOURCE,
                             "%s: holds a disk of no bytes: export it again",
                             path);
    if (strcmp(info->format, "qcow2") == 0 && check_qcow2(file, warning) < 0) {
        h2k_prefix("%s: ", path);
        advise();
        return NULL;
    }
    if (file_out != NULL)
        *file_out = h2k_steal(file);
    return h2k_steal(disk);
}
