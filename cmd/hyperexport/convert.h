/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * --convert: each disk goes into a stream of the pipeline while it arrives,
 * and a job finishes what they wrote: DIRECTORY/NAME-disk1.qcow2 …, and
 * DIRECTORY/report.json for both.
 */
#ifndef H2K_CMD_HYPEREXPORT_CONVERT_H
#define H2K_CMD_HYPEREXPORT_CONVERT_H

#include "hyperexport/export.h"

struct conversion;

/* The directory is made where it is missing. */
struct conversion *conversion_new(const struct export_run *run);
/* Whatever was not finished goes.  NULL is fine. */
void conversion_free(struct conversion *conversion);
H2K_DEFINE_AUTO(conversion, conversion_free)

/* For h2k_export_request; the conversion's. */
const struct h2k_export_consumer *
conversion_consumer(const struct conversion *conversion);

/* All disks have come, and MANIFEST describes them: inspect, fix, verify and
 * publish.  The report is written, on failure too. */
int conversion_finish(struct conversion *conversion,
                      const struct h2k_manifest *manifest,
                      const char *manifest_path, struct h2k_report *report);
/* The export failed: its report alone.  Keeps the thread's error. */
void conversion_write_report(const struct conversion *conversion,
                             const struct h2k_report *report);

#endif
