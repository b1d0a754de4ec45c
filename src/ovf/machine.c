/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* An envelope's machine, but for its disks. */
#include "base/checked.h"
#include "base/error.h"
#include "ovf/guest-id.h"
#include "ovf/machine-read.h"
#include "ovf/names.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static int
out_of_memory(void)
{
    return h2k_fail(H2K_E_NOMEM, "out of memory");
}

/* ---- Reading the tree ---- */

xmlNode *
ovf_find(xmlNode *node, const char *name)
{
    while (node != NULL && (node->type != XML_ELEMENT_NODE ||
                            strcmp((const char *)node->name, name) != 0))
        node = node->next;
    return node;
}

xmlNode *
ovf_child(const xmlNode *parent, const char *name)
{
    return parent == NULL ? NULL : ovf_find(parent->children, name);
}

char *
ovf_attribute(const xmlNode *node, const char *name)
{
    for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
        if (strcmp((const char *)a->name, name) == 0)
            return (char *)xmlNodeListGetString(node->doc, a->children, 1);
    return NULL;
}

/* Without the white space around it. */
char *
ovf_child_text(const xmlNode *parent, const char *name)
{
    xmlNode *child = ovf_child(parent, name);
    char *text = child == NULL ? NULL : (char *)xmlNodeGetContent(child);
    if (text == NULL)
        return NULL;
    size_t from = strspn(text, " \t\r\n"), end = strlen(text);
    while (end > from && strchr(" \t\r\n", text[end - 1]) != NULL)
        end--;
    memmove(text, text + from, end - from);
    text[end - from] = '\0';
    if (*text != '\0')
        return text;
    free(text);
    return NULL;
}

uint64_t
ovf_child_number(const xmlNode *item, const char *name, uint64_t other)
{
    h2k_autofree char *text = ovf_child_text(item, name);
    uint64_t value;
    return text != NULL && h2k_ovf_number(text, &value) ? value : other;
}

/* ---- Devices ---- */

unsigned
ovf_resource_type(const xmlNode *item)
{
    uint64_t type = ovf_child_number(item, "ResourceType", 0);
    return type > UINT16_MAX ? 0 : (unsigned)type;
}

static bool
has_word(const char *list, const char *word)
{
    size_t size = strlen(word);
    for (const char *p = list; (p = strstr(p, word)) != NULL; p += size)
        if ((p == list || p[-1] == ' ') && (p[size] == ' ' || p[size] == '\0'))
            return true;
    return false;
}

/* Of another configuration, or the limit of a range (DSP0243 8.4, 9.8)? */
static bool
is_deployed(const struct ovf_envelope *e, const xmlNode *item)
{
    h2k_autofree char *configuration = ovf_attribute(item, "configuration");
    h2k_autofree char *bound = ovf_attribute(item, "bound");
    if (bound != NULL && strcmp(bound, "normal") != 0)
        return false;
    return configuration == NULL ||
           (e->configuration != NULL &&
            has_word(configuration, e->configuration));
}

/* OVF 2 has two more names for the same. */
xmlNode *
ovf_next_item(const struct ovf_envelope *e, xmlNode *node)
{
    for (; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE &&
            (strcmp((const char *)node->name, "Item") == 0 ||
             strcmp((const char *)node->name, "StorageItem") == 0 ||
             strcmp((const char *)node->name, "EthernetPortItem") == 0) &&
            is_deployed(e, node))
            return node;
    return NULL;
}

xmlNode *
ovf_first_item(const struct ovf_envelope *e)
{
    return e->hardware == NULL ? NULL
                               : ovf_next_item(e, e->hardware->children);
}

/* The last: one of the configuration stands after the general one. */
static xmlNode *
last_of_type(const struct ovf_envelope *e, unsigned type)
{
    xmlNode *found = NULL;
    for (xmlNode *item = ovf_first_item(e); item != NULL;
         item = ovf_next_item(e, item->next))
        if (ovf_resource_type(item) == type)
            found = item;
    return found;
}

static void
read_cpus(struct ovf_envelope *e)
{
    xmlNode *item = last_of_type(e, OVF_RESOURCE_CPU);
    uint64_t count =
        item == NULL ? 0 : ovf_child_number(item, "VirtualQuantity", 0);
    e->machine->cpus = count > UINT16_MAX ? 0 : (unsigned)count;
}

