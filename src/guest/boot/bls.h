/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Boot loader entries of type 1: the UAPI group's Boot Loader Specification,
 * "Type #1 Boot Loader Specification Entries".  A file for each, a key and
 * its value a line; what Fedora's grub and systemd-boot read.
 */
#ifndef H2K_GUEST_BLS_H
#define H2K_GUEST_BLS_H

#include "fs/root.h"
#include "guest/boot/kernels.h"
#include "base/strings.h"

#define H2K_BLS_ENTRIES_MAX 256
#define H2K_BLS_SIZE_MAX 65536 /* bytes of an entry */

/* Where entries are, and what their paths start from; ended by NULLs. */
struct h2k_bls_place {
    const char *directory; /* "/boot/loader/entries" */
    const char *mount;     /* "/boot" */
};
extern const struct h2k_bls_place h2k_bls_places[];

/* One entry; all owned. */
struct h2k_bls_entry {
    char *path;     /* of the entry's file */
    char *version;  /* or NULL */
    char *sort_key; /* or NULL */
    char *kernel;   /* the image, or the EFI program that `efi` or `uki`
                       names, as the guest has it, links resolved */
    struct h2k_strings initrds; /* likewise, those that are there */
    char *initrd;               /* the main one of them; NULL: none */
    bool has_initrd; /* it names one, be it by what only the loader knows */
    char *ostree;    /* what "ostree=" of its options names: a link to a
                        deployment; NULL: none */
    bool exhausted;  /* of its tries none is left: "+0-3.conf" */
};

/* Every entry of ROOT whose kernel is there, to FN, in the order of the
 * files' names, as far as it returns 0.  What is no entry is passed over. */
typedef int (*h2k_bls_fn)(void *opaque, struct h2k_bls_entry *entry);
int h2k_bls_each(struct h2k_root *root, h2k_bls_fn fn, void *opaque);
void h2k_bls_entry_clear(struct h2k_bls_entry *entry); /* empties it */

/* What systemd-boot starts: `default` of loader.conf(5), a pattern for the
 * names of entries' files and of unified images; else the first by the
 * specification's order ("Sorting").  An index of KERNELS, or their count. */
size_t h2k_bls_default(struct h2k_root *root,
                       const struct h2k_kernels *kernels);

#endif
