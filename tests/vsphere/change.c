/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * vsphere-change URL CA PASSWORD-FILE COMMAND [ARGUMENT...]: what changes a
 * VM and gets its bytes out, for the tests in shell.
 *
 *     power-off VM GRACE
 *     snapshot VM NAME            make one, tell "snapshot ID QUIESCED"
 *     unsnapshot ID
 *     lease VM [WORD...]          an export's lease; with "of ID" first of a
 *                                 snapshot; then these, one after another:
 *         files                   a line for each
 *         cookie                  what each file's host would be sent
 *         fetch DIR               download all into DIR
 *         fetch-some BYTES        of the first one, and give up
 *         hold MS                 do nothing for so long
 *         live                    say "live", and wait until it ends
 *         progress N
 *         check, manifest, complete
 *     descriptor VM
 *
 * Exit status: of the error.  Everything that is logged goes to stderr.
 */
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "provider/vsphere/vsphere.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void
on_signal(int number)
{
    (void)number;
    h2k_interrupt();
}

static void
log_line(void *opaque, enum h2k_log_level level, const char *message)
{
    static const char *const names[] = { "warning", "info", "verbose",
                                         "debug" };
    (void)opaque;
    fprintf(stderr, "%s: %s\n", names[level], message);
}

static void
say(const char *word)
{
    puts(word);
    fflush(stdout);
}

/* ---- Power and snapshots ---- */

static int
snapshot(struct h2k_vsphere *vs, const char *vm, const char *name)
{
    h2k_autofree char *id = NULL;
    bool quiesced;
    if (h2k_vsphere_snapshot_create(vs, vm, name, "of a test", &id,
                                    &quiesced) < 0)
        return -1;
    printf("snapshot %s %s\n", id, quiesced ? "quiesced" : "plain");
    return 0;
}

/* ---- Leases ---- */

static int
lease_sleep(struct h2k_vsphere_lease *lease, unsigned long ms)
{
    const struct timespec step = { .tv_nsec = 50000000 };
    for (unsigned long i = 0; i < ms; i += 50) {
        if (h2k_check_interrupt() < 0 || h2k_vsphere_lease_check(lease) < 0)
            return -1;
        nanosleep(&step, NULL);
    }
    return 0;
}

static int
lease_files(struct h2k_vsphere_lease *lease)
{
    for (size_t i = 0; i < h2k_vsphere_lease_file_count(lease); i++) {
        const struct h2k_vsphere_lease_file *file =
            h2k_vsphere_lease_file(lease, i);
        printf("file %s %s %s %" PRId32 " %" PRIu64 " %s\n", file->name,
               file->key, file->is_disk ? "disk" : "other", file->disk_key,
               file->size, file->url);
    }
    return 0;
}

static int
lease_cookies(struct h2k_vsphere *vs, struct h2k_vsphere_lease *lease)
{
    for (size_t i = 0; i < h2k_vsphere_lease_file_count(lease); i++) {
        h2k_autofree char *cookies = h2k_http_cookies(
            h2k_vsphere_http(vs), h2k_vsphere_lease_file(lease, i)->url);
        if (cookies == NULL)
            return -1;
        printf("cookie %s\n", cookies);
    }
    return 0;
}

struct sink {
    FILE *out;
    uint64_t left; /* bytes until it gives up */
};

static int
sink_data(void *opaque, const void *bytes, size_t count)
{
    struct sink *sink = opaque;
    if (sink->left < count)
        return h2k_fail(H2K_E_OUTPUT, "the test has enough");
    sink->left -= count;
    return sink->out == NULL || fwrite(bytes, 1, count, sink->out) == count
               ? 0
               : h2k_fail(H2K_E_OUTPUT, "cannot write");
}

static int
fetch(struct h2k_vsphere *vs, struct h2k_vsphere_lease *lease, size_t i,
      struct sink *sink)
{
    const struct h2k_http_sink to = { .data = sink_data, .opaque = sink };
    if (h2k_http_get(h2k_vsphere_http(vs),
                     h2k_vsphere_lease_file(lease, i)->url, 0, UINT64_MAX, &to,
                     NULL) == 0)
        return 0;
    /* A lease that ended is why the server hung up. */
    struct h2k_saved_error why;
    h2k_error_save(&why);
    return lease_sleep(lease, 3000) < 0 ? -1 : h2k_error_restore(&why);
}

