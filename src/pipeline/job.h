/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A job: one VM through LOAD_MANIFEST, INSPECT, FIX, CONVERT and VALIDATE.
 *
 *     source file ─ image ─ overlay ─┬─ guest: inspect, fix
 *                                    └─ convert ─ partial file ─ verify ─ name
 *
 * Where disks were converted while they arrived (stream.h), their unpublished
 * outputs take the place of the source, and CONVERT puts the overlay's edits
 * into them.
 *
 * Nothing has its final name before everything asked for was verified; only
 * test_boot comes after, since a disk that is right and does not boot is
 * still what its owner wants to look at.
 */
#ifndef H2K_PIPELINE_JOB_H
#define H2K_PIPELINE_JOB_H

#include "guest/fix/fix.h"
#include "guest/guest.h"
#include "image/image.h"
#include "pipeline/convert.h"
#include "pipeline/hasher.h"
#include "pipeline/report.h"
#include "pipeline/stream.h"

/* How far a stage is with one disk.  Called from any thread, one at a
 * time. */
typedef void (*h2k_job_progress_fn)(void *opaque, const char *stage,
                                    const char *disk_id, uint64_t done,
                                    uint64_t total);

struct h2k_job_settings {
    const char *manifest_path; /* for the report; NULL: it was made up */
    unsigned threads;          /* 0: one for each processor */
    struct h2k_guest_settings guest;
    /* Packages for FIX, as in its options. */
    const char *const *guest_agents;
    size_t guest_agent_count;
    /* Where the manifest asks for compression; NONE is the format's own. */
    enum h2k_writer_compression compression;
    /* INSPECT ends with what FIX would do, by doing it in the overlay; for a
     * job without FIX and CONVERT. */
    bool verdict;
    h2k_job_progress_fn progress; /* or NULL */
    void *opaque;
    /* The disks' content where it has arrived already: a stream that has
     * ended for each of the manifest's disks, in its order; else NULL.  The
     * job reads no files then, and CONVERT finishes the streams' outputs,
     * under the paths that they were made with.  The streams stay the
     * caller's, to be freed after the job. */
    struct h2k_stream *const *streams;
};

/* One disk on its way. */
struct h2k_job_disk {
    const struct h2k_manifest_disk *spec;
    struct h2k_image_info info;
    struct h2k_block *file;            /* the source's own bytes */
    struct h2k_block *overlay;         /* the virtual disk, with all edits */
    struct h2k_stream_content *stream; /* it has arrived already; or NULL */
    struct h2k_block *base;    /* of a stream: its output, below the overlay */
    struct h2k_hasher *hasher; /* NULL: no checksum to verify */
    char *output_path;
    struct h2k_output *output; /* from CONVERT until it is published */
    struct h2k_convert_result converted;
    bool published;
};

struct h2k_job {
    const struct h2k_manifest *manifest; /* from LOAD_MANIFEST on, `opened` */
    struct h2k_manifest *opened;         /* of an OVA or OVF; owned; or NULL */
    const struct h2k_job_settings *settings;
    struct h2k_report *report;
    size_t disk_count;
    struct h2k_job_disk *disks;
    struct h2k_guest *guest; /* NULL: none asked for, or none found */
    bool guest_changed;      /* FIX has edited something */
    const char *firmware;    /* what the disks start from, as INSPECT found it:
                                "bios", "uefi"; NULL: both, or not known */
};

/*
 * The whole job.  0, or -1 with the error of the stage that failed (and its
 * exit code); REPORT has the details in both cases, and is written where
 * the manifest says.  A warning more is not a failure.
 */
int h2k_job_run(const struct h2k_manifest *manifest,
                const struct h2k_job_settings *settings,
                struct h2k_report *report);

/* The stages.  Each does its work between h2k_report_begin and the end,
 * puts its result into *RESULT (also on failure, as far as it came), and
 * gives 0 or -1. */
int h2k_stage_load(struct h2k_job *job, json_t *result);
int h2k_stage_inspect(struct h2k_job *job, json_t *result);
int h2k_stage_fix(struct h2k_job *job, json_t *result);
int h2k_stage_convert(struct h2k_job *job, json_t *result);
int h2k_stage_validate(struct h2k_job *job, json_t *result);
/* The last part of VALIDATE: a line in CHECKS, and RESULT's test_boot. */
int h2k_stage_test_boot(struct h2k_job *job, json_t *checks, json_t *result);

/* For stages. */

/* The guest on the job's disks, opened once.  -1 when there is none. */
int h2k_job_open_guest(struct h2k_job *job);
/* FIX on the job's guest, as the manifest asks for it.  FIXED is the caller's
 * to free, on failure too. */
int h2k_job_run_fix(struct h2k_job *job, struct h2k_fix_result *fixed);
/* verdict.c: what FIX makes of the guest, into RESULT's `verdict`.  0, also
 * where the guest cannot be fixed; -1 when its disk cannot be read, or memory
 * runs out. */
int h2k_job_verdict(struct h2k_job *job, json_t *result);
/* The thread's error as the verdict; 0. */
int h2k_job_cannot(json_t *result);
/* Give every converted disk its name, and the report its artifacts. */
int h2k_job_publish(struct h2k_job *job);
/* The progress of a sweep over DISK, as the job's: for a request's
 * `progress`.  OWNER is filled in, and lives as long as the request. */
struct h2k_job_progress {
    const struct h2k_job *job;
    const char *disk_id;
};
struct h2k_progress h2k_job_progress(const struct h2k_job *job,
                                     const struct h2k_job_disk *disk,
                                     struct h2k_job_progress *owner);

#endif
