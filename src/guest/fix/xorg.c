/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit of the X server's configuration, xorg.conf(5): the display
 * driver that only VMware's card has becomes the kernel's own. */
#include "guest/fix/edits.h"
#include "guest/fix/lines.h"

#include <string.h>
#include <strings.h>

static const struct h2k_config_files config = {
    .files = { "/etc/X11/xorg.conf" },
    .directory = "/etc/X11/xorg.conf.d",
    .suffix = ".conf",
};

static int
fill(struct h2k_rewrite *rewrite, void *opaque)
{
    struct h2k_line line;
    size_t cursor = 0;
    (void)opaque;
    while (h2k_line_next(rewrite, &cursor, &line)) {
        struct h2k_field key = line.fields[0], driver = line.fields[1];
        if (key.length == 6 &&
            strncasecmp(rewrite->text + key.at, "Driver", 6) == 0 &&
            h2k_field_is(rewrite, driver, "\"vmware\"") &&
            h2k_rewrite_add(rewrite, driver.at, driver.length,
                            "\"modesetting\"", "the display's driver") < 0)
            return -1;
    }
    return 0;
}

static bool
applies(struct h2k_fix *fix)
{
    return h2k_config_exists(fix, &config);
}

static int
run(struct h2k_fix *fix)
{
    return h2k_config_rewrite(fix, &config, fill, NULL);
}

const struct h2k_edit h2k_edit_xorg = {
    .name = "xorg",
    .applies = applies,
    .run = run,
};