static int
fetch_all(struct h2k_vsphere *vs, struct h2k_vsphere_lease *lease,
          const char *dir)
{
    for (size_t i = 0; i < h2k_vsphere_lease_file_count(lease); i++) {
        h2k_autofree char *path = NULL;
        struct sink sink = { .left = UINT64_MAX };
        if (asprintf(&path, "%s/%s", dir,
                     h2k_vsphere_lease_file(lease, i)->name) < 0)
            return -1;
        sink.out = fopen(path, "wb");
        if (sink.out == NULL)
            return h2k_fail_errno(H2K_E_OUTPUT, "%s", path);
        int rc = fetch(vs, lease, i, &sink);
        fclose(sink.out);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int
lease_manifest(struct h2k_vsphere_lease *lease)
{
    struct h2k_vsphere_lease_sum *sums = NULL;
    size_t count = 0;
    if (h2k_vsphere_lease_manifest(lease, &sums, &count) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        printf("sum %s %" PRIu64 " %s %s\n", sums[i].key, sums[i].size,
               sums[i].sha1 == NULL ? "-" : sums[i].sha1,
               sums[i].sha256 == NULL ? "-" : sums[i].sha256);
    h2k_vsphere_lease_sums_free(sums, count);
    return 0;
}

/* One of the words for a lease; *AT goes on over its argument. */
static int
lease_word(struct h2k_vsphere *vs, struct h2k_vsphere_lease *lease,
           char **words, size_t *at)
{
    const char *word = words[*at];
    if (strcmp(word, "files") == 0)
        return lease_files(lease);
    if (strcmp(word, "cookie") == 0)
        return lease_cookies(vs, lease);
    if (strcmp(word, "check") == 0)
        return h2k_vsphere_lease_check(lease);
    if (strcmp(word, "manifest") == 0)
        return lease_manifest(lease);
    if (strcmp(word, "complete") == 0)
        return h2k_vsphere_lease_complete(lease);
    if (strcmp(word, "live") == 0) {
        say("live");
        return lease_sleep(lease, 600000);
    }
    const char *argument = words[*at + 1];
    if (argument == NULL)
        return h2k_fail(H2K_E_USAGE, "%s: no such word", word);
    ++*at;
    if (strcmp(word, "hold") == 0)
        return lease_sleep(lease, strtoul(argument, NULL, 10));
    if (strcmp(word, "fetch") == 0)
        return fetch_all(vs, lease, argument);
    if (strcmp(word, "fetch-some") == 0) {
        struct sink sink = { .left = strtoull(argument, NULL, 10) };
        return fetch(vs, lease, 0, &sink);
    }
    if (strcmp(word, "progress") == 0) {
        h2k_vsphere_lease_progress(lease,
                                   (unsigned)strtoul(argument, NULL, 10));
        return 0;
    }
    return h2k_fail(H2K_E_USAGE, "%s: no such word", word);
}

static int
lease_run(struct h2k_vsphere *vs, const char *vm, char **words)
{
    const char *of = NULL;
    if (words[0] != NULL && strcmp(words[0], "of") == 0) {
        of = words[1];
        words += 2;
    }
    H2K_AUTO(h2k_vsphere_lease) lease = h2k_vsphere_lease_export(vs, vm, of);
    if (lease == NULL)
        return -1;
    for (size_t i = 0; words[i] != NULL; i++)
        if (lease_word(vs, lease, words, &i) < 0)
            return -1;
    return 0;
}

/* ---- The commands ---- */

static int
descriptor(struct h2k_vsphere *vs, const char *vm)
{
    const struct h2k_vsphere_ovf_file file = {
        .device_key = "/vm/ParaVirtualSCSIController0:0",
        .path = "a & b.vmdk",
        .size = 12345,
        .capacity = 1 << 30,
    };
    h2k_autofree char *xml = h2k_vsphere_descriptor(vs, vm, &file, 1);
    if (xml == NULL)
        return -1;
    puts(xml);
    return 0;
}

static int
on_vm(struct h2k_vsphere *vs, char **words)
{
    struct h2k_vsphere_row row = { 0 };
    int rc = h2k_vsphere_find(vs, words[1], &row);
    if (rc < 0)
        return -1;
    if (strcmp(words[0], "power-off") == 0)
        rc = h2k_vsphere_power_off(vs, row.id,
                                   (unsigned)strtoul(words[2], NULL, 10));
    else if (strcmp(words[0], "snapshot") == 0)
        rc = snapshot(vs, row.id, words[2]);
    else if (strcmp(words[0], "lease") == 0)
        rc = lease_run(vs, row.id, words + 2);
    else if (strcmp(words[0], "descriptor") == 0)
        rc = descriptor(vs, row.id);
    else
        rc = h2k_fail(H2K_E_USAGE, "%s: no such command", words[0]);
    h2k_vsphere_row_clear(&row);
    return rc;
}

static int
run(char **words)
{
    H2K_AUTO(h2k_secret) password = h2k_secret_from_file(words[2]);
    struct h2k_vsphere_login login = {
        .url = words[0],
        .username = "root",
        .password = password,
    };
    login.http.trust.ca_file = words[1];
    login.http.stall_timeout_ms = 10000;
    if (password == NULL)
        return -1;
    H2K_AUTO(h2k_vsphere) vs = h2k_vsphere_connect(&login);
    if (vs == NULL)
        return -1;
    if (strcmp(words[3], "unsnapshot") == 0)
        return h2k_vsphere_snapshot_remove(vs, words[4]);
    return on_vm(vs, words + 3);
}

int
main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    h2k_log_set(log_line, NULL, H2K_LOG_DEBUG);
    if (argc < 6) {
        fprintf(stderr, "see change.c\n");
        return 2;
    }
    if (run(argv + 1) == 0)
        return 0;
    fprintf(stderr, "error: %s\n", h2k_errmsg());
    return h2k_exit_code(h2k_errcode());
}
