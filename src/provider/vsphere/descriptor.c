/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The OVF as the server itself writes it (OvfManager, CreateDescriptor). */
#include "provider/vsphere/subject.h"

#include "base/error.h"
#include "base/log.h"

#include <string.h>

/* OvfFile: the order of its elements is the WSDL's. */
static void
add_file(struct h2k_soap_request *request,
         const struct h2k_vsphere_ovf_file *file)
{
    h2k_soap_open(request, "ovfFiles", NULL);
    h2k_soap_text(request, "deviceId", file->device_key);
    h2k_soap_text(request, "path", file->path);
    h2k_soap_number(request, "size", (int64_t)file->size);
    if (file->capacity != 0)
        h2k_soap_number(request, "capacity", (int64_t)file->capacity);
    h2k_soap_close(request, "ovfFiles");
}

/* OvfCreateDescriptorResult: a descriptor, or why there is none. */
static char *
result_read(const xmlNode *result)
{
    char *xml = NULL;
    h2k_soap_each (warning, result, "warning") {
        const char *text = h2k_soap_get_at(warning, "localizedMessage");
        if (text != NULL && *text != '\0')
            h2k_log(H2K_LOG_INFO, "CreateDescriptor: %.500s", text);
    }
    if (h2k_soap_copy_at(result, "ovfDescriptor", &xml) < 0)
        return NULL;
    if (xml != NULL && *xml != '\0')
        return xml;
    free(xml);
    const xmlNode *error = h2k_soap_child(result, "error");
    if (error == NULL)
        return h2k_fail_null(H2K_E_CORRUPT, "the server gave no descriptor");
    h2k_soap_fail_method_fault(error);
    return NULL;
}

static char *
create_descriptor(struct h2k_vsphere *vs, const char *vm_id,
                  const struct h2k_vsphere_ovf_file *files, size_t count)
{
    H2K_AUTO_REQUEST request = { .repeatable = true };
    H2K_AUTO_SOAP reply = { 0 };
    if (vs->service.ovf_manager == NULL)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "the server writes no OVF descriptors");
    h2k_soap_begin(&request, "CreateDescriptor", "OvfManager",
                   vs->service.ovf_manager);
    h2k_soap_ref(&request, "obj", "VirtualMachine", vm_id);
    h2k_soap_open(&request, "cdp", NULL);
    for (size_t i = 0; i < count; i++)
        add_file(&request, &files[i]);
    h2k_soap_close(&request, "cdp");
    if (h2k_vsphere_call(vs, &request, &reply) < 0) {
        if (h2k_soap_fault_is(&reply, "MethodNotFound"))
            h2k_recode(H2K_E_UNSUPPORTED);
        return NULL;
    }
    char *xml = result_read(h2k_soap_child(reply.result, "returnval"));
    if (xml == NULL)
        h2k_prefix("CreateDescriptor: ");
    return xml;
}

char *
h2k_vsphere_descriptor(struct h2k_vsphere *vs, const char *vm_id,
                       const struct h2k_vsphere_ovf_file *files, size_t count)
{
    H2K_AUTO_SUBJECT vm = { 0 };
    if (h2k_vsphere_subject(vs, vm_id, &vm) < 0)
        return NULL;
    char *xml = create_descriptor(vs, vm_id, files, count);
    if (xml == NULL)
        h2k_prefix("%s: ", vm.text);
    return xml;
}
