/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which of several systems is the guest's, and what it is called. */
#include "block/memory.h"
#include "block/overlay.h"
#include "fs/memory.h"
#include "guest/guest.h"
#include "memtree.h"

#include "tap.h"

static struct h2k_fs *
system_tree(void)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 24);
    memtree_file(fs, "/etc/os-release", 0644, "ID=debian\n");
    return fs;
}

static size_t
add(struct h2k_guest *guest, struct h2k_guest_volume volume, size_t below,
    struct h2k_fs *fs)
{
    volume.fs = fs;
    volume.length = 1 << 20;
    volume.fs_info.type = fs == NULL ? "unknown" : "ext4";
    volume.fs_info.mountable = fs != NULL;
    if (below != SIZE_MAX) {
        volume.disk = H2K_GUEST_NO_DISK;
        volume.below = calloc(1, sizeof(*volume.below));
        if (volume.below == NULL)
            abort();
        volume.below[0] = below;
        volume.below_count = 1;
    }
    if (h2k_guest_add_volume(guest, &volume) < 0)
        abort();
    return guest->volume_count - 1;
}

static const struct h2k_lvm_volume vm = { .group = "vg", .name = "vm" };

/* A host with the disk of a virtual machine in a logical volume. */
static struct h2k_guest *
host(struct h2k_fs *own, struct h2k_fs *inside)
{
    struct h2k_guest *guest = h2k_guest_new();
    const struct h2k_guest_volume partition = { .partition = 1 };
    const struct h2k_guest_volume nested = { .partition = 2, .nested = true };
    const struct h2k_guest_volume logical = { .kind = H2K_VOLUME_LOGICAL,
                                              .logical = &vm };
    size_t first = add(guest, partition, SIZE_MAX, own);
    size_t disk = add(guest, logical, first, NULL);
    add(guest, nested, disk, inside);
    return guest;
}

static void
test_nested(void)
{
    H2K_AUTO(h2k_guest) guest = host(system_tree(), system_tree());
    ok(h2k_guest_assemble(guest) == 0 &&
           guest->root_volume == &guest->volumes[0],
       "the guest's own system counts");
    ok(guest->warnings.count == 1, "and there is one warning");
    ok_string(guest->warnings.items[0],
              "a virtual machine's system is in the guest's own volumes: "
              "/dev/vg/vm partition 2 (ext4); it is left as it is");
    ok(!h2k_guest_sees(guest, &guest->volumes[2]),
       "and its names are not the guest's");

    H2K_AUTO(h2k_guest) alone = host(NULL, system_tree());
    ok(h2k_guest_assemble(alone) == 0 &&
           alone->root_volume == &alone->volumes[2],
       "where there is no other, it is the guest");
    ok(h2k_guest_sees(alone, &alone->volumes[2]), "with its own names");
}

/* Two systems on two disks, each with an fstab. */
static struct h2k_guest *
two_systems(const char *first, const char *second)
{
    const char *const fstabs[] = { first, second };
    struct h2k_guest *guest = h2k_guest_new();
    for (size_t i = 0; i < 2; i++) {
        struct h2k_guest_volume partition = { .disk = i, .partition = 1 };
        struct h2k_fs *fs = system_tree();
        H2K_AUTO(h2k_block) block = h2k_memory_new(NULL, 4 << 20);
        struct h2k_disk_source source = { .id = i == 0 ? "disk-0" : "disk-1",
                                          .block = block };
        if (h2k_guest_add_disk(guest, &source) < 0)
            abort();
        memtree_file(fs, "/etc/fstab", 0644, fstabs[i]);
        snprintf(partition.fs_info.uuid, sizeof(partition.fs_info.uuid),
                 "aaaa-%zu", i);
        add(guest, partition, SIZE_MAX, fs);
    }
    return guest;
}

/* A former system's disk is data where the guest mounts it so. */
static void
test_former_system(void)
{
    static const char own[] = "UUID=aaaa-0 / ext4 defaults 0 1\n"
                              "UUID=aaaa-1 /old ext4 defaults 0 2\n";
    static const char plain[] = "UUID=aaaa-1 / ext4 defaults 0 1\n";
    static const char back[] = "UUID=aaaa-1 // ext4 defaults 0 1\n"
                               "UUID=aaaa-0 /mnt ext4 noauto 0 0\n";
    H2K_AUTO(h2k_guest) data = two_systems(own, plain);
    ok(h2k_guest_assemble(data) == 0 &&
           data->root_volume->fs_info.uuid[5] == '0',
       "what mounts the other is the guest");
    bool said = false;
    for (size_t i = 0; i < data->warnings.count; i++)
        said |= strstr(data->warnings.items[i],
                       "disk-1 partition 1 has a system too") != NULL;
    ok(said, "and that is said");
    ok(h2k_guest_find_mount(data, "/old") != NULL, "with its data");

    H2K_AUTO(h2k_guest) each = two_systems(own, back);
    ok_error(h2k_guest_assemble(each) < 0, H2K_E_UNFIXABLE,
             "2 operating systems found");
    H2K_AUTO(h2k_guest) neither = two_systems("", plain);
    ok_error(h2k_guest_assemble(neither) < 0, H2K_E_UNFIXABLE,
             "2 operating systems found");
}

