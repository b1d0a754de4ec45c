/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a vSphere server replies: as an envelope, a fault, a service, and
 * pages of properties that rows, paths and all facts of VMs are read from. */
#include "provider/vsphere/custom.h"
#include "provider/vsphere/row.h"
#include "provider/vsphere/service.h"
#include "provider/vsphere/vm-facts.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char method[] = "RetrievePropertiesEx";

static int
add_to_tree(void *opaque, const struct h2k_object *object)
{
    return h2k_tree_add(opaque, object);
}

static int
read_object(void *opaque, const struct h2k_object *object)
{
    const struct h2k_tree *tree = opaque;
    struct h2k_vsphere_row row = { 0 };
    h2k_row_read(tree, object, &row);
    h2k_vsphere_row_clear(&row);
    const xmlNode *fields = h2k_object_get(object, "field");
    H2K_AUTO(h2k_vm) vm = h2k_vm_facts_read(object, tree, fields);
    if (vm != NULL && (vm->id == NULL || vm->name == NULL || vm->path == NULL))
        __builtin_trap();
    return 0;
}

static void
read_envelope(const char *xml, size_t size)
{
    H2K_AUTO_SOAP reply = { 0 };
    struct h2k_vsphere vs = { 0 };
    int rc = h2k_soap_read(xml, size, &reply);
    if ((rc == 0) != (reply.result != NULL))
        __builtin_trap();
    if (rc < 0)
        return;
    h2k_vsphere_service_take(&vs, h2k_soap_child(reply.result, "returnval"));
    h2k_vsphere_service_clear(&vs.service);
    free(vs.product);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *xml = (const char *)data;
    h2k_autofree char *token = NULL, *again = NULL;
    H2K_AUTO_TREE tree = { 0 };
    read_envelope(xml, size);
    if (h2k_property_page(method, xml, size, add_to_tree, &tree, &token) < 0)
        return 0;
    h2k_tree_sort(&tree);
    h2k_property_page(method, xml, size, read_object, &tree, &again);
    return 0;
}
