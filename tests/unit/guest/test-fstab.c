/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/fstab.h"

#include "fake-devices.h"
#include "tap.h"

#define ROOT "UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a04"
#define BOOT "UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a02"
#define SWAP "UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a03"

/* What a text becomes, and the warnings as lines; NULL on an error. */
struct outcome {
    char *text;
    size_t size, entries, changes;
    struct h2k_strings warnings;
};

static bool
rewrite(const char *text, size_t size, enum h2k_fix_fstab mode, bool crypttab,
        struct outcome *out)
{
    H2K_AUTO_REWRITE rewrite = { .text = text,
                                 .size = size,
                                 .devices = &fake_devices };
    *out = (struct outcome){ 0 };
    int rc = crypttab ? h2k_crypttab_rewrite(&rewrite, mode)
                      : h2k_fstab_rewrite(&rewrite, mode, &out->entries);
    if (rc < 0 || h2k_rewrite_apply(&rewrite, &out->text, &out->size) < 0)
        return false;
    out->changes = rewrite.count;
    out->warnings = rewrite.warnings;
    rewrite.warnings = (struct h2k_strings){ 0 };
    return true;
}

static void
outcome_free(struct outcome *out)
{
    free(out->text);
    h2k_strings_clear(&out->warnings);
}

/* BEFORE becomes AFTER in MODE, with WARNINGS of them; AFTER stays. */
static void
becomes(const char *before, const char *after, enum h2k_fix_fstab mode,
        bool crypttab, size_t warnings)
{
    struct outcome out, again;
    if (!ok(rewrite(before, strlen(before), mode, crypttab, &out),
            "it is read"))
        return;
    same_text(out.text, after);
    ok(out.warnings.count == warnings, "with %zu warnings, has %zu", warnings,
       out.warnings.count);
    for (size_t i = 0; i < out.warnings.count; i++)
        printf("# %s\n", out.warnings.items[i]);
    if (rewrite(out.text, out.size, mode, crypttab, &again)) {
        ok(again.changes == 0, "a second time changes nothing");
        outcome_free(&again);
    }
    outcome_free(&out);
}

#define ALL H2K_FIX_FSTAB_STABILIZE_ALL
#define BYPATH H2K_FIX_FSTAB_BYPATH_ONLY
#define NOOP H2K_FIX_FSTAB_NOOP

static void
fstab(const char *before, const char *after, size_t warnings)
{
    becomes(before, after, ALL, false, warnings);
}

static const char debian[] =
    "# /etc/fstab: static file system information.\n"
    "#\n"
    "# /dev/sda4 was on / during installation\n"
    "# <file system> <mount point>   <type>  <options>       <dump>  <pass>\n"
    "/dev/sda4       /               ext4    errors=remount-ro 0       1\n"
    "\t/dev/sda2  \t/boot           ext4    defaults        0       2\n"
    "/dev/sda3       none            swap    sw              0       0\n"
    "proc /proc proc defaults 0 0\n"
    "tmpfs /tmp tmpfs size=1g 0 0\n"
    "/dev/sr0        /media/cdrom0   udf,iso9660 user,noauto     0       0\n"
    "/dev/hdc        /media/cdrom1   iso9660 ro,user,noauto  0       0\n"
    "/dev/fd0        /media/floppy0  auto    rw,user,noauto  0       0\n"
    "/dev/mapper/vg-home /home ext4 defaults 0 2\n"
    "UUID=11111111-2222-3333-4444-555555555555 /srv xfs defaults 0 0\n"
    "//nas/share /mnt/nas cifs credentials=/root/.nas 0 0\n"
    "nas:/vol0 /mnt/nfs nfs defaults 0 0\n"
    "/srv/a /srv/b none bind 0 0";

