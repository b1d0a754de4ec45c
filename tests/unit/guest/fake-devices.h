/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The volumes of a guest that is not there: sda1 to sda4 and sdb1 as a
 * Debian on VMware has them, for tests of single edits. */
#ifndef H2K_TESTS_FAKE_DEVICES_H
#define H2K_TESTS_FAKE_DEVICES_H

#include "guest/fix/rewrite.h"

#include "tap.h"

static const struct fake_device {
    const char *paths[4];
    struct h2k_volume_names names;
} fake_device_table[] = {
    { { "/dev/sda1", "/dev/vda1" }, { .not_root = true } },
    { { "/dev/sda2", "/dev/hda2",
        "/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:0:0-part2" },
      { .type = "ext4",
        .uuid = "0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a02",
        .partuuid = "6a1f0f6e-1c5b-4c0e-9a6d-0d6a0b1f2c02",
        .label = "boot",
        .not_root = true } },
    { { "/dev/sda3" },
      { .type = "swap",
        .uuid = "0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a03",
        .partuuid = "6a1f0f6e-1c5b-4c0e-9a6d-0d6a0b1f2c03",
        .not_root = true } },
    { { "/dev/sda4", "/dev/disk/by-id/scsi-36000c29d8f-part4",
        "/dev/nvme0n1p4" },
      { .type = "ext4",
        .uuid = "0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a04",
        .partuuid = "6a1f0f6e-1c5b-4c0e-9a6d-0d6a0b1f2c04" } },
    { { "/dev/sdb1" }, /* a clone: its UUID is not its own */
      { .type = "xfs",
        .partuuid = "1234abcd-01",
        .label = "data",
        .not_root = true } },
    { { "/dev/sdc" }, /* a filesystem on a bare disk, its UUID not its own */
      { .type = "ext3", .label = "arch ive", .not_root = true } },
    { { "/dev/sdd" }, { .type = "vfat", .label = "KEYS", .not_root = true } },
};

static int
fake_find(void *opaque, const char *path, struct h2k_volume_names *out)
{
    (void)opaque;
    for (size_t i = 0;
         i < sizeof(fake_device_table) / sizeof(fake_device_table[0]); i++)
        for (size_t j = 0; j < 4; j++)
            if (fake_device_table[i].paths[j] != NULL &&
                strcmp(fake_device_table[i].paths[j], path) == 0) {
                *out = fake_device_table[i].names;
                return 1;
            }
    return 0;
}

/* Texts of several lines, shown as TAP comments where they differ. */
__attribute__((unused)) static void
same_text(const char *got, const char *expected)
{
    bool same = strcmp(got, expected) == 0;
    ok(same, "the text is as expected");
    if (!same) {
        printf("# got: ");
        for (const char *p = got; *p != '\0'; p++)
            printf("%c%s", *p, *p == '\n' ? "#    | " : "");
        printf("\n# expected: ");
        for (const char *p = expected; *p != '\0'; p++)
            printf("%c%s", *p, *p == '\n' ? "#    | " : "");
        putchar('\n');
    }
}

static const struct h2k_devices fake_devices = { .find = fake_find };

#endif
