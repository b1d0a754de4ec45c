/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What is recognised by a magic number and not read by us.  The offsets are
 * those of each format's superblock; the names are those of blkid(8).
 */
#include "fs/probe.h"

#include "base/error.h"
#include "base/utf8.h"
#include "fs/types.h"

#include <ctype.h>
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>

/* Everything in the tables lies in so many first bytes. */
#define HEAD_SIZE (68u << 10)

enum uuid_kind {
    UUID_NONE,
    UUID_BYTES, /* 16 bytes */
    UUID_TEXT,  /* text of up to 39 bytes */
};

struct magic {
    const char *type;
    uint32_t offset;
    uint8_t length;
    const char *bytes;
    enum uuid_kind uuid;
    uint32_t uuid_offset;
    uint32_t label_offset;
    uint32_t label_length; /* bytes; 0: no label */
    /* More to look at, or NULL. */
    int (*probe)(struct h2k_block *volume, struct h2k_view head,
                 struct h2k_fs_info *info);
};

void
h2k_probe_uuid(struct h2k_fs_info *info, const uint8_t *bytes)
{
    static const uint8_t none[16];
    if (bytes == NULL || memcmp(bytes, none, sizeof(none)) == 0)
        return;
    char *at = info->uuid;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        at += sprintf(at, "%02x", bytes[i]);
    }
}

static void
trim(char *label)
{
    size_t length = strlen(label);
    while (length > 0 && isspace((unsigned char)label[length - 1]))
        label[--length] = '\0';
}

void
h2k_probe_label(struct h2k_fs_info *info, const uint8_t *bytes, size_t length)
{
    if (bytes == NULL)
        return;
    if (length > sizeof(info->label) - 1)
        length = sizeof(info->label) - 1;
    memcpy(info->label, bytes, length);
    info->label[length] = '\0';
    trim(info->label);
}

void
h2k_probe_label_utf16(struct h2k_fs_info *info, const uint8_t *bytes,
                      size_t length)
{
    struct h2k_view v = h2k_view_of(bytes, length);
    size_t used = 0;
    for (size_t at = 0; at + 2 <= length; at += 2) {
        uint32_t code = h2k_view_le16(v, at);
        if (code >= 0xd800 && code < 0xdc00) {
            uint32_t low = h2k_view_le16(v, at + 2);
            if (low < 0xdc00 || low >= 0xe000)
                break;
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            at += 2;
        }
        if (code == 0 || used + 5 > sizeof(info->label))
            break;
        used += h2k_utf8_encode(info->label + used, code);
    }
    info->label[used] = '\0';
    trim(info->label);
}

/* linux/swap.h, union swap_header: version 1 with its UUID and label in the
 * second KiB; the magic ends the first page, whatever its size was. */
static int
probe_swap(struct h2k_block *volume, struct h2k_view head,
           struct h2k_fs_info *info)
{
    (void)volume;
    uint32_t version = h2k_view_le32(head, 1024);
    if (version != 1 && version != UINT32_C(0x01000000))
        return 0;
    h2k_probe_uuid(info, h2k_view_bytes(head, 1036, 16));
    h2k_probe_label(info, h2k_view_bytes(head, 1052, 16), 16);
    return 1;
}

/* LVM2's text format: a label in one of the first four sectors, with the
 * physical volume's UUID where it says. */
static int
probe_lvm2(struct h2k_block *volume, struct h2k_view head,
           struct h2k_fs_info *info)
{
    static const uint8_t groups[] = { 6, 4, 4, 4, 4, 4, 6 };
    (void)volume;
    for (uint64_t sector = 0; sector < 4; sector++) {
        uint64_t at = sector * 512;
        if (!h2k_view_equal(head, at, "LABELONE", 8) ||
            !h2k_view_equal(head, at + 24, "LVM2 001", 8))
            continue;
        const uint8_t *id =
            h2k_view_bytes(head, at + h2k_view_le32(head, at + 20), 32);
        char *to = info->uuid;
        for (size_t g = 0; id != NULL && g < sizeof(groups); g++) {
            for (size_t i = 0; i < groups[g]; i++, id++)
                *to++ = isalnum(*id) ? (char)*id : '?';
            if (g + 1 < sizeof(groups))
                *to++ = '-';
        }
        return 1;
    }
    return 0;
}

/* The label is LUKS2's (LUKS2 on-disk format, section 2.1); LUKS1 has the
 * cipher's name there. */
