/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is at the other end: ServiceInstance and its content. */
#include "provider/vsphere/service.h"

#include "base/error.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

void
h2k_vsphere_service_clear(struct h2k_vsphere_service *service)
{
    free(service->root_folder);
    free(service->property_collector);
    free(service->view_manager);
    free(service->session_manager);
    free(service->search_index);
    free(service->ovf_manager);
    free(service->custom_fields);
    *service = (struct h2k_vsphere_service){ 0 };
}

static int
read_service(const xmlNode *content, struct h2k_vsphere_service *s)
{
    const struct {
        const char *name;
        char **id;
        bool needed;
    } objects[] = {
        { "rootFolder", &s->root_folder, true },
        { "propertyCollector", &s->property_collector, true },
        { "viewManager", &s->view_manager, true },
        { "sessionManager", &s->session_manager, true },
        { "searchIndex", &s->search_index, true },
        { "ovfManager", &s->ovf_manager, false },
        { "customFieldsManager", &s->custom_fields, false },
    };
    h2k_vsphere_service_clear(s);
    for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++) {
        if (h2k_soap_copy_at(content, objects[i].name, objects[i].id) < 0)
            return -1;
        if (*objects[i].id == NULL && objects[i].needed)
            return h2k_fail(H2K_E_SOURCE,
                            "it is no vSphere server: it has no %s",
                            objects[i].name);
    }
    return 0;
}

/* The newest version that the server speaks is the one in which it hides
 * nothing: an older one is not told of newer kinds of devices. */
static int
choose_version(const xmlNode *about, char *action, size_t size)
{
    const char *version = h2k_soap_get_at(about, "apiVersion");
    if (version == NULL || *version == '\0' || strlen(version) > 16 ||
        version[strspn(version, "0123456789.")] != '\0')
        return h2k_fail(H2K_E_SOURCE, "it is no vSphere server: it has no "
                                      "API version");
    if (atoi(version) < 6)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "its API is of version %s: 6.0 is the oldest that "
                        "is supported",
                        version);
    snprintf(action, size, "urn:vim25/%s", version);
    return 0;
}

static int
read_about(struct h2k_vsphere *vs, const xmlNode *about)
{
    const char *name = h2k_soap_get_at(about, "fullName");
    const char *kind = h2k_soap_get_at(about, "apiType");
    free(vs->product);
    vs->product = strdup(name == NULL || *name == '\0' ? "vSphere" : name);
    if (vs->product == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    vs->is_vcenter = kind != NULL && strcmp(kind, "VirtualCenter") == 0;
    return choose_version(about, vs->action, sizeof(vs->action));
}

int
h2k_vsphere_service_take(struct h2k_vsphere *vs, const xmlNode *content)
{
    if (read_service(content, &vs->service) < 0)
        return -1;
    return read_about(vs, h2k_soap_child(content, "about"));
}

/* What an answer that is no vSphere's has for an error, and what has the URL
 * in it already. */
static int
fail_stranger(const struct h2k_vsphere *vs, const struct h2k_soap_reply *reply)
{
    enum h2k_errcode code = h2k_errcode();
    if (code == H2K_E_CORRUPT || code == H2K_E_NOENT) {
        h2k_recode(H2K_E_SOURCE);
        return h2k_prefix("%s is no vSphere server: ", vs->endpoint);
    }
    return reply->fault == NULL ? -1 : h2k_prefix("%s: ", vs->endpoint);
}

int
h2k_vsphere_service_read(struct h2k_vsphere *vs)
{
    H2K_AUTO_REQUEST request = { 0 };
    H2K_AUTO_SOAP reply = { 0 };
    snprintf(vs->action, sizeof(vs->action), "urn:vim25/6.0");
    request.repeatable = true;
    h2k_soap_begin(&request, "RetrieveServiceContent", "ServiceInstance",
                   "ServiceInstance");
    if (h2k_vsphere_call_once(vs, &request, &reply) < 0)
        return fail_stranger(vs, &reply);
    if (h2k_vsphere_service_take(
            vs, h2k_soap_child(reply.result, "returnval")) < 0)
        return h2k_prefix("%s: ", vs->endpoint);
    h2k_log(H2K_LOG_VERBOSE, "%s: %s", vs->origin, vs->product);
    return 0;
}
