/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A guest: its disks, the volumes in them, and the tree of files that the
 * guest itself would see after mounting what its /etc/fstab names.
 *
 * Not thread-safe: one guest, one thread at a time.
 */
#ifndef H2K_GUEST_GUEST_H
#define H2K_GUEST_GUEST_H

#include "block/block.h"
#include "fs/fs.h"
#include "fs/guestfs/appliance.h"
#include "fs/root.h"
#include "guest/keys.h"
#include "base/strings.h"
#include "volume/luks/luks.h"
#include "volume/lvm/lvm.h"
#include "volume/md/md.h"
#include "volume/volume.h"

/* Bounds on what hostile disks can make us hold. */
#define H2K_GUEST_DISKS_MAX 256
#define H2K_GUEST_VOLUMES_MAX 4096
#define H2K_GUEST_MOUNTS_MAX 256

/* One disk, as given. */
struct h2k_guest_disk {
    char *id;                          /* the manifest's, owned */
    struct h2k_block *block;           /* a reference of ours */
    struct h2k_partition_table *table; /* owned; NULL: none */
    char problem[400]; /* why the table there cannot be read, or "" */
};

/* A volume's disk, where it stands on other volumes. */
#define H2K_GUEST_NO_DISK SIZE_MAX

/* Volumes on volumes: LVM on LUKS on LVM on md is five; a virtual machine's
 * disk in a volume begins again. */
#define H2K_GUEST_LAYERS_MAX 12

enum h2k_volume_kind {
    H2K_VOLUME_PARTITION, /* of its disk, or a disk that has none; of the
                             volume below where it is on no disk */
    H2K_VOLUME_LOGICAL,   /* of LVM */
    H2K_VOLUME_ARRAY,     /* of RAID */
    H2K_VOLUME_CRYPT,     /* the content of a LUKS container */
};

/* A partition, a filesystem on a bare disk, or a volume made of others. */
struct h2k_guest_volume {
    enum h2k_volume_kind kind;
    size_t disk;        /* index into the guest's disks, or
                           H2K_GUEST_NO_DISK */
    size_t *below;      /* owned: the volumes that it stands on, as indices;
                           none on a disk */
    size_t below_count; /* some of them may be missing */
    bool taken;         /* a group or an array that was put together has it */
    unsigned layer;     /* 0: on a disk; else one more than those below */
    bool nested;        /* it is in a partition table that the guest itself
                           does not look at: a virtual machine's own disk */
    const struct h2k_lvm_volume *logical; /* a logical volume's; or NULL */
    const struct h2k_md_array *array;     /* an array's; or NULL */
    uint32_t partition;         /* as in sda<partition>; 0: no partition */
    uint64_t offset;            /* bytes from the start of what it is in */
    uint64_t length;            /* bytes */
    char uuid[H2K_UUID_TEXT];   /* PARTUUID, or "" */
    char type[H2K_UUID_TEXT];   /* the partition's type, or "" */
    char label[4 * 36 + 1];     /* PARTLABEL, or "" */
    struct h2k_fs_info fs_info; /* fs_info.type is never NULL */
    struct h2k_block *block;    /* its bytes; a reference of ours */
    struct h2k_fs *fs;          /* owned; NULL where it is not opened */
    bool foreign;               /* fs is in libguestfs' appliance alone */
    h2k_ino system;   /* the directory of fs that is a system's "/"; or 0 */
    size_t member_of; /* one more than the index of the volume whose fs is
                         spread over this one too; 0: none */
    size_t member;    /* and which of its volumes this is */
};

/* Volume groups, and the volumes that were looked at for them. */
struct h2k_guest_lvm {
    struct h2k_lvm *lvm; /* owned */
    size_t *sources;     /* owned: the volume that each source is */
    size_t source_count;
    bool foreign; /* the sources are given to libguestfs' appliance */
};

/* One line of the guest's fstab that names a device and a directory, and
 * "/" itself, which is always the first. */
struct h2k_guest_mount {
    char *path;    /* owned: "/boot" */
    char *spec;    /* owned: "/dev/sda2" as written, "" if fstab has no line */
    char *type;    /* owned: as written */
    char *options; /* owned: as written */
    const struct h2k_guest_volume *volume; /* NULL: not found */
    bool mounted;      /* its files are in the guest's root */
    char problem[256]; /* why it is not, or "" */
};

struct h2k_kernels;
struct h2k_ostree;
struct h2k_packages;

/* What a caller knows of the guest.  Strings stay the caller's, and live as
 * long as the guest. */
struct h2k_guest_settings {
    /* Where "/" is, of several systems: a device as h2k_guest_resolve takes
     * it, a volume as messages name it or DISK:N, and behind them perhaps
     * ",subvol=NAME"; or "first".  NULL: there is to be one system. */
    const char *root;
    const struct h2k_keys *keys; /* of encrypted volumes; or NULL */
};

