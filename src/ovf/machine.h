/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The machine that an OVF envelope describes (DMTF DSP0243 1.1, and 2 as far
 * as it is the same), with VMware's and VirtualBox's extensions.
 *
 * An envelope may come from anybody.  It is parsed as xml.h says, and every
 * file that it names must be one beside it: the name alone, no path, no URL.
 */
#ifndef H2K_OVF_MACHINE_H
#define H2K_OVF_MACHINE_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits, whatever the envelope says. */
#define H2K_OVF_DISKS_MAX 256
#define H2K_OVF_NICS_MAX 256

enum h2k_ovf_firmware {
    H2K_OVF_FIRMWARE_UNKNOWN,
    H2K_OVF_BIOS,
    H2K_OVF_UEFI,
};

struct h2k_ovf_disk {
    char *id;           /* in the envelope: "vmdisk1" */
    char *label;        /* "Hard disk 1", or NULL */
    char *href;         /* its file's name as written: a URI reference */
    uint64_t file_size; /* bytes, as said; 0: not said */
    uint64_t capacity;  /* bytes of the disk, as said; 0: not said */
    const char *format; /* "vmdk", "vhd", …; static */
    bool flat;          /* the file is a descriptor, the data in another */
};

struct h2k_ovf_nic {
    char *mac;     /* six pairs with ':', lower case; or NULL */
    char *network; /* or NULL */
};

struct h2k_ovf_machine {
    char *name;      /* or NULL */
    unsigned cpus;   /* 0: not said */
    uint64_t memory; /* bytes; 0: not said */
    enum h2k_ovf_firmware firmware;
    bool secure_boot;
    const char *os_hint; /* static; NULL: not known */
    char os_version[64]; /* or "" */
    /* In the order in which its controllers count them: by the controller's
     * kind (SCSI, SATA and NVMe, IDE, any other), its number, and the place
     * on it.  A disk that is on none comes last. */
    struct h2k_ovf_disk *disks;
    size_t disk_count;
    struct h2k_ovf_nic *nics; /* in the envelope's order */
    size_t nic_count;
    /* What is odd, and keeps nobody from going on. */
    char **warnings;
    size_t warning_count;
};

/*
 * The machine in the envelope XML of SIZE bytes.  NULL with H2K_E_CORRUPT
 * (not well-formed, over a limit, a reference to what is not there, a file
 * that is not beside it) or H2K_E_UNSUPPORTED: no OVF 1 or 2, several
 * machines, a disk in a format that we know nothing of, compressed, in
 * pieces, or a difference to another; the message names no file.
 */
struct h2k_ovf_machine *h2k_ovf_machine_read(const char *xml, size_t size);
void h2k_ovf_machine_free(struct h2k_ovf_machine *machine); /* NULL is fine */
H2K_DEFINE_AUTO(h2k_ovf_machine, h2k_ovf_machine_free)

/* For readers of what lies around the envelope.  -1 with H2K_E_NOMEM. */
int h2k_ovf_machine_warn(struct h2k_ovf_machine *machine, const char *format,
                         ...) __attribute__((format(printf, 2, 3)));

/* Is NAME a file's name and no more: no '/', no '\', no control character,
 * neither "." nor ".."? */
bool h2k_ovf_is_file_name(const char *name);
/* HREF with its %XX replaced, where that is a file's name still and not what
 * it was; else NULL, with no error set.  The caller frees it. */
char *h2k_ovf_decode_href(const char *href);

#endif
