/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A disk's file, written from its start to its end, with holes where a flat
 * disk has zeros; by one thread at a time.  Errors are H2K_E_OUTPUT.
 */
#ifndef H2K_PROVIDER_DISK_FILE_H
#define H2K_PROVIDER_DISK_FILE_H

#include "base/output.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h2k_disk_file {
    struct h2k_output *output; /* not owned */
    bool holes;                /* long runs of zeros are not written */
    uint64_t offset;           /* where the next byte goes */
    uint64_t written_back;     /* up to here the kernel was asked to write */
};

/* From the start: the first KEPT bytes stay, what is behind them goes. */
int h2k_disk_file_begin(struct h2k_disk_file *file, struct h2k_output *output,
                        bool holes, uint64_t kept);
/* The next COUNT bytes. */
int h2k_disk_file_write(struct h2k_disk_file *file, const uint8_t *bytes,
                        size_t count);
/* The next COUNT bytes are zeros, or there already. */
void h2k_disk_file_skip(struct h2k_disk_file *file, uint64_t count);
/* It ends here, be it in a hole. */
int h2k_disk_file_end(const struct h2k_disk_file *file);

#endif
