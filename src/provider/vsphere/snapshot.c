/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A snapshot to export from, and its end. */
#include "provider/vsphere/subject.h"
#include "provider/vsphere/task.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"

#include <string.h>
#include <time.h>

#define BUSY_MS 300000 /* for so long a busy VM is asked again */

/* ---- Making one ---- */

struct wanted {
    const char *name, *description;
    bool quiesce;
};

static int
create(struct h2k_vsphere *vs, const struct h2k_vsphere_subject *vm,
       const struct wanted *wanted, struct h2k_task *task)
{
    H2K_AUTO_REQUEST request = { 0 };
    task->subject = vm->text;
    task->makes = true;
    h2k_soap_begin(&request, "CreateSnapshot_Task", "VirtualMachine", vm->id);
    h2k_soap_text(&request, "name", wanted->name);
    h2k_soap_text(&request, "description", wanted->description);
    h2k_soap_bool(&request, "memory", false);
    h2k_soap_bool(&request, "quiesce", wanted->quiesce);
    return h2k_task_run(vs, &request, task);
}

/* A snapshot that was finished although it was no longer wanted goes away
 * again; the error stays. */
static void
create_undo(struct h2k_vsphere *vs, const struct h2k_task *task)
{
    struct h2k_saved_error why;
    if (task->result == NULL)
        return;
    h2k_error_save(&why);
    if (h2k_vsphere_snapshot_remove(vs, task->result) < 0)
        h2k_log(H2K_LOG_WARNING, "%s", h2k_errmsg());
    h2k_error_restore(&why);
}

/* May it work without quiescing?  A guest's refusal comes as one of many
 * faults (ApplicationQuiesceFault, SnapshotFault, Timedout, SystemError, …),
 * so it is tried after all that do not surely come back. */
static bool
is_worth_repeating(const struct h2k_task *task)
{
    static const char *const faults[] = { "", "NoPermission", "TaskInProgress",
                                          "RequestCanceled",
                                          "ManagedObjectNotFound" };
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        if (strcmp(task->fault, faults[i]) == 0)
            return false;
    return !h2k_interrupted();
}

int
h2k_vsphere_snapshot_create(struct h2k_vsphere *vs, const char *vm_id,
                            const char *name, const char *description,
                            char **id, bool *quiesced)
{
    H2K_AUTO_SUBJECT vm = { 0 };
    H2K_AUTO_TASK task = { 0 };
    if (h2k_vsphere_subject(vs, vm_id, &vm) < 0)
        return -1;
    struct wanted wanted = {
        .name = name,
        .description = description,
        .quiesce = vm.tools_run && vm.power == H2K_VM_ON,
    };
    int rc = create(vs, &vm, &wanted, &task);
    if (rc < 0 && wanted.quiesce && is_worth_repeating(&task)) {
        h2k_log(H2K_LOG_INFO, "%s: once more, without quiescing",
                h2k_errmsg());
        wanted.quiesce = false;
        rc = create(vs, &vm, &wanted, &task);
    }
    if (rc == 0 && task.result == NULL)
        rc = h2k_fail(H2K_E_CORRUPT,
                      "%s: CreateSnapshot: the server does not say which "
                      "snapshot it made",
                      vm.text);
    if (rc < 0) {
        create_undo(vs, &task);
        return -1;
    }
    *quiesced = wanted.quiesce;
    *id = h2k_steal(task.result);
    return 0;
}

/* ---- Removing one ---- */

/* Somebody else works on the VM or its files: a backup, vMotion. */
static bool
is_busy(const struct h2k_task *task)
{
    return strcmp(task->fault, "TaskInProgress") == 0 ||
           strcmp(task->fault, "ConcurrentAccess") == 0 ||
           strcmp(task->fault, "FileLocked") == 0;
}

static bool
is_gone(const struct h2k_task *task)
{
    return strcmp(task->fault, "ManagedObjectNotFound") == 0;
}

static int
remove_once(struct h2k_vsphere *vs, const char *id, struct h2k_task *task)
{
    H2K_AUTO_REQUEST request = { 0 };
    h2k_soap_begin(&request, "RemoveSnapshot_Task", "VirtualMachineSnapshot",
                   id);
    h2k_soap_bool(&request, "removeChildren", false);
    h2k_soap_bool(&request, "consolidate", true);
    return h2k_task_run(vs, &request, task);
}

/* Waits for MS in short sleeps, up to UNTIL, which an interruption moves
 * near.  False when the time is over. */
static bool
busy_wait(unsigned ms, uint64_t *until)
{
    const struct timespec step = { .tv_nsec = 100000000 };
    for (unsigned waited = 0; waited < ms; waited += 100) {
        uint64_t near = h2k_clock_ms() + H2K_VSPHERE_UNDO_MS;
        if (h2k_interrupted() && *until > near)
            *until = near;
        if (h2k_clock_ms() >= *until)
            return false;
        nanosleep(&step, NULL);
    }
    return true;
}

int
h2k_vsphere_snapshot_remove(struct h2k_vsphere *vs, const char *id)
{
    H2K_AUTO_TASK task = { .keep = true };
    uint64_t until = h2k_clock_ms() + BUSY_MS;
    unsigned ms = 500;
    int rc;
    while ((rc = remove_once(vs, id, &task)) < 0 && is_busy(&task)) {
        struct h2k_saved_error busy;
        h2k_error_save(&busy);
        h2k_log(H2K_LOG_INFO, "snapshot %s: %s: trying again", id,
                h2k_errmsg());
        bool more = busy_wait(ms, &until);
        h2k_error_restore(&busy);
        if (!more)
            break;
        ms = ms < 8000 ? ms * 2 : 10000;
    }
    if (rc == 0 || is_gone(&task))
        return 0;
    return task.fault[0] == '\0'
               ? h2k_prefix("snapshot %s: ", id)
               : h2k_prefix("snapshot %s is still there, remove it in "
                            "vSphere: ",
                            id);
}
