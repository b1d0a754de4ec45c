/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Booting what was made, to see whether it comes up.
 *
 * The guest runs in QEMU on virtio devices, on a throw-away overlay over the
 * disks, under QEMU's own sandbox, with no network but a closed one.  The
 * result says which evidence was seen, never just "booted".
 */
#ifndef H2K_PIPELINE_TESTBOOT_H
#define H2K_PIPELINE_TESTBOOT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define H2K_TEST_BOOT_NICS_MAX 8

struct h2k_test_boot_disk {
    const char *path;
    const char *format; /* "qcow2", "raw" */
};

struct h2k_test_boot_request {
    const struct h2k_test_boot_disk *disks; /* the boot disk first */
    size_t disk_count;
    const char *bus; /* "virtio-blk" or "virtio-scsi"; NULL: virtio-blk */
    bool uefi;
    bool secure_boot;
    unsigned cpus;                            /* at least 1 */
    uint64_t memory_mib;                      /* at least 1 */
    const char *macs[H2K_TEST_BOOT_NICS_MAX]; /* NULL from the first unused */
    unsigned timeout_seconds;                 /* 0: 90 with KVM, 300 without */
    const char *evidence_dir; /* where console log and screenshot stay */
    const char *name;         /* prefix of their file names */
    const struct h2k_guest_settings *guest; /* for reading its traces; or
                                               NULL */
};

/* Strongest first. */
enum h2k_boot_evidence {
    H2K_BOOT_NONE,
    H2K_BOOT_TRACES,     /* what it wrote to its disks: see boot-traces.h */
    H2K_BOOT_NETWORK,    /* DHCP, ARP or neighbour packets from its MAC */
    H2K_BOOT_MULTI_USER, /* "Reached target Multi-User" on the console */
    H2K_BOOT_LOGIN,      /* a login prompt on the serial console */
    H2K_BOOT_AGENT,      /* the guest agent answers */
    H2K_BOOT_FAILED,     /* a panic, emergency shell, missing root */
};

struct h2k_test_boot_result {
    enum h2k_boot_evidence evidence;
    char quote[256];        /* the console's own line for it, or "" */
    bool kvm;               /* hardware, else emulation */
    char kvm_problem[128];  /* why not KVM, or "" */
    double seconds;         /* until the evidence */
    char console_log[4096]; /* path, or "" */
    char screenshot[4096];  /* path of a PNG or PPM, or "" */
};

/*
 * 0 when there is evidence that the guest came up.  -1 with
 * H2K_E_VALIDATION, quoting what was seen, when it did not or in time;
 * H2K_E_COMPONENT when QEMU is not installed, naming the package.  RESULT is
 * filled in all cases.
 */
int h2k_test_boot(const struct h2k_test_boot_request *request,
                  struct h2k_test_boot_result *result);

/* "login prompt", "guest agent", … */
const char *h2k_boot_evidence_name(enum h2k_boot_evidence evidence);

#endif
