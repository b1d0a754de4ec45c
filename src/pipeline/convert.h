/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * CONVERT: a disk's content into an image file, in one parallel pass; and
 * the other half of VALIDATE, reading that file back.
 */
#ifndef H2K_PIPELINE_CONVERT_H
#define H2K_PIPELINE_CONVERT_H

#include "image/writer.h"
#include "pipeline/digest.h"
#include "base/output.h"
#include "pipeline/sweep.h"

struct h2k_convert_request {
    struct h2k_block *disk; /* what to write, edits and all */
    struct h2k_output *output;
    const struct h2k_image_writer_ops *format;
    struct h2k_writer_options options;
    unsigned threads; /* 0: one for each processor */
    struct h2k_progress progress;
};

struct h2k_convert_result {
    uint64_t virtual_size;     /* bytes */
    uint64_t bytes_read;       /* of the disk: its data extents */
    uint64_t bytes_written;    /* of the file, holes not counted */
    struct h2k_digest *digest; /* of the content; owned */
};

/* Writes the whole image; neither durable nor published yet.  *RESULT is
 * the caller's to release with h2k_convert_result_clear, also on failure. */
int h2k_convert(const struct h2k_convert_request *request,
                struct h2k_convert_result *result);
void h2k_convert_result_clear(struct h2k_convert_result *result);

struct h2k_verify_request {
    int fd;             /* the file, open for reading; the caller's */
    const char *path;   /* for messages */
    const char *format; /* "qcow2", "raw" */
    const struct h2k_digest *digest;
    unsigned threads;
    struct h2k_progress progress;
    /* Of a qcow2 that was read back while it was written (readback.h): the
     * hash of the places of each chunk that was found good, else 0; and its
     * cluster size.  Or NULL. */
    const uint64_t *places;
    uint32_t cluster;
};

/* The image can be opened, and its whole content is what DIGEST says.
 * H2K_E_VALIDATION names the first place that differs. */
int h2k_verify(const struct h2k_verify_request *request);

#endif
