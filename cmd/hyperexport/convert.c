/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "hyperexport/convert.h"

#include "base/output.h"
#include "pipeline/job.h"
#include "pipeline/stream.h"
#include "provider/file-name.h"

#include <stdio.h>
#include <string.h>

#define DISKS_MAX 256 /* that a VM of vSphere 8 can have */

H2K_DEFINE_AUTO(h2k_manifest, h2k_manifest_free)
H2K_DEFINE_AUTO(h2k_manifest_builder, h2k_manifest_builder_free)

struct conversion {
    const struct export_run *run;
    char *directory; /* absolute */
    char *base;      /* of the names of files */
    const struct h2k_image_writer_ops *format;
    struct h2k_writer_options options;
    struct h2k_export_consumer consumer;
    struct h2k_stream_pool *pool;
    struct h2k_stream *streams[DISKS_MAX]; /* each its own thread's until all
                                              have come */
};

/* ---- While they arrive ---- */

/* "DIRECTORY/NAME-disk1.qcow2", which must not be there already; the caller
 * frees it. */
static char *
output_path(const struct conversion *c, size_t disk)
{
    char suffix[16], *path = NULL;
    snprintf(suffix, sizeof(suffix), ".%s", c->format->name);
    h2k_autofree char *name =
        h2k_export_disk_name(c->base, (unsigned)disk + 1, suffix);
    if (name == NULL)
        return NULL;
    if (asprintf(&path, "%s/%s", c->directory, name) < 0)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (c->run->app->force || access(path, F_OK) < 0)
        return path;
    h2k_fail(H2K_E_OUTPUT,
             "%s exists; --force replaces it, --output puts it elsewhere",
             path);
    free(path);
    return NULL;
}

static int
begin(void *opaque, size_t disk, enum h2k_export_bytes what, uint64_t capacity)
{
    struct conversion *c = opaque;
    enum h2k_stream_kind kind =
        what == H2K_BYTES_FLAT ? H2K_STREAM_FLAT : H2K_STREAM_VMDK;
    if (disk >= DISKS_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED, "a VM with more than %d disks",
                        DISKS_MAX);
    if (c->streams[disk] != NULL)
        return h2k_stream_restart(c->streams[disk], kind, capacity);
    h2k_autofree char *path = output_path(c, disk);
    if (path == NULL)
        return -1;
    const struct h2k_stream_request request = {
        .path = path,
        .format = c->format,
        .options = c->options,
        .kind = kind,
        .capacity = capacity,
    };
    c->streams[disk] = h2k_stream_new(c->pool, &request);
    return c->streams[disk] == NULL ? -1 : 0;
}

static int
data(void *opaque, size_t disk, const void *bytes, size_t count)
{
    struct conversion *c = opaque;
    return h2k_stream_feed(c->streams[disk], bytes, count);
}

static int
end(void *opaque, size_t disk, const char sha256[H2K_SHA256_HEX_SIZE],
    uint64_t size)
{
    struct conversion *c = opaque;
    return h2k_stream_end(c->streams[disk], sha256, size);
}

const struct h2k_export_consumer *
conversion_consumer(const struct conversion *c)
{
    return &c->consumer;
}

/* ---- From the first to the last ---- */

void
conversion_free(struct conversion *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < DISKS_MAX; i++)
        h2k_stream_free(c->streams[i]);
    h2k_stream_pool_free(c->pool);
    free(c->base);
    free(c->directory);
    free(c);
}

static int
find_directory(struct conversion *c)
{
    const char *directory = c->run->target->directory;
    if (h2k_output_make_directory(directory, NULL) < 0)
        return -1;
    c->directory = realpath(directory, NULL);
    return c->directory != NULL
               ? 0
               : h2k_fail_errno(H2K_E_OUTPUT, "%s", directory);
}

struct conversion *
conversion_new(const struct export_run *run)
{
    H2K_AUTO(conversion) c = calloc(1, sizeof(*c));
    if (c == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    c->run = run;
    c->consumer = (struct h2k_export_consumer){ begin, data, end, c };
    c->format = h2k_writer_find(run->app->manifest_target);
    if (c->format == NULL)
        return NULL;
    c->options.compression =
        run->app->compress ? H2K_COMPRESS_ZLIB : H2K_COMPRESS_NONE;
    c->base = h2k_export_file_name(run->target->row.name);
    c->pool = c->base == NULL ? NULL : h2k_stream_pool_new(0);
    if (c->pool == NULL || find_directory(c) < 0)
        return NULL;
    /* Before a VM is shut down for it. */
    h2k_autofree char *first = output_path(c, 0);
    return first == NULL ? NULL : h2k_steal(c);
}

/* ---- When all have come ---- */

/* The export's manifest, with outputs and report in its directory. */
static struct h2k_manifest *
job_manifest(const struct conversion *c, const struct h2k_manifest *exported)
{
    h2k_autofree char *report = NULL;
    H2K_AUTO(h2k_manifest_builder)
    b = h2k_manifest_builder_from(exported);
    if (asprintf(&report, "%s/report.json", c->directory) < 0) {
        report = NULL;
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    if (b == NULL ||
        h2k_manifest_builder_set_string(b, "output.directory", c->directory) <
            0 ||
        h2k_manifest_builder_set_string(b, "output.format", c->format->name) <
            0 ||
        h2k_manifest_builder_set_string(b, "options.report.path", report) < 0)
        return NULL;
    return h2k_manifest_builder_build(b, h2k_manifest_base_dir(exported),
                                      NULL);
}

int
conversion_finish(struct conversion *c, const struct h2k_manifest *exported,
                  const char *manifest_path, struct h2k_report *report)
{
    H2K_AUTO(h2k_manifest) manifest = job_manifest(c, exported);
    if (manifest == NULL)
        return -1;
    const struct h2k_job_settings settings = {
        .manifest_path = manifest_path,
        .compression = c->options.compression,
        .progress = progress_update,
        .opaque = c->run->progress,
        .streams = c->streams,
    };
    return h2k_job_run(manifest, &settings, report);
}

void
conversion_write_report(const struct conversion *c,
                        const struct h2k_report *report)
{
    struct h2k_saved_error error;
    h2k_autofree char *path = NULL;
    h2k_error_save(&error);
    if (asprintf(&path, "%s/report.json", c->directory) < 0)
        path = NULL;
    else
        h2k_report_write(report, path);
    h2k_error_restore(&error);
}
