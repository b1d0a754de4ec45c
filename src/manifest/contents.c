/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "manifest/contents.h"

#include "base/error.h"
#include "manifest/builder.h"

#include <string.h>

static const char *
copy(struct h2k_manifest *m, const char *text)
{
    return text == NULL ? NULL
                        : h2k_document_string(m->doc, text, strlen(text));
}

static void
put_vm(struct h2k_manifest *m, const struct h2k_manifest_contents *c)
{
    m->source.vm_name = copy(m, c->vm_name);
    if (c->vm.cpu != 0)
        m->vm.cpu = c->vm.cpu;
    if (c->vm.mem_gb > 0)
        m->vm.mem_gb = c->vm.mem_gb;
    if (c->vm.firmware != H2K_FIRMWARE_NOT_GIVEN) {
        m->vm.firmware = c->vm.firmware;
        m->vm.firmware_given = true;
    }
    m->vm.secure_boot = c->vm.secure_boot;
    m->vm.os_hint = copy(m, c->vm.os_hint);
    m->vm.os_version = copy(m, c->vm.os_version);
}

static void
put_disks(struct h2k_manifest *m, const struct h2k_manifest_contents *c)
{
    const struct h2k_node *source = h2k_node_get(m->modern, "source");
    m->disks = h2k_document_alloc(m->doc, c->disk_count, sizeof(*m->disks));
    m->disk_nodes =
        h2k_document_alloc(m->doc, c->disk_count, sizeof(*m->disk_nodes));
    if (m->doc->failed)
        return;
    for (size_t i = 0; i < c->disk_count; i++) {
        struct h2k_manifest_disk *disk = &m->disks[i];
        *disk = c->disks[i];
        disk->id = copy(m, disk->id);
        disk->source_format = copy(m, disk->source_format);
        disk->local_path = m->source.path;
        disk->path = copy(m, disk->path);
        disk->member = copy(m, disk->member);
        disk->checksum = copy(m, disk->checksum);
        disk->label = copy(m, disk->label);
        m->disk_nodes[i] = source;
    }
    m->disk_count = c->disk_count;
}

static void
put_nics(struct h2k_manifest *m, const struct h2k_manifest_contents *c)
{
    m->nics = h2k_document_alloc(m->doc, c->nic_count, sizeof(*m->nics));
    for (size_t i = 0; m->nics != NULL && i < c->nic_count; i++)
        m->nics[m->nic_count++] = (struct h2k_manifest_nic){
            .id = copy(m, c->nics[i].id),
            .mac = copy(m, c->nics[i].mac),
            .network = copy(m, c->nics[i].network),
        };
}

static void
put_warnings(struct h2k_manifest *m, const struct h2k_manifest_contents *c)
{
    m->warnings =
        h2k_document_alloc(m->doc, c->warning_count, sizeof(*m->warnings));
    m->warning_count = 0;
    for (size_t i = 0; m->warnings != NULL && i < c->warning_count; i++)
        m->warnings[m->warning_count++] =
            (struct h2k_manifest_remark){ .message = copy(m, c->warnings[i]) };
}

struct h2k_manifest *
h2k_manifest_with_contents(const struct h2k_manifest *m,
                           const struct h2k_manifest_contents *contents)
{
    struct h2k_problem_scope scope = { 0 };
    H2K_AUTO(h2k_manifest_builder) b = h2k_manifest_builder_from(m);
    H2K_AUTO(h2k_manifest)
    filled =
        b == NULL ? NULL : h2k_manifest_builder_build(b, m->base_dir, NULL);
    if (filled == NULL)
        return NULL;
    filled->nic_count = 0;
    put_vm(filled, contents);
    put_disks(filled, contents);
    put_nics(filled, contents);
    put_warnings(filled, contents);
    if (h2k_document_check(filled->doc) < 0 ||
        h2k_scope_begin(&scope, NULL) < 0)
        return NULL;
    h2k_manifest_check_consistency(filled, scope.used);
    return h2k_scope_end_with(&scope, h2k_steal(filled));
}
