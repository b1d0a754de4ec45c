/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * FIX: the edits that make a guest boot and live on KVM.
 *
 * The edits are listed, in order, in edits.c; each is one file.  All of
 * them work on the guest's tree (fs/root.h), whose filesystems lie on an
 * overlay, so a failed or a dry run leaves nothing behind.  Every change is
 * recorded with its file and its before and after; a second run on the
 * result changes nothing; what cannot be done safely is a warning, or
 * H2K_E_UNFIXABLE, that says what to do.
 */
#ifndef H2K_GUEST_FIX_H
#define H2K_GUEST_FIX_H

#include "base/cleanup.h"
#include "fs/root.h"
#include "guest/fix/devices.h"
#include "base/strings.h"

#include <hyper2kvm/configuration.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h2k_guest;  /* guest.h */
struct h2k_labels; /* labels.h */

enum h2k_fix_fstab {
    H2K_FIX_FSTAB_STABILIZE_ALL, /* every name that depends on the controller
                                  */
    H2K_FIX_FSTAB_BYPATH_ONLY,   /* only /dev/disk/by-path/… */
    H2K_FIX_FSTAB_NOOP,          /* none */
};

/* "stabilize-all" and so on; 0, or -1 with H2K_E_USAGE. */
int h2k_fix_fstab_parse(const char *word, enum h2k_fix_fstab *out);
const char *h2k_fix_fstab_name(enum h2k_fix_fstab mode);

/* One of the machine's network cards, as the manifest has it. */
struct h2k_fix_nic {
    const char *id;  /* or NULL; may be the guest's name for it */
    const char *mac; /* "00:50:56:aa:bb:01"; NULL: not known */
};

struct h2k_fix_options {
    bool backup;          /* keep what an edit replaces, beside it */
    bool print_fstab;     /* give fstab before and after in the result */
    bool update_grub;     /* the boot loader's edits */
    bool regen_initramfs; /* the initramfs supplement */
    bool remove_vmware_tools;
    bool dry_run; /* the overlay is thrown away afterwards: for edits
                     nothing is different */
    enum h2k_fix_fstab fstab_mode;
    const struct h2k_fix_nic *nics; /* in the machine's order; the caller's */
    size_t nic_count;               /* 0: not known */
    /* Packages of qemu-guest-agent, files on this machine, of which the first
     * that fits the guest is put into it; the caller's. */
    const char *const *guest_agents;
    size_t guest_agent_count;
    int64_t now; /* seconds since 1970 for the backups' names, in UTC; 0 for
                    the clock */
    /* What is put into the guest beside that; stays the caller's.  Or NULL. */
    const struct h2k_configuration *configuration;
};

/* Options as the manifest's defaults have them. */
struct h2k_fix_options h2k_fix_defaults(void);

/* One change.  Strings are owned, valid UTF-8 (other bytes as \xNN) and of
 * at most H2K_CHANGE_TEXT_MAX bytes, the rest cut off behind "…". */
#define H2K_CHANGE_TEXT_MAX 1024
struct h2k_change {
    const char *stage; /* "fix" */
    const char *edit;  /* the edit's name, a constant */
    char *file;        /* in the guest, "/etc/fstab" */
    char *what;        /* "the device of /boot" */
    char *before;      /* NULL for what was not there */
    char *after;       /* NULL for what is gone */
};

/* What became of the name of one network card.  Strings are owned. */
struct h2k_fixed_name {
    char *name;     /* "ens192" */
    char *mac;      /* NULL: not known, or not needed */
    const char *by; /* "link file", "udev rule", "already", "kernel",
                       "nothing" */
    char *file;     /* that gives it the name; NULL with the last two */
};

/* What FIX did.  Initialise with { 0 }; free with h2k_fix_result_free. */
struct h2k_fix_result {
    struct h2k_change *changes;
    size_t change_count;
    size_t changes_left_out;     /* beyond H2K_CHANGES_MAX */
    struct h2k_strings warnings; /* "fstab: /etc/fstab: …" */
    struct h2k_strings backups;  /* paths in the guest */

    struct h2k_strings drivers_injected; /* module names, by the initramfs */
    struct h2k_strings kernels;          /* versions that got them */
    bool boot_updated;                   /* by the boot loader's edits */
    size_t fstab_entries; /* entries read, also those left as they are */
    struct h2k_strings fstab_changed; /* "/dev/sda4 -> UUID=…" */
    struct h2k_fixed_name *names;     /* of network cards */
    size_t name_count;
    char *fstab_before, *fstab_after; /* with print_fstab: whole texts, NULL
                                         where there is no fstab */
};
#define H2K_CHANGES_MAX 4096
#define H2K_WARNINGS_MAX 1024