static void
read_memory(struct ovf_envelope *e)
{
    xmlNode *item = last_of_type(e, OVF_RESOURCE_MEMORY);
    if (item == NULL)
        return;
    h2k_autofree char *units = ovf_child_text(item, "AllocationUnits");
    uint64_t unit, bytes = ovf_child_number(item, "VirtualQuantity", 0);
    /* Without units it is megabytes, whatever the schema says. */
    if (!h2k_ovf_units(units == NULL ? "MB" : units, &unit) ||
        ckd_mul(&bytes, bytes, unit) || bytes > UINT64_C(1) << 50)
        return;
    e->machine->memory = bytes;
}

/* aa:bb:… of any way of writing it, or NULL. */
static char *
normal_mac(const char *text)
{
    char mac[18];
    size_t n = 0;
    for (; text != NULL && *text != '\0'; text++) {
        if (strchr(":-.", *text) != NULL)
            continue;
        if (!isxdigit((unsigned char)*text) || n >= sizeof(mac) - 1)
            return NULL;
        mac[n++] = (char)tolower((unsigned char)*text);
        if (n % 3 == 2)
            mac[n++] = ':';
    }
    if (n != sizeof(mac))
        return NULL;
    mac[n - 1] = '\0';
    return strdup(mac);
}

static int
read_nics(struct ovf_envelope *e)
{
    struct h2k_ovf_machine *m = e->machine;
    m->nics = calloc(H2K_OVF_NICS_MAX, sizeof(*m->nics));
    if (m->nics == NULL)
        return out_of_memory();
    for (xmlNode *item = ovf_first_item(e); item != NULL;
         item = ovf_next_item(e, item->next)) {
        if (ovf_resource_type(item) != OVF_RESOURCE_ETHERNET)
            continue;
        if (m->nic_count == H2K_OVF_NICS_MAX)
            return h2k_fail(H2K_E_CORRUPT, "has more than %d NICs",
                            H2K_OVF_NICS_MAX);
        h2k_autofree char *mac = ovf_child_text(item, "Address");
        m->nics[m->nic_count++] = (struct h2k_ovf_nic){
            .mac = normal_mac(mac),
            .network = ovf_child_text(item, "Connection"),
        };
    }
    return 0;
}

/* ---- The machine ---- */

static void
read_name(struct ovf_envelope *e)
{
    struct h2k_ovf_machine *m = e->machine;
    m->name = ovf_child_text(e->system, "Name");
    if (m->name == NULL)
        m->name = ovf_child_text(ovf_child(e->hardware, "System"),
                                 "VirtualSystemIdentifier");
    if (m->name == NULL)
        m->name = ovf_attribute(e->system, "id");
}

static void
read_system(struct ovf_envelope *e)
{
    struct h2k_ovf_machine *m = e->machine;
    xmlNode *section = ovf_child(e->system, "OperatingSystemSection");
    if (section == NULL)
        return;
    h2k_autofree char *guest_id = ovf_attribute(section, "osType");
    h2k_autofree char *cim = ovf_attribute(section, "id");
    h2k_autofree char *version = ovf_attribute(section, "version");
    char text[64];
    uint64_t number;
    m->os_hint = h2k_guest_id_hint(guest_id);
    if (m->os_hint == NULL && cim != NULL && h2k_ovf_number(cim, &number) &&
        number < UINT16_MAX)
        m->os_hint = h2k_guest_cim_hint((unsigned)number);
    const char *found = h2k_guest_id_version(guest_id, text);
    if (found == NULL)
        found = version;
    if (found != NULL)
        snprintf(m->os_version, sizeof(m->os_version), "%.40s", found);
}

/* <vmw:Config vmw:key="firmware" vmw:value="efi"/>: VMware's. */
static void
read_vmware_settings(struct ovf_envelope *e)
{
    struct h2k_ovf_machine *m = e->machine;
    for (xmlNode *node = ovf_child(e->hardware, "Config"); node != NULL;
         node = ovf_find(node->next, "Config")) {
        h2k_autofree char *key = ovf_attribute(node, "key");
        h2k_autofree char *value = ovf_attribute(node, "value");
        if (key == NULL || value == NULL)
            continue;
        if (strcmp(key, "firmware") == 0)
            m->firmware =
                strcasecmp(value, "efi") == 0 ? H2K_OVF_UEFI : H2K_OVF_BIOS;
        if (strcmp(key, "bootOptions.efiSecureBootEnabled") == 0)
            m->secure_boot = strcasecmp(value, "true") == 0;
    }
}

