/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Requests, replies and faults of vim25; facts out of replies: those of the
 * simulator, and what it does not have. */
#include "tap.h"

#include "base/error.h"
#include "provider/vsphere/custom.h"
#include "provider/vsphere/row.h"
#include "provider/vsphere/service.h"
#include "provider/vsphere/vm-facts.h"

#include <inttypes.h>

/* A file of fuzz/corpus/soap; the caller frees it. */
static char *
corpus(const char *name, size_t *size)
{
    const char *source = getenv("H2K_SOURCE");
    char path[4096];
    snprintf(path, sizeof(path), "%s/fuzz/corpus/soap/%s",
             source == NULL ? "." : source, name);
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);
    *size = file == NULL || text == NULL ? 0 : fread(text, 1, 1 << 20, file);
    if (file != NULL)
        fclose(file);
    return text;
}

static int
read_corpus(const char *name, struct h2k_soap_reply *reply)
{
    size_t size;
    h2k_autofree char *xml = corpus(name, &size);
    return h2k_soap_read(xml, size, reply);
}

static int
read_text(const char *xml, struct h2k_soap_reply *reply)
{
    return h2k_soap_read(xml, strlen(xml), reply);
}

#define ENVELOPE(body)                                                       \
    "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/' "       \
    "xmlns='urn:vim25' xmlns:y='http://www.w3.org/2001/XMLSchema-instance'>" \
    "<e:Body>" body "</e:Body></e:Envelope>"

/* ---- Requests ---- */

static void
test_request(void)
{
    H2K_AUTO_REQUEST r = { 0 };
    h2k_soap_begin(&r, "CreateThing_Task", "VirtualMachine", "vm-\"4\"");
    h2k_soap_text(&r, "name", "a <b> & \"c\"\r\x01\xff");
    h2k_soap_text(&r, "absent", NULL);
    h2k_soap_ref(&r, "host", "HostSystem", NULL);
    h2k_soap_open(&r, "spec", "ThingSpec");
    h2k_soap_number(&r, "n", -7);
    h2k_soap_bool(&r, "b", true);
    h2k_soap_close(&r, "spec");
    ok(h2k_soap_end(&r) == 0, "a request is complete");
    size_t size = r.xml.size;
    ok(h2k_soap_end(&r) == 0 && r.xml.size == size, "once");
    xmlDoc *doc = h2k_soap_parse(r.xml.data, r.xml.size);
    ok(doc != NULL, "it is XML");
    const xmlNode *body = h2k_soap_first(xmlDocGetRootElement(doc));
    const xmlNode *call = h2k_soap_first(body);
    ok(h2k_soap_is(call, "CreateThing_Task"), "of the method");
    ok_string(h2k_soap_get_at(call, "_this"), "vm-\"4\"");
    ok_string(h2k_soap_ref_type(h2k_soap_child(call, "_this")),
              "VirtualMachine");
    ok_string(h2k_soap_get_at(call, "name"),
              "a <b> & \"c\"\r\xef\xbf\xbd\xef\xbf\xbd");
    ok_string(h2k_soap_type(h2k_soap_child(call, "spec")), "ThingSpec");
    ok_string(h2k_soap_get_at(call, "spec.n"), "-7");
    ok(h2k_soap_get_bool(h2k_soap_at(call, "spec.b")), "a truth");
    ok(h2k_soap_child(call, "absent") == NULL &&
           h2k_soap_child(call, "host") == NULL,
       "what is not set is not sent");
    xmlFreeDoc(doc);
}

/* ---- Replies ---- */

