/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Whether KVM is worth using.  That /dev/kvm can be opened says little: on
 * some hosts (nested ones, above all) it is there, starts a guest, and runs
 * it a thousand times slower than emulation, which looks like a guest that
 * hangs.  So a guest of one sector counts to a million, which takes QEMU a
 * tenth of a second with emulation and less with KVM that works; it has two
 * seconds for it.
 */
#include "base/error.h"
#include "qemu/qemu.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define PROBE_SECONDS 2
/* isa-debug-exit ends QEMU with (value << 1) | 1. */
#define EXIT_VALUE 0x10
#define EXIT_STATUS ((EXIT_VALUE << 1) | 1)

/* Loaded by the BIOS at 0x7c00, in 16-bit mode. */
static const uint8_t counting_sector[] = {
    0x66, 0xb9,       0x40, 0x42, 0x0f, 0x00, /* mov ecx, 1000000 */
    0x66, 0x49,                               /* again: dec ecx */
    0x75, 0xfc,                               /* jnz again */
    0xba, 0xf4,       0x00, /* mov dx, 0xf4: isa-debug-exit */
    0xb0, EXIT_VALUE,       /* mov al, EXIT_VALUE */
    0xee,                   /* out dx, al */
    0xf4, 0xeb,       0xfd, /* hlt, for ever */
};

static pthread_once_t probed = PTHREAD_ONCE_INIT;
static char problem[128];

/* A disk of one sector, without a name. */
static int
make_disk(void)
{
    uint8_t sector[512] = { 0 };
    memcpy(sector, counting_sector, sizeof(counting_sector));
    sector[510] = 0x55;
    sector[511] = 0xaa;
    h2k_autofd int fd = memfd_create("kvm-probe", 0);
    if (fd < 0 || write(fd, sector, sizeof(sector)) != sizeof(sector))
        return -1;
    return h2k_steal_fd(&fd);
}

/* 1: it counted in time; 0: it did not; -1: QEMU could not start. */
static int
count(const char *program, int disk)
{
    struct h2k_qemu_args args = { 0 };
    struct h2k_qemu qemu;
    h2k_qemu_arg(&args, "%s", program);
    static const char *const fixed[] = {
        "-accel",      "kvm",
        "-m",          "16",
        "-display",    "none",
        "-nodefaults", "-no-user-config",
        "-device",     "isa-debug-exit,iobase=0xf4,iosize=0x01",
        "-drive",
    };
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        h2k_qemu_arg(&args, "%s", fixed[i]);
    h2k_qemu_arg(&args,
                 "file=/proc/%d/fd/%d,format=raw,if=ide,file.locking=off,"
                 "snapshot=on",
                 (int)getpid(), disk);
    h2k_autofd int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int rc = h2k_qemu_start(&qemu, &args, null, false);
    int status = 0;
    for (int i = 0; rc == 0 && i < PROBE_SECONDS * 50; i++) {
        if (h2k_qemu_ended(&qemu, &status)) {
            rc = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_STATUS ? 1
                                                                         : -1;
            break;
        }
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    }
    h2k_qemu_stop(&qemu);
    h2k_qemu_args_free(&args);
    return rc;
}

static void
probe(void)
{
    const char *program = h2k_qemu_program();
    if (program == NULL) {
        snprintf(problem, sizeof(problem), "QEMU is not installed");
        return;
    }
    if (access("/dev/kvm", R_OK | W_OK) < 0) {
        snprintf(problem, sizeof(problem), "/dev/kvm: %s", strerror(errno));
        return;
    }
    h2k_autofd int disk = make_disk();
    int rc = disk < 0 ? -1 : count(program, disk);
    if (rc == 0)
        snprintf(problem, sizeof(problem),
                 "/dev/kvm is there, but a tiny guest did not end within "
                 "%d s on it",
                 PROBE_SECONDS);
    else if (rc < 0)
        snprintf(problem, sizeof(problem),
                 "/dev/kvm is there, but QEMU cannot run a guest on it");
}

bool
h2k_kvm_works(char *why, size_t size)
{
    pthread_once(&probed, probe);
    if (why != NULL && size > 0)
        snprintf(why, size, "%s", problem);
    return problem[0] == '\0';
}
