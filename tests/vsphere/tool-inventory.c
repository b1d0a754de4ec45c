/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "vsphere-tool.h"

#include "base/error.h"
#include "base/interrupt.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *
text(const char *t)
{
    return t == NULL ? "-" : t;
}

static const char *const powers[] = { "off", "on", "suspended" };

static void
print_row(const struct h2k_vsphere_row *row)
{
    printf("%s %s name=%s %s%s cpus=%u memory=%" PRIu64 " host=%s guest=%s\n",
           row->id, row->path, row->name, powers[row->power],
           row->is_template ? " template" : "", row->cpus, row->memory_mib,
           text(row->host), text(row->guest));
}

static int
about(struct h2k_vsphere *vs, char **args)
{
    (void)args;
    printf("%s%s\n", h2k_vsphere_product(vs),
           h2k_vsphere_is_vcenter(vs) ? " (vCenter)" : "");
    return 0;
}

/* list [folder=F] [pattern=P] [PAIR...] */
static int
list(struct h2k_vsphere *vs, char **args)
{
    struct h2k_vsphere_filter filter = { 0 };
    const char *pairs[16] = { 0 };
    size_t count = 0;
    for (; *args != NULL; args++) {
        if (strncmp(*args, "folder=", 7) == 0)
            filter.folder = *args + 7;
        else if (strncmp(*args, "pattern=", 8) == 0)
            filter.pattern = *args + 8;
        else if (count < 15)
            pairs[count++] = *args;
    }
    filter.pairs = pairs;
    struct h2k_vsphere_rows rows;
    if (h2k_vsphere_list(vs, &filter, &rows) < 0)
        return -1;
    for (size_t i = 0; i < rows.count; i++)
        print_row(&rows.items[i]);
    h2k_vsphere_rows_clear(&rows);
    return 0;
}

static int
find(struct h2k_vsphere *vs, char **args)
{
    struct h2k_vsphere_row row;
    if (*args == NULL)
        return h2k_fail(H2K_E_USAGE, "find what?");
    if (h2k_vsphere_find(vs, *args, &row) < 0)
        return -1;
    print_row(&row);
    h2k_vsphere_row_clear(&row);
    return 0;
}

static void
print_disk(const struct h2k_vm_disk *d)
{
    static const char *const buses[] = { "unknown", "ide", "sata", "scsi",
                                         "nvme" };
    printf("disk %" PRId32 " %s %s%u:%u %s capacity=%" PRIu64 "%s%s%s%s %s\n",
           d->key, text(d->label), buses[d->bus], d->bus_number, d->unit,
           text(d->controller), d->capacity, d->thin ? " thin" : "",
           d->independent ? " independent" : "", d->raw_mapped ? " raw" : "",
           d->shared ? " shared" : "", text(d->backing));
}

static void
print_vm(const struct h2k_vm *vm)
{
    static const char *const firmwares[] = { "unknown", "bios", "uefi" };
    const char *const lines[][2] = {
        { "id", vm->id },
        { "name", vm->name },
        { "path", vm->path },
        { "uuid", vm->uuid },
        { "datacenter", vm->datacenter },
        { "host", vm->host },
        { "annotation", vm->annotation },
        { "change_version", vm->change_version },
        { "hardware_version", vm->hardware_version },
        { "guest_id", vm->guest_id },
        { "guest_full_name", vm->guest_full_name },
        { "tools_guest_id", vm->tools_guest_id },
        { "tools_guest_name", vm->tools_guest_name },
        { "tools_hostname", vm->tools_hostname },
        { "power", powers[vm->power] },
        { "firmware", firmwares[vm->firmware] },
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        printf("%s %s\n", lines[i][0], text(lines[i][1]));
    printf("flags%s%s%s%s%s%s\n", vm->is_template ? " template" : "",
           vm->secure_boot ? " secure-boot" : "", vm->has_tpm ? " tpm" : "",
           vm->encrypted ? " encrypted" : "",
           vm->tools_running ? " tools-running" : "",
           vm->has_snapshots ? " snapshots" : "");
    printf("cpus %u/%u memory %" PRIu64 " committed %" PRIu64 "\n", vm->cpus,
           vm->cores_per_socket, vm->memory_mib, vm->committed);
    for (size_t i = 0; i < vm->disk_count; i++)
        print_disk(&vm->disks[i]);
    for (size_t i = 0; i < vm->nic_count; i++)
        printf("nic %" PRId32 " %s %s %s %s%s\n", vm->nics[i].key,
               text(vm->nics[i].label), text(vm->nics[i].model),
               text(vm->nics[i].mac), text(vm->nics[i].network),
               vm->nics[i].connected ? " connected" : "");
    for (size_t i = 0; i < vm->tag_count; i++)
        printf("tag %s\n", vm->tags[i]);
}

static int
facts(struct h2k_vsphere *vs, char **args)
{
    if (*args == NULL)
        return h2k_fail(H2K_E_USAGE, "facts of what?");
    H2K_AUTO(h2k_vm) vm = h2k_vsphere_vm(vs, *args);
    if (vm == NULL)
        return -1;
    print_vm(vm);
    return 0;
}

/* url DATACENTER BACKING */
static int
url(struct h2k_vsphere *vs, char **args)
{
    if (args[0] == NULL || args[1] == NULL)
        return h2k_fail(H2K_E_USAGE, "url of what?");
    h2k_autofree char *u = h2k_vsphere_datastore_url(vs, args[0], args[1]);
    if (u == NULL)
        return -1;
    puts(u);
    return 0;
}

/* hold: until it is interrupted */
static int
hold(struct h2k_vsphere *vs, char **args)
{
    (void)vs;
    (void)args;
    while (h2k_check_interrupt() == 0)
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    return -1;
}

struct worker {
    pthread_t thread;
    struct h2k_vsphere *vs;
    const char *id;
    struct h2k_saved_error error;
    int rc;
};

static void *
work(void *opaque)
{
    struct worker *worker = opaque;
    for (int i = 0; i < 5 && worker->rc == 0; i++) {
        H2K_AUTO(h2k_vm) vm = h2k_vsphere_vm(worker->vs, worker->id);
        worker->rc = vm == NULL ? -1 : 0;
    }
    h2k_error_save(&worker->error);
    return NULL;
}

/* storm THREADS ID: all of them ask for the facts */
static int
storm(struct h2k_vsphere *vs, char **args)
{
    struct worker workers[32] = { 0 };
    int rc = 0, count = args[0] == NULL ? 0 : atoi(args[0]);
    if (count < 1 || count > 32 || args[1] == NULL)
        return h2k_fail(H2K_E_USAGE, "storm of what?");
    for (int i = 0; i < count; i++) {
        workers[i].vs = vs;
        workers[i].id = args[1];
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
        if (workers[i].rc < 0)
            rc = h2k_error_restore(&workers[i].error);
    }
    return rc;
}

const struct tool_command tool_inventory[] = {
    { "about", about, "" },
    { "list", list, "[folder=F] [pattern=P] [KEY=VALUE...]" },
    { "find", find, "TEXT" },
    { "facts", facts, "ID" },
    { "url", url, "DATACENTER BACKING" },
    { "hold", hold, "" },
    { "storm", storm, "THREADS ID" },
    { 0 },
};
