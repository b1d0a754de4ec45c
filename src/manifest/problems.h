/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Adding to a list of problems; reading it is public. */
#ifndef H2K_MANIFEST_PROBLEMS_H
#define H2K_MANIFEST_PROBLEMS_H

#include "manifest/document.h"

/* About the value of NODE; about its key; about what is missing from or
 * added to it under the key CHILD.  HINT may be NULL. */
void h2k_report(struct h2k_problems *problems,
                enum h2k_problem_severity severity,
                const struct h2k_node *node, const char *hint,
                const char *format, ...) __attribute__((format(printf, 5, 6)));
void h2k_report_key(struct h2k_problems *problems,
                    enum h2k_problem_severity severity,
                    const struct h2k_node *node, const char *hint,
                    const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void h2k_report_child(struct h2k_problems *problems,
                      enum h2k_problem_severity severity,
                      const struct h2k_node *node, const char *child,
                      const char *hint, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* An error about NODE (may be NULL) with a code of its own. */
void h2k_report_code(struct h2k_problems *problems, enum h2k_errcode code,
                     const struct h2k_node *node, const char *hint,
                     const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* An error at a place of a file, outside any node.  Returns -1. */
int h2k_report_place(struct h2k_problems *problems, struct h2k_place place,
                     const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

void h2k_problems_fail_memory(struct h2k_problems *problems);

/* -1 with the first error from index START on as the thread's error, or 0
 * when there is none.  With STRICT, warnings are errors. */
int h2k_problems_fail(const struct h2k_problems *problems, size_t start,
                      bool strict);

/* The word of WORDS (ends with NULL) that TEXT was perhaps meant to be, or
 * NULL. */
const char *h2k_nearest(const char *text, const char *const *words);

H2K_DEFINE_AUTO(h2k_problems, h2k_problems_free)

#endif