static int
probe_luks(struct h2k_block *volume, struct h2k_view head,
           struct h2k_fs_info *info)
{
    (void)volume;
    if (h2k_get_be16(head.data + 6) == 2)
        h2k_probe_label(info, h2k_view_bytes(head, 24, 48), 48);
    return 1;
}

static int
probe_f2fs(struct h2k_block *volume, struct h2k_view head,
           struct h2k_fs_info *info)
{
    (void)volume;
    h2k_probe_label_utf16(info, head.data + 1024 + 124, 1024);
    return 1;
}

/* The superblock at KiB 1 has a CRC-32 over itself, seeded and with neither
 * inversion (Linux, include/uapi/linux/nilfs2_ondisk.h, "struct
 * nilfs_super_block"): its magic alone is two bytes. */
static int
probe_nilfs2(struct h2k_block *volume, struct h2k_view head,
             struct h2k_fs_info *info)
{
    static const uint8_t zero[4];
    const uint8_t *sb = head.data + 1024;
    uint32_t bytes = h2k_get_le16(sb + 8);
    (void)volume, (void)info;
    if (bytes < 248 || bytes > 1024)
        return 0;
    uint32_t sum = libdeflate_crc32(~h2k_get_le32(sb + 12), sb, 16);
    sum = libdeflate_crc32(sum, zero, sizeof(zero));
    sum = libdeflate_crc32(sum, sb + 20, bytes - 20);
    return ~sum == h2k_get_le32(sb + 16);
}

/* ECMA-119, 8.4.26.1: a date of 16 digits, of which blkid makes a UUID;
 * the modification's (at 830), or the creation's (at 813). */
static int
probe_iso9660(struct h2k_block *volume, struct h2k_view head,
              struct h2k_fs_info *info)
{
    (void)volume;
    const uint8_t *date = head.data + 32768 + 830;
    if (!isdigit(date[0]) || memcmp(date, "0000000000000000", 16) == 0)
        date = head.data + 32768 + 813;
    for (int i = 0; i < 16; i++)
        if (!isdigit(date[i]))
            return 1;
    snprintf(info->uuid, sizeof(info->uuid),
             "%.4s-%.2s-%.2s-%.2s-%.2s-%.2s-%.2s", (const char *)date,
             (const char *)date + 4, (const char *)date + 6,
             (const char *)date + 8, (const char *)date + 10,
             (const char *)date + 12, (const char *)date + 14);
    return 1;
}

/* Parts of something larger.  What stands in them may look like a
 * filesystem (RAID 1 has its superblock at the end) and is not to be used
 * alone, so these come first. */
static const struct magic members[] = {
    { "LVM2_member", 24, 8, "LVM2 001", .probe = probe_lvm2 },
    { "LVM2_member", 536, 8, "LVM2 001", .probe = probe_lvm2 },
    { "LVM2_member", 1048, 8, "LVM2 001", .probe = probe_lvm2 },
    { "LVM2_member", 1560, 8, "LVM2 001", .probe = probe_lvm2 },
    { "crypto_LUKS", 0, 6, "LUKS\xba\xbe", UUID_TEXT, 168,
      .probe = probe_luks },
    { "BitLocker", 0, 11, "\xeb\x52\x90-FVE-FS-" },
    { "BitLocker", 0, 11, "\xeb\x58\x90-FVE-FS-" },
};

