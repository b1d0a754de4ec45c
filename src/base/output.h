/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A file that appears under its name whole, or not at all.
 *
 * It is made as NAME.hyper2kvm-partial in its final directory, locked while
 * its maker lives.  Publishing makes it durable and renames it.  What a
 * killed run left behind is recognised by its free lock, and removed by the
 * next run in that directory.
 */
#ifndef H2K_BASE_OUTPUT_H
#define H2K_BASE_OUTPUT_H

#include "base/cleanup.h"

#include <stdbool.h>

struct h2k_output;

/*
 * Start to make PATH, in a directory that exists.  A file that is there
 * already stays until it is replaced in h2k_output_publish.  NULL with
 * H2K_E_OUTPUT: the directory is not writable, another run is making the
 * same file, or PATH is in use (a running guest holds a lock on it) or not a
 * regular file.
 */
struct h2k_output *h2k_output_new(const char *path);

/*
 * The same, with the bytes that an earlier run left under the partial name
 * (h2k_output_keep, or it was killed); none are there when there was no such
 * run.  Whether they are worth keeping is for the caller to know.
 */
struct h2k_output *h2k_output_resume(const char *path);

/* h2k_output_free leaves the partial file for h2k_output_resume. */
void h2k_output_keep(struct h2k_output *output);

/* The descriptor, open for reading and writing; the output's. */
int h2k_output_fd(const struct h2k_output *output);
const char *h2k_output_path(const struct h2k_output *output);
const char *h2k_output_partial_path(const struct h2k_output *output);

/* What was written is on the disk. */
int h2k_output_sync(struct h2k_output *output);

/* Make it durable and give it its name.  After a failure the file under the
 * name is the old one, or none. */
int h2k_output_publish(struct h2k_output *output);

/* Removes the partial file, unless it was published or is kept.  NULL is fine. */
void h2k_output_free(struct h2k_output *output);
H2K_DEFINE_AUTO(h2k_output, h2k_output_free)

/* Make DIRECTORY and its parents, where missing.  *CREATED, when not NULL,
 * tells whether the last one was made. */
int h2k_output_make_directory(const char *directory, bool *created);

/* Remove what killed runs left in DIRECTORY.  Gives how many files. */
int h2k_output_sweep_stale(const char *directory);

#endif
