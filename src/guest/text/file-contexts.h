/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Which label SELinux's policy gives a path: file_contexts(5), with the
 * substitutions of selabel_file(5).
 *
 * Each line is a regular expression for the whole path, a type of file or
 * none, and a context.  The last line that matches counts, but lines that
 * name one path exactly come before those that are patterns.
 *
 * The expressions are PCRE2's, by selabel_file(5), and come from the guest,
 * so that their number, their size and the work of matching are bounded.
 */
#ifndef H2K_GUEST_FILE_CONTEXTS_H
#define H2K_GUEST_FILE_CONTEXTS_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h2k_file_contexts;

struct h2k_file_contexts *h2k_file_contexts_new(void);
void h2k_file_contexts_free(struct h2k_file_contexts *contexts);
H2K_DEFINE_AUTO(h2k_file_contexts, h2k_file_contexts_free)

/* The lines of one more file, behind those there are: file_contexts, then
 * .homedirs, then .local.  Lines that say nothing are passed over.
 * H2K_E_UNSUPPORTED when there are too many. */
int h2k_file_contexts_add(struct h2k_file_contexts *contexts, const char *text,
                          size_t size);
/* file_contexts.subs (LOCAL) and .subs_dist: "ALIAS PATH", what is below
 * ALIAS is labelled as if it were below PATH.  The local ones come first,
 * and the result may go through the others. */
int h2k_file_contexts_add_subs(struct h2k_file_contexts *contexts, bool local,
                               const char *text, size_t size);

/*
 * What PATH, absolute and without links, is labelled when its type is that
 * of MODE.  1 with *CONTEXT, which CONTEXTS owns; 0 where the policy gives
 * none; H2K_E_UNSUPPORTED where an expression cannot be used or all of them
 * take too long.
 */
int h2k_file_contexts_lookup(struct h2k_file_contexts *contexts,
                             const char *path, uint32_t mode,
                             const char **context);

#endif
