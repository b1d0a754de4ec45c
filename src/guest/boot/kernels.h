/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The kernels that a guest can boot: images in /boot, modules, initramfs
 * files, and which of the drivers that KVM needs each of them has.
 */
#ifndef H2K_GUEST_KERNELS_H
#define H2K_GUEST_KERNELS_H

#include "fs/root.h"
#include "guest/boot/initramfs.h"
#include "guest/boot/modules.h"
#include "guest/boot/uki.h"
#include "base/strings.h"

#define H2K_KERNELS_MAX 64

/* The drivers, in the order of h2k_driver_names. */
enum h2k_driver {
    H2K_DRIVER_VIRTIO,
    H2K_DRIVER_VIRTIO_RING,
    H2K_DRIVER_VIRTIO_PCI,
    H2K_DRIVER_VIRTIO_PCI_MODERN_DEV, /* parts of virtio_pci that newer */
    H2K_DRIVER_VIRTIO_PCI_LEGACY_DEV, /* kernels have as modules */
    H2K_DRIVER_VIRTIO_BLK,
    H2K_DRIVER_VIRTIO_SCSI,
    H2K_DRIVER_SD_MOD,
    H2K_DRIVER_VIRTIO_NET,
    H2K_DRIVER_VIRTIO_BALLOON,
    H2K_DRIVER_VIRTIO_CONSOLE,
    H2K_DRIVER_VIRTIO_RNG,
    H2K_DRIVER_COUNT,
};
extern const char *const h2k_driver_names[H2K_DRIVER_COUNT];

enum h2k_driver_state {
    H2K_DRIVER_MISSING, /* this kernel was built without */
    H2K_DRIVER_MODULE,
    H2K_DRIVER_BUILTIN,
};
const char *h2k_driver_state_name(enum h2k_driver_state state);

struct h2k_kernel_driver {
    enum h2k_driver_state state;
    bool in_initramfs; /* a module that is in the archive too */
};

struct h2k_kernel {
    char *version;        /* "6.1.0-56-amd64" */
    char *image;          /* "/boot/vmlinuz-6.1.0-56-amd64" */
    char *modules_dir;    /* "/lib/modules/6.1.0-56-amd64"; NULL: none */
    char *initramfs_path; /* NULL: none; of a unified image, itself */
    struct h2k_uki *uki;  /* owned: of a unified kernel image; else NULL */
    char *cmdline;        /* that is in a unified image; or NULL */
    char sort_key[64];    /* likewise: its os-release's IMAGE_ID or ID */
    struct h2k_modules *modules;     /* NULL: none, or see `problem` */
    struct h2k_initramfs *initramfs; /* NULL: none */
    char *archive_dir; /* the modules' place in it; NULL without initramfs */
    struct h2k_strings archive_modules; /* names in it, sorted */
    struct h2k_kernel_driver drivers[H2K_DRIVER_COUNT];
    bool shared;       /* other names of the initramfs file may be in OSTree's
                          repository */
    bool is_default;   /* what the boot loader starts */
    char problem[240]; /* what could not be read of it, or "" */
};

/* A unified image in which nothing can be changed: why, or NULL. */
const char *h2k_kernel_sealed(const struct h2k_kernel *kernel);

struct h2k_kernels {
    struct h2k_kernel *items; /* newest first */
    size_t count;
    struct h2k_strings warnings;
};

/*
 * The kernels of the guest in ROOT: each image that a boot loader's menu
 * names, or that is in /boot, with its modules and its initramfs, read; an
 * image that is started with several is there as often.  What of one kernel
 * cannot be read is its `problem`; NULL only when reading the disk fails or
 * memory runs out.
 */
struct h2k_kernels *h2k_kernels_read(struct h2k_root *root);
void h2k_kernels_free(struct h2k_kernels *kernels);
H2K_DEFINE_AUTO(h2k_kernels, h2k_kernels_free)

struct h2k_guest;
/* GUEST's, read once and kept until h2k_guest_forget_kernels, which an edit
 * of them calls. */
struct h2k_kernels *h2k_guest_kernels(struct h2k_guest *guest);
void h2k_guest_forget_kernels(struct h2k_guest *guest);

/* NULL when there is no kernel. */
const struct h2k_kernel *
h2k_kernels_default(const struct h2k_kernels *kernels);

/* Is the module NAME (with '_') in its initramfs? */
bool h2k_kernel_in_archive(const struct h2k_kernel *kernel, const char *name);

/* Can KERNEL drive a virtio disk and its bus at all? */
bool h2k_kernel_has_virtio(const struct h2k_kernel *kernel);
/* Is everything for such a disk in KERNEL itself? */
bool h2k_kernel_needs_no_modules(const struct h2k_kernel *kernel);

/* ---- Between kernels.c, kernels-find.c and kernels-default.c ---- */

/* Every kernel of ROOT, filled, at the end of KERNELS. */
int h2k_kernels_find(struct h2k_root *root, struct h2k_kernels *kernels);
/* The unified kernel image PATH at the end of KERNELS, unless it is there: 1;
 * 0 for what is none; -1. */
int h2k_kernels_add_unified(struct h2k_root *root, struct h2k_kernels *kernels,
                            const char *path);
/* An empty one at their end; NULL with H2K_E_NOMEM. */
struct h2k_kernel *h2k_kernels_new(struct h2k_kernels *kernels);
/* Is the image with this initramfs (or NULL) there? */
bool h2k_kernels_know(const struct h2k_kernels *kernels, const char *image,
                      const char *initramfs);
/* What an entry starts that has IMAGE and INITRAMFS (NULL for none): of an
 * image with several, the one that is given this, else the first.  An index,
 * or the count. */
size_t h2k_kernels_started(const struct h2k_kernels *kernels,
                           const char *image, const char *initramfs);
/* All about a kernel whose version, image and initramfs_path are set. */
int h2k_kernel_fill(struct h2k_root *root, struct h2k_kernel *kernel);
/* Where the modules of VERSION are in the system at TREE ("" for "/" itself),
 * the caller's to free, or NULL. */
int h2k_find_modules_dir(struct h2k_root *root, const char *tree,
                         const char *version, char **dir);
/* Is the thread's error about the guest's content, so that the rest of the
 * guest can be read all the same? */
bool h2k_is_content_error(void);

/* The release in a bzImage's or arm64 Image's own header ("6.1.0-56-amd64"),
 * "" when it has none (Documentation/arch/x86/boot.rst, kernel_version). */
int h2k_kernel_image_version(struct h2k_root *root, const char *path,
                             char version[256]);
int h2k_kernel_block_version(struct h2k_block *image, char version[256]);

/* Can TEXT be a release?  It becomes a part of paths. */
bool h2k_is_release(const char *text);

/* Compare versions as package managers do: runs of digits by value. */
int h2k_version_compare(const char *a, const char *b);

/* The release of a kernel that is named without one, by its SUFFIX: "lts" of
 * Alpine's vmlinuz-lts, "linux" of Arch's vmlinuz-linux.  The caller's to
 * free, or NULL where it cannot be told (and *RC is -1 with an error). */
char *h2k_kernel_named_version(struct h2k_root *root, const char *suffix,
                               int *rc);

/* What the boot loader's default entry starts, among KERNELS, which are
 * newest first: an index. */
size_t h2k_kernels_choose_default(struct h2k_root *root,
                                  const struct h2k_kernels *kernels);

#endif