struct h2k_guest {
    struct h2k_guest_settings settings;
    struct h2k_guest_disk *disks; /* in the order of the manifest: sda, … */
    size_t disk_count;
    struct h2k_guest_volume *volumes; /* by disk and place in its table, then
                                         what stands on those */
    size_t volume_count;
    size_t looked;             /* how many of them were looked into */
    struct h2k_guest_lvm *lvm; /* owned */
    size_t lvm_count;
    struct h2k_md **md; /* owned */
    size_t md_count;
    unsigned containers;  /* encrypted volumes that keys were tried on */
    uint64_t unlock_cost; /* what trying more may cost, see luks.h */
    unsigned resolving;   /* how deep h2k_guest_resolve is in itself */
    struct h2k_strings problems;    /* why volumes were not put together: among
                                       the warnings too */
    struct h2k_guest_mount *mounts; /* [0] is "/" */
    size_t mount_count;
    const struct h2k_guest_volume *root_volume; /* where "/" is */
    struct h2k_ostree *ostree;   /* owned: the deployments of a system of
                                    OSTree, see deployments.h; or NULL */
    struct h2k_root *root;       /* the tree; NULL before h2k_guest_assemble */
    struct h2k_strings warnings; /* what was odd and survived */
    struct h2k_kernels *kernels; /* read once, see kernels.h; may be NULL */
    struct h2k_packages *packages;   /* the same, see packages.h */
    struct h2k_appliance *appliance; /* libguestfs', for volumes that need
                                        it; or NULL */
    bool component_missing; /* a volume was not looked into for want of it */
};

/* What a caller has for each disk. */
struct h2k_disk_source {
    const char *id;
    struct h2k_block *block; /* an overlay, where the guest is to be edited;
                                the guest takes its own reference */
};

/*
 * The guest on these disks: partition tables and filesystems are read, the
 * root found and everything mounted.  A filesystem that was not unmounted
 * cleanly is replayed, which needs a writable disk.  SETTINGS may be NULL.
 *
 * NULL with H2K_E_UNFIXABLE where there is no system that we handle, or
 * several; the message names what was found.  H2K_E_COMPONENT where a volume
 * that may hold it needs libguestfs, which is not installed.
 */
struct h2k_guest *h2k_guest_open(const struct h2k_disk_source *disks,
                                 size_t count,
                                 const struct h2k_guest_settings *settings);
void h2k_guest_free(struct h2k_guest *guest); /* does not flush */
H2K_DEFINE_AUTO(h2k_guest, h2k_guest_free)

/* The steps that h2k_guest_open is made of.  Tests add volumes whose `fs`
 * is a tree in memory. */
struct h2k_guest *h2k_guest_new(void);
/* Fails only for reading errors and bounds: a damaged table is noted. */
int h2k_guest_add_disk(struct h2k_guest *guest,
                       const struct h2k_disk_source *disk);
/* A volume as it stands.  Takes volume->fs, volume->block and volume->below
 * (all may be NULL), on failure too. */
int h2k_guest_add_volume(struct h2k_guest *guest,
                         const struct h2k_guest_volume *volume);
/* Add what stands on the volumes that were added, until nothing new is
 * found; h2k_guest_assemble does it first.  What is damaged or missing is
 * noted, and left out. */
int h2k_guest_find_volumes(struct h2k_guest *guest);
/* Find the root and mount what its fstab names. */
int h2k_guest_assemble(struct h2k_guest *guest);

/*
 * The volume that a device specification means inside the guest: UUID=,
 * LABEL=, PARTUUID=, PARTLABEL= (quotes are fine) and their /dev/disk/by-…
 * links; /dev/VG/LV, /dev/mapper/VG-LV and LVM's by-id links; /dev/sdXN, hd,
 * vd, xvd and nvme names by the order of disks; by-path links by their target
 * number.
 *
 * -1 with H2K_E_NOENT when no volume is meant or there (the message says
 * which), H2K_E_UNSUPPORTED for what an encrypted volume holds that is not
 * open, and H2K_E_CORRUPT when two volumes have the same identity.
 */
int h2k_guest_resolve(struct h2k_guest *guest, const char *spec,
                      const struct h2k_guest_volume **volume);

/* "disk-0 partition 2", "disk-0", "/dev/vg/lv" or, where it stands on one
 * volume that is no partition, "/dev/vg/lv partition 1", into TEXT, for
 * messages. */
#define H2K_VOLUME_NAME 300
void h2k_guest_volume_name(const struct h2k_guest *guest,
                           const struct h2k_guest_volume *volume,
                           char text[H2K_VOLUME_NAME]);

/* The mount whose path is exactly PATH, or NULL. */
const struct h2k_guest_mount *
h2k_guest_find_mount(const struct h2k_guest *guest, const char *path);

/* H2K_E_UNFIXABLE, with where and what to do, when a hibernated system's
 * memory is in a swap volume, or in a swap file of fstab's. */
int h2k_guest_check_awake(struct h2k_guest *guest);

/* Does the guest itself see VOLUME?  What is in the disk of a virtual
 * machine inside it has no name there, unless that machine is the guest. */
bool h2k_guest_sees(const struct h2k_guest *guest,
                    const struct h2k_guest_volume *volume);

/* Every filesystem's changes are in its disk. */
int h2k_guest_flush(struct h2k_guest *guest);

/*
 * Tell the disks, which must be overlays, what need not be kept: free space
 * of every filesystem that is opened, and the content of swap space behind
 * its header (never a hibernated system's).  Call it after h2k_guest_flush.
 * *BYTES: how many bytes of data will be left out for it.
 */
int h2k_guest_discard_free(struct h2k_guest *guest, uint64_t *bytes);

#endif
