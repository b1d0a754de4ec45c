/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/subject.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

void
h2k_vsphere_subject_clear(struct h2k_vsphere_subject *subject)
{
    free(subject->text);
    *subject = (struct h2k_vsphere_subject){ 0 };
}

static enum h2k_vm_power
power_of(const char *state)
{
    if (state != NULL && strcmp(state, "poweredOff") == 0)
        return H2K_VM_OFF;
    if (state != NULL && strcmp(state, "suspended") == 0)
        return H2K_VM_SUSPENDED;
    return H2K_VM_ON;
}

int
h2k_vsphere_subject(struct h2k_vsphere *vs, const char *vm_id,
                    struct h2k_vsphere_subject *subject)
{
    static const char *const paths[] = { "name", "runtime.powerState",
                                         "guest.toolsRunningStatus", NULL };
    H2K_AUTO_SOAP reply = { 0 };
    struct h2k_object vm;
    if (h2k_vsphere_get(vs, "VirtualMachine", vm_id, paths, &reply, &vm) < 0)
        return h2k_prefix("VM %s: ", vm_id);
    const char *encoded = h2k_object_text(&vm, "name");
    const char *tools = h2k_object_text(&vm, "guest.toolsRunningStatus");
    h2k_autofree char *name =
        h2k_vsphere_name(encoded == NULL ? vm_id : encoded);
    if (name == NULL)
        return -1;
    subject->id = vm_id;
    subject->power = power_of(h2k_object_text(&vm, "runtime.powerState"));
    subject->tools_run =
        tools != NULL && strcmp(tools, "guestToolsRunning") == 0;
    if (asprintf(&subject->text, "VM %s", name) < 0) {
        subject->text = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return 0;
}
