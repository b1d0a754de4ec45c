/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A client of the vSphere Web Services API (VI/JSON's SOAP elder; version
 * 6.0 and later), against a vCenter or a single ESXi.
 *
 * A connection is logged in from connect to free, which logs out; a session
 * that the server ended in between is renewed by itself, once per call.
 * Faults become errors that name the object and the fault: "VM web-01:
 * PowerOff: InvalidPowerState: …".
 *
 * Thread-safety: one connection may be used by any number of threads.
 * Every wait ends within a second of an interruption; what undoes (abort,
 * remove a snapshot, log out) still runs then, each with a limit of 30 s.
 */
#ifndef H2K_PROVIDER_VSPHERE_H
#define H2K_PROVIDER_VSPHERE_H

#include "base/secret.h"
#include "net/http.h"
#include "provider/vm.h"

struct h2k_vsphere_login {
    /* "host", "https://host", "https://host:port/sdk"; http only where it
     * is spelled out.  A user name in it counts where the next one is NULL;
     * a password in it is refused: it would stand in a process list. */
    const char *url;
    const char *username;
    const struct h2k_secret *password; /* copied */
    const char *datacenter;            /* for relative names; or NULL */
    struct h2k_http_settings http;
};

struct h2k_vsphere;
/* Connects and logs in.  H2K_E_USAGE for a wrong password. */
struct h2k_vsphere *h2k_vsphere_connect(const struct h2k_vsphere_login *login);
void h2k_vsphere_free(struct h2k_vsphere *vs); /* NULL is fine */
H2K_DEFINE_AUTO(h2k_vsphere, h2k_vsphere_free)

/* "VMware vCenter Server 8.0.2 build-…"; and whether it is a vCenter. */
const char *h2k_vsphere_product(const struct h2k_vsphere *vs);
bool h2k_vsphere_is_vcenter(const struct h2k_vsphere *vs);
/* The HTTP client with the session's cookie, for downloads. */
struct h2k_http *h2k_vsphere_http(struct h2k_vsphere *vs);
/* Is the session alive?  One that has ended is renewed: a download that was
 * refused with a 401 may then be tried again. */
int h2k_vsphere_check(struct h2k_vsphere *vs);

/* ---- The inventory ---- */

/* A line of a listing. */
struct h2k_vsphere_row {
    char *id;
    char *name;
    char *path;
    char *guest; /* full name */
    char *host;
    enum h2k_vm_power power;
    bool is_template;
    unsigned cpus;
    uint64_t memory_mib;
    uint64_t disk_bytes; /* committed and not, as the server sums it */
};
struct h2k_vsphere_rows {
    struct h2k_vsphere_row *items;
    size_t count;
};
void h2k_vsphere_rows_clear(struct h2k_vsphere_rows *rows);

struct h2k_vsphere_filter {
    const char *folder;       /* inventory path to stay under, or relative to
                                 the VM folder of a datacenter; or NULL */
    const char *pattern;      /* fnmatch(3) on the name; or on the path where
                                 it has a '/'; or NULL */
    const char *const *pairs; /* "power=on", "guest=*debian*", "host=…",
                                "name=…", "template=false", "tag=…" (a custom
                                attribute, "name:value" or its value); ended
                                by NULL; or NULL.  An unknown key is
                                H2K_E_USAGE. */
};
/* Every VM that passes, by path.  Pages through a large inventory.
 * H2K_E_NOENT for a folder or datacenter that is not there. */
int h2k_vsphere_list(struct h2k_vsphere *vs,
                     const struct h2k_vsphere_filter *filter,
                     struct h2k_vsphere_rows *rows);

/*
 * The one VM that TEXT means: a managed object id ("vm-42"), an inventory
 * path, or a name; a pattern where it has * ? or [.  H2K_E_NOENT with near
 * matches; H2K_E_USAGE with the paths of all, when there are several.
 */
int h2k_vsphere_find(struct h2k_vsphere *vs, const char *text,
                     struct h2k_vsphere_row *row);
void h2k_vsphere_row_clear(struct h2k_vsphere_row *row);

/* All that is known of the VM with this managed object id. */
struct h2k_vm *h2k_vsphere_vm(struct h2k_vsphere *vs, const char *id);

