/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Methods that give a Task, from the call to the task's end. */
#ifndef H2K_PROVIDER_VSPHERE_TASK_H
#define H2K_PROVIDER_VSPHERE_TASK_H

#include "provider/vsphere/internal.h"

struct h2k_task {
    const char *subject; /* "VM web-01", for messages; or NULL */
    bool keep;           /* an interruption does not cancel it: it undoes */
    bool makes;          /* what it makes has to be known, also when it was
                            interrupted */

    /* What came of it. */
    bool ended;     /* it succeeded or failed: it runs no more */
    char *result;   /* the managed object that it made; or NULL */
    char fault[64]; /* the type of the fault, of the call or the task; "" */
};
void h2k_task_clear(struct h2k_task *task);
#define H2K_AUTO_TASK __attribute__((cleanup(h2k_task_clear))) struct h2k_task

/*
 * Send REQUEST, whose method gives a Task, and wait until that has ended.
 * The call itself is not given up in the middle (but after 30 s): nobody
 * would know what it had begun.
 *
 * An interruption ends the wait within a second: the task is cancelled where
 * it can be.  With task->makes its end is then waited for, 30 s at most, and
 * task->result is set when it was too late; with task->keep the task goes on,
 * and 30 s later the wait ends.
 *
 * 0; or -1 with "VM web-01: PowerOffVM: InvalidPowerState: …".
 */
int h2k_task_run(struct h2k_vsphere *vs, struct h2k_soap_request *request,
                 struct h2k_task *task);

#endif
