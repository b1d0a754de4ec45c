/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Changes to a text as a list of replacements of its ranges.  What is not
 * replaced stays byte for byte, by construction.  The edits of text files
 * are functions that read a text and fill such a list.
 */
#ifndef H2K_GUEST_REWRITE_H
#define H2K_GUEST_REWRITE_H

#include "base/buffer.h"
#include "guest/fix/devices.h"
#include "guest/fix/fix.h"

struct h2k_replacement {
    size_t offset, length; /* bytes of the text; length 0 inserts */
    char *text;            /* what stands there then, owned */
    char *what;            /* "the device of /boot", owned */
};

/* Initialise text, size and devices; the text stays the caller's. */
struct h2k_rewrite {
    const char *text;
    size_t size;
    const struct h2k_devices *devices;
    struct h2k_replacement *items; /* ascending, without overlap */
    size_t count;
    struct h2k_strings warnings; /* "line 3: /dev/sdc1 …" */
};

/* More are refused with H2K_E_UNFIXABLE: no real file has as many. */
#define H2K_REPLACEMENTS_MAX 16384

void h2k_rewrite_free(struct h2k_rewrite *rewrite); /* empties it */
#define H2K_AUTO_REWRITE \
    __attribute__((cleanup(h2k_rewrite_free))) struct h2k_rewrite

/* Replace [offset, offset + length), behind all that were added before. */
int h2k_rewrite_add(struct h2k_rewrite *rewrite, size_t offset, size_t length,
                    const char *text, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* A warning about the line that OFFSET is in, put before it. */
int h2k_rewrite_warn(struct h2k_rewrite *rewrite, size_t offset,
                     const char *format, ...)
    __attribute__((format(printf, 3, 4)));

enum h2k_device_outcome {
    H2K_DEVICE_FINE, /* it was no name that changes */
    H2K_DEVICE_REPLACED,
    H2K_DEVICE_LOST, /* it stays, and there is a warning */
};

/* Replace the device name in this range, as WHAT, by the stable one that
 * READER understands; where there is none, warn that it stays, and with
 * what CONSEQUENCE.  0 with *OUTCOME, or -1. */
int h2k_rewrite_device(struct h2k_rewrite *rewrite, size_t offset,
                       size_t length, enum h2k_spec_reader reader,
                       const char *what, const char *consequence,
                       enum h2k_device_outcome *outcome);

/* The new text, NUL-terminated, the caller's to free. */
int h2k_rewrite_apply(const struct h2k_rewrite *rewrite, char **text,
                      size_t *size);

/* Hand a rewrite of PATH to FIX: the warnings, and where there is something
 * to replace, the file with its backup and each change.  1 when the file
 * was changed, 0, -1. */
int h2k_rewrite_file(struct h2k_rewrite *rewrite, struct h2k_fix *fix,
                     const char *path);

/* Read PATH, let FILL make the rewrite, and hand it over as above; 0 when
 * there is no such file. */
typedef int (*h2k_rewrite_fn)(struct h2k_rewrite *rewrite, void *opaque);
int h2k_rewrite_path(struct h2k_fix *fix, const char *path,
                     h2k_rewrite_fn fill, void *opaque);
/* The same for the regular files of DIRECTORY whose names end in SUFFIX
 * ("" for all) and are no backup of ours, in order; 1 when one changed. */
int h2k_rewrite_directory(struct h2k_fix *fix, const char *directory,
                          const char *suffix, h2k_rewrite_fn fill,
                          void *opaque);

/* Where one program has its configuration: files, and the parts in a
 * directory. */
struct h2k_config_files {
    const char *files[4];  /* from the first NULL on, none */
    const char *directory; /* its files count where they end in suffix */
    const char *suffix;    /* "" for all */
};
/* Is any of it there? */
bool h2k_config_exists(struct h2k_fix *fix,
                       const struct h2k_config_files *config);
/* h2k_rewrite_path and h2k_rewrite_directory over all of it. */
int h2k_config_rewrite(struct h2k_fix *fix,
                       const struct h2k_config_files *config,
                       h2k_rewrite_fn fill, void *opaque);

#endif