/* ---- Power and snapshots ---- */

/* Off: the guest's own shutdown first, where Tools run, and after
 * GRACE_SECONDS the power.  0 as well when it is off already. */
int h2k_vsphere_power_off(struct h2k_vsphere *vs, const char *vm_id,
                          unsigned grace_seconds);

/* Quiesced where Tools can; *QUIESCED tells.  The caller frees *ID (the
 * snapshot's managed object id), and removes the snapshot. */
int h2k_vsphere_snapshot_create(struct h2k_vsphere *vs, const char *vm_id,
                                const char *name, const char *description,
                                char **id, bool *quiesced);
int h2k_vsphere_snapshot_remove(struct h2k_vsphere *vs, const char *id);

/* ---- Getting the bytes out: an NFC lease ---- */

struct h2k_vsphere_lease_file {
    char *key;        /* "/vm-42/VirtualLsiLogicController0:0" */
    char *url;        /* a host of '*' is replaced by the server's own */
    char *name;       /* a file's name, safe: no '/', no "..", never empty */
    bool is_disk;     /* else NVRAM and the like */
    int32_t disk_key; /* the device it belongs to, from the key; -1 */
    uint64_t size;    /* bytes, 0: not said */
    char *thumbprint; /* of the host that serves it (SHA-1), or NULL */
};

struct h2k_vsphere_lease;
/* ExportVm, or ExportSnapshot where SNAPSHOT_ID is not NULL; waits until it
 * is ready.  It is then kept alive by a thread of its own, which also
 * reports the progress. */
struct h2k_vsphere_lease *h2k_vsphere_lease_export(struct h2k_vsphere *vs,
                                                   const char *vm_id,
                                                   const char *snapshot_id);
size_t h2k_vsphere_lease_file_count(const struct h2k_vsphere_lease *lease);
const struct h2k_vsphere_lease_file *
h2k_vsphere_lease_file(const struct h2k_vsphere_lease *lease, size_t i);
/* 0 to 100, for the server's own progress display; any thread. */
void h2k_vsphere_lease_progress(struct h2k_vsphere_lease *lease,
                                unsigned percent);
/* 0 while it is alive; -1 when the server ended it, with its fault. */
int h2k_vsphere_lease_check(struct h2k_vsphere_lease *lease);

/* HttpNfcLeaseGetManifest: what the server itself counted, which the caller
 * frees.  H2K_E_UNSUPPORTED where it does not. */
struct h2k_vsphere_lease_sum {
    char *key;
    uint64_t size;
    char *sha1;   /* or NULL */
    char *sha256; /* or NULL */
};
int h2k_vsphere_lease_manifest(struct h2k_vsphere_lease *lease,
                               struct h2k_vsphere_lease_sum **sums,
                               size_t *count);
void h2k_vsphere_lease_sums_free(struct h2k_vsphere_lease_sum *sums,
                                 size_t count);
int h2k_vsphere_lease_complete(struct h2k_vsphere_lease *lease);
/* Aborts it unless it was completed.  Keeps the thread's error. */
void h2k_vsphere_lease_free(struct h2k_vsphere_lease *lease);
H2K_DEFINE_AUTO(h2k_vsphere_lease, h2k_vsphere_lease_free)

/* OvfManager.CreateDescriptor for the files as they were stored.  The caller
 * frees the XML.  H2K_E_UNSUPPORTED where the server has no such call. */
struct h2k_vsphere_ovf_file {
    const char *device_key; /* the lease's key */
    const char *path;       /* the name in the OVF */
    uint64_t size;
    uint64_t capacity;
};
char *h2k_vsphere_descriptor(struct h2k_vsphere *vs, const char *vm_id,
                             const struct h2k_vsphere_ovf_file *files,
                             size_t count);

/* ---- Getting the bytes out: the datastore over HTTPS ---- */

/* The URL of "[datastore] folder/name.vmdk" of a VM, whose datacenter is as
 * struct h2k_vm has it: /folder/…?dcPath=…&dsName=….  The caller frees it.
 * A flat disk's bytes stand in "…-flat.vmdk". */
char *h2k_vsphere_datastore_url(struct h2k_vsphere *vs, const char *datacenter,
                                const char *backing);

#endif
