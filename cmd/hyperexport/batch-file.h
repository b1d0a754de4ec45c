/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The file of --batch: a VM a line, as for --vm. */
#ifndef H2K_CMD_HYPEREXPORT_BATCH_FILE_H
#define H2K_CMD_HYPEREXPORT_BATCH_FILE_H

#include <stddef.h>

/* Gets each name in turn; -1 with an error ends the reading. */
typedef int (*batch_add)(void *opaque, const char *vm);

/*
 * The lines of TEXT (SIZE bytes, NAME for messages) without their comments
 * and without empty ones.  A '#' begins a comment at a line's start and behind
 * a blank.  H2K_E_USAGE with the line that is no name.
 */
int batch_parse(const char *text, size_t size, const char *name, batch_add add,
                void *opaque);

/* The same of the file at PATH, "-" for standard input, which names one at
 * least.  H2K_E_SOURCE. */
int batch_read(const char *path, batch_add add, void *opaque);

#endif
