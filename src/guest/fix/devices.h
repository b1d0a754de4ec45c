/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Device names as guests' files have them, and the names that stay the same
 * on any controller.
 *
 * A name like /dev/sda4 says where a volume was attached on the machine that
 * is left behind.  What it meant is found through a struct h2k_devices; the
 * name that replaces it is the volume's own.
 */
#ifndef H2K_GUEST_DEVICES_H
#define H2K_GUEST_DEVICES_H

#include "volume/volume.h"

#include <stdbool.h>
#include <stddef.h>

/* What a word in a device's place is. */
enum h2k_spec_kind {
    H2K_SPEC_STABLE,  /* UUID=, LABEL=, /dev/disk/by-uuid/…, /dev/mapper/…,
                         and whatever is no device: proc, //server/share */
    H2K_SPEC_NAME,    /* /dev/sda4, /dev/hda1, /dev/vda, /dev/nvme0n1p2,
                         /dev/block/8:1: by order of discovery */
    H2K_SPEC_BY_PATH, /* /dev/disk/by-path/…: the controller's address */
    H2K_SPEC_BY_ID, /* /dev/disk/by-id/… with the virtual hardware's serial;
                       ids of LVM, md and dm are stable */
    H2K_SPEC_REMOVABLE, /* /dev/fd0, /dev/sr0, /dev/cdrom: not a volume of a
                           disk, so never changed */
};

/* SPEC, of LENGTH bytes, is not NUL-terminated and may hold anything. */
enum h2k_spec_kind h2k_spec_kind(const char *spec, size_t length);

/* A volume's own names, "" for one that it does not have, or that another
 * volume of the guest has too (cloned disks): such a name means neither. */
struct h2k_volume_names {
    char type[32];   /* the filesystem's, "swap" too; "" unknown */
    char uuid[40];   /* the filesystem's, as blkid prints it */
    char label[256]; /* the filesystem's */
    char partuuid[H2K_UUID_TEXT];
    char partlabel[4 * 36 + 1];
    bool not_root; /* known to be another than the guest's root filesystem */
};

/* The volumes of a guest. */
struct h2k_devices {
    /* What PATH ("/dev/sda4") meant to the guest.  1 and *OUT, 0 when it
     * cannot be told, -1 with an error. */
    int (*find)(void *opaque, const char *path, struct h2k_volume_names *out);
    void *opaque;
};

/* Who reads the name, which says what forms it understands. */
enum h2k_spec_reader {
    H2K_READER_USERLAND,  /* mount, cryptsetup for LUKS, an initramfs:
                             UUID, PARTUUID, LABEL, PARTLABEL */
    H2K_READER_PARTITION, /* the content has no name that lasts, as a plain
                             dm-crypt volume: PARTUUID, PARTLABEL */
    H2K_READER_KERNEL,    /* a kernel without an initramfs: PARTUUID */
};

/*
 * The stable name ("UUID=0b2c…") of what SPEC means, *OUT, the caller's to
 * free.  1; 0 with *OUT NULL when SPEC cannot be told, has no usable name,
 * or needs none; -1 with an error.  *WHY, a constant, says why
 * there is none, or is NULL where none is needed.
 */
int h2k_devices_stable(const struct h2k_devices *devices, const char *spec,
                       size_t length, enum h2k_spec_reader reader, char **out,
                       const char **why);

struct h2k_guest; /* guest.h */

/* The volumes of GUEST, which must outlive it. */
struct h2k_devices h2k_devices_of_guest(struct h2k_guest *guest);

#endif
