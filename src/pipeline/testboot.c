/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/testboot.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "block/overlay.h"
#include "pipeline/boot-traces.h"
#include "pipeline/console.h"
#include "pipeline/packets.h"
#include "pipeline/qemu-disks.h"
#include "qemu/qemu.h"

#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#define TIMEOUT_KVM 90u
#define TIMEOUT_EMULATED 300u
#define STEP_MS 200
#define SANDBOX \
    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
/* Once there is some evidence, stronger one has so long to come. */
#define GRACE_SECONDS 20.0

struct boot {
    const struct h2k_test_boot_request *request;
    struct h2k_test_boot_result *result;
    struct h2k_qemu qemu;
    struct h2k_console console;
    int console_fd; /* the log, read as QEMU appends to it */
    char packets[4096];
    char messages[4096]; /* what QEMU itself says */
    struct timespec begin;
    int64_t begun; /* the same by the wall's clock */
};

const char *
h2k_boot_evidence_name(enum h2k_boot_evidence evidence)
{
    static const char *const names[] = {
        [H2K_BOOT_NONE] = "none",
        [H2K_BOOT_TRACES] = "traces on its disks",
        [H2K_BOOT_NETWORK] = "network packets",
        [H2K_BOOT_MULTI_USER] = "multi-user target reached",
        [H2K_BOOT_LOGIN] = "login prompt",
        [H2K_BOOT_AGENT] = "guest agent",
        [H2K_BOOT_FAILED] = "failed",
    };
    return names[evidence];
}

static double
elapsed(const struct boot *b)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - b->begin.tv_sec) +
           (double)(now.tv_nsec - b->begin.tv_nsec) / 1e9;
}

static int
evidence_path(const struct boot *b, const char *suffix, char path[4096])
{
    int n = snprintf(path, 4096, "%s/%s%s", b->request->evidence_dir,
                     b->request->name, suffix);
    if (n < 0 || n >= 4096)
        return h2k_fail(H2K_E_RANGE, "the report's directory has too long a "
                                     "name");
    return 0;
}

static void
add_disks(const struct boot *b, struct h2k_qemu_args *args)
{
    const struct h2k_test_boot_request *r = b->request;
    bool scsi = r->bus != NULL && strcmp(r->bus, "virtio-scsi") == 0;
    if (scsi)
        h2k_qemu_arg(args, "-device"), h2k_qemu_arg(args, "virtio-scsi-pci");
    for (size_t i = 0; i < r->disk_count; i++) {
        h2k_autofree char *path = h2k_qemu_escape(r->disks[i].path);
        h2k_qemu_arg(args, "-drive");
        h2k_qemu_arg(args,
                     "file=%s,format=%s,if=none,id=disk%zu,snapshot=on,"
                     "cache=unsafe,file.locking=off",
                     path == NULL ? "" : path, r->disks[i].format, i);
        h2k_qemu_arg(args, "-device");
        h2k_qemu_arg(args, "%s,drive=disk%zu,bootindex=%zu",
                     scsi ? "scsi-hd" : "virtio-blk-pci", i, i + 1);
    }
}

static void
add_network(const struct boot *b, struct h2k_qemu_args *args)
{
    const struct h2k_test_boot_request *r = b->request;
    h2k_autofree char *packets = h2k_qemu_escape(b->packets);
    for (int i = 0; i < H2K_TEST_BOOT_NICS_MAX && r->macs[i] != NULL; i++) {
        h2k_qemu_arg(args, "-netdev");
        h2k_qemu_arg(args, "user,id=net%d,restrict=on", i);
        h2k_qemu_arg(args, "-device");
        h2k_qemu_arg(args, "virtio-net-pci,netdev=net%d,mac=%s", i,
                     r->macs[i]);
        if (i > 0)
            continue;
        h2k_qemu_arg(args, "-object");
        h2k_qemu_arg(args,
                     "filter-dump,id=dump,netdev=net0,maxlen=128,file=%s",
                     packets == NULL ? "" : packets);
    }
}

static int
add_firmware(const struct boot *b, struct h2k_qemu_args *args)
{
    static const char *const places[] = {
        "/usr/share/ovmf/OVMF.fd",
        "/usr/share/edk2/ovmf/OVMF.fd",
        "/usr/share/qemu/ovmf-x86_64.bin",
    };
    if (!b->request->uefi)
        return 0;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (access(places[i], R_OK) < 0)
            continue;
        h2k_qemu_arg(args, "-bios");
        h2k_qemu_arg(args, "%s", places[i]);
        return 0;
    }
    return h2k_fail(H2K_E_COMPONENT,
                    "a test boot with UEFI needs its firmware, which is not "
                    "installed: on Debian, the package ovmf");
}

