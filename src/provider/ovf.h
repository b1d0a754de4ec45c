/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The OVF envelope of an exported VM (DMTF DSP0243, version 1.1.0), with
 * VMware's extensions as vCenter's own exports have them, and the manifest
 * of checksums beside it.
 *
 * Ours is written from struct h2k_vm.  A server's own (CreateDescriptor) has
 * more in it, and is used when it describes the files that were stored and
 * nothing else: it comes from the network, so it is parsed without DTD,
 * entities and network, within limits, and written anew.
 */
#ifndef H2K_PROVIDER_OVF_H
#define H2K_PROVIDER_OVF_H

#include "base/hash.h"
#include "ovf/names.h"
#include "provider/vm.h"

enum h2k_ovf_format {
    H2K_OVF_VMDK_STREAM, /* streamOptimized */
    H2K_OVF_VMDK_FLAT,   /* the descriptor of a monolithicFlat disk */
};

/* One file of the References, in their order. */
struct h2k_ovf_file {
    const char *name; /* safe (file-name.h), beside the OVF */
    uint64_t size;    /* bytes of the file */
    /* The disk that it is the image of, in vm->disks; NULL for another file,
     * as a flat extent or NVRAM, which is only referred to. */
    const struct h2k_vm_disk *disk;
    enum h2k_ovf_format format; /* of a disk */
    uint64_t populated;         /* bytes of data of a disk; 0: not known */
    /* Of the file; "" where it is not known, and then not in the manifest. */
    char sha256[H2K_SHA256_HEX_SIZE];
};

/* The envelope.  Its text, UTF-8, which the caller frees.  NULL with
 * H2K_E_NOMEM, or H2K_E_RANGE for a file name that is not safe. */
char *h2k_ovf_write(const struct h2k_vm *vm, const struct h2k_ovf_file *files,
                    size_t count);

/*
 * The server's XML with hrefs and sizes set to the files that were stored.
 * Its disks and those of FILES are matched in order, by capacity.  NULL with
 * H2K_E_CORRUPT (not well-formed, or over the limits) or H2K_E_UNSUPPORTED:
 * it does not describe these disks, or names a file of another host.
 */
char *h2k_ovf_rewrite(const char *xml, size_t size,
                      const struct h2k_ovf_file *files, size_t count);

/*
 * The one to use: the server's (XML, NULL: there is none) rewritten, when
 * that can be done and it has at most MAX_SIZE bytes (0: no matter);
 * otherwise ours, with the reason in *WARNING, which the caller frees and
 * which is NULL when there is none.
 */
char *h2k_ovf_choose(const struct h2k_vm *vm, const char *xml,
                     const struct h2k_ovf_file *files, size_t count,
                     size_t max_size, char **warning);

/* A manifest's text, "SHA256(NAME)= HEX" a line: of the OVF, called OVF_NAME
 * with OVF_SIZE bytes of OVF_TEXT, then of every file that has a sum
 * (DSP0243 5.1).  The caller frees it. */
char *h2k_ovf_manifest(const char *ovf_name, const char *ovf_text,
                       size_t ovf_size, const struct h2k_ovf_file *files,
                       size_t count);

#endif
