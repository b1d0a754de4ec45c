/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/export-manifest.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/utf8.h"
#include "manifest/builder.h"
#include "provider/xml-text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#ifndef H2K_VERSION
#error "the version is given by the build"
#endif

#define MIB_IN_GIB 1024.0

struct job {
    const struct h2k_export_manifest *what;
    struct h2k_manifest_builder *b;
    char now[32]; /* RFC 3339, UTC */
    char **kept;  /* texts made by `clean` */
    size_t kept_count;
    bool failed; /* in calls that cannot say so: H2K_E_NOMEM */
};

static void
job_clear(struct job *j)
{
    for (size_t i = 0; i < j->kept_count; i++)
        free(j->kept[i]);
    free(j->kept);
}

#define AUTO_JOB __attribute__((cleanup(job_clear))) struct job

/* A server's text as a manifest may have it, valid as long as the job.  A
 * name that was decoded from "%ff" is not UTF-8. */
static const char *
clean(struct job *j, const char *text)
{
    if (text == NULL || h2k_utf8_is_valid(text))
        return text;
    char **grown = reallocarray(j->kept, j->kept_count + 1, sizeof(*grown));
    if (grown != NULL)
        j->kept = grown;
    char *copy = grown == NULL ? NULL : h2k_xml_clean(text);
    if (copy == NULL) {
        j->failed = true;
        return NULL;
    }
    return j->kept[j->kept_count++] = copy;
}