static void
add_console(const struct boot *b, struct h2k_qemu_args *args)
{
    h2k_autofree char *log = h2k_qemu_escape(b->result->console_log);
    h2k_qemu_arg(args, "-chardev");
    h2k_qemu_arg(args, "file,id=console,path=%s", log == NULL ? "" : log);
    static const char *const fixed[] = {
        "-serial",  "chardev:console",
        "-chardev", "socket,id=monitor,fd=3",
        "-mon",     "chardev=monitor,mode=control",
        "-chardev", "socket,id=agent,fd=4",
        "-device",  "virtio-serial-pci",
        "-device",  "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
    };
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        h2k_qemu_arg(args, "%s", fixed[i]);
}

static int
make_args(struct boot *b, const char *program, struct h2k_qemu_args *args)
{
    const struct h2k_test_boot_request *r = b->request;
    static const char *const fixed[] = {
        "-no-user-config",
        "-nodefaults",
        "-no-reboot",
        "-display",
        "none",
        "-vga",
        "std",
        "-device",
        "virtio-rng-pci",
        "-sandbox",
        SANDBOX,
    };
    h2k_qemu_arg(args, "%s", program);
    h2k_qemu_arg(args, "-machine");
    h2k_qemu_arg(args, "%s", r->uefi ? "q35" : "pc");
    h2k_qemu_arg(args, "-accel");
    h2k_qemu_arg(args, "%s", b->result->kvm ? "kvm" : "tcg,thread=multi");
    h2k_qemu_arg(args, "-cpu");
    h2k_qemu_arg(args, "%s", b->result->kvm ? "host" : "max");
    h2k_qemu_arg(args, "-smp");
    h2k_qemu_arg(args, "%u", r->cpus);
    h2k_qemu_arg(args, "-m");
    h2k_qemu_arg(args, "%llu", (unsigned long long)r->memory_mib);
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        h2k_qemu_arg(args, "%s", fixed[i]);
    if (add_firmware(b, args) < 0)
        return -1;
    add_console(b, args);
    add_disks(b, args);
    add_network(b, args);
    return 0;
}

static void
note(struct boot *b, enum h2k_boot_evidence evidence, const char *quote)
{
    if (evidence <= b->result->evidence)
        return;
    b->result->evidence = evidence;
    b->result->seconds = elapsed(b);
    snprintf(b->result->quote, sizeof(b->result->quote), "%s", quote);
}

static void
read_console(struct boot *b)
{
    char bytes[4096];
    ssize_t n;
    while ((n = read(b->console_fd, bytes, sizeof(bytes))) > 0)
        h2k_console_feed(&b->console, bytes, (size_t)n);
    note(b, b->console.evidence, b->console.quote);
}

/* A guest agent that is up answers guest-ping; asked now and then, since a
 * question before it is up is lost. */
static void
ask_agent(struct boot *b, unsigned step)
{
    static const char ping[] = "{\"execute\":\"guest-ping\"}\n";
    char answer[256];
    if (step % 10 == 0)
        (void)!send(b->qemu.agent, ping, sizeof(ping) - 1,
                    MSG_DONTWAIT | MSG_NOSIGNAL);
    ssize_t n = recv(b->qemu.agent, answer, sizeof(answer) - 1, MSG_DONTWAIT);
    if (n <= 0)
        return;
    answer[n] = '\0';
    if (strstr(answer, "\"return\"") != NULL)
        note(b, H2K_BOOT_AGENT, "guest-ping was answered");
}

static void
watch_packets(struct boot *b, unsigned step)
{
    char quote[128];
    if (step % 10 == 0 && b->request->macs[0] != NULL &&
        h2k_packets_from(b->packets, b->request->macs[0], quote,
                         sizeof(quote)))
        note(b, H2K_BOOT_NETWORK, quote);
}

/* The first line of what QEMU said before it ended. */
static int
fail_with_messages(const struct boot *b)
{
    char line[400] = "";
    h2k_autofd int fd = open(b->messages, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
    line[n < 0 ? 0 : n] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return h2k_fail(H2K_E_FAILED, "QEMU ended by itself: %s",
                    line[0] == '\0' ? "the guest powered off" : line);
}

static unsigned
timeout_of(const struct boot *b)
{
    if (b->request->timeout_seconds > 0)
        return b->request->timeout_seconds;
    return b->result->kvm ? TIMEOUT_KVM : TIMEOUT_EMULATED;
}

/* Until the strongest evidence there can be, or no more is to come. */
static int
watch(struct boot *b)
{
    unsigned timeout = timeout_of(b);
    int status;
    for (unsigned step = 0; elapsed(b) < timeout; step++) {
        bool ended = h2k_qemu_ended(&b->qemu, &status);
        if (h2k_check_interrupt() < 0)
            return -1;
        read_console(b);
        ask_agent(b, step);
        watch_packets(b, step);
        enum h2k_boot_evidence e = b->result->evidence;
        if (e == H2K_BOOT_FAILED || e == H2K_BOOT_AGENT || e == H2K_BOOT_LOGIN)
            return 0;
        if (ended)
            return e == H2K_BOOT_NONE ? fail_with_messages(b) : 0;
        if (e == H2K_BOOT_MULTI_USER &&
            elapsed(b) > b->result->seconds + GRACE_SECONDS)
            return 0;
        nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000L }, NULL);
    }
    return 0;
}

