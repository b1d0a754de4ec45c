/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/protection.h"

#include "base/error.h"
#include "guest/read-only.h"

#include <string.h>

int
h2k_fix_check_place(struct h2k_fix *fix, const char *path, bool follow)
{
    if (h2k_guest_may_change(fix->guest, path, follow))
        return 0;
    if (fix->guest->ostree == NULL)
        return h2k_fail(H2K_E_READONLY,
                        "%s: is in a read-only snapshot of btrfs, and stays "
                        "as it is; before exporting, change it in the guest "
                        "by transactional-update, or make the snapshot "
                        "writable: btrfs property set -ts / ro false",
                        path);
    return h2k_fail(H2K_E_READONLY,
                    "%s: is in the image that the guest's system is "
                    "(OSTree), and stays as it is; change it in the "
                    "image, or by rpm-ostree in the guest",
                    path);
}

int
h2k_fix_pass_image(struct h2k_fix *fix)
{
    if (fix->guest == NULL || h2k_guest_immutable(fix->guest) == NULL ||
        h2k_errcode() != H2K_E_READONLY)
        return -1;
    h2k_autofree char *message = strdup(h2k_errmsg());
    return message == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory")
                           : h2k_fix_warn(fix, "%s", message);
}

int
h2k_fix_warn_protected(struct h2k_fix *fix, const char *path)
{
    struct h2k_place place;
    h2k_autofree void *value = NULL;
    uint32_t flags;
    size_t size;
    if (h2k_root_lookup(fix->root, path, &place) < 0 ||
        h2k_fs_protection(place.fs, place.ino, &flags) < 0)
        return -1;
    if (flags != 0 &&
        h2k_fix_warn(fix,
                     "%s: is %s in the guest; it is changed for KVM all the "
                     "same, and stays so",
                     path,
                     flags & H2K_PROTECT_IMMUTABLE
                         ? "immutable (chattr +i)"
                         : "append-only (chattr +a)") < 0)
        return -1;
    if (h2k_fs_getxattr(place.fs, place.ino, "security.ima", &value, &size) <
        0)
        return h2k_errcode() == H2K_E_NOENT ||
                       h2k_errcode() == H2K_E_UNSUPPORTED
                   ? 0
                   : -1;
    return h2k_fix_warn(
        fix,
        "%s: its IMA hash or signature does not hold for what it is now, and "
        "is taken off; where the guest enforces appraisal "
        "(ima_appraise=enforce), sign it again with `evmctl ima_sign`, or "
        "start once with ima_appraise=fix",
        path);
}
