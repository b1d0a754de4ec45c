/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The files behind a manifest. */
#include <hyper2kvm/manifest.h>

#include "base/interrupt.h"
#include "tap.h"

#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/h2k-test-XXXXXX";
static struct h2k_problems *problems;

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define NOT "0000000000000000000000000000000000000000000000000000000000000000"

static struct h2k_manifest *
with_disk(const char *path, int bytes, const char *checksum)
{
    char text[600];
    h2k_problems_free(problems);
    problems = h2k_problems_new();
    snprintf(text, sizeof(text),
             "{\"manifest_version\": \"1.0\", \"disks\": [{\"id\": \"d\", "
             "\"source_format\": \"raw\", \"bytes\": %d, \"local_path\": "
             "\"%s\", \"checksum\": \"sha256:%s\"}]}",
             bytes, path, checksum);
    return h2k_manifest_parse(text, strlen(text), NULL, directory, problems);
}

struct seen {
    int progress, probes;
    uint64_t done, total;
};

static void
progress(void *opaque, const char *id, uint64_t done, uint64_t total)
{
    struct seen *seen = opaque;
    seen->progress += strcmp(id, "d") == 0;
    seen->done = done;
    seen->total = total;
}

static int
probe(void *opaque, const char *path, const char *format,
      struct h2k_manifest_probed *out)
{
    struct seen *seen = opaque;
    seen->probes += strcmp(format, "raw") == 0 && strstr(path, "/abc") != NULL;
    out->format = "raw";
    out->virtual_size = 512;
    return 0;
}

static int
probe_other(void *opaque, const char *path, const char *format,
            struct h2k_manifest_probed *out)
{
    (void)opaque, (void)path, (void)format;
    out->format = "qcow2";
    out->virtual_size = 3;
    return 0;
}

static void
test_sources(void)
{
    struct h2k_manifest *m = with_disk("abc", 3, ABC);
    ok(h2k_manifest_check_files(m, NULL, problems) == 0, "the file is there");
    h2k_manifest_free(m);
    m = with_disk("nothing", 3, ABC);
    ok_error(h2k_manifest_check_files(m, NULL, problems) < 0, H2K_E_SOURCE,
             "Source path not found: /tmp/h2k-test-");
    const struct h2k_problem *p = h2k_problems_get(problems, 0);
    ok_string(p->key, "disks[0].local_path");
    ok(h2k_problems_count(problems) == 1 && p->code == H2K_E_SOURCE,
       "one problem, of a source");
    h2k_manifest_free(m);
    m = with_disk("abc/below", 3, ABC);
    ok_error(h2k_manifest_check_files(m, NULL, NULL) < 0, H2K_E_SOURCE,
             "Source path not found: ");
    h2k_manifest_free(m);
    m = with_disk(".", 3, ABC);
    ok_error(h2k_manifest_check_files(m, NULL, NULL) < 0, H2K_E_SOURCE,
             "is neither a file nor a block device");
    h2k_manifest_free(m);
    m = with_disk("fifo", 3, ABC);
    ok_error(h2k_manifest_check_files(m, NULL, NULL) < 0, H2K_E_SOURCE,
             "is neither a file nor a block device");
    h2k_manifest_free(m);
}

static void
test_probing(void)
{
    struct seen seen = { 0 };
    struct h2k_manifest_checks checks = { .probe = probe, .opaque = &seen };
    struct h2k_manifest *m = with_disk("abc", 512, ABC);
    ok(h2k_manifest_check_files(m, &checks, problems) == 0 &&
           seen.probes == 1 && h2k_problems_count(problems) == 0,
       "bytes may be the virtual size");
    h2k_manifest_free(m);
    m = with_disk("abc", 4, ABC);
    ok(h2k_manifest_check_files(m, &checks, problems) == 0 &&
           h2k_problems_count(problems) == 1,
       "another size is a warning");
    ok_string(h2k_problems_get(problems, 0)->message,
              "is 4, but the file has 3 bytes and the virtual disk 512");
    checks.probe = probe_other;
    ok_error(h2k_manifest_check_files(m, &checks, problems) < 0, H2K_E_SOURCE,
             "is raw, but the file is qcow2: ");
    h2k_manifest_free(m);
}

