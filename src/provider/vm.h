/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A virtual machine as its provider describes it: what an OVF and an
 * Artifact Manifest are written from.  All of it was read from the source;
 * what the source did not say is NULL, 0 or UNKNOWN.
 */
#ifndef H2K_PROVIDER_VM_H
#define H2K_PROVIDER_VM_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum h2k_vm_power { H2K_VM_OFF, H2K_VM_ON, H2K_VM_SUSPENDED };
enum h2k_vm_firmware { H2K_VM_FIRMWARE_UNKNOWN, H2K_VM_BIOS, H2K_VM_UEFI };

enum h2k_vm_bus {
    H2K_VM_BUS_UNKNOWN,
    H2K_VM_BUS_IDE,
    H2K_VM_BUS_SATA, /* AHCI */
    H2K_VM_BUS_SCSI, /* LSI, BusLogic, pvscsi: see controller */
    H2K_VM_BUS_NVME,
};

struct h2k_vm_disk {
    int32_t key; /* the provider's device key */
    char *label; /* "Hard disk 1" */
    enum h2k_vm_bus bus;
    char *controller;    /* OVF's ResourceSubType: "VirtualSCSI",
                            "lsilogic", "lsilogicsas", "buslogic", "AHCI",
                            "PIIX4", "vmware.nvme.controller" … */
    unsigned bus_number; /* of the controller */
    unsigned unit;       /* on the controller */
    uint64_t capacity;   /* bytes of the virtual disk */
    char *backing;       /* "[datastore] folder/name.vmdk", or NULL */
    bool thin;
    bool independent; /* not part of snapshots */
    bool raw_mapped;  /* an RDM: warn */
    bool shared;      /* multi-writer or a shared bus: warn */
};

struct h2k_vm_nic {
    int32_t key;
    char *label;   /* "Network adapter 1" */
    char *model;   /* "VmxNet3", "E1000", "E1000e", "Vmxnet2", "PCNet32" */
    char *mac;     /* lower case with ':' */
    char *network; /* the network's or port group's name */
    bool connected;
};

struct h2k_vm {
    char *id;         /* managed object id: "vm-42" */
    char *name;       /* decoded: '/' may be in it */
    char *path;       /* inventory path: "/DC0/vm/folder/name" */
    char *uuid;       /* BIOS uuid */
    char *datacenter; /* its inventory path without the first '/': "DC0" */
    char *host;       /* the host's name */
    char *annotation;
    char *change_version; /* of its configuration: one that differs means
                             that the VM was changed or run; or NULL */
    uint64_t committed;   /* bytes that it takes on its datastores now */
    enum h2k_vm_power power;
    bool is_template;
    unsigned cpus;
    unsigned cores_per_socket; /* 0: not said */
    uint64_t memory_mib;
    enum h2k_vm_firmware firmware;
    bool secure_boot;
    bool has_tpm;           /* warn: its secrets stay behind */
    bool encrypted;         /* cannot be exported: warn or error */
    char *hardware_version; /* "vmx-19" */
    char *guest_id;         /* "debian12_64Guest", as configured */
    char *guest_full_name;  /* "Debian GNU/Linux 12 (64-bit)" */
    char *tools_guest_id;   /* what VMware Tools found, or NULL */
    char *tools_guest_name;
    char *tools_hostname;
    bool tools_running;
    bool has_snapshots;
    /* In controller order: the order in which the BIOS would count them:
     * SCSI by bus and unit before others, or as the VM's boot order says. */
    struct h2k_vm_disk *disks;
    size_t disk_count;
    struct h2k_vm_nic *nics; /* in the order of their keys */
    size_t nic_count;
    char **tags; /* "category:name" where they could be read */
    size_t tag_count;
};

void h2k_vm_free(struct h2k_vm *vm); /* NULL is fine */
H2K_DEFINE_AUTO(h2k_vm, h2k_vm_free)

/* The manifest's os_hint ("linux", "windows", …, or NULL) of a VMware guest
 * id, and its os_version as text where the id tells one ("12"), static or
 * NULL. */
const char *h2k_vm_os_hint(const struct h2k_vm *vm);
const char *h2k_vm_os_version(const struct h2k_vm *vm, char text[64]);

#endif
