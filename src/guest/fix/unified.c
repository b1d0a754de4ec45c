/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit "unified-images": device names in the command lines that unified
 * kernel images carry. */
#include "base/error.h"
#include "guest/boot/kernels.h"
#include "guest/fix/edits.h"
#include "guest/fix/kernel-cmdline.h"
#include "guest/fix/protection.h"
#include "guest/guest.h"

#include <string.h>

static int
warn(struct h2k_fix *fix, const struct h2k_kernel *k,
     const struct h2k_rewrite *rewrite)
{
    for (size_t i = 0; i < rewrite->warnings.count; i++)
        if (h2k_fix_warn(fix, "%s: its command line: %s", k->image,
                         rewrite->warnings.items[i]) < 0)
            return -1;
    return 0;
}

/* It names a root that will not be there, and cannot be changed. */
static int
sealed(struct h2k_fix *fix, const struct h2k_kernel *k, const char *before)
{
    static const char advice[] =
        "before exporting, put UUIDs into /etc/kernel/cmdline and make the "
        "image again in the guest, or give the new machine a SATA disk";
    if (k->is_default)
        return h2k_fail(H2K_E_UNFIXABLE,
                        "%s, which the boot loader starts, has the command "
                        "line \"%.200s\", and %s; %s",
                        k->image, before, h2k_kernel_sealed(k), advice);
    return h2k_fix_warn(fix,
                        "%s has the command line \"%.200s\", and %s; it will "
                        "not boot on KVM: %s",
                        k->image, before, h2k_kernel_sealed(k), advice);
}

static int
backup(struct h2k_fix *fix, const struct h2k_kernel *k)
{
    uint64_t free_bytes;
    if (h2k_root_space(fix->root, k->image, &free_bytes) < 0)
        return -1;
    /* What the initramfs needs comes first: the record tells how it was. */
    return free_bytes / 2 < k->uki->size ? 0 : h2k_fix_backup(fix, k->image);
}

/* 1 when the image was changed. */
static int
fix_image(struct h2k_fix *fix, const struct h2k_kernel *k)
{
    struct h2k_cmdline_roots roots = { 0 };
    h2k_autofree char *text = NULL;
    size_t size;
    H2K_AUTO_REWRITE rewrite = { .text = k->cmdline,
                                 .size = strlen(k->cmdline),
                                 .devices = &fix->devices };
    if (h2k_cmdline_rewrite(&rewrite, rewrite.text, rewrite.size, NULL, 0,
                            k->initramfs_path != NULL ? H2K_READER_USERLAND
                                                      : H2K_READER_KERNEL,
                            &roots) < 0 ||
        warn(fix, k, &rewrite) < 0)
        return -1;
    if (rewrite.count == 0)
        return 0;
    if (h2k_kernel_sealed(k) != NULL)
        return sealed(fix, k, k->cmdline);
    if (h2k_fix_check_place(fix, k->image, true) < 0 ||
        h2k_rewrite_apply(&rewrite, &text, &size) < 0 || backup(fix, k) < 0 ||
        h2k_uki_replace(fix->root, k->image, k->uki,
                        h2k_uki_find(k->uki, ".cmdline"), text, size) < 0 ||
        h2k_fix_record(fix, k->image, "the command line in it", k->cmdline,
                       text) < 0)
        return -1;
    return 1;
}

/* 1 when one was changed. */
static int
run_with(struct h2k_fix *fix, const struct h2k_kernels *kernels)
{
    int changed = 0;
    for (size_t i = 0; i < kernels->count; i++) {
        const struct h2k_kernel *k = &kernels->items[i];
        int rc = k->uki == NULL ? 0 : fix_image(fix, k);
        if (rc < 0)
            return -1;
        changed |= rc;
    }
    fix->result->boot_updated |= changed > 0;
    return changed;
}

static bool
applies(struct h2k_fix *fix)
{
    return fix->options->update_grub;
}

static int
run(struct h2k_fix *fix)
{
    if (fix->guest != NULL) {
        struct h2k_kernels *kernels = h2k_guest_kernels(fix->guest);
        int rc = kernels == NULL ? -1 : run_with(fix, kernels);
        if (rc > 0) /* sections have moved */
            h2k_guest_forget_kernels(fix->guest);
        return rc < 0 ? -1 : 0;
    }
    H2K_AUTO(h2k_kernels) kernels = h2k_kernels_read(fix->root);
    return kernels == NULL || run_with(fix, kernels) < 0 ? -1 : 0;
}

const struct h2k_edit h2k_edit_unified = {
    .name = "unified-images",
    .applies = applies,
    .run = run,
};
