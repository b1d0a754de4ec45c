/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/report.h"

#include "base/error.h"
#include "pipeline/json.h"
#include "base/output.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ADD json_object_set_new

struct h2k_report {
    struct timespec begin; /* monotonic */
    json_t *input, *stages, *artifacts, *changes, *notes, *warnings, *errors;
    json_t *stage; /* the running one's object; borrowed */
    const char *stage_name;
    struct timespec stage_begin;
    char timestamp[40];
    double duration; /* up to the end of the last stage, in seconds */
    bool failed;
};

/* RFC 3339, local time with its zone. */
static void
write_timestamp(char text[40])
{
    struct timespec now;
    struct tm tm;
    char zone[8];
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    size_t n = strftime(text, 24, "%Y-%m-%dT%H:%M:%S", &tm);
    strftime(zone, sizeof(zone), "%z", &tm);
    snprintf(text + n, 40 - n, ".%06ld%.3s:%.2s", now.tv_nsec / 1000, zone,
             zone + 3);
}

static double
seconds_since(const struct timespec *begin)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - begin->tv_sec) +
                     (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
    return (double)(int64_t)(seconds * 1000 + 0.5) / 1000;
}

struct h2k_report *
h2k_report_new(void)
{
    struct h2k_report *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    clock_gettime(CLOCK_MONOTONIC, &r->begin);
    write_timestamp(r->timestamp);
    r->input = json_object();
    r->stages = json_object();
    r->artifacts = json_array();
    r->changes = json_array();
    r->notes = json_array();
    r->warnings = json_array();
    r->errors = json_array();
    return r;
}

void
h2k_report_free(struct h2k_report *r)
{
    if (r == NULL)
        return;
    json_decref(r->input);
    json_decref(r->stages);
    json_decref(r->artifacts);
    json_decref(r->changes);
    json_decref(r->notes);
    json_decref(r->warnings);
    json_decref(r->errors);
    free(r);
}

static json_t *
remark(const char *stage, const char *message, const char *timestamp)
{
    char now[40];
    if (timestamp == NULL)
        write_timestamp(now);
    json_t *object = json_object();
    ADD(object, "stage", h2k_json_text(stage));
    ADD(object, "message", h2k_json_text(message));
    ADD(object, "timestamp", h2k_json_text(timestamp == NULL ? now : timestamp));
    return object;
}

static void
carry_remarks(struct h2k_report *r, const struct h2k_manifest *m)
{
    for (size_t i = 0; i < h2k_manifest_note_count(m); i++)
        json_array_append_new(r->notes,
                              h2k_json_text(h2k_manifest_note(m, i)->message));
    for (size_t i = 0; i < h2k_manifest_warning_count(m); i++) {
        const struct h2k_manifest_remark *w = h2k_manifest_warning(m, i);
        json_array_append_new(
            r->warnings, remark(w->stage == NULL ? "export" : w->stage,
                                w->message, w->timestamp));
    }
}

void
h2k_report_machine(struct h2k_report *r, const struct h2k_manifest *m)
{
    ADD(r->input, "vm_name", h2k_json_text(h2k_manifest_source(m)->vm_name));
}

void
h2k_report_input(struct h2k_report *r, const struct h2k_manifest *m,
                 const char *path)
{
    const struct h2k_manifest_source *source = h2k_manifest_source(m);
    bool artifact = h2k_manifest_kind(m) == H2K_MANIFEST_ARTIFACT;
    ADD(r->input, "manifest", h2k_json_text(path));
    ADD(r->input, "kind", json_string(artifact ? "artifact" : "migration"));
    ADD(r->input, "provider", h2k_json_text(source->provider));
    ADD(r->input, "vm_id", h2k_json_text(source->vm_id));
    h2k_report_machine(r, m);
    carry_remarks(r, m);
}

void
h2k_report_begin(struct h2k_report *r, const char *name)
{
    r->stage_name = name;
    r->stage = json_object();
    clock_gettime(CLOCK_MONOTONIC, &r->stage_begin);
    ADD(r->stages, name, r->stage);
}

static void
end_stage(struct h2k_report *r, bool success, json_t *result)
{
    ADD(r->stage, "success", json_boolean(success));
    ADD(r->stage, "duration", json_real(seconds_since(&r->stage_begin)));
    if (result != NULL)
        ADD(r->stage, "result", result);
    r->duration = seconds_since(&r->begin);
    r->failed |= !success;
}

void
h2k_report_succeed(struct h2k_report *r, json_t *result)
{
    end_stage(r, true, result);
}