static void
test_checksums(void)
{
    struct seen seen = { 0 };
    struct h2k_manifest_checks checks = { .progress = progress,
                                          .opaque = &seen,
                                          .checksums = true };
    struct h2k_manifest *m = with_disk("abc", 3, ABC);
    ok(h2k_manifest_verify_checksums(m, &checks, problems) == 0,
       "the checksum is right");
    ok(seen.progress == 1 && seen.done == 3 && seen.total == 3, "progress");
    ok(h2k_manifest_check_files(m, &checks, problems) == 0 &&
           seen.progress == 2,
       "with the files, when asked for");
    ok(h2k_manifest_compare_checksum(h2k_manifest_disk(m, 0), ABC) == 0,
       "and by a caller who has it");
    ok_error(h2k_manifest_compare_checksum(h2k_manifest_disk(m, 0), NOT) < 0,
             H2K_E_CHECKSUM,
             "Checksum mismatch for d: expected sha256:" ABC
             ", got sha256:" NOT);
    h2k_interrupt();
    ok_error(h2k_manifest_verify_checksums(m, NULL, problems) < 0,
             H2K_E_INTERRUPTED, "interrupted");
    ok_error(h2k_manifest_check_files(m, NULL, problems) < 0,
             H2K_E_INTERRUPTED, "interrupted");
    h2k_manifest_free(m);
}

static void
test_mismatch(void)
{
    struct h2k_manifest *m = with_disk("abc", 3, NOT);
    ok_error(
        h2k_manifest_verify_checksums(m, NULL, problems) < 0, H2K_E_CHECKSUM,
        "Checksum mismatch for d: expected sha256:" NOT ", got sha256:" ABC);
    h2k_manifest_free(m);
    m = with_disk("abc", 3, "ba7816bf...");
    ok(h2k_problems_count_of(problems, H2K_PROBLEM_WARNING) == 1 &&
           h2k_manifest_disk(m, 0)->checksum == NULL &&
           h2k_manifest_verify_checksums(m, NULL, problems) == 0,
       "an elided one is a warning, and nothing is verified");
    h2k_manifest_free(m);
}

static void
test_everything(void)
{
    char path[100];
    snprintf(path, sizeof(path), "%s/m.yaml", directory);
    FILE *file = fopen(path, "w");
    fputs(
        "manifest_version: '1.0'\nvm: {cpu: none}\ndisks:\n- {id: a b, "
        "source_format: raw, bytes: 3, local_path: nothing}\n- {id: d, "
        "source_format: raw, bytes: 3, local_path: abc, checksum: 'sha256:" NOT
        "'}\nx: 1\n",
        file);
    fclose(file);
    struct h2k_manifest_checks checks = { .checksums = true };
    h2k_problems_free(problems);
    problems = h2k_problems_new();
    ok(h2k_manifest_validate_file(path, &checks, false, problems) < 0 &&
           h2k_problems_count_of(problems, H2K_PROBLEM_ERROR) == 4 &&
           h2k_problems_count_of(problems, H2K_PROBLEM_WARNING) == 1,
       "structure, files and checksums at once");
    file = fopen(path, "w");
    fputs("manifest_version: '1.0'\nx: 1\ndisks: [{id: d, source_format: raw,"
          " bytes: 3, local_path: abc}]\n",
          file);
    fclose(file);
    ok(h2k_manifest_validate_file(path, NULL, false, NULL) == 0,
       "a warning is no error");
    ok_error(h2k_manifest_validate_file(path, NULL, true, NULL) < 0,
             H2K_E_USAGE, "x: unknown key");
    unlink(path);
}

int
main(void)
{
    char abc[100], fifo[100];
    if (mkdtemp(directory) == NULL)
        return 99;
    snprintf(abc, sizeof(abc), "%s/abc", directory);
    snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
    FILE *file = fopen(abc, "w");
    fputs("abc", file);
    fclose(file);
    mkfifo(fifo, 0600);
    test_sources();
    test_probing();
    test_mismatch();
    test_everything();
    test_checksums(); /* the last: it interrupts */
    h2k_problems_free(problems);
    unlink(abc);
    unlink(fifo);
    rmdir(directory);
    return tap_done();
}