static int
format_now(char text[32])
{
    time_t now = (time_t)h2k_clock_now();
    struct tm tm;
    if (gmtime_r(&now, &tm) == NULL ||
        strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return h2k_fail(H2K_E_FAILED, "the clock cannot be read");
    return 0;
}

static const char *
method_name(enum h2k_export_transport transport)
{
    switch (transport) {
    case H2K_TRANSPORT_DATASTORE:
        return "datastore";
    case H2K_TRANSPORT_NBD:
        return "nbd";
    default:
        return "nfc-lease";
    }
}

static int
set_source(struct job *j)
{
    const struct h2k_vm *vm = j->what->vm;
    const struct h2k_manifest_source source = {
        .provider = "vsphere",
        .vm_id = clean(j, vm->id),
        .vm_name = clean(j, vm->name),
        .datacenter = clean(j, vm->datacenter),
        .export_timestamp = j->now,
        .export_method = method_name(j->what->transport),
    };
    return h2k_manifest_builder_set_source(j->b, &source);
}

static enum h2k_firmware
map_firmware(enum h2k_vm_firmware firmware)
{
    switch (firmware) {
    case H2K_VM_BIOS:
        return H2K_FIRMWARE_BIOS;
    case H2K_VM_UEFI:
        return H2K_FIRMWARE_UEFI;
    default:
        return H2K_FIRMWARE_UNKNOWN;
    }
}

static int
set_vm(struct job *j)
{
    const struct h2k_vm *vm = j->what->vm;
    char version[64];
    const struct h2k_manifest_vm m = {
        .cpu = vm->cpus,
        .mem_gb = (double)vm->memory_mib / MIB_IN_GIB,
        .firmware = map_firmware(vm->firmware),
        .firmware_given = true,
        .secure_boot = vm->secure_boot,
        .os_hint = h2k_vm_os_hint(vm),
        .os_version = h2k_vm_os_version(vm, version),
    };
    return h2k_manifest_builder_set_vm(j->b, &m);
}

static int
add_disks(struct job *j)
{
    for (size_t i = 0; i < j->what->file_count; i++) {
        const struct h2k_export_manifest_file *file = &j->what->files[i];
        char id[32];
        snprintf(id, sizeof(id), "disk-%zu", i);
        const struct h2k_manifest_disk disk = {
            .id = id,
            .source_format = file->what == H2K_BYTES_FLAT ? "raw" : "vmdk",
            .bytes_given = true,
            .bytes = file->size,
            .local_path = file->name,
            .checksum = j->what->checksums ? file->sha256 : NULL,
            .boot_order_hint = (uint32_t)i,
            .label = clean(j, file->vm_disk->label),
            .disk_type = i == 0 ? H2K_DISK_BOOT : H2K_DISK_DATA,
        };
        if (h2k_manifest_builder_add_disk(j->b, &disk) < 0)
            return -1;
    }
    return 0;
}

/* Six pairs of hex digits with ':'. */
static bool
is_mac(const char *text)
{
    size_t i = 0;
    for (; i < 17 && text[i] != '\0'; i++)
        if (i % 3 == 2 ? text[i] != ':'
                       : strchr("0123456789abcdefABCDEF", text[i]) == NULL)
            return false;
    return i == 17 && text[i] == '\0';
}

static int
add_nics(struct job *j)
{
    const struct h2k_vm *vm = j->what->vm;
    for (size_t i = 0; i < vm->nic_count; i++) {
        const char *mac = vm->nics[i].mac;
        char id[32];
        snprintf(id, sizeof(id), "nic-%zu", i);
        const struct h2k_manifest_nic nic = {
            .id = id,
            .mac = mac != NULL && is_mac(mac) ? mac : NULL,
            .network = clean(j, vm->nics[i].network),
        };
        if (h2k_manifest_builder_add_nic(j->b, &nic) < 0)
            return -1;
    }
    return 0;
}

static int
set_metadata(struct job *j)
{
    const struct h2k_manifest_metadata metadata = {
        .hypersdk_version = H2K_VERSION,
        .created_at = j->now,
    };
    const struct h2k_manifest_output output = {
        .format = j->what->target == NULL ? "qcow2" : j->what->target,
    };
    if (h2k_manifest_builder_set_metadata(j->b, &metadata) < 0 ||
        h2k_manifest_builder_set_output(j->b, &output) < 0)
        return -1;
    for (size_t i = 0; i < j->what->vm->tag_count; i++)
        if (h2k_manifest_builder_add_tag(j->b, NULL,
                                         clean(j, j->what->vm->tags[i])) < 0)
            return -1;
    return 0;
}

static int
add_notes(struct job *j)
{
    const struct h2k_vm *vm = j->what->vm;
    for (size_t i = 0; i < j->what->note_count; i++)
        if (h2k_manifest_builder_add_note(j->b, clean(j, j->what->notes[i])) <
            0)
            return -1;
    if (vm->annotation == NULL || *vm->annotation == '\0')
        return 0;
    h2k_autofree char *note = NULL;
    if (asprintf(&note, "the VM's own notes: %s", vm->annotation) < 0) {
        note = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return h2k_manifest_builder_add_note(j->b, clean(j, note));
}

static void
add_warning(void *opaque, const char *text)
{
    struct job *j = opaque;
    const struct h2k_manifest_remark warning = {
        .stage = "export",
        .message = clean(j, text),
        .timestamp = j->now,
    };
    if (!j->failed && h2k_manifest_builder_add_warning(j->b, &warning) < 0)
        j->failed = true;
}

static int
add_warnings(struct job *j)
{
    h2k_export_manifest_vm_warnings(j->what->vm, add_warning, j);
    if (j->what->from_snapshot)
        add_warning(j, "exported from a snapshot of the running VM: what was "
                       "in its memory stays behind");
    for (size_t i = 0; i < j->what->warning_count; i++)
        add_warning(j, j->what->warnings[i]);
    return j->failed ? h2k_fail(H2K_E_NOMEM, "out of memory") : 0;
}

struct h2k_manifest *
h2k_export_manifest_build(const struct h2k_export_manifest *what,
                          const char *directory)
{
    H2K_AUTO(h2k_manifest_builder)
    b = h2k_manifest_builder_new(H2K_MANIFEST_ARTIFACT);
    AUTO_JOB j = { .what = what, .b = b };
    if (b == NULL || format_now(j.now) < 0 || set_source(&j) < 0 ||
        set_vm(&j) < 0 || add_disks(&j) < 0 || add_nics(&j) < 0 ||
        set_metadata(&j) < 0 || add_notes(&j) < 0 || add_warnings(&j) < 0)
        return NULL;
    return h2k_manifest_builder_build(b, directory, NULL);
}

/* ---- Reading it again ---- */

struct verify {
    const struct h2k_manifest *m;
    const struct h2k_export_progress *progress;
};

static void
report(void *opaque, const char *id, uint64_t done, uint64_t total)
{
    const struct verify *v = opaque;
    for (size_t i = 0; i < h2k_manifest_disk_count(v->m); i++)
        if (strcmp(h2k_manifest_disk(v->m, i)->id, id) == 0)
            v->progress->bytes(v->progress->opaque, i, done, total);
}

/* What the file holds is not for its reader to mend. */
static int
fail_verify(const char *path)
{
    if (h2k_errcode() == H2K_E_USAGE)
        h2k_recode(H2K_E_VALIDATION);
    return h2k_prefix("%s: ", path);
}

int
h2k_export_manifest_verify(const char *path,
                           const struct h2k_export_progress *progress)
{
    struct h2k_manifest *m = h2k_manifest_load(path, NULL);
    if (m == NULL)
        return fail_verify(path);
    struct verify v = { m, progress };
    bool shown = progress != NULL && progress->bytes != NULL;
    const struct h2k_manifest_checks checks = {
        .checksums = true,
        .progress = shown ? report : NULL,
        .opaque = &v,
    };
    int result = h2k_manifest_check_files(m, &checks, NULL);
    h2k_manifest_free(m);
    return result < 0 ? fail_verify(path) : 0;
}
