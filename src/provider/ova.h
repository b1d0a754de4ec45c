/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * An OVA in one pass: a tar archive (POSIX.1 ustar; sizes of 8 GiB and more
 * in base 256, as GNU tar writes and every reader knows) with the OVF first,
 * the manifest second, and the files in the order of the OVF's References
 * (DSP0243 5.3).
 *
 * How long the disks are is not known before they came, and the OVF that
 * says so stands before them.  So room is kept for it, it is filled up with
 * spaces after its last element, and it and the headers are written at the
 * end, into the file that has no name yet.  Memory is constant.
 *
 * One file after another; not thread-safe.  Nothing has the OVA's name
 * before h2k_ova_finish.
 */
#ifndef H2K_PROVIDER_OVA_H
#define H2K_PROVIDER_OVA_H

#include "provider/ovf.h"

struct h2k_ova;

/*
 * Start PATH, which will hold BASE.ovf, BASE.mf and COUNT files called
 * NAMES, all safe (file-name.h).  VM is used now only, to know how much room
 * its OVF needs.  NULL with H2K_E_OUTPUT as of h2k_output_new, or
 * H2K_E_RANGE for a name.
 */
struct h2k_ova *h2k_ova_new(const char *path, const struct h2k_vm *vm,
                            const char *base, const char *const *names,
                            size_t count);

/* The next file, in the order of the names. */
int h2k_ova_begin_file(struct h2k_ova *ova);
/* Its next bytes. */
int h2k_ova_data(struct h2k_ova *ova, const void *bytes, size_t count);
/* What came of this file is void; it starts again. */
int h2k_ova_restart_file(struct h2k_ova *ova);
/* It is whole.  Its size and its SHA-256, computed on the way, are set in
 * *FILE, the others of its members are left.  FILE may be NULL. */
int h2k_ova_end_file(struct h2k_ova *ova, struct h2k_ovf_file *file);

/* Where the bytes of file I, which has ended, stand in the archive. */
uint64_t h2k_ova_file_offset(const struct h2k_ova *ova, size_t i);
/* The most bytes that the OVF may have: for h2k_ovf_choose. */
size_t h2k_ova_ovf_room(const struct h2k_ova *ova);
/* For reading back what was written; the OVA's. */
int h2k_ova_fd(const struct h2k_ova *ova);

/* After the last file: put OVF and manifest in their places, make the
 * archive durable, and give it its name.  H2K_E_RANGE when OVF has more than
 * its room, H2K_E_OUTPUT. */
int h2k_ova_finish(struct h2k_ova *ova, const char *ovf);

/* Removes what was not finished.  NULL is fine. */
void h2k_ova_free(struct h2k_ova *ova);
H2K_DEFINE_AUTO(h2k_ova, h2k_ova_free)

#endif
