/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/protection.h"

#include "base/error.h"

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