static const struct magic filesystems[] = {
    { "swap", 0xff6, 10, "SWAPSPACE2", .probe = probe_swap },
    { "swap", 0x1ff6, 10, "SWAPSPACE2", .probe = probe_swap },
    { "swap", 0x3ff6, 10, "SWAPSPACE2", .probe = probe_swap },
    { "swap", 0x7ff6, 10, "SWAPSPACE2", .probe = probe_swap },
    { "swap", 0xfff6, 10, "SWAPSPACE2", .probe = probe_swap },
    /* A system that was suspended to disk. */
    { "swsuspend", 0xff6, 9, "S1SUSPEND", .probe = probe_swap },
    { "swsuspend", 0xff6, 9, "S2SUSPEND", .probe = probe_swap },
    { "swsuspend", 0xff6, 9, "ULSUSPEND", .probe = probe_swap },
    { "swsuspend", 0xfff6, 9, "S1SUSPEND", .probe = probe_swap },
    { "ntfs", 3, 8, "NTFS    ", .probe = h2k_probe_ntfs },
    { "ReFS", 0, 8, "\0\0\0ReFS\0" },
    { "exfat", 3, 8, "EXFAT   ", .probe = h2k_probe_exfat },
    { "f2fs", 1024, 4, "\x10\x20\xf5\xf2", UUID_BYTES, 1132,
      .probe = probe_f2fs },
    { "jfs", 32768, 4, "JFS1", UUID_BYTES, 32904, 32920, 16 },
    { "nilfs2", 1030, 2, "\x34\x34", UUID_BYTES, 1176, 1192, 80,
      .probe = probe_nilfs2 },
    { "reiserfs", 65588, 8, "ReIsErFs", UUID_BYTES, 65620, 65636, 16 },
    { "reiserfs", 65588, 9, "ReIsEr2Fs", UUID_BYTES, 65620, 65636, 16 },
    { "reiserfs", 65588, 9, "ReIsEr3Fs", UUID_BYTES, 65620, 65636, 16 },
    { "iso9660", 32769, 5, "CD001", .label_offset = 32808, .label_length = 32,
      .probe = probe_iso9660 },
    { "erofs", 1024, 4, "\xe2\xe1\xf5\xe0", UUID_BYTES, 1072, 1088, 16 },
    { "squashfs", 0, 4, "hsqs" },
    { "ufs", 8192 + 1372, 4, "\x54\x19\x01\x00" },
    { "ufs", 65536 + 1372, 4, "\x19\x01\x54\x19" },
    { "apfs", 32, 4, "NXSB", UUID_BYTES, 72 },
    { "hfsplus", 1024, 2, "H+" },
};

static int
match(const struct magic *magic, struct h2k_block *volume,
      struct h2k_view head, struct h2k_fs_info *info)
{
    const uint8_t *id = h2k_view_bytes(head, magic->uuid_offset, 16);
    if (!h2k_view_equal(head, magic->offset, magic->bytes, magic->length))
        return 0;
    info->type = magic->type;
    if (magic->uuid == UUID_BYTES)
        h2k_probe_uuid(info, id);
    else if (magic->uuid == UUID_TEXT && id != NULL)
        snprintf(info->uuid, sizeof(info->uuid), "%.36s", (const char *)id);
    if (magic->label_length > 0)
        h2k_probe_label(
            info,
            h2k_view_bytes(head, magic->label_offset, magic->label_length),
            magic->label_length);
    return magic->probe == NULL ? 1 : magic->probe(volume, head, info);
}

/* The first BYTES of VOLUME, with zeros behind a shorter one's end, so that
 * what is at a magic's fixed distance can always be looked at. */
static uint8_t *
read_head(struct h2k_block *volume)
{
    h2k_autofree uint8_t *head = calloc(1, HEAD_SIZE);
    if (head == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    size_t count = (size_t)h2k_min_u64(HEAD_SIZE, h2k_block_size(volume));
    if (h2k_block_pread(volume, head, count, 0) < 0)
        return NULL;
    return h2k_steal(head);
}

static int
probe_table(const struct magic *table, size_t count, struct h2k_block *volume,
            struct h2k_fs_info *info)
{
    h2k_autofree uint8_t *bytes = read_head(volume);
    if (bytes == NULL)
        return -1;
    struct h2k_view head = h2k_view_of(bytes, HEAD_SIZE);
    struct h2k_fs_info empty = *info;
    for (size_t i = 0; i < count; i++) {
        *info = empty;
        int rc = match(&table[i], volume, head, info);
        if (rc == 0)
            continue;
        info->size = h2k_block_size(volume);
        return rc;
    }
    *info = empty;
    return 0;
}

static int
member_probe(struct h2k_block *volume, struct h2k_fs_info *info)
{
    /* The start of a RAID 1's member looks like what is in the array. */
    int rc = h2k_probe_md(volume, info);
    return rc != 0 ? rc
                   : probe_table(members, sizeof(members) / sizeof(members[0]),
                                 volume, info);
}

static int
foreign_probe(struct h2k_block *volume, struct h2k_fs_info *info)
{
    return probe_table(filesystems,
                       sizeof(filesystems) / sizeof(filesystems[0]), volume,
                       info);
}

const struct h2k_fs_type h2k_member_type = {
    .name = "member",
    .probe = member_probe,
};

const struct h2k_fs_type h2k_foreign_type = {
    .name = "foreign",
    .probe = foreign_probe,
};
