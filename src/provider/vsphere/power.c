/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Switching a VM off, kindly first. */
#include "provider/vsphere/subject.h"
#include "provider/vsphere/task.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

#include <string.h>

static const char *const power_paths[] = { "runtime.powerState", NULL };

static bool
is_off(const struct h2k_object *vm)
{
    const char *state = h2k_object_text(vm, "runtime.powerState");
    return state != NULL && strcmp(state, "poweredOff") == 0;
}

struct grace {
    uint64_t until; /* h2k_clock_ms */
    bool off;
};

static int
grace_look(void *opaque, const struct h2k_object *vm)
{
    struct grace *grace = opaque;
    grace->off = is_off(vm);
    return grace->off || h2k_clock_ms() >= grace->until;
}

/* Ask the guest and wait.  *OFF tells whether it did; a guest that cannot be
 * asked is no error. */
static int
guest_shutdown(struct h2k_vsphere *vs, const struct h2k_vsphere_subject *vm,
               unsigned grace_seconds, bool *off)
{
    H2K_AUTO_REQUEST request = { 0 };
    H2K_AUTO_SOAP reply = { 0 };
    struct grace grace = { .until = h2k_clock_ms() + grace_seconds * 1000ull };
    const struct h2k_vsphere_wait wait = {
        .type = "VirtualMachine",
        .id = vm->id,
        .paths = power_paths,
        .done = grace_look,
        .opaque = &grace,
    };
    h2k_soap_begin(&request, "ShutdownGuest", "VirtualMachine", vm->id);
    if (h2k_vsphere_call(vs, &request, &reply) < 0) {
        if (reply.fault == NULL)
            return h2k_prefix("%s: ", vm->text);
        h2k_log(H2K_LOG_INFO, "%s: %s: its power is switched off", vm->text,
                h2k_errmsg());
        return 0;
    }
    h2k_log(H2K_LOG_INFO, "%s: the guest was asked to shut down", vm->text);
    if (h2k_vsphere_wait_property(vs, &wait) < 0)
        return h2k_prefix("%s: ", vm->text);
    *off = grace.off;
    if (!grace.off)
        h2k_log(H2K_LOG_WARNING,
                "%s: the guest did not shut down in %u s: its power is "
                "switched off",
                vm->text, grace_seconds);
    return 0;
}

/* The power, now.  It may have gone off meanwhile: the guest was slow, or
 * somebody else was quicker. */
static int
power_cut(struct h2k_vsphere *vs, const struct h2k_vsphere_subject *vm)
{
    H2K_AUTO_REQUEST request = { 0 };
    H2K_AUTO_TASK task = { .subject = vm->text };
    H2K_AUTO_SOAP reply = { 0 };
    struct h2k_object object;
    h2k_soap_begin(&request, "PowerOffVM_Task", "VirtualMachine", vm->id);
    if (h2k_task_run(vs, &request, &task) == 0)
        return 0;
    if (strcmp(task.fault, "InvalidPowerState") != 0)
        return -1;
    struct h2k_saved_error refused;
    h2k_error_save(&refused);
    if (h2k_vsphere_get(vs, "VirtualMachine", vm->id, power_paths, &reply,
                        &object) == 0 &&
        is_off(&object))
        return 0;
    return h2k_error_restore(&refused);
}

static int
power_off(struct h2k_vsphere *vs, const struct h2k_vsphere_subject *vm,
          unsigned grace_seconds)
{
    bool off = false;
    if (vm->power == H2K_VM_OFF)
        return 0;
    if (vm->power == H2K_VM_SUSPENDED)
        return h2k_fail(H2K_E_FAILED,
                        "%s: it is suspended, and what its memory holds "
                        "would be lost: resume it and shut it down, or "
                        "power it off, in vSphere",
                        vm->text);
    if (vm->tools_run && grace_seconds > 0 &&
        guest_shutdown(vs, vm, grace_seconds, &off) < 0)
        return -1;
    return off ? 0 : power_cut(vs, vm);
}

int
h2k_vsphere_power_off(struct h2k_vsphere *vs, const char *vm_id,
                      unsigned grace_seconds)
{
    H2K_AUTO_SUBJECT vm = { 0 };
    if (h2k_vsphere_subject(vs, vm_id, &vm) < 0)
        return -1;
    return power_off(vs, &vm, grace_seconds);
}
