/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Errors: a code, and a message that says what, where and what to do next.
 *
 * A function that fails returns -1 or NULL and leaves both in the calling
 * thread.  A successful call does not clear them.  A worker thread's error
 * is carried to its owner by the code that joins it (h2k_error_save and
 * h2k_error_restore).
 */
#ifndef HYPER2KVM_ERROR_H
#define HYPER2KVM_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* The first group are the exit codes of the commands; the second group is
 * finer, for callers that act on the difference, and maps onto the first. */
enum h2k_errcode {
    H2K_OK = 0,
    H2K_E_FAILED = 1,        /* the job failed */
    H2K_E_USAGE = 2,         /* wrong use: options, an invalid manifest */
    H2K_E_SOURCE = 3,        /* a source is missing or unreadable */
    H2K_E_CHECKSUM = 4,      /* a source's checksum does not match */
    H2K_E_UNFIXABLE = 5,     /* the guest cannot be fixed as asked */
    H2K_E_OUTPUT = 6,        /* no space, or the output is not writable */
    H2K_E_VALIDATION = 7,    /* the output is not what was to be written */
    H2K_E_COMPONENT = 8,     /* a needed component is not installed */
    H2K_E_INTERRUPTED = 130, /* SIGINT or SIGTERM */

    H2K_E_CORRUPT = 200, /* bytes that break their format's rules: exit 3 */
    H2K_E_UNSUPPORTED,   /* right, but not something we read: exit 3 */
    H2K_E_IO,            /* a read or write failed: exit 3 (6 on output) */
    H2K_E_NOMEM,         /* out of memory: exit 1 */
    H2K_E_NOENT,         /* no such file, key or device: exit 3 */
    H2K_E_EXIST,         /* it exists already: exit 1 */
    H2K_E_NOTDIR,        /* a path goes through something not a directory */
    H2K_E_ISDIR,         /* a file was needed and a directory is there */
    H2K_E_NOSPACE,       /* a guest's filesystem is full: exit 5 */
    H2K_E_LOOP,          /* too many symbolic links: exit 3 */
    H2K_E_READONLY,      /* not writable by design: exit 1 */
    H2K_E_RANGE,         /* an argument outside what the call allows */
};

/* The calling thread's last error.  The message is valid until the thread's
 * next failing call; it is never NULL, and empty when nothing has failed. */
enum h2k_errcode h2k_errcode(void);
const char *h2k_errmsg(void);

/* The exit code (0 to 8, or 130) that a command gives for CODE. */
int h2k_exit_code(enum h2k_errcode code);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