static const char debian_stable[] =
    "# /etc/fstab: static file system information.\n"
    "#\n"
    "# /dev/sda4 was on / during installation\n"
    "# <file system> <mount point>   <type>  <options>       <dump>  "
    "<pass>\n" ROOT
    "       /               ext4    errors=remount-ro 0       1\n"
    "\t" BOOT "  \t/boot           ext4    defaults        0       2\n" SWAP
    "       none            swap    sw              0       0\n"
    "proc /proc proc defaults 0 0\n"
    "tmpfs /tmp tmpfs size=1g 0 0\n"
    "/dev/sr0        /media/cdrom0   udf,iso9660 user,noauto     0       0\n"
    "/dev/hdc        /media/cdrom1   iso9660 ro,user,noauto  0       0\n"
    "/dev/fd0        /media/floppy0  auto    rw,user,noauto  0       0\n"
    "/dev/mapper/vg-home /home ext4 defaults 0 2\n"
    "UUID=11111111-2222-3333-4444-555555555555 /srv xfs defaults 0 0\n"
    "//nas/share /mnt/nas cifs credentials=/root/.nas 0 0\n"
    "nas:/vol0 /mnt/nfs nfs defaults 0 0\n"
    "/srv/a /srv/b none bind 0 0";

static void
test_modes(void)
{
    static const char mixed[] =
        "/dev/sda4 / ext4 defaults 0 1\n"
        "/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:0:0-part2 /boot ext4 "
        "defaults 0 2\n";
    fstab(debian, debian_stable, 0);
    fstab(mixed,
          ROOT " / ext4 defaults 0 1\n" BOOT " /boot ext4 defaults 0 2\n", 0);
    becomes(mixed,
            "/dev/sda4 / ext4 defaults 0 1\n" BOOT
            " /boot ext4 defaults 0 2\n",
            BYPATH, false, 0);
    becomes(mixed, mixed, NOOP, false, 0);
    becomes(debian, debian, NOOP, false, 0);
    fstab("/dev/disk/by-id/scsi-36000c29d8f-part4 / ext4 defaults 0 1\n",
          ROOT " / ext4 defaults 0 1\n", 0);
    fstab("/dev/nvme0n1p4 / ext4 defaults 0 1\n",
          ROOT " / ext4 defaults 0 1\n", 0);
    fstab("/dev/disk/by-id/dm-name-vg-root / ext4 defaults 0 1\n",
          "/dev/disk/by-id/dm-name-vg-root / ext4 defaults 0 1\n", 0);
}

static void
test_bytes_stay(void)
{
    fstab("/dev/sda4 / ext4 defaults 0 1\r\n/dev/sda3 none swap sw 0 0\r\n",
          ROOT " / ext4 defaults 0 1\r\n" SWAP " none swap sw 0 0\r\n", 0);
    fstab("\n\n  \t\n/dev/sda2 /mnt/with\\040space ext4 defaults",
          "\n\n  \t\n" BOOT " /mnt/with\\040space ext4 defaults", 0);
    fstab("UUID=\"0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a02\" /boot ext4\n",
          "UUID=\"0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a02\" /boot ext4\n", 0);
    fstab("", "", 0);
    fstab("nonsense\n/dev/sda4\n= = =\n", "nonsense\n/dev/sda4\n= = =\n", 0);
    fstab("/dev/sda4x / ext4\n/dev/sdaa1b / ext4\n/dev/sd / ext4\n",
          "/dev/sda4x / ext4\n/dev/sdaa1b / ext4\n/dev/sd / ext4\n", 0);
}

static void
test_identity(void)
{
    /* A UUID that another volume has too is not given, so what comes next
     * in the order is used; a label with a blank is none either. */
    fstab("/dev/sdb1 /data xfs defaults 0 2\n",
          "PARTUUID=1234abcd-01 /data xfs defaults 0 2\n", 0);
    fstab("/dev/sdd /keys vfat ro 0 0\n", "LABEL=KEYS /keys vfat ro 0 0\n", 0);
    fstab("/dev/sdc /archive ext3 ro 0 0\n", "/dev/sdc /archive ext3 ro 0 0\n",
          1);
    fstab("/dev/sda1 /x auto ro 0 0\n", "/dev/sda1 /x auto ro 0 0\n", 1);
}