static void
test_values(void)
{
    H2K_AUTO_SOAP reply = { 0 };
    int64_t n = 5;
    ok(read_text(ENVELOPE("<AResponse><returnval>"
                          "<a> 42 </a><a>x<!-- c -->y</a><other/>"
                          "<a xmlns=''>no</a><a y:type='q:T'/>"
                          "<big>9223372036854775808</big><bad>1x</bad>"
                          "<no/><t>1</t><f>false</f></returnval></AResponse>"),
                 &reply) == 0,
       "a response");
    const xmlNode *value = h2k_soap_child(reply.result, "returnval");
    size_t count = 0;
    h2k_soap_each (item, value, "a") {
        count++;
        if (count == 2)
            ok_string(h2k_soap_get(item), "xy");
        if (count == 3)
            ok_string(h2k_soap_type(item), "T");
    }
    ok(count == 3, "a list leaves out other namespaces");
    ok(h2k_soap_get_i64(h2k_soap_child(value, "a"), 0, 42, &n) && n == 42,
       "a number");
    ok(!h2k_soap_get_i64(h2k_soap_child(value, "a"), 0, 41, &n) && n == 42,
       "one that is too large for its range");
    ok(!h2k_soap_get_i64(h2k_soap_child(value, "big"), INT64_MIN, INT64_MAX,
                         &n) &&
           !h2k_soap_get_i64(h2k_soap_child(value, "bad"), 0, 9, &n) &&
           !h2k_soap_get_i64(h2k_soap_child(value, "no"), 0, 9, &n) &&
           !h2k_soap_get_i64(NULL, 0, 9, &n),
       "what is no number");
    ok(h2k_soap_get_bool(h2k_soap_child(value, "t")) &&
           !h2k_soap_get_bool(h2k_soap_child(value, "f")) &&
           !h2k_soap_get_bool(NULL),
       "truths");
    ok(h2k_soap_get_at(value, "a.b.c") == NULL &&
           h2k_soap_get_at(NULL, "a") == NULL && h2k_soap_next(NULL) == NULL,
       "a path that ends early");
    ok(h2k_soap_expect(&reply, "A") == 0, "the response of its call");
    ok_error(h2k_soap_expect(&reply, "B") < 0, H2K_E_CORRUPT, "AResponse");
}

static void
test_refused(void)
{
    static const struct {
        const char *file;
        const char *words;
    } files[] = {
        { "entities", "has a document type" },
        { "external", "has a document type" },
        { "deep", "is not well formed" },
        { "long-text", "is not well formed" },
        { "utf16", "the XML" },
        { "empty", "the reply is empty" },
    };
    H2K_AUTO_SOAP reply = { 0 };
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        ok_error(read_corpus(files[i].file, &reply) < 0, H2K_E_CORRUPT,
                 files[i].words);
    ok_error(read_text("<html/>", &reply) < 0, H2K_E_CORRUPT,
             "no SOAP envelope");
    ok_error(read_text(ENVELOPE(""), &reply) < 0, H2K_E_CORRUPT,
             "has no response");
    ok_error(read_text(ENVELOPE("<a xmlns='x'/>"), &reply) < 0, H2K_E_CORRUPT,
             "has no response");
}

static void
test_many_elements(void)
{
    H2K_AUTO_BUFFER b = { 0 };
    H2K_AUTO_SOAP reply = { 0 };
    h2k_buffer_adds(&b, "<a>");
    for (int i = 0; i < 1000001; i++)
        h2k_buffer_adds(&b, "<b/>");
    h2k_buffer_adds(&b, "</a>");
    ok_error(h2k_soap_read(b.data, b.size, &reply) < 0, H2K_E_CORRUPT,
             "has too many elements");
}

/* ---- Faults ---- */

static void
test_faults(void)
{
    H2K_AUTO_SOAP reply = { 0 };
    ok_error(read_corpus("simulator-fault-login", &reply) < 0, H2K_E_USAGE,
             "InvalidLogin: Login failure");
    ok(h2k_soap_fault_is(&reply, "InvalidLogin") &&
           !h2k_soap_fault_is(&reply, "Invalid"),
       "by its type");
    ok_error(read_corpus("simulator-fault-not-found", &reply) < 0, H2K_E_NOENT,
             "ManagedObjectNotFound: ");
    ok_error(read_corpus("fault-plain", &reply) < 0, H2K_E_SOURCE,
             "fault: plain text");
    ok(read_corpus("fault-nested", &reply) < 0, "a fault with a cause");
    ok_string(h2k_errmsg(),
              "InvalidPowerState: the VM's power state does not allow it "
              "(poweredOff); look at the log; because of FileLocked: busy now "
              "([ds] a)");
    ok_error(read_text(ENVELOPE("<e:Fault><faultstring/><detail>"
                                "<NotSupportedFault/></detail></e:Fault>"),
                       &reply) < 0,
             H2K_E_UNSUPPORTED, "NotSupported");
    ok_error(read_text(ENVELOPE("<AResponse><error><fault y:type='Timedout'/>"
                                "<localizedMessage>a\nb</localizedMessage>"
                                "</error></AResponse>"),
                       &reply) == 0 &&
                 h2k_soap_fail_method_fault(
                     h2k_soap_child(reply.result, "error")) < 0,
             H2K_E_SOURCE, "Timedout: a b");
}

