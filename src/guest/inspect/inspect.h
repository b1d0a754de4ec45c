/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * INSPECT: what a guest is.  Everything here was found in it; what was not
 * found is NULL, empty or false, never a default.
 */
#ifndef H2K_GUEST_INSPECT_H
#define H2K_GUEST_INSPECT_H

#include "guest/deployments.h"
#include "guest/guest.h"
#include "guest/boot/kernels.h"
#include "guest/network/network.h"
#include "base/strings.h"

/* One kernel; the drivers are in the order of h2k_driver_names. */
struct h2k_inspected_kernel {
    char *version;           /* owned, as all char * here */
    char *image;             /* "/boot/vmlinuz-6.1.0-56-amd64" */
    char *modules_dir;       /* NULL: none */
    char *initramfs;         /* path; NULL: none */
    const char *compression; /* of the initramfs: "zstd"; NULL: none */
    const char *generator;   /* as h2k_initramfs_generator has it */
    char *initramfs_modules; /* where modules are in it:
                                "usr/lib/modules/6.1.0-56-amd64" */
    uint64_t initramfs_size; /* bytes */
    struct h2k_kernel_driver drivers[H2K_DRIVER_COUNT];
    bool is_default;
    bool has_virtio; /* it can drive a virtio disk at all */
    char *package;   /* that it belongs to: "linux-image-6.1.0-56-amd64"; NULL:
                        none says so */
    char *problem;   /* what could not be read, or NULL */
};

struct h2k_inspected_filesystem {
    char *volume;             /* "disk-0 partition 2", as a mount has it */
    struct h2k_strings below; /* the volumes that it stands on, by these names;
                                 none on a disk */
    char *disk_id;            /* "" where it stands on volumes */
    uint32_t partition;       /* 0: the whole disk */
    const char *type;         /* "ext4"; "unknown" */
    char *driver;             /* who reads it: "ext"; NULL: nobody */
    char *uuid, *label;       /* the filesystem's; "" for none */
    char *partuuid, *partlabel;
    uint64_t size; /* of the volume, bytes */
    bool clean;    /* was unmounted cleanly */
    bool replayed; /* its journal was replayed on opening */
    char *problem; /* or NULL */
};

struct h2k_inspected_mount {
    char *path, *spec, *type, *options; /* as fstab has them */
    char *volume; /* "disk-0 partition 2"; NULL: not found */
    bool mounted;
    char *problem; /* why not, or NULL */
};

struct h2k_inspection {
    const char *os_type; /* "linux" */
    char *distro;        /* as virt-inspector names it: "debian",
                            "oraclelinux"; else os_id */
    char *os_id;         /* os-release's ID: "debian", "ol" */
    char *os_version;    /* "12.7": the longest that its files say */
    int major_version;   /* of it; -1: none */
    int minor_version;   /* 0 where only a major one is known */
    char *product_name;  /* PRETTY_NAME, or the release file's line */
    const char *arch;    /* as uname -m: "x86_64", "aarch64", … */
    char *hostname;
    char *kernel_version; /* the default kernel's */

    struct h2k_inspected_kernel *kernels; /* newest first */
    size_t kernel_count;

    const char *bootloader; /* "grub2", "grub", "systemd-boot", "extlinux",
                               "syslinux", "limine", "refind", "lilo" */
    const char *firmware;   /* by what the disk can start from: "bios", "uefi",
                               "both", or NULL */
    bool secure_boot;       /* a shim is there: it can start with it */
    const char *init;       /* "systemd", "sysvinit", "upstart", "openrc",
                               "runit", "busybox" */
    const char *package_manager; /* "apt", "dnf", "yum", "zypper", … */
    const char *package_format;  /* "deb", "rpm", "apk", "pacman"; NULL */
    const struct h2k_packages *packages; /* the guest's */

    struct h2k_inspected_filesystem *filesystems;
    size_t filesystem_count;
    struct h2k_inspected_mount *mountpoints;
    size_t mountpoint_count;
    struct h2k_strings lvm; /* physical volumes: "disk-1 partition 1" */
    struct h2k_network network;

    const char *immutable;           /* as h2k_guest_immutable says */
    const struct h2k_ostree *ostree; /* the guest's; NULL: no such system */
    const char *vmware_tools;        /* "open-vm-tools", "vmware-tools" */
    char *selinux; /* "enforcing", "permissive", "disabled" */

    struct h2k_strings warnings;
};

/*
 * Look GUEST over.  *OUT is filled (initialise it with { 0 }); free it with
 * h2k_inspection_free, on failure too.  Changes nothing.  -1 only when the
 * disk cannot be read or memory runs out.
 */
int h2k_inspect(struct h2k_guest *guest, struct h2k_inspection *out);
void h2k_inspection_free(struct h2k_inspection *inspection); /* empties it */

/* ---- For inspect.c ---- */

/* inspect-release.c: distro, os_id, the versions and product_name. */
int h2k_inspect_release(struct h2k_root *root, struct h2k_inspection *out);

/* inspect-system.c: what files say about the system. */
int h2k_inspect_hostname(struct h2k_root *root, struct h2k_inspection *out);
int h2k_inspect_selinux(struct h2k_root *root, struct h2k_inspection *out);
/* The machine that the guest's programs are for, by their ELF header (System
 * V ABI, "ELF Header"), or NULL. */
const char *h2k_inspect_arch(struct h2k_root *root);
const char *h2k_inspect_init(struct h2k_root *root);
const char *h2k_inspect_package_manager(struct h2k_root *root);
const char *h2k_inspect_vmware_tools(struct h2k_root *root);

/* inspect-packages.c: packages, package_format and the kernels' packages. */
int h2k_inspect_packages(struct h2k_guest *guest, struct h2k_inspection *out);

/* inspect-boot.c */
const char *h2k_inspect_bootloader(struct h2k_root *root);
const char *h2k_inspect_firmware(const struct h2k_guest *guest);
bool h2k_inspect_shim(struct h2k_root *root);

#endif
