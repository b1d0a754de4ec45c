/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Setting errors; reading them is public, see <hyper2kvm/error.h>. */
#ifndef H2K_BASE_ERROR_H
#define H2K_BASE_ERROR_H

#include <hyper2kvm/error.h>

#include <stdbool.h>

/* Set the thread's error once, where it is found.  Both return -1, so that
 * `return h2k_fail(...)` reads well; h2k_fail_null is for pointers. */
int h2k_fail(enum h2k_errcode code, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));
void *h2k_fail_null(enum h2k_errcode code, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* The same with ": " and errno's text added. */
int h2k_fail_errno(enum h2k_errcode code, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* Put context before the message that is there ("disk-0: "), unless that is
 * an interruption, which has none.  Returns -1. */
int h2k_prefix(const char *format, ...)
    __attribute__((format(printf, 1, 2), cold));

/* Give the error that is there another code, unless it is an interruption.
 * Returns -1. */
int h2k_recode(enum h2k_errcode code);

/* Is the error that is there about what a guest holds: damaged, missing, of
 * a kind that we do not handle?  Not so: a failed read, out of memory,
 * interrupted, or one that has its exit code already. */
bool h2k_error_is_content(void);

/* An error carried from one thread to another. */
struct h2k_saved_error {
    enum h2k_errcode code;
    char message[1024];
};
void h2k_error_save(struct h2k_saved_error *saved);
int h2k_error_restore(const struct h2k_saved_error *saved); /* -1 */

#endif
