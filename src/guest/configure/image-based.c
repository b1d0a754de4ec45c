/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit that says what a configuration is on a guest whose system is an
 * image (OSTree, bootc): /usr is not to be written, /etc is the deployment's
 * own, and its updates carry it over. */
#include "guest/fix/edits.h"

static bool
applies(struct h2k_fix *fix)
{
    const struct h2k_configuration *c = fix->options->configuration;
    bool asked =
        c != NULL &&
        (c->users.create_count + c->users.disable.count +
                 c->users.remove.count + c->services.enable.count +
                 c->services.disable.count + c->services.mask.count +
                 c->hostname.host_count + c->network.systemd_networkd.count +
                 c->network.netplan.count + c->network.networkmanager.count +
                 c->network.interfaces.count + c->network.ifcfg.count >
             0 ||
         c->hostname.hostname != NULL || c->hostname.domain != NULL);
    return asked && (h2k_root_is_dir(fix->root, "/sysroot/ostree") ||
                     h2k_root_is_dir(fix->root, "/ostree"));
}

static int
run(struct h2k_fix *fix)
{
    return h2k_fix_warn(fix, "/etc: the guest's system is an image (OSTree); "
                             "what is configured goes into this "
                             "deployment's /etc, and stays when it is "
                             "updated, but not when an older one is booted");
}

const struct h2k_edit h2k_edit_image_based = {
    .name = "configure",
    .applies = applies,
    .run = run,
};
