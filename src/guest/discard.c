/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What of a guest's disks need not be carried over. */
#include "base/checked.h"
#include "base/error.h"
#include "base/view.h"
#include "guest/filesystems.h"
#include "guest/guest.h"

/* Pages are 4 KiB to 64 KiB; the header is the first page (util-linux,
 * swapheader.h: the signature stands at its end). */
#define SWAP_PAGE_MAX 65536

struct discarding {
    const struct h2k_guest *guest;
    const struct h2k_guest_volume *volume;
    uint64_t bytes;
};

/* h2k_free_fn: a range of the volume. */
static int
discard_range(void *opaque, uint64_t offset, uint64_t length)
{
    struct discarding *d = opaque;
    if (!h2k_range_inside(offset, length, d->volume->length))
        return h2k_fail(H2K_E_CORRUPT,
                        "free space beyond the end of the volume");
    return h2k_block_discard(d->volume->block, offset, length, &d->bytes);
}

/* Swap space in use by nobody: its signature is SWAPSPACE2, where a system
 * that sleeps in it has another (S1SUSPEND, ULSUSPEND, …). */
static int
swap_is_idle(struct h2k_block *block, bool *idle)
{
    static const size_t page_sizes[] = { 4096, 8192, 16384, 32768, 65536 };
    uint8_t bytes[10];
    *idle = false;
    for (size_t i = 0; i < sizeof(page_sizes) / sizeof(*page_sizes); i++) {
        if (h2k_block_size(block) < page_sizes[i])
            return 0;
        if (h2k_block_pread(block, bytes, sizeof(bytes),
                            page_sizes[i] - sizeof(bytes)) < 0)
            return -1;
        if (h2k_view_equal(h2k_view_of(bytes, sizeof(bytes)), 0, "SWAPSPACE2",
                           sizeof(bytes))) {
            *idle = true;
            return 0;
        }
    }
    return 0;
}

static int
discard_swap(struct discarding *d)
{
    bool idle;
    if (d->volume->length <= SWAP_PAGE_MAX)
        return 0;
    if (swap_is_idle(d->volume->block, &idle) < 0)
        return -1;
    return !idle ? 0
                 : discard_range(d, SWAP_PAGE_MAX,
                                 d->volume->length - SWAP_PAGE_MAX);
}

static int
discard_volume(struct discarding *d)
{
    const struct h2k_guest_volume *volume = d->volume;
    /* A virtual machine that sleeps still needs its own. */
    if (volume->block == NULL || !h2k_guest_sees(d->guest, volume))
        return 0;
    if (strcmp(volume->fs_info.type, "swap") == 0)
        return discard_swap(d);
    struct h2k_fs *fs = h2k_guest_whole(d->guest, volume)->fs;
    if (fs == NULL)
        return 0;
    /* Structures that are not clean enough to trust: all is kept. */
    if (h2k_fs_each_free_on(fs, volume->member, discard_range, d) < 0)
        return h2k_errcode() == H2K_E_UNSUPPORTED ? 0 : -1;
    return 0;
}

/* Extents that no logical volume has. */
static int
discard_extents(struct h2k_guest *guest, const struct h2k_guest_lvm *groups,
                uint64_t *bytes)
{
    for (size_t i = 0; i < groups->lvm->free_count; i++) {
        const struct h2k_lvm_free_range *range = &groups->lvm->free[i];
        const struct h2k_guest_volume *volume =
            &guest->volumes[groups->sources[range->source]];
        if (h2k_guest_sees(guest, volume) &&
            h2k_block_discard(volume->block, range->offset, range->length,
                              bytes) < 0)
            return -1;
    }
    return 0;
}

int
h2k_guest_discard_free(struct h2k_guest *guest, uint64_t *bytes)
{
    *bytes = 0;
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *volume = &guest->volumes[i];
        struct discarding d = { .guest = guest, .volume = volume };
        char name[H2K_VOLUME_NAME];
        if (discard_volume(&d) < 0) {
            h2k_guest_volume_name(guest, volume, name);
            return h2k_prefix("%s: ", name);
        }
        *bytes += d.bytes;
    }
    for (size_t i = 0; i < guest->lvm_count; i++)
        if (discard_extents(guest, &guest->lvm[i], bytes) < 0)
            return -1;
    return 0;
}
