/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A password: bytes that are in no log, no report and no core dump
 * (madvise(2), MADV_DONTDUMP), not swapped where that may be asked for
 * (mlock(2)), and wiped before they are freed.
 */
#ifndef H2K_BASE_SECRET_H
#define H2K_BASE_SECRET_H

#include "base/cleanup.h"

#include <stddef.h>

struct h2k_secret;

/* A copy of SIZE bytes; the caller wipes its own (h2k_wipe).  NULL with
 * H2K_E_NOMEM. */
struct h2k_secret *h2k_secret_new(const char *bytes, size_t size);
/* The first line of a file, without its end; from `-` standard input.
 * H2K_E_SOURCE.  A file that others may read is told as a log warning. */
struct h2k_secret *h2k_secret_from_file(const char *path);
/* The first line that COMMAND (for sh -c) prints.  H2K_E_SOURCE with its
 * exit status, never with what it printed. */
struct h2k_secret *h2k_secret_from_command(const char *command);
/*
 * Writes PROMPT to the terminal (/dev/tty) and reads a line without echo.
 * H2K_E_USAGE where there is no terminal, or nothing was typed.  A signal
 * that comes meanwhile is obeyed after the terminal was set right;
 * H2K_E_INTERRUPTED when the program goes on after it.  To be called before
 * there are other threads: a signal must not find one that is not waiting.
 */
struct h2k_secret *h2k_secret_prompt(const char *prompt);

/* Ends with a 0 that is not counted; valid as long as the secret. */
const char *h2k_secret_text(const struct h2k_secret *secret);
size_t h2k_secret_size(const struct h2k_secret *secret);
void h2k_secret_free(struct h2k_secret *secret); /* NULL is fine */
H2K_DEFINE_AUTO(h2k_secret, h2k_secret_free)

/* Zeros that the compiler does not leave out. */
void h2k_wipe(void *bytes, size_t size);

#endif