/* What is inside a virtual machine's disk is its own affair. */
static void
test_left_alone(void)
{
    static uint8_t bytes[1 << 18];
    memset(bytes, 1, sizeof(bytes));
    memcpy(bytes + 4086, "SWAPSPACE2", 10);
    H2K_AUTO(h2k_block) memory = h2k_memory_new(bytes, sizeof(bytes));
    H2K_AUTO(h2k_guest) guest = host(system_tree(), NULL);
    const struct h2k_guest_volume sleeping = {
        .partition = 3,
        .nested = true,
        .block = h2k_block_ref(memory),
    };
    size_t index = add(guest, sleeping, 1, NULL);
    guest->volumes[index].fs_info.type = "swsuspend";
    ok(h2k_guest_assemble(guest) == 0 && h2k_guest_check_awake(guest) == 0,
       "a virtual machine that sleeps does not stop the guest");
    guest->volumes[index].fs_info.type = "swap";
    guest->volumes[index].length = sizeof(bytes);
    uint64_t discarded;
    H2K_AUTO(h2k_block) overlay = h2k_overlay_new(memory, NULL);
    h2k_block_unref(guest->volumes[index].block);
    guest->volumes[index].block = h2k_block_ref(overlay);
    ok(h2k_guest_discard_free(guest, &discarded) == 0 && discarded == 0,
       "and its swap space is kept");
    guest->volumes[index].nested = false;
    ok(h2k_guest_discard_free(guest, &discarded) == 0 && discarded > 0,
       "where that of the guest is not");
}

static void
test_named(void)
{
    static const struct {
        const char *root;
        size_t index;
    } cases[] = {
        { "/dev/vg/vm partition 2", 2 },
        { "disk partition 1", 0 },
        { "first", 0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        H2K_AUTO(h2k_guest) guest = host(system_tree(), system_tree());
        guest->settings.root = cases[i].root;
        ok(h2k_guest_assemble(guest) == 0 &&
               guest->root_volume == &guest->volumes[cases[i].index],
           "--root %s", cases[i].root);
    }
}

#define UUID "0b5e5a3c-1111-4222-8333-444455556666"

/* The content of an encrypted volume, whose mapping's name stands in PATH
 * alone. */
static struct h2k_guest *
mapped(const char *path, const char *text)
{
    struct h2k_guest *guest = h2k_guest_new();
    const struct h2k_guest_volume partition = { .partition = 2 };
    const struct h2k_guest_volume crypt = { .kind = H2K_VOLUME_CRYPT };
    struct h2k_fs *fs = system_tree();
    memtree_file(fs, "/etc/fstab", 0644, "/dev/mapper/name / ext4\n");
    memtree_file(fs, path, 0644, text);
    size_t container = add(guest, partition, SIZE_MAX, NULL);
    guest->volumes[container].fs_info.type = "crypto_LUKS";
    strcpy(guest->volumes[container].fs_info.uuid, UUID);
    add(guest, crypt, container, fs);
    return guest;
}

static void
test_mappings(void)
{
    static const struct {
        const char *path, *text;
        bool named;
    } cases[] = {
        { "/etc/crypttab", "name UUID=" UUID " none\n", true },
        { "/etc/default/grub",
          "GRUB_CMDLINE_LINUX=\"cryptdevice=UUID=" UUID
          ":name:allow-discards quiet\"\n",
          true },
        { "/etc/default/grub",
          "GRUB_CMDLINE_LINUX=\"quiet rd.luks.name=" UUID "=name\"\n", true },
        { "/boot/loader/entries/arch.conf",
          "linux /vmlinuz\noptions root=/dev/mapper/name luks.name=" UUID
          "=name rw\n",
          true },
        { "/boot/grub/grub.cfg",
          "menuentry 'x' {\n\tlinux /vmlinuz "
          "cryptdevice=/dev/disk/by-uuid/" UUID ":name\n}\n",
          true },
        { "/etc/kernel/cmdline",
          "cryptopts=target=name,source=UUID=" UUID ",lvm=x", true },
        { "/etc/default/grub", "# cryptdevice=UUID=" UUID ":name\n", false },
        { "/etc/default/grub", "X=\"cryptdevice=UUID=" UUID ":names\"\n",
          false },
        { "/etc/default/grub", "X=cryptdevice=:name rd.luks.name==name\n",
          false },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        H2K_AUTO(h2k_guest) guest = mapped(cases[i].path, cases[i].text);
        const struct h2k_guest_volume *found = NULL;
        bool good = h2k_guest_assemble(guest) == 0 &&
                    h2k_guest_resolve(guest, "/dev/mapper/name", &found) == 0;
        ok(cases[i].named ? good && found == &guest->volumes[1] &&
                                guest->warnings.count == 0
                          : !good && guest->warnings.count == 1,
           "%s: %s", cases[i].named ? "named by" : "not named by",
           cases[i].path);
    }
}

static void
test_names(void)
{
    struct h2k_guest *guest = h2k_guest_new();
    const struct h2k_guest_volume partition = { .partition = 3 };
    const struct h2k_guest_volume crypt = { .kind = H2K_VOLUME_CRYPT };
    const struct h2k_guest_volume logical = { .kind = H2K_VOLUME_LOGICAL,
                                              .logical = &vm };
    char name[H2K_VOLUME_NAME];
    size_t first = add(guest, partition, SIZE_MAX, NULL);
    size_t content = add(guest, crypt, first, NULL);
    size_t last = add(guest, logical, content, NULL);
    h2k_guest_volume_name(guest, &guest->volumes[content], name);
    ok_string(name, "disk partition 3 / LUKS");
    h2k_guest_volume_name(guest, &guest->volumes[last], name);
    ok_string(name, "disk partition 3 / LUKS / /dev/vg/vm");
    h2k_guest_free(guest);
}

int
main(void)
{
    test_nested();
    test_former_system();
    test_left_alone();
    test_named();
    test_mappings();
    test_names();
    return tap_done();
}
