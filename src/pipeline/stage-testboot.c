/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* VALIDATE's test_boot: the job's disks in the machine that the manifest
 * describes, as far as this host has room for it. */
#include "base/checked.h"
#include "base/error.h"
#include "base/log.h"
#include "pipeline/job.h"
#include "pipeline/testboot.h"

#include <math.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define CPUS_MAX 4u
#define MEMORY_MIN_MIB UINT64_C(512)

/* No more than half of the memory that is free here. */
static uint64_t
memory_mib(double mem_gb)
{
    struct sysinfo info;
    uint64_t asked =
        mem_gb > 4096 ? UINT64_C(4096) << 10 : (uint64_t)ceil(mem_gb * 1024);
    if (sysinfo(&info) < 0)
        return asked;
    uint64_t half =
        ((uint64_t)info.freeram + info.bufferram) * info.mem_unit / 2 >> 20;
    return h2k_min_u64(asked, h2k_max_u64(half, MEMORY_MIN_MIB));
}

static unsigned
cpus(unsigned asked)
{
    long here = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t most = h2k_min_u64(here > 0 ? (uint64_t)here : 1, CPUS_MAX);
    return (unsigned)h2k_min_u64(asked > 0 ? asked : 1, most);
}

/* The boot disk first, then the others in the manifest's order. */
static void
list_disks(const struct h2k_job *job, struct h2k_test_boot_disk *disks)
{
    const struct h2k_manifest_disk *boot =
        h2k_manifest_boot_disk(job->manifest);
    const char *format = h2k_manifest_output(job->manifest)->format;
    size_t n = 0;
    for (int others = 0; others < 2; others++)
        for (size_t i = 0; i < job->disk_count; i++)
            if ((job->disks[i].spec != boot) == (others == 1))
                disks[n++] = (struct h2k_test_boot_disk){
                    .path = job->disks[i].output_path,
                    .format = format,
                };
}

static void
list_nics(const struct h2k_job *job, struct h2k_test_boot_request *request)
{
    size_t count = h2k_manifest_nic_count(job->manifest), n = 0;
    for (size_t i = 0; i < count && n < H2K_TEST_BOOT_NICS_MAX; i++) {
        const char *mac = h2k_manifest_nic(job->manifest, i)->mac;
        if (mac != NULL)
            request->macs[n++] = mac;
    }
    if (n == 0)
        request->macs[0] = "52:54:00:12:34:56";
}

/* The directory that the report goes to. */
static char *
evidence_directory(const struct h2k_job *job)
{
    const struct h2k_manifest_options *options =
        h2k_manifest_options(job->manifest);
    char *directory = strdup(options->report_path);
    char *slash = directory == NULL ? NULL : strrchr(directory, '/');
    if (slash != NULL)
        slash[slash == directory] = '\0';
    return directory;
}

static void
report_boot(json_t *checks, json_t *result, int rc,
            const struct h2k_test_boot_result *found)
{
    json_array_append_new(
        checks, json_pack("{s:s, s:b, s:s}", "check", "test_boot", "passed",
                          rc == 0, "detail",
                          rc == 0 ? h2k_boot_evidence_name(found->evidence)
                                  : h2k_errmsg()));
    json_object_set_new(
        result, "test_boot",
        json_pack("{s:s, s:s, s:s, s:s, s:f, s:s, s:s}", "evidence",
                  h2k_boot_evidence_name(found->evidence), "quote",
                  found->quote, "accelerator",
                  found->kvm ? "kvm" : "emulation", "kvm_problem",
                  found->kvm_problem, "seconds", found->seconds, "console_log",
                  found->console_log, "screenshot", found->screenshot));
}

int
h2k_stage_test_boot(struct h2k_job *job, json_t *checks, json_t *result)
{
    const struct h2k_manifest_vm *vm = h2k_manifest_vm(job->manifest);
    h2k_autofree struct h2k_test_boot_disk *disks =
        calloc(job->disk_count, sizeof(*disks));
    h2k_autofree char *directory = evidence_directory(job);
    if (disks == NULL || directory == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    list_disks(job, disks);
    struct h2k_test_boot_request request = {
        .guest = &job->settings->guest,
        .disks = disks,
        .disk_count = job->disk_count,
        .uefi = job->firmware != NULL ? strcmp(job->firmware, "uefi") == 0
                                      : vm->firmware == H2K_FIRMWARE_UEFI,
        .secure_boot = vm->secure_boot,
        .cpus = cpus(vm->cpu),
        .memory_mib = memory_mib(vm->mem_gb),
        .evidence_dir = directory,
        .name = job->disks[0].spec->id,
    };
    list_nics(job, &request);
    struct h2k_test_boot_result found;
    h2k_log(H2K_LOG_INFO, "test boot (takes up to some minutes) …");
    int rc = h2k_test_boot(&request, &found);
    report_boot(checks, result, rc, &found);
    if (rc < 0)
        h2k_prefix("the disk was converted and verified, and stays: ");
    return rc;
}
