/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * LUKS: encrypted volumes, each a block over the container that holds it.
 *
 * Both versions are read and written with AES (xts or cbc); other ciphers,
 * integrity and a conversion that is under way are refused by name.  Key
 * slots are opened by libcryptsetup, which gets a copy of the header in
 * memory and never sees the disk; nothing is activated in the kernel.
 *
 * A header is hostile like all that an image holds: it is checked here before
 * libcryptsetup sees it, and what opening a slot may cost is bounded.
 *
 * LUKS On-Disk Format Specification 1.2.3; LUKS2 On-Disk Format
 * Specification 1.1.
 */
#ifndef H2K_VOLUME_LUKS_H
#define H2K_VOLUME_LUKS_H

#include "block/block.h"
#include "volume/volume.h"

#define H2K_LUKS_SLOTS_MAX 32

/*
 * What opening one slot may cost, and all that are tried together: iterations
 * of PBKDF2, or Argon2's passes times KiB of memory, which take about as long
 * each; some 2^20 are a second.  cryptsetup itself aims at two seconds, at
 * 1 GiB at most, and at four threads.
 */
#define H2K_LUKS_SLOT_COST (UINT64_C(1) << 26)
#define H2K_LUKS_TOTAL_COST (UINT64_C(1) << 29)
#define H2K_LUKS_MEMORY_MAX (UINT64_C(1) << 20) /* KiB */
#define H2K_LUKS_THREADS_MAX 64

struct h2k_luks_slot {
    int number;
    uint64_t offset, length; /* bytes of the container: the key's material */
    uint64_t cost;           /* at least 1 */
    char problem[120];       /* why it is not tried, or "" */
};

struct h2k_luks {
    int version; /* 1 or 2 */
    char uuid[41];
    char label[49];          /* LUKS2; "" for none */
    char cipher[65];         /* "aes-xts-plain64" */
    uint64_t header_size;    /* bytes: what is read beside the slots */
    uint64_t offset, length; /* bytes: the encrypted content */
    uint32_t sector_size;    /* bytes: what is encrypted at once */
    uint64_t iv_tweak;       /* the first sector's number, of 512 bytes */
    uint64_t check_cost;     /* of checking the key that a slot gives */
    struct h2k_luks_slot slots[H2K_LUKS_SLOTS_MAX];
    size_t slot_count;
    char problem[200]; /* why no key can open it here, or "" */
};

/* The header of CONTAINER into *LUKS.  H2K_E_NOENT: it has none;
 * H2K_E_CORRUPT: none that can be believed. */
int h2k_luks_read(struct h2k_block *container, struct h2k_luks *luks);

/*
 * The content of CONTAINER, whose header LUKS is, with the passphrase or key
 * file's content KEY: a block in *OUT that keeps a reference to CONTAINER.
 * *BUDGET is what trying it may cost, and becomes what is left: begin with
 * H2K_LUKS_TOTAL_COST for all containers and keys of a guest together.
 *
 * 1; 0 with *OUT NULL when no slot opens with it; -1 with the error:
 * H2K_E_UNSUPPORTED (also where the budget did not reach to every slot),
 * H2K_E_CORRUPT, H2K_E_NOMEM …
 */
int h2k_luks_open(const struct h2k_luks *luks, struct h2k_block *container,
                  const void *key, size_t size, uint64_t *budget,
                  struct h2k_block **out);

#endif
