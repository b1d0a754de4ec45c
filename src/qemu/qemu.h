/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * One QEMU process, and its monitor (QMP).  Used to see guests boot, not to
 * convert anything; and whether KVM is of use here.
 */
#ifndef H2K_QEMU_QEMU_H
#define H2K_QEMU_QEMU_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A command line in the making; h2k_qemu_args_free at the end. */
struct h2k_qemu_args {
    char **items; /* NULL-terminated once something was added */
    size_t count;
    bool failed;
};
void h2k_qemu_arg(struct h2k_qemu_args *args, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void h2k_qemu_args_free(struct h2k_qemu_args *args);

/* TEXT with its commas doubled, as QEMU's key=value options want it, for the
 * caller to free. */
char *h2k_qemu_escape(const char *text);

struct h2k_qemu {
    pid_t pid;
    int qmp;   /* our end of the monitor's socket pair, or -1 */
    int agent; /* our end of the guest agent's, or -1 */
};

/* Where the program is; NULL with H2K_E_COMPONENT naming the package. */
const char *h2k_qemu_program(void);

/*
 * Start it with ARGS, of which the first is the program's path, standard
 * input from nowhere and both outputs appended to LOG_FD.  With MONITOR, descriptors 3 and 4 of the
 * process are the other ends of `qmp` and `agent`: ARGS say
 * "-chardev socket,id=...,fd=3".
 */
int h2k_qemu_start(struct h2k_qemu *qemu, struct h2k_qemu_args *args,
                   int log_fd, bool monitor);
/* Has it ended?  Its wait status then. */
bool h2k_qemu_ended(struct h2k_qemu *qemu, int *status);
/* Kill and reap it; closes the descriptors.  Fine twice. */
void h2k_qemu_stop(struct h2k_qemu *qemu);

/* One QMP command without waiting longer than a second for its answer; 0 if
 * it was answered with `return`.  JSON is the whole command. */
int h2k_qemu_command(struct h2k_qemu *qemu, const char *json);

/*
 * Does /dev/kvm run a guest?  It may exist and hang: a tiny guest is given
 * two seconds in a process of its own.  The answer is kept.  WHY, of SIZE
 * bytes, says what is wrong.
 */
bool h2k_kvm_works(char *why, size_t size);

#endif