static void
test_unresolved(void)
{
    struct outcome out;
    fstab("/dev/sdq1 /data ext4 defaults 0 2\n",
          "/dev/sdq1 /data ext4 defaults 0 2\n", 1);
    fstab("/dev/sdq1 /data ext4 nofail 0 2\n",
          "/dev/sdq1 /data ext4 nofail 0 2\n", 1);
    static const char lost[] = "# x\n/dev/sdq1 /data ext4 defaults 0 2\n";
    if (rewrite(lost, strlen(lost), ALL, false, &out)) {
        ok_string(out.warnings.items[0],
                  "line 2: the device of /data, /dev/sdq1, stays as it is: it "
                  "was not found on the disks that were given; the guest will "
                  "wait for it at boot, and may stop there: convert that disk "
                  "too, or edit the line");
        outcome_free(&out);
    }
    /* Found, but not what the line says it is. */
    fstab("/dev/sda3 /home ext4 defaults 0 2\n",
          "/dev/sda3 /home ext4 defaults 0 2\n", 1);
    fstab("/dev/sda2 /boot ext2 defaults 0 2\n",
          BOOT " /boot ext2 defaults 0 2\n", 0);
    ok_error(!rewrite("/dev/sda2 / ext4 defaults 0 1\n", 30, ALL, false, &out),
             H2K_E_UNFIXABLE, "give the disks in the order");
    /* Devices where only paths are understood. */
    fstab("/dev/sda4 / ext4 journal_path=/dev/sdb1 0 1\n",
          ROOT " / ext4 journal_path=/dev/sdb1 0 1\n", 1);
    fstab("/dev/sd\\141\\064 / ext4 defaults 0 1\n",
          "/dev/sd\\141\\064 / ext4 defaults 0 1\n", 1);
}

static void
test_hostile(void)
{
    static const char nul[] = "/dev/sda4\0x / ext4\n/dev/sda2 /boot ext4\n\0";
    struct outcome out;
    if (ok(rewrite(nul, sizeof(nul) - 1, ALL, false, &out), "NULs")) {
        ok(out.changes == 1 && out.size == sizeof(nul) - 1 - 9 + strlen(BOOT),
           "only the line without them is changed");
        outcome_free(&out);
    }
    size_t size = 1 << 20;
    char *line = malloc(size);
    memset(line, 'a', size);
    memcpy(line, "/dev/sda4 /", 11);
    if (ok(rewrite(line, size, ALL, false, &out), "a line of 1 MiB")) {
        ok(out.size == size && out.changes == 0, "is left");
        outcome_free(&out);
    }
    for (size_t i = 0; i + 16 <= size; i += 16)
        memcpy(line + i, "/dev/sda2 /b\n#\n\n", 16);
    ok_error(!rewrite(line, size - size % 16, ALL, false, &out),
             H2K_E_UNFIXABLE, "device names in one file");
    free(line);
}

static void
test_crypttab(void)
{
    becomes("# <target name> <source device> <key file> <options>\n"
            "sda5_crypt /dev/sda4 none luks,discard\n"
            "cswap\t/dev/sda3\t/dev/urandom\tswap,cipher=aes-xts-plain64\n"
            "old /dev/sda2 /key plain\n"
            "tmp /dev/sda2 /key tmp=ext4,size=256\n"
            "uuid UUID=aaaa none luks\n"
            "lost /dev/sdq1 none luks\n"
            "short\n",
            "# <target name> <source device> <key file> <options>\n"
            "sda5_crypt " ROOT " none luks,discard\n"
            "cswap\tPARTUUID=6a1f0f6e-1c5b-4c0e-9a6d-0d6a0b1f2c03\t"
            "/dev/urandom\tswap,cipher=aes-xts-plain64\n"
            "old PARTUUID=6a1f0f6e-1c5b-4c0e-9a6d-0d6a0b1f2c02 /key plain\n"
            "tmp PARTUUID=6a1f0f6e-1c5b-4c0e-9a6d-0d6a0b1f2c02 /key "
            "tmp=ext4,size=256\n"
            "uuid UUID=aaaa none luks\n"
            "lost /dev/sdq1 none luks\n"
            "short\n",
            ALL, true, 1);
    becomes("a /dev/sda4", "a /dev/sda4", BYPATH, true, 0);
    becomes("a /dev/sda4", "a " ROOT, ALL, true, 0);
    becomes("a /dev/sda4\r\n\r\n", "a " ROOT "\r\n\r\n", ALL, true, 0);
}

int
main(void)
{
    test_modes();
    test_bytes_stay();
    test_identity();
    test_unresolved();
    test_hostile();
    test_crypttab();
    return tap_done();
}
