/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The values of a manifest, by today's names, with defaults in place. */
#include "manifest/internal.h"

#include "manifest/rules.h"

#include <ctype.h>
#include <string.h>

const char *
h2k_extract_string(const struct h2k_node *map, const char *key,
                   const char *otherwise)
{
    h2k_node_string(h2k_node_get(map, key), &otherwise);
    return otherwise;
}

bool
h2k_extract_bool(const struct h2k_node *map, const char *key, bool otherwise)
{
    h2k_node_bool(h2k_node_get(map, key), &otherwise);
    return otherwise;
}

int64_t
h2k_extract_integer(const struct h2k_node *map, const char *key, int64_t least,
                    int64_t most, int64_t otherwise)
{
    int64_t value;
    if (h2k_node_integer(h2k_node_get(map, key), &value) && value >= least &&
        value <= most)
        return value;
    return otherwise;
}

/* The index of the string under KEY in WORDS, or OTHERWISE. */
static unsigned
get_word(const struct h2k_node *map, const char *key, const char *const *words,
         unsigned otherwise)
{
    const char *text = h2k_extract_string(map, key, NULL);
    for (unsigned i = 0; text != NULL && words[i] != NULL; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    return otherwise;
}

static void
extract_source(struct h2k_manifest *m)
{
    const struct h2k_node *map = h2k_node_get(m->modern, "source");
    if (m->kind == H2K_MANIFEST_MIGRATION) {
        m->source.type = h2k_extract_string(map, "type", NULL);
        m->source.path = h2k_extract_string(map, "path", NULL);
        if (m->source.path != NULL)
            m->source.absolute_path =
                h2k_path_resolve(m->doc, m->base_dir, m->source.path);
        return;
    }
    m->source = (struct h2k_manifest_source){
        .provider = h2k_extract_string(map, "provider", NULL),
        .vm_id = h2k_extract_string(map, "vm_id", NULL),
        .vm_name = h2k_extract_string(map, "vm_name", NULL),
        .datacenter = h2k_extract_string(map, "datacenter", NULL),
        .export_timestamp = h2k_extract_string(map, "export_timestamp", NULL),
        .export_method = h2k_extract_string(map, "export_method", NULL),
    };
}

static void
extract_vm(struct h2k_manifest *m)
{
    static const char *const firmwares[] = { "bios", "uefi", "unknown", NULL };
    const struct h2k_node *map = h2k_node_get(m->modern, "vm");
    m->vm = (struct h2k_manifest_vm){
        .cpu = (uint32_t)h2k_extract_integer(map, "cpu", 1, UINT32_MAX, 2),
        .mem_gb = 4,
        .firmware =
            H2K_FIRMWARE_BIOS + get_word(map, "firmware", firmwares, 0),
        .firmware_given = h2k_node_get(map, "firmware") != NULL,
        .secure_boot = h2k_extract_bool(map, "secure_boot", false),
        .os_hint = h2k_extract_string(map, "os_hint", NULL),
        .os_version = h2k_extract_string(map, "os_version", NULL),
    };
    double mem_gb = 0;
    if (h2k_node_number(h2k_node_get(map, "mem_gb"), &mem_gb) && mem_gb > 0)
        m->vm.mem_gb = mem_gb;
}

static void
extract_disk(struct h2k_manifest *m, const struct h2k_node *node, size_t i)
{
    static const char *const types[] = { "unknown", "boot", "data", NULL };
    struct h2k_manifest_disk *disk = &m->disks[i];
    const char *checksum = h2k_extract_string(node, "checksum", NULL);
    const char *id = h2k_extract_string(node, "id", "");
    *disk = (struct h2k_manifest_disk){
        .id = id,
        .source_format = h2k_extract_string(node, "source_format", NULL),
        .bytes_given = h2k_node_get(node, "bytes") != NULL,
        .bytes = (uint64_t)h2k_extract_integer(node, "bytes", 0, INT64_MAX, 0),
        .local_path = h2k_extract_string(node, "local_path", ""),
        .boot_order_hint = (uint32_t)h2k_extract_integer(
            node, "boot_order_hint", 0, UINT32_MAX,
            H2K_MANIFEST_BOOT_ORDER_DEFAULT),
        .label = h2k_extract_string(node, "label", id),
        .disk_type = get_word(node, "disk_type", types, H2K_DISK_UNKNOWN),
    };
    disk->path = h2k_path_resolve(m->doc, m->base_dir, disk->local_path);
    if (checksum != NULL && h2k_checksum_is_whole(checksum))
        disk->checksum = checksum + strlen("sha256:");
    m->disk_nodes[i] = node;
}

static void
extract_disks(struct h2k_manifest *m)
{
    const struct h2k_node *list = h2k_node_get(m->modern, "disks");
    if (list == NULL || list->kind != H2K_NODE_LIST)
        return;
    m->disks = h2k_document_alloc(m->doc, list->count, sizeof(*m->disks));
    m->disk_nodes =
        h2k_document_alloc(m->doc, list->count, sizeof(*m->disk_nodes));
    if (m->doc->failed)
        return;
    for (const struct h2k_node *node = list->first; node != NULL;
         node = node->next)
        extract_disk(m, node, m->disk_count++);
}

/* The one disk that a migration manifest's source is, unless that is an
 * archive of several. */
static void
extract_source_disk(struct h2k_manifest *m)
{
    const struct h2k_node *map = h2k_node_get(m->modern, "source");
    if (m->source.type == NULL || m->source.path == NULL ||
        strcmp(m->source.type, "ova") == 0 ||
        strcmp(m->source.type, "ovf") == 0)
        return;
    m->disks = h2k_document_alloc(m->doc, 1, sizeof(*m->disks));
    m->disk_nodes = h2k_document_alloc(m->doc, 1, sizeof(*m->disk_nodes));
    if (m->doc->failed)
        return;
    m->disks[0] = (struct h2k_manifest_disk){
        .id = "disk-0",
        .source_format = m->source.type,
        .local_path = m->source.path,
        .path = m->source.absolute_path,
        .boot_order_hint = H2K_MANIFEST_BOOT_ORDER_DEFAULT,
        .label = "disk-0",
        .disk_type = H2K_DISK_BOOT,
    };
    m->disk_nodes[0] = map;
    m->disk_count = 1;
}

/* aa:bb:… of either way of writing it. */
static const char *
normal_mac(struct h2k_document *doc, const char *text)
{
    if (text == NULL)
        return NULL;
    char *mac = (char *)h2k_document_string(doc, text, strlen(text));
    for (char *p = mac; p != NULL && *p != '\0'; p++)
        *p = *p == '-' ? ':' : (char)tolower((unsigned char)*p);
    return mac;
}

static void
extract_nics(struct h2k_manifest *m)
{
    const struct h2k_node *list = h2k_node_get(m->modern, "nics");
    if (list == NULL || list->kind != H2K_NODE_LIST)
        return;
    m->nics = h2k_document_alloc(m->doc, list->count, sizeof(*m->nics));
    for (const struct h2k_node *node = list->first;
         m->nics != NULL && node != NULL; node = node->next)
        m->nics[m->nic_count++] = (struct h2k_manifest_nic){
            .id = h2k_extract_string(node, "id", NULL),
            .mac = normal_mac(m->doc, h2k_extract_string(node, "mac", NULL)),
            .network = h2k_extract_string(node, "network", NULL),
        };
}

static void
extract_pipeline(struct h2k_manifest *m)
{
    static const char *const modes[] = { "stabilize-all", "bypath-only",
                                         "noop", NULL };
    const struct h2k_node *map = h2k_node_get(m->modern, "pipeline");
    const struct h2k_node *inspect = h2k_node_get(map, "inspect");
    const struct h2k_node *fix = h2k_node_get(map, "fix");
    const struct h2k_node *convert = h2k_node_get(map, "convert");
    const struct h2k_node *validate = h2k_node_get(map, "validate");
    bool all = map == NULL; /* without `pipeline`, every stage runs */
    m->pipeline = (struct h2k_manifest_pipeline){
        .present = map != NULL,
        .inspect = { .present = inspect != NULL,
                     .enabled = h2k_extract_bool(inspect, "enabled", all),
                     .collect_guest_info = h2k_extract_bool(
                         inspect, "collect_guest_info", false) },
        .fix = { .present = fix != NULL,
                 .enabled = h2k_extract_bool(fix, "enabled", all),
                 .backup = h2k_extract_bool(fix, "backup", true),
                 .print_fstab = h2k_extract_bool(fix, "print_fstab", false),
                 .update_grub = h2k_extract_bool(fix, "update_grub", true),
                 .regen_initramfs =
                     h2k_extract_bool(fix, "regen_initramfs", true),
                 .remove_vmware_tools =
                     h2k_extract_bool(fix, "remove_vmware_tools", false),
                 .fstab_mode = get_word(fix, "fstab_mode", modes, 0) },
        .convert = { .present = convert != NULL,
                     .enabled = h2k_extract_bool(convert, "enabled", all),
                     .compress = h2k_extract_bool(convert, "compress", false),
                     .compress_level = (unsigned)h2k_extract_integer(
                         convert, "compress_level", 1, 9, 0) },
        .validate = { .present = validate != NULL,
                      .enabled = h2k_extract_bool(validate, "enabled", all),
                      .check_image_integrity = h2k_extract_bool(
                          validate, "check_image_integrity", true),
                      .verify_checksum =
                          h2k_extract_bool(validate, "verify_checksum", true),
                      .test_boot =
                          h2k_extract_bool(validate, "test_boot", false) },
    };
}

static void
extract_output(struct h2k_manifest *m)
{
    const struct h2k_node *map = h2k_node_get(m->modern, "output");
    const struct h2k_node *options = h2k_node_get(m->modern, "options");
    const struct h2k_node *report = h2k_node_get(options, "report");
    m->output = (struct h2k_manifest_output){
        .directory =
            h2k_path_resolve(m->doc, m->base_dir,
                             h2k_extract_string(map, "directory", "output")),
        .format = h2k_extract_string(map, "format", "qcow2"),
        .filename = h2k_extract_string(map, "filename", NULL),
    };
    m->options = (struct h2k_manifest_options){
        .dry_run = h2k_extract_bool(options, "dry_run", false),
        .verbose = (unsigned)h2k_extract_integer(options, "verbose", 0, 3, 1),
        .report_enabled = h2k_extract_bool(report, "enabled", true),
    };
    if (m->output.directory != NULL)
        m->options.report_path = h2k_path_resolve(
            m->doc, m->output.directory,
            h2k_extract_string(report, "path", "report.json"));
}

static void
extract_metadata(struct h2k_manifest *m)
{
    const struct h2k_node *map = h2k_node_get(m->modern, "metadata");
    const struct h2k_node *tags = h2k_node_get(map, "tags");
    m->metadata = (struct h2k_manifest_metadata){
        .hypersdk_version = h2k_extract_string(map, "hypersdk_version", NULL),
        .job_id = h2k_extract_string(map, "job_id", NULL),
        .created_at = h2k_extract_string(map, "created_at", NULL),
        .name = h2k_extract_string(map, "name", NULL),
        .description = h2k_extract_string(map, "description", NULL),
        .owner = h2k_extract_string(map, "owner", NULL),
        .created = h2k_extract_string(map, "created", NULL),
    };
    if (tags == NULL || tags->first == NULL)
        return;
    m->tags = h2k_document_alloc(m->doc, tags->count, sizeof(*m->tags));
    for (const struct h2k_node *tag = tags->first;
         m->tags != NULL && tag != NULL; tag = tag->next)
        m->tags[m->tag_count++] = (struct h2k_manifest_tag){
            .key = tag->key, .value = tag->text == NULL ? "" : tag->text
        };
}

static struct h2k_manifest_remark *
extract_remarks(struct h2k_manifest *m, const char *key, size_t *count)
{
    const struct h2k_node *list = h2k_node_get(m->modern, key);
    if (list == NULL || list->kind != H2K_NODE_LIST)
        return NULL;
    struct h2k_manifest_remark *remarks =
        h2k_document_alloc(m->doc, list->count, sizeof(*remarks));
    for (const struct h2k_node *node = list->first;
         remarks != NULL && node != NULL; node = node->next) {
        struct h2k_manifest_remark *remark = &remarks[(*count)++];
        remark->stage = h2k_extract_string(node, "stage", NULL);
        remark->message = h2k_extract_string(node, "message", "");
        remark->timestamp = h2k_extract_string(node, "timestamp", NULL);
        h2k_node_string(node, &remark->message);
    }
    return remarks;
}

void
h2k_manifest_extract(struct h2k_manifest *m)
{
    extract_source(m);
    extract_vm(m);
    if (m->kind == H2K_MANIFEST_ARTIFACT)
        extract_disks(m);
    if (m->kind == H2K_MANIFEST_MIGRATION)
        extract_source_disk(m);
    extract_nics(m);
    extract_pipeline(m);
    extract_output(m);
    extract_metadata(m);
    h2k_manifest_extract_configuration(m);
    m->notes = extract_remarks(m, "notes", &m->note_count);
    m->warnings = extract_remarks(m, "warnings", &m->warning_count);
}