/* ---- Service, rows, facts ---- */

static void
test_service(void)
{
    H2K_AUTO_SOAP reply = { 0 };
    struct h2k_vsphere vs = { 0 };
    read_corpus("simulator-service", &reply);
    ok(h2k_vsphere_service_take(
           &vs, h2k_soap_child(reply.result, "returnval")) == 0,
       "the simulator's service");
    ok_string(vs.service.root_folder, "group-d1");
    ok_string(vs.service.custom_fields, "CustomFieldsManager");
    ok_string(vs.action, "urn:vim25/6.5");
    ok(vs.is_vcenter, "a vCenter");
    ok_error(h2k_vsphere_service_take(&vs, NULL) < 0, H2K_E_SOURCE,
             "no vSphere server");
    h2k_vsphere_service_clear(&vs.service);
    free(vs.product);
}

static int
add_to_tree(void *opaque, const struct h2k_object *object)
{
    return h2k_tree_add(opaque, object);
}

static int
read_tree(const char *name, struct h2k_tree *tree, char **token)
{
    size_t size;
    h2k_autofree char *xml = corpus(name, &size);
    int rc = h2k_property_page("RetrievePropertiesEx", xml, size, add_to_tree,
                               tree, token);
    h2k_tree_sort(tree);
    return rc;
}

struct reading {
    const struct h2k_tree *tree;
    struct h2k_vsphere_rows rows;
    struct h2k_vm *vm;
};

static int
read_one(void *opaque, const struct h2k_object *object)
{
    struct reading *reading = opaque;
    struct h2k_vsphere_row row = { 0 };
    if (strcmp(object->type, "VirtualMachine") != 0)
        return 0;
    if (h2k_row_read(reading->tree, object, &row) < 0 ||
        h2k_rows_add(&reading->rows, &row) < 0)
        return -1;
    h2k_vm_free(reading->vm);
    reading->vm = h2k_vm_facts_read(object, reading->tree, NULL);
    return reading->vm == NULL ? -1 : 0;
}

static void
read_vms(const char *name, const struct h2k_tree *tree,
         struct reading *reading)
{
    size_t size;
    h2k_autofree char *xml = corpus(name, &size), *token = NULL;
    reading->tree = tree;
    ok(h2k_property_page("RetrievePropertiesEx", xml, size, read_one, reading,
                         &token) == 0,
       "%s is read", name);
}

static void
test_rows(void)
{
    H2K_AUTO_TREE tree = { 0 };
    h2k_autofree char *token = NULL;
    struct reading reading = { 0 };
    ok(read_tree("simulator-tree", &tree, &token) == 0, "the tree");
    read_vms("simulator-rows", &tree, &reading);
    ok(reading.rows.count == 7, "seven rows");
    bool found = false;
    for (size_t i = 0; i < reading.rows.count; i++)
        if (strcmp(reading.rows.items[i].name, "a/b") == 0) {
            found = true;
            ok_string(reading.rows.items[i].path, "/DC0/vm/odd/a%2fb");
            ok_string(reading.rows.items[i].host, "DC0_H0");
        }
    ok(found, "a name with a slash");
    h2k_vsphere_rows_clear(&reading.rows);
    h2k_vm_free(reading.vm);
}

static void
check_disk(const struct h2k_vm_disk *disk, int32_t key, uint64_t capacity,
           bool raw, bool shared, const char *controller)
{
    ok(disk->key == key && disk->capacity == capacity &&
           disk->raw_mapped == raw && disk->shared == shared &&
           strcmp(disk->controller == NULL ? "" : disk->controller,
                  controller) == 0,
       "disk %" PRId32 ": key %" PRId32 ", %" PRIu64 " bytes", key, disk->key,
       disk->capacity);
}

/* What a vCenter has and the simulator has not: vApps, folders above a
 * datacenter, opaque networks, RDMs, keys, shared buses. */