/* <Machine><Hardware><Firmware type="EFI"/>: VirtualBox's. */
static void
read_virtualbox_settings(struct ovf_envelope *e)
{
    xmlNode *machine = ovf_child(e->system, "Machine");
    xmlNode *firmware = ovf_child(ovf_child(machine, "Hardware"), "Firmware");
    h2k_autofree char *type =
        firmware == NULL ? NULL : ovf_attribute(firmware, "type");
    if (type != NULL)
        e->machine->firmware =
            strncasecmp(type, "EFI", 3) == 0 ? H2K_OVF_UEFI : H2K_OVF_BIOS;
}

/* ---- Sections ---- */

/* All machines below NODE, which may be in collections of collections; as
 * deep as xml.h allows.  The first is in *FOUND. */
static size_t
count_systems(xmlNode *node, xmlNode **found)
{
    size_t count = 0;
    for (; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (strcmp((const char *)node->name, "VirtualSystem") == 0) {
            if (*found == NULL)
                *found = node;
            count++;
        } else if (strcmp((const char *)node->name,
                          "VirtualSystemCollection") == 0)
            count += count_systems(node->children, found);
    }
    return count;
}

static int
find_system(struct ovf_envelope *e)
{
    if (!h2k_ovf_xml_is(e->root, OVF_NAMESPACE, "Envelope") &&
        !h2k_ovf_xml_is(e->root, OVF_NAMESPACE_2, "Envelope"))
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "is not an envelope of OVF 1 or 2: its root is %.100s",
                        (const char *)e->root->name);
    size_t count = count_systems(e->root->children, &e->system);
    if (count == 0)
        return h2k_fail(H2K_E_CORRUPT, "describes no virtual machine");
    if (count > 1)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "describes %zu virtual machines: export each of them "
                        "alone",
                        count);
    e->hardware = ovf_child(e->system, "VirtualHardwareSection");
    return 0;
}

/* The one that is marked, else the first (DSP0243 9.8). */
static void
find_configuration(struct ovf_envelope *e)
{
    xmlNode *section = ovf_child(e->root, "DeploymentOptionSection");
    for (xmlNode *node = ovf_child(section, "Configuration"); node != NULL;
         node = ovf_find(node->next, "Configuration")) {
        h2k_autofree char *chosen = ovf_attribute(node, "default");
        bool marked = chosen != NULL && strcmp(chosen, "true") == 0;
        if (e->configuration != NULL && !marked)
            continue;
        free(e->configuration);
        e->configuration = ovf_attribute(node, "id");
        if (marked)
            return;
    }
}

static int
read_machine(struct ovf_envelope *e)
{
    if (find_system(e) < 0)
        return -1;
    find_configuration(e);
    read_name(e);
    read_system(e);
    read_cpus(e);
    read_memory(e);
    read_vmware_settings(e);
    read_virtualbox_settings(e);
    return read_nics(e) < 0 ? -1 : ovf_read_disks(e);
}

struct h2k_ovf_machine *
h2k_ovf_machine_read(const char *xml, size_t size)
{
    H2K_AUTO(h2k_ovf_machine) machine = calloc(1, sizeof(*machine));
    if (machine == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    xmlDoc *doc = h2k_ovf_xml_parse(xml, size);
    if (doc == NULL)
        return NULL;
    struct ovf_envelope e = { .root = xmlDocGetRootElement(doc),
                              .machine = machine };
    int rc = read_machine(&e);
    free(e.configuration);
    xmlFreeDoc(doc);
    return rc < 0 ? NULL : h2k_steal(machine);
}

int
h2k_ovf_machine_warn(struct h2k_ovf_machine *m, const char *format, ...)
{
    va_list ap;
    char **more =
        reallocarray(m->warnings, m->warning_count + 1, sizeof(*more));
    if (more == NULL)
        return out_of_memory();
    m->warnings = more;
    va_start(ap, format);
    int n = vasprintf(&more[m->warning_count], format, ap);
    va_end(ap);
    if (n < 0)
        return out_of_memory();
    m->warning_count++;
    return 0;
}

void
h2k_ovf_machine_free(struct h2k_ovf_machine *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->disk_count; i++) {
        free(m->disks[i].id);
        free(m->disks[i].label);
        free(m->disks[i].href);
    }
    for (size_t i = 0; i < m->nic_count; i++) {
        free(m->nics[i].mac);
        free(m->nics[i].network);
    }
    for (size_t i = 0; i < m->warning_count; i++)
        free(m->warnings[i]);
    free(m->disks);
    free(m->nics);
    free(m->warnings);
    free(m->name);
    free(m);
}