void
h2k_report_fail(struct h2k_report *r, json_t *result)
{
    end_stage(r, false, result);
    ADD(r->stage, "error", h2k_json_text(h2k_errmsg()));
    json_array_append_new(r->errors,
                          remark(h2k_report_stage(r), h2k_errmsg(), NULL));
}

const char *
h2k_report_stage(const struct h2k_report *r)
{
    return r->stage_name == NULL ? "load_manifest" : r->stage_name;
}

void
h2k_report_warning(struct h2k_report *r, const char *message)
{
    json_array_append_new(r->warnings,
                          remark(h2k_report_stage(r), message, NULL));
}

void
h2k_report_note(struct h2k_report *r, const char *message)
{
    json_array_append_new(r->notes, h2k_json_text(message));
}

void
h2k_report_change(struct h2k_report *r, const char *file, const char *what,
                  const char *before, const char *after)
{
    json_t *change = json_object();
    ADD(change, "stage", h2k_json_text(h2k_report_stage(r)));
    ADD(change, "file", h2k_json_text(file));
    ADD(change, "what", h2k_json_text(what));
    ADD(change, "before", h2k_json_text(before));
    ADD(change, "after", h2k_json_text(after));
    json_array_append_new(r->changes, change);
}

const char *
h2k_size_human(uint64_t bytes, char text[32])
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
    double value = (double)bytes / 1024;
    size_t unit = 0;
    if (bytes < 1024) {
        snprintf(text, 32, "%u bytes", (unsigned)bytes);
        return text;
    }
    while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1024;
        unit++;
    }
    snprintf(text, 32, "%.2f %s", value, units[unit]);
    return text;
}

void
h2k_report_artifact(struct h2k_report *r, const struct h2k_report_artifact *a)
{
    char human[32];
    json_t *object = json_object();
    ADD(object, "type", h2k_json_text(a->type));
    ADD(object, "disk_id", h2k_json_text(a->disk_id));
    ADD(object, "path", h2k_json_text(a->path));
    ADD(object, "format", h2k_json_text(a->format));
    ADD(object, "size_bytes", json_integer((json_int_t)a->size_bytes));
    ADD(object, "size_human", h2k_json_text(h2k_size_human(a->size_bytes, human)));
    ADD(object, "virtual_size_bytes",
        json_integer((json_int_t)a->virtual_size_bytes));
    ADD(object, "compressed", json_boolean(a->compressed));
    if (a->checksum != NULL)
        ADD(object, "checksum", json_sprintf("sha256:%s", a->checksum));
    json_array_append_new(r->artifacts, object);
}

static json_t *
summary(const struct h2k_report *r)
{
    json_int_t good = 0, bad = 0;
    const char *name;
    json_t *stage;
    json_object_foreach (r->stages, name, stage)
        if (json_is_true(json_object_get(stage, "success")))
            good++;
        else
            bad++;
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "total_stages",
                     good + bad, "successful_stages", good, "failed_stages",
                     bad, "total_warnings",
                     (json_int_t)json_array_size(r->warnings), "total_errors",
                     (json_int_t)json_array_size(r->errors),
                     "total_artifacts",
                     (json_int_t)json_array_size(r->artifacts));
}

json_t *
h2k_report_json(const struct h2k_report *r)
{
    json_t *pipeline = json_object();
    ADD(pipeline, "success",
        json_boolean(!r->failed && json_object_size(r->stages) > 0));
    ADD(pipeline, "duration_seconds", json_real(r->duration));
    json_object_set(pipeline, "stages", r->stages);

    json_t *document = json_object();
    ADD(document, "version", json_string("1.0"));
    ADD(document, "timestamp", json_string(r->timestamp));
    ADD(document, "hyper2kvm_version", json_string(H2K_VERSION));
    json_object_set(document, "input", r->input);
    ADD(document, "pipeline", pipeline);
    json_object_set(document, "artifacts", r->artifacts);
    json_object_set(document, "changes", r->changes);
    json_object_set(document, "notes", r->notes);
    json_object_set(document, "warnings", r->warnings);
    json_object_set(document, "errors", r->errors);
    ADD(document, "summary", summary(r));
    return document;
}

int
h2k_report_write(const struct h2k_report *r, const char *path)
{
    json_t *document = h2k_report_json(r);
    char *dump = json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(document);
    h2k_autofree char *json = dump;
    if (json == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory for the report");
    H2K_AUTO(h2k_output) output = h2k_output_new(path);
    if (output == NULL)
        return h2k_prefix("report: ");
    if (dprintf(h2k_output_fd(output), "%s\n", json) < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "report: cannot write %s", path);
    return h2k_output_publish(output);
}