static void
test_facts(void)
{
    H2K_AUTO_TREE tree = { 0 };
    h2k_autofree char *token = NULL;
    struct reading reading = { 0 };
    ok(read_tree("devices", &tree, &token) == 0, "another tree");
    ok_string(token, "next-1");
    read_vms("devices", &tree, &reading);
    const struct h2k_vm *vm = reading.vm;
    ok_string(vm->name, "db/01 <x> & co");
    ok_string(vm->path, "/North/DC%2f1/vm/shop/db%2f01 <x> & co");
    ok_string(vm->datacenter, "North/DC%2f1");
    ok_string(vm->host, "esx1.example.com");
    ok(vm->annotation == NULL && vm->uuid == NULL, "empty is not said");
    ok(vm->power == H2K_VM_ON && vm->firmware == H2K_VM_BIOS &&
           vm->encrypted && vm->has_tpm && !vm->has_snapshots &&
           !vm->tools_running,
       "what it is");
    ok(vm->cpus == 4 && vm->cores_per_socket == 2 && vm->memory_mib == 4096,
       "its size");
    ok(vm->disk_count == 4, "four disks");
    check_disk(&vm->disks[0], 2016, UINT64_C(10737418240), false, true,
               "lsilogicsas");
    check_disk(&vm->disks[1], 2001, 1000, true, false, "VirtualSCSI");
    check_disk(&vm->disks[2], 2000, UINT64_C(21474836480), false, false,
               "VirtualSCSI");
    check_disk(&vm->disks[3], 99, 0, false, false, "");
    ok(vm->disks[1].independent && !vm->disks[1].thin && vm->disks[2].thin,
       "how they are stored");
    ok(vm->nic_count == 2 && vm->nics[0].key == 4000, "cards by their keys");
    ok_string(vm->nics[0].mac, "00:50:56:ab:cd:ef");
    ok_string(vm->nics[0].network, "dvportgroup-11");
    ok_string(vm->nics[1].network, "11-22");
    ok(vm->nics[1].mac == NULL, "a MAC of another form is none");
    ok(vm->nics[0].connected && !vm->nics[1].connected,
       "what is connected now, since it runs");
    ok(reading.rows.items[0].cpus == 0 &&
           reading.rows.items[0].disk_bytes == INT64_MAX,
       "numbers that may not be are left out");
    h2k_vsphere_rows_clear(&reading.rows);
    h2k_vm_free(reading.vm);
}

static int
read_tags(void *opaque, const struct h2k_object *object)
{
    char ***tags = opaque;
    static xmlNode *fields;
    size_t count;
    if (strcmp(object->type, "CustomFieldsManager") == 0)
        fields = xmlCopyNode(
            (xmlNode *)(uintptr_t)h2k_object_get(object, "field"), 1);
    if (strcmp(object->type, "VirtualMachine") != 0)
        return 0;
    *tags = h2k_custom_tags(fields, object, &count);
    ok(count == 2, "two custom attributes are known");
    xmlFreeNode(fields);
    return 0;
}

static void
test_tags(void)
{
    size_t size;
    char **tags = NULL;
    h2k_autofree char *xml = corpus("devices", &size), *token = NULL;
    h2k_property_page("RetrievePropertiesEx", xml, size, read_tags, &tags,
                      &token);
    ok_string(tags[0], "owner:ops");
    ok_string(tags[1], "tier:gold");
    h2k_custom_free_tags(tags);
}

/* A tree that bites its own tail. */
static void
test_loop(void)
{
    static char a[] = "a", b[] = "b";
    struct h2k_tree_node nodes[] = {
        { .id = a, .name = a, .parent = b },
        { .id = b, .name = b, .parent = a },
    };
    const struct h2k_tree tree = { .nodes = nodes, .count = 2 };
    h2k_autofree char *path = h2k_tree_path(&tree, "a", "x");
    ok(path != NULL && strlen(path) == 64 * 2 + 2, "a loop of parents ends");
    ok(h2k_tree_datacenter(&tree, "a") == NULL, "and has no datacenter");
}

int
main(void)
{
    test_request();
    test_values();
    test_refused();
    test_many_elements();
    test_faults();
    test_service();
    test_rows();
    test_facts();
    test_tags();
    test_loop();
    return tap_done();
}
