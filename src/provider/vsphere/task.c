/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/task.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

struct watch {
    struct h2k_vsphere *vs;
    struct h2k_task *task;
    const char *method;
    const char *id;  /* of the Task */
    uint64_t until;  /* h2k_clock_ms when the wait ends; 0: open */
    bool cancelable; /* as it was read last */
    bool failed;     /* the error is the task's */
    int64_t told;    /* per cent that were logged */
};

void
h2k_task_clear(struct h2k_task *task)
{
    free(task->result);
    *task = (struct h2k_task){ 0 };
}

/* ---- TaskInfo ---- */

static int
info_success(struct watch *w, const struct h2k_object *object)
{
    const char *result = h2k_object_text(object, "info.result");
    w->task->ended = true;
    if (result == NULL || *result == '\0')
        return 1;
    w->task->result = strdup(result);
    return w->task->result == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory")
                                   : 1;
}

static int
info_error(struct watch *w, const struct h2k_object *object)
{
    const xmlNode *error = h2k_object_get(object, "info.error");
    w->task->ended = true;
    w->failed = true;
    snprintf(w->task->fault, sizeof(w->task->fault), "%s",
             h2k_soap_fault_name(h2k_soap_child(error, "fault")));
    return h2k_soap_fail_method_fault(error);
}

static void
info_progress(struct watch *w, const struct h2k_object *object)
{
    int64_t percent = 0;
    h2k_soap_get_i64(h2k_object_get(object, "info.progress"), 0, 100,
                     &percent);
    if (percent / 10 == w->told / 10)
        return;
    w->told = percent;
    h2k_log(H2K_LOG_VERBOSE, "%s: %s: %d %%",
            w->task->subject == NULL ? w->id : w->task->subject, w->method,
            (int)percent);
}

/* Has the task ended (TaskInfoState: queued, running, success, error)?  Or
 * has the time for it? */
static int
info_look(void *opaque, const struct h2k_object *object)
{
    struct watch *w = opaque;
    const char *state = h2k_object_text(object, "info.state");
    if (state == NULL)
        return h2k_fail(H2K_E_CORRUPT, "the task has no state");
    w->cancelable =
        h2k_soap_get_bool(h2k_object_get(object, "info.cancelable"));
    if (strcmp(state, "success") == 0)
        return info_success(w, object);
    if (strcmp(state, "error") == 0)
        return info_error(w, object);
    info_progress(w, object);
    return w->until != 0 && h2k_clock_ms() >= w->until;
}

static int
watch_run(struct watch *w, bool undo)
{
    static const char *const paths[] = { "info", NULL };
    const struct h2k_vsphere_wait wait = {
        .type = "Task",
        .id = w->id,
        .paths = paths,
        .done = info_look,
        .opaque = w,
        .undo = undo,
    };
    return h2k_vsphere_wait_property(w->vs, &wait);
}

/* ---- After an interruption ---- */

/* Called with the interruption's error, and leaves it. */
static void
watch_cancel(struct watch *w)
{
    H2K_AUTO_REQUEST request = { .undo = true };
    H2K_AUTO_SOAP reply = { 0 };
    struct h2k_saved_error interrupted;
    h2k_error_save(&interrupted);
    if (w->cancelable) {
        h2k_soap_begin(&request, "CancelTask", "Task", w->id);
        if (h2k_vsphere_call(w->vs, &request, &reply) < 0)
            h2k_log(H2K_LOG_VERBOSE, "%s", h2k_errmsg());
    }
    w->until = h2k_clock_ms() + H2K_VSPHERE_UNDO_MS;
    if (w->task->makes &&
        (watch_run(w, true) < 0 ? !w->failed : !w->task->ended))
        h2k_log(H2K_LOG_WARNING,
                "%s: %s could not be undone: the server still works on it",
                w->task->subject == NULL ? w->id : w->task->subject,
                w->method);
    h2k_error_restore(&interrupted);
}

/* The task undoes something: what is left of the wait is short. */
static int
watch_rest(struct watch *w)
{
    w->until = h2k_clock_ms() + H2K_VSPHERE_UNDO_MS;
    if (watch_run(w, true) < 0)
        return -1;
    if (w->task->ended)
        return 0;
    return h2k_fail(H2K_E_FAILED, "the server still works on it");
}

static int
watch_all(struct watch *w)
{
    if (w->task->keep && h2k_interrupted())
        return watch_rest(w);
    int rc = watch_run(w, false);
    if (rc == 0 || h2k_errcode() != H2K_E_INTERRUPTED)
        return rc;
    if (w->task->keep)
        return watch_rest(w);
    watch_cancel(w);
    return -1;
}

/* ---- All of it ---- */

static int
task_start(struct h2k_vsphere *vs, struct h2k_soap_request *request,
           struct h2k_task *task, struct h2k_soap_reply *reply)
{
    if (!task->keep && h2k_check_interrupt() < 0)
        return -1;
    request->undo = true;
    if (h2k_vsphere_call(vs, request, reply) == 0)
        return 0;
    snprintf(task->fault, sizeof(task->fault), "%s",
             h2k_soap_fault_name(reply->fault));
    return -1;
}

static int
task_finish(struct h2k_vsphere *vs, const char *method, struct h2k_task *task,
            const char *id)
{
    struct watch w = { .vs = vs, .task = task, .method = method, .id = id };
    const char *end = strstr(method, "_Task");
    if (watch_all(&w) == 0)
        return 0;
    return h2k_prefix(
        "%.*s: ", (int)(end == NULL ? strlen(method) : (size_t)(end - method)),
        method);
}

int
h2k_task_run(struct h2k_vsphere *vs, struct h2k_soap_request *request,
             struct h2k_task *task)
{
    H2K_AUTO_SOAP reply = { 0 };
    task->ended = false;
    task->fault[0] = '\0';
    free(task->result);
    task->result = NULL;
    int rc = task_start(vs, request, task, &reply);
    const char *id = h2k_soap_get_at(reply.result, "returnval");
    if (rc == 0 && id == NULL)
        rc = h2k_fail(H2K_E_CORRUPT, "%s: the server gave no task",
                      request->method);
    else if (rc == 0)
        rc = task_finish(vs, request->method, task, id);
    if (rc < 0 && task->subject != NULL)
        h2k_prefix("%s: ", task->subject);
    return rc;
}