void h2k_fix_result_free(struct h2k_fix_result *result); /* empties it */

/* A run of FIX, as edits see it. */
struct h2k_fix {
    struct h2k_guest *guest; /* NULL in tests of single edits */
    struct h2k_root *root;   /* the guest's, writable */
    struct h2k_devices devices;
    const struct h2k_fix_options *options;
    struct h2k_fix_result *result;

    /* The guest's files that every initramfs is to have a copy of, at the
     * same path; edits before "initramfs" add them. */
    struct h2k_strings initramfs_files;

    /* Kept by fix.c, backup.c and labels.c. */
    const char *edit;          /* whose turn it is */
    int64_t now;               /* the options', or the clock */
    struct h2k_strings backed; /* files that have their backup already */
    struct h2k_labels *labels;
};

/* One edit.  A constant in its own file, listed in edits.c. */
struct h2k_edit {
    const char *name; /* "fstab", for changes and messages */
    /* Is it asked for, and is there something in this guest that it is
     * about?  An edit that does not apply is not run. */
    bool (*applies)(struct h2k_fix *fix);
    /* 0, or -1 with an error, which ends FIX.  An edit that finds all as it
     * should be does nothing. */
    int (*run)(struct h2k_fix *fix);
};

/* The edits in order, ended by NULL. */
extern const struct h2k_edit *const h2k_edits[];

/*
 * All edits on GUEST, and its filesystems flushed.  RESULT, which says what
 * was done until then, is filled on failure too.  H2K_E_UNFIXABLE when the
 * guest would not boot; the overlay is to be thrown away on any failure.
 */
int h2k_fix_run(struct h2k_guest *guest, const struct h2k_fix_options *options,
                struct h2k_fix_result *result);

/* The same with root, devices, options and result given: FIX's other
 * fields zero.  For tests; h2k_fix_run ends here. */
int h2k_fix_run_edits(struct h2k_fix *fix,
                      const struct h2k_edit *const *edits);

/* ---- For edits ---- */

/* Guest files that are edited as text are no larger. */
#define H2K_FIX_FILE_MAX (4u << 20)

/* A guest's regular file, NUL-terminated; the caller's to free.  1; 0 with
 * *TEXT NULL when there is none; -1 with an error, for one that is too large
 * or no regular file too. */
int h2k_fix_read(struct h2k_fix *fix, const char *path, char **text,
                 size_t *size);
/* Replace a file that is there, after its backup, with the same mode, owner
 * and attributes.  Record the changes yourself. */
int h2k_fix_replace(struct h2k_fix *fix, const char *path, const void *data,
                    size_t size);
/* Whose a new thing is; where NULL is given, root's (0:0). */
struct h2k_owner {
    uint32_t uid, gid;
};
/* make.c: nothing new comes into a guest but through these.  Missing
 * directories on the way are made, root's and 0755. */
int h2k_fix_create(struct h2k_fix *fix, const char *path, const void *data,
                   size_t size, uint32_t mode);
int h2k_fix_create_as(struct h2k_fix *fix, const char *path, const void *data,
                      size_t size, uint32_t mode,
                      const struct h2k_owner *owner);
/* The directory PATH; one that is there stays as it is. */
int h2k_fix_make_dirs(struct h2k_fix *fix, const char *path, uint32_t mode,
                      const struct h2k_owner *owner);
/* A link at PATH, where nothing may be. */
int h2k_fix_symlink(struct h2k_fix *fix, const char *target, const char *path);
/* Remove a file after its backup, or a link. */
int h2k_fix_remove(struct h2k_fix *fix, const char *path);
/* Where asked for: PATH's copy, named PATH.backup.hyper2kvm.YYYYMMDD-HHMMSS,
 * once for each file and run, with the same mode, owner and attributes.  In
 * a directory whose every file is read by the guest, the copy is put beside
 * the directory instead, where nothing reads it. */
int h2k_fix_backup(struct h2k_fix *fix, const char *path);

/* Remember a change that was made.  BEFORE and AFTER may be NULL. */
int h2k_fix_record(struct h2k_fix *fix, const char *file, const char *what,
                   const char *before, const char *after);
/* The same with BEFORE and AFTER of given lengths, of any bytes. */
int h2k_fix_record_bytes(struct h2k_fix *fix, const char *file,
                         const char *what, const char *before,
                         size_t before_size, const char *after,
                         size_t after_size);
/* Something that the user should know, "FILE: what, and what to do". */
int h2k_fix_warn(struct h2k_fix *fix, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
