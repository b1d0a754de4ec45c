/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Exporting VMs, one or many; looking before it is done. */
#ifndef H2K_CMD_HYPEREXPORT_EXPORT_H
#define H2K_CMD_HYPEREXPORT_EXPORT_H

#include "hyperexport/targets.h"

#include "pipeline/report.h"

/* One run of the command on one VM. */
struct export_run {
    const struct app *app;
    const struct app_checked *checked;
    struct h2k_vsphere *vs;
    struct progress *progress;
    const struct target *target;
    struct text_keep warned; /* warnings that were shown */
};

/* The request that the options make; its strings are the run's. */
struct h2k_export_request export_request(struct export_run *run);

/* Export the run's VM, with the stages as they were in REPORT.  0, or -1 with
 * the error. */
int export_one(struct export_run *run, struct h2k_report *report);

/* What the summary and the report say of an export; a new reference. */
json_t *export_json(const struct export_run *run,
                    const struct h2k_export *done);
void export_print(const struct export_run *run, const struct h2k_export *done);
/* Warnings that were not shown when they came up. */
void export_print_warnings(struct export_run *run,
                           const struct h2k_export *done);

/* --dry-run and --validate-only; 0, or -1 with the error. */
int export_dry_run(struct export_run *run, json_t *result);
int export_validate(struct export_run *run, json_t *result);

/* All that the command line names, and a table of how it went where that
 * were many; the exit code, of the first failure. */
int app_export(const struct app *app, const struct app_checked *checked,
               struct h2k_vsphere *vs, struct progress *progress);

const char *export_transport_text(enum h2k_export_transport transport);

#endif
