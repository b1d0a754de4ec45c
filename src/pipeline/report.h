/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * report.json: what each stage found and did, as it happened.
 *
 * Its shape is schemas/report-1.0.schema.json.  The report is made while the
 * job runs, so that it can be written at any moment, on failure too.
 *
 * Running out of memory while reporting does not fail the job: it is
 * remembered, and h2k_report_write says so.
 */
#ifndef H2K_PIPELINE_REPORT_H
#define H2K_PIPELINE_REPORT_H

#include "base/cleanup.h"

#include <hyper2kvm/manifest.h>
#include <jansson.h>
#include <stdbool.h>

struct h2k_report;

struct h2k_report *h2k_report_new(void);
void h2k_report_free(struct h2k_report *report); /* NULL is fine */
H2K_DEFINE_AUTO(h2k_report, h2k_report_free)

/* Where the job came from, and the notes and warnings it brought.  PATH is
 * the manifest's, NULL for one that was made up. */
void h2k_report_input(struct h2k_report *report,
                      const struct h2k_manifest *manifest, const char *path);

/* The machine's name, where that is found out later. */
void h2k_report_machine(struct h2k_report *report,
                        const struct h2k_manifest *manifest);

/* A stage runs from begin to end; what is said in between is its own.  NAME
 * is one of export, load_manifest, inspect, fix, convert, validate, import.
 * RESULT is stolen, and NULL where there is none. */
void h2k_report_begin(struct h2k_report *report, const char *name);
void h2k_report_succeed(struct h2k_report *report, json_t *result);
/* With the thread's error.  RESULT: what was done until then. */
void h2k_report_fail(struct h2k_report *report, json_t *result);
/* The current stage's name, or "load_manifest" before the first. */
const char *h2k_report_stage(const struct h2k_report *report);

void h2k_report_warning(struct h2k_report *report, const char *message);
void h2k_report_note(struct h2k_report *report, const char *message);
void h2k_report_change(struct h2k_report *report, const char *file,
                       const char *what, const char *before,
                       const char *after);

struct h2k_report_artifact {
    const char *type; /* "converted_image" */
    const char *disk_id;
    const char *path;
    const char *format;
    uint64_t size_bytes; /* of the file */
    uint64_t virtual_size_bytes;
    bool compressed;
    const char *checksum; /* 64 hex digits of the file's SHA-256, or NULL */
};
void h2k_report_artifact(struct h2k_report *report,
                         const struct h2k_report_artifact *artifact);

/* The whole document; a new reference. */
json_t *h2k_report_json(const struct h2k_report *report);

/* Atomically, to PATH, whose directory exists.  H2K_E_OUTPUT. */
int h2k_report_write(const struct h2k_report *report, const char *path);

/* "10.00 GiB" in a buffer of 32 bytes. */
const char *h2k_size_human(uint64_t bytes, char text[32]);

#endif