static void
take_screenshot(struct boot *b)
{
    char path[4096];
    if (evidence_path(b, "-screen.png", path) < 0)
        return;
    json_t *command =
        json_pack("{s:s, s:{s:s, s:s}}", "execute", "screendump", "arguments",
                  "filename", path, "format", "png");
    h2k_autofree char *text = json_dumps(command, 0);
    json_decref(command);
    if (text != NULL && h2k_qemu_command(&b->qemu, text) == 0)
        snprintf(b->result->screenshot, sizeof(b->result->screenshot), "%s",
                 path);
}

/* What the guest itself left, read as any guest is.  Errors are none of the
 * boot's. */
static void
read_traces(struct boot *b)
{
    size_t count = b->request->disk_count;
    struct h2k_block *disks[H2K_GUEST_DISKS_MAX];
    struct h2k_disk_source sources[H2K_GUEST_DISKS_MAX] = { 0 };
    char quote[256];
    if (count > H2K_GUEST_DISKS_MAX || b->qemu.pid <= 0 ||
        h2k_qemu_disks_open(&b->qemu, count, disks) < 0)
        return;
    bool whole = true;
    for (size_t i = 0; i < count; i++) {
        sources[i].id = b->request->name;
        sources[i].block = h2k_overlay_new(disks[i], NULL);
        h2k_block_unref(disks[i]);
        whole = whole && sources[i].block != NULL;
    }
    if (whole && h2k_boot_traces(sources, count, b->request->guest, b->begun,
                                 quote) > 0)
        note(b, H2K_BOOT_TRACES, quote);
    for (size_t i = 0; i < count; i++)
        h2k_block_unref(sources[i].block);
}

static int
verdict(const struct boot *b)
{
    const struct h2k_test_boot_result *r = b->result;
    if (r->evidence == H2K_BOOT_FAILED)
        return h2k_fail(H2K_E_VALIDATION,
                        "test boot: the guest does not come up: \"%s\" "
                        "(console: %s)",
                        r->quote, r->console_log);
    if (r->evidence == H2K_BOOT_NONE)
        return h2k_fail(H2K_E_VALIDATION,
                        "test boot: no sign of life within %u s; does the "
                        "guest use its serial console? (console: %s, screen: "
                        "%s)",
                        timeout_of(b), r->console_log,
                        r->screenshot[0] == '\0' ? "none" : r->screenshot);
    return 0;
}

static int
prepare(struct boot *b)
{
    if (evidence_path(b, "-console.log", b->result->console_log) < 0 ||
        evidence_path(b, "-packets.tmp", b->packets) < 0 ||
        evidence_path(b, "-qemu.tmp", b->messages) < 0)
        return -1;
    b->console_fd = open(b->result->console_log,
                         O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (b->console_fd < 0)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s", b->result->console_log);
    b->result->kvm =
        h2k_kvm_works(b->result->kvm_problem, sizeof(b->result->kvm_problem));
    clock_gettime(CLOCK_MONOTONIC, &b->begin);
    b->begun = time(NULL);
    return 0;
}

static int
boot(struct boot *b, const char *program)
{
    struct h2k_qemu_args args = { 0 };
    h2k_autofd int messages = open(
        b->messages, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    int rc = messages < 0 ? h2k_fail_errno(H2K_E_OUTPUT, "%s", b->messages)
                          : make_args(b, program, &args);
    if (rc == 0)
        rc = h2k_qemu_start(&b->qemu, &args, messages, true);
    h2k_qemu_args_free(&args);
    if (rc < 0)
        return -1;
    rc = watch(b);
    if (b->qemu.pid > 0 &&
        h2k_qemu_command(&b->qemu, "{\"execute\":\"qmp_capabilities\"}") ==
            0) {
        take_screenshot(b);
        if (rc == 0 && b->result->evidence == H2K_BOOT_NONE)
            read_traces(b);
    }
    h2k_qemu_stop(&b->qemu);
    return rc < 0 ? -1 : verdict(b);
}

int
h2k_test_boot(const struct h2k_test_boot_request *request,
              struct h2k_test_boot_result *result)
{
    *result = (struct h2k_test_boot_result){ 0 };
    struct boot b = { .request = request,
                      .result = result,
                      .console_fd = -1,
                      .qemu = { .pid = -1, .qmp = -1, .agent = -1 } };
    const char *program = h2k_qemu_program();
    int rc = program == NULL ? -1 : prepare(&b);
    if (rc == 0)
        rc = boot(&b, program);
    if (b.console_fd >= 0)
        close(b.console_fd);
    if (b.packets[0] != '\0')
        unlink(b.packets);
    if (b.messages[0] != '\0')
        unlink(b.messages);
    return rc;
}
