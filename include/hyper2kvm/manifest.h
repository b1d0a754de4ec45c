/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The manifests: what a job is told.
 *
 * Two documents, both in JSON or YAML: the Artifact Manifest 1.0, which
 * hyperexport writes beside the disks of an exported VM, and the migration
 * manifest 1.0, which a person writes.  Both give one struct h2k_manifest.
 *
 * A struct h2k_manifest is valid and never changes: any number of threads
 * may read it.  Whoever wants another one starts a builder, from nothing or
 * from a manifest, and builds.  Strings and structs that an accessor gives
 * belong to the manifest and live as long as it does.
 *
 * "NULL when not given" is said where a value has no default; elsewhere the
 * default of the specification stands in its place.
 */
#ifndef HYPER2KVM_MANIFEST_H
#define HYPER2KVM_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hyper2kvm/configuration.h>
#include <hyper2kvm/error.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Limits on a document, whatever it declares. */
#define H2K_MANIFEST_MAX_SIZE (16u << 20) /* bytes of its text */
#define H2K_MANIFEST_MAX_DEPTH 64u        /* maps and lists in each other */
#define H2K_MANIFEST_MAX_NODES 200000u    /* values, aliases replaced */

/* What a disk that does not say when it boots has for boot_order_hint. */
#define H2K_MANIFEST_BOOT_ORDER_DEFAULT 999u

enum h2k_problem_severity {
    H2K_PROBLEM_NOTE,    /* works, and is better written otherwise */
    H2K_PROBLEM_WARNING, /* works, and is perhaps not what was meant */
    H2K_PROBLEM_ERROR,   /* the manifest cannot be used */
};

struct h2k_problem {
    enum h2k_problem_severity severity;
    enum h2k_errcode code; /* of an error: H2K_E_USAGE, H2K_E_SOURCE (a
                              file), H2K_E_CHECKSUM; else H2K_OK */
    const char *file;      /* as it was given to load; NULL when built */
    unsigned line;         /* from 1; 0 when it has no place in a file */
    unsigned column;       /* from 1, in characters; 0 as above */
    const char *key;       /* "disks[1].checksum"; "" for the document */
    const char *message;   /* one line, without the place */
    const char *hint;      /* "did you mean 'disks'?"; NULL when none */
};

/* A list of problems, in the order of finding.  Not thread-safe. */
struct h2k_problems;

struct h2k_problems *h2k_problems_new(void); /* NULL with H2K_E_NOMEM */
void h2k_problems_free(struct h2k_problems *problems); /* NULL is fine */
size_t h2k_problems_count(const struct h2k_problems *problems);
/* How many are of SEVERITY. */
size_t h2k_problems_count_of(const struct h2k_problems *problems,
                             enum h2k_problem_severity severity);
/* I is below the count.  Valid until the list is changed or freed. */
const struct h2k_problem *h2k_problems_get(const struct h2k_problems *problems,
                                           size_t i);
/* Adds a copy.  Running out of memory is remembered, and makes the list
 * count one error more. */
void h2k_problems_add(struct h2k_problems *problems,
                      const struct h2k_problem *problem);
/* "FILE:LINE:COLUMN: error: KEY: MESSAGE (HINT)", leaving out what there is
 * not.  The caller frees it; NULL with H2K_E_NOMEM. */
char *h2k_problem_format(const struct h2k_problem *problem);

enum h2k_manifest_kind {
    H2K_MANIFEST_ARTIFACT,  /* "manifest_version": "1.0" */
    H2K_MANIFEST_MIGRATION, /* "version": "1.0" */
    H2K_MANIFEST_FRAGMENT,  /* a part, to be merged into one of the others */
};

enum h2k_firmware {
    H2K_FIRMWARE_NOT_GIVEN, /* in builders only */
    H2K_FIRMWARE_BIOS,
    H2K_FIRMWARE_UEFI,
    H2K_FIRMWARE_UNKNOWN,
};

enum h2k_disk_type {
    H2K_DISK_UNKNOWN,
    H2K_DISK_BOOT,
    H2K_DISK_DATA,
};

enum h2k_fstab_mode {
    H2K_FSTAB_STABILIZE_ALL,
    H2K_FSTAB_BYPATH_ONLY,
    H2K_FSTAB_NOOP,
};

/* `source`.  The first six are the artifact manifest's, the rest the
 * migration manifest's.  Each NULL when not given. */
struct h2k_manifest_source {
    const char *provider; /* "vsphere", "aws", "local", … */
    const char *vm_id;
    const char *vm_name;
    const char *datacenter;
    const char *export_timestamp; /* RFC 3339 */
    const char *export_method;
    const char *type;          /* vmdk, ova, ovf, vhd, vhdx, vdi, qcow2, raw */
    const char *path;          /* as written */
    const char *absolute_path; /* the same, absolute */
};

/* `vm`.  In a migration manifest, the defaults. */
struct h2k_manifest_vm {
    uint32_t cpu;               /* at least 1; default 2 */
    double mem_gb;              /* GiB, above 0, perhaps a fraction; 4 */
    enum h2k_firmware firmware; /* default BIOS */
    bool firmware_given;        /* the manifest says so itself */
    bool secure_boot;           /* default false */
    const char *os_hint;        /* NULL when not given */
    const char *os_version;     /* NULL when not given */
};

struct h2k_manifest_disk {
    const char *id;            /* [a-zA-Z0-9_-]+, unique */
    const char *source_format; /* vmdk, qcow2, raw, vhd, vhdx, vdi */
    bool bytes_given;          /* always in an artifact manifest */
    uint64_t bytes;            /* of the file, or the virtual size */
    const char *local_path;    /* as written */
    const char *path;          /* the same, absolute */
    const char *member;        /* of an OVA: the file in it, which `path` is;
                                  NULL: `path` is the disk's own file */
    const char *checksum;      /* 64 lower-case hex digits of the file's
                                  SHA-256; NULL when not given or elided.
                                  Of an OVA or OVF also its SHA-1 (40) or
                                  SHA-512 (128) */
    uint32_t boot_order_hint;  /* 999 when not given; 0 is a real 0 */
    const char *label;         /* the id when not given */
    enum h2k_disk_type disk_type;
};

struct h2k_manifest_nic {
    const char *id;      /* NULL when not given */
    const char *mac;     /* six hex pairs with ':', lower case; or NULL */
    const char *network; /* NULL when not given */
};

/* `pipeline`, with each option's default in place. */
struct h2k_manifest_inspect {
    bool present; /* the manifest names the stage */
    bool enabled; /* it is to run */
    bool collect_guest_info;
};
struct h2k_manifest_fix {
    bool present;
    bool enabled;
    bool backup;
    bool print_fstab;
    bool update_grub;
    bool regen_initramfs;
    bool remove_vmware_tools;
    enum h2k_fstab_mode fstab_mode;
};
struct h2k_manifest_convert {
    bool present;
    bool enabled;
    bool compress;
    unsigned compress_level; /* 1 to 9, or 0: the format's own default */
};
struct h2k_manifest_validate {
    bool present;
    bool enabled;
    bool check_image_integrity;
    bool verify_checksum; /* of the disks that have one */
    bool test_boot;
};
struct h2k_manifest_pipeline {
    bool present; /* when not, all four stages are on with their defaults */
    struct h2k_manifest_inspect inspect;
    struct h2k_manifest_fix fix;
    struct h2k_manifest_convert convert;
    struct h2k_manifest_validate validate;
};

struct h2k_manifest_output {
    const char *directory; /* absolute */
    const char *format;    /* qcow2, raw, vdi */
    const char *filename;  /* without '/'; NULL when not given */
};

struct h2k_manifest_options {
    bool dry_run;
    unsigned verbose; /* 0 quiet, 1 normal, 2 verbose, 3 debug */
    bool report_enabled;
    const char *report_path; /* absolute */
};

struct h2k_manifest_metadata { /* each NULL when not given */
    const char *hypersdk_version;
    const char *job_id;
    const char *created_at;
    const char *name;
    const char *description;
    const char *owner;
    const char *created;
};

/* One of metadata.tags: a map's pair, or a list's entry. */
struct h2k_manifest_tag {
    const char *key;   /* NULL in a list */
    const char *value; /* as text, also where it is a number or a boolean */
};

/* One of notes[] or warnings[]: a string is a message alone. */
struct h2k_manifest_remark {
    const char *stage;     /* NULL when not given */
    const char *message;   /* never NULL */
    const char *timestamp; /* NULL when not given */
};

struct h2k_manifest;

/*
 * Read and check a manifest: its structure, not its files.  JSON or YAML 1.2
 * is told by the content, the kind by the version key.  Everything that is
 * found is added to PROBLEMS, which may be NULL.
 *
 * NULL when any of it is an error: H2K_E_USAGE, with the first error as the
 * thread's message ("Manifest not found: PATH" among them).
 */
struct h2k_manifest *h2k_manifest_load(const char *path,
                                       struct h2k_problems *problems);

/* The same from memory.  NAME stands for the file in problems (may be NULL);
 * relative paths are relative to BASE_DIR, which NULL makes the current
 * directory. */
struct h2k_manifest *h2k_manifest_parse(const char *text, size_t size,
                                        const char *name, const char *base_dir,
                                        struct h2k_problems *problems);

/*
 * A part of a manifest, for h2k_manifest_builder_merge.  AT is the key that
 * the file holds the content of: "" for a document of `pipeline`,
 * `configuration` and other sections without a version key, or for example
 * "configuration.users".  A file that repeats the key ("users: …", or
 * "configuration: {users: …}") is understood as well.
 */
struct h2k_manifest *h2k_manifest_load_fragment(const char *path,
                                                const char *at,
                                                struct h2k_problems *problems);
struct h2k_manifest *
h2k_manifest_parse_fragment(const char *text, size_t size, const char *name,
                            const char *at, struct h2k_problems *problems);

void h2k_manifest_free(struct h2k_manifest *m); /* NULL is fine */

enum h2k_manifest_kind h2k_manifest_kind(const struct h2k_manifest *m);
/* As given to load or parse; NULL for one that was built. */
const char *h2k_manifest_path(const struct h2k_manifest *m);
/* What its relative paths are relative to; absolute. */
const char *h2k_manifest_base_dir(const struct h2k_manifest *m);
const struct h2k_manifest_source *
h2k_manifest_source(const struct h2k_manifest *m);
const struct h2k_manifest_vm *h2k_manifest_vm(const struct h2k_manifest *m);
const struct h2k_manifest_pipeline *
h2k_manifest_pipeline(const struct h2k_manifest *m);
const struct h2k_manifest_output *
h2k_manifest_output(const struct h2k_manifest *m);
const struct h2k_manifest_options *
h2k_manifest_options(const struct h2k_manifest *m);
const struct h2k_manifest_metadata *
h2k_manifest_metadata(const struct h2k_manifest *m);

/*
 * The disks in document order.  A migration manifest has one, "disk-0" with
 * its source's type and path; but none where the source is an ova or ovf,
 * whose disks are known to whoever opens it.
 */
size_t h2k_manifest_disk_count(const struct h2k_manifest *m);
const struct h2k_manifest_disk *h2k_manifest_disk(const struct h2k_manifest *m,
                                                  size_t i);
/* The disk with this id, or NULL. */
const struct h2k_manifest_disk *
h2k_manifest_find_disk(const struct h2k_manifest *m, const char *id);
/* The disk with the lowest boot_order_hint among those of type boot, where
 * none is, the lowest of all; ties in document order.  NULL without disks. */
const struct h2k_manifest_disk *
h2k_manifest_boot_disk(const struct h2k_manifest *m);
/* The rest of the disks, in document order: I from 0, NULL after the last. */
const struct h2k_manifest_disk *
h2k_manifest_data_disk(const struct h2k_manifest *m, size_t i);

size_t h2k_manifest_nic_count(const struct h2k_manifest *m);
const struct h2k_manifest_nic *h2k_manifest_nic(const struct h2k_manifest *m,
                                                size_t i);
size_t h2k_manifest_tag_count(const struct h2k_manifest *m);
const struct h2k_manifest_tag *h2k_manifest_tag(const struct h2k_manifest *m,
                                                size_t i);
size_t h2k_manifest_note_count(const struct h2k_manifest *m);
const struct h2k_manifest_remark *
h2k_manifest_note(const struct h2k_manifest *m, size_t i);
size_t h2k_manifest_warning_count(const struct h2k_manifest *m);
const struct h2k_manifest_remark *
h2k_manifest_warning(const struct h2k_manifest *m, size_t i);
/* What it wants put into the guest; never NULL. */
const struct h2k_configuration *
h2k_manifest_configuration(const struct h2k_manifest *m);
/* Is there anything in it? */
bool h2k_manifest_has_configuration(const struct h2k_manifest *m);

/*
 * The output's file name, without its directory, for disk I of COUNT (more
 * than h2k_manifest_disk_count says, for an OVA).  output.filename where it
 * is given; else an artifact manifest's `<id>.<format>`; else a migration
 * manifest's base name of the source, or its folder's where that is only
 * disk, disk1, disk-0 …, and `-disk2` and so on from the second disk.  The
 * caller frees it; NULL with H2K_E_NOMEM.
 */
char *h2k_manifest_output_name(const struct h2k_manifest *m, size_t i,
                               size_t count);

/* What an image's own bytes say, for h2k_manifest_checks. */
struct h2k_manifest_probed {
    const char *format;    /* static, as in source_format; NULL: cannot say */
    uint64_t virtual_size; /* bytes */
};

/* Which checks to make, beyond that each source exists and is readable. */
struct h2k_manifest_checks {
    /* Looks into the image at PATH, which should be FORMAT.  -1 with an
     * error set, which becomes a problem.  May be NULL. */
    int (*probe)(void *opaque, const char *path, const char *format,
                 struct h2k_manifest_probed *out);
    bool checksums; /* verify those that are given: reads all the bytes */
    /* DONE of TOTAL bytes of disk ID were hashed.  May be NULL. */
    void (*progress)(void *opaque, const char *id, uint64_t done,
                     uint64_t total);
    void *opaque; /* for both calls */
};

/*
 * The files behind a manifest.  CHECKS may be NULL.  0, or -1 when any
 * problem found is an error, with the first as the thread's error:
 * H2K_E_SOURCE ("Source path not found: PATH", a format that is not the
 * one that is named), H2K_E_CHECKSUM ("Checksum mismatch for ID: expected X,
 * got Y") or H2K_E_INTERRUPTED.  A size that fits neither the file nor the
 * virtual disk is a warning.
 */
int h2k_manifest_check_files(const struct h2k_manifest *m,
                             const struct h2k_manifest_checks *checks,
                             struct h2k_problems *problems);

/* Only the checksums, of every disk that has one.  CHECKS (for progress)
 * may be NULL. */
int h2k_manifest_verify_checksums(const struct h2k_manifest *m,
                                  const struct h2k_manifest_checks *checks,
                                  struct h2k_problems *problems);

/*
 * Everything at once, as the command `validate` does: structure and files,
 * the files also of a manifest whose structure is wrong elsewhere.  0 or -1
 * as above.  With STRICT, a warning counts as an error.
 */
int h2k_manifest_validate_file(const char *path,
                               const struct h2k_manifest_checks *checks,
                               bool strict, struct h2k_problems *problems);

/* For a caller that hashed the disk's file itself, as `checksum` has it: 0,
 * or -1 with H2K_E_CHECKSUM and the message above.  0 for a disk without a
 * checksum. */
int h2k_manifest_compare_checksum(const struct h2k_manifest_disk *disk,
                                  const char *hex);

/*
 * A document in the making.  The setters keep what is there and fits, copy
 * all that they are given, and fail with H2K_E_NOMEM, or with H2K_E_RANGE on
 * a key that cannot be.  Nothing is checked before `build`.  Not
 * thread-safe.
 */
struct h2k_manifest_builder;

struct h2k_manifest_builder *
h2k_manifest_builder_new(enum h2k_manifest_kind kind);
/* Starts from M, with all its keys, known or not. */
struct h2k_manifest_builder *
h2k_manifest_builder_from(const struct h2k_manifest *m);
void h2k_manifest_builder_free(struct h2k_manifest_builder *b);

/* One section each.  NULL strings are left out, so are numbers that are 0
 * where 0 is not allowed; booleans are always written. */
int h2k_manifest_builder_set_source(struct h2k_manifest_builder *b,
                                    const struct h2k_manifest_source *source);
int h2k_manifest_builder_set_vm(struct h2k_manifest_builder *b,
                                const struct h2k_manifest_vm *vm);
int h2k_manifest_builder_set_output(struct h2k_manifest_builder *b,
                                    const struct h2k_manifest_output *output);
/* Stages with `present` are written with all their options, the others left
 * out.  h2k_manifest_pipeline_defaults is where to start. */
int h2k_manifest_builder_set_pipeline(
    struct h2k_manifest_builder *b,
    const struct h2k_manifest_pipeline *pipeline);
int h2k_manifest_builder_set_metadata(
    struct h2k_manifest_builder *b,
    const struct h2k_manifest_metadata *metadata);
extern const struct h2k_manifest_pipeline h2k_manifest_pipeline_defaults;

/* Add to a list.  A disk's boot_order_hint is always written, a 0 as 0; its
 * `bytes` of 0 without bytes_given is taken from the file's size; its
 * `path` is not used. */
int h2k_manifest_builder_add_disk(struct h2k_manifest_builder *b,
                                  const struct h2k_manifest_disk *disk);
/* The same, and the checksum is computed from the file, which takes the time
 * of reading it.  CHECKS (for progress) may be NULL.  Relative paths are
 * relative to the base directory of `build`, so BASE_DIR is needed here. */
int h2k_manifest_builder_add_disk_hashed(
    struct h2k_manifest_builder *b, const struct h2k_manifest_disk *disk,
    const char *base_dir, const struct h2k_manifest_checks *checks);
int h2k_manifest_builder_add_nic(struct h2k_manifest_builder *b,
                                 const struct h2k_manifest_nic *nic);
int h2k_manifest_builder_add_note(struct h2k_manifest_builder *b,
                                  const char *note);
int
h2k_manifest_builder_add_warning(struct h2k_manifest_builder *b,
                                 const struct h2k_manifest_remark *warning);
/* KEY NULL adds to a list of tags, otherwise to a map of them; the first
 * call decides which it is. */
int h2k_manifest_builder_add_tag(struct h2k_manifest_builder *b,
                                 const char *key, const char *value);

/*
 * Any one key, by its path: "pipeline.fix.fstab_mode", "options.verbose".
 * Maps on the way are made.  Where `pipeline` is made, all four stages are
 * put in and on, as they are without it; a stage that is made in a pipeline
 * that is there is put in as off.  Older names of the same key go.
 */
int h2k_manifest_builder_set_string(struct h2k_manifest_builder *b,
                                    const char *key, const char *value);
int h2k_manifest_builder_set_bool(struct h2k_manifest_builder *b,
                                  const char *key, bool value);
int h2k_manifest_builder_set_integer(struct h2k_manifest_builder *b,
                                     const char *key, int64_t value);
int h2k_manifest_builder_set_number(struct h2k_manifest_builder *b,
                                    const char *key, double value);
int h2k_manifest_builder_remove(struct h2k_manifest_builder *b,
                                const char *key);

/* FRAGMENT over what is there: maps key by key, anything else replaced. */
int h2k_manifest_builder_merge(struct h2k_manifest_builder *b,
                               const struct h2k_manifest *fragment);

/* The manifest, checked as by load; the builder stays as it is.  BASE_DIR as
 * in h2k_manifest_parse. */
struct h2k_manifest *
h2k_manifest_builder_build(const struct h2k_manifest_builder *b,
                           const char *base_dir,
                           struct h2k_problems *problems);

enum h2k_manifest_format {
    H2K_MANIFEST_JSON,
    H2K_MANIFEST_YAML,
};

/*
 * The document as text: every key, known or not, in its order, with the
 * value that was read; loading it gives the same document.  Comments and
 * aliases of a YAML file are not kept.  The caller frees it; NULL with
 * H2K_E_NOMEM.
 */
char *h2k_manifest_to_text(const struct h2k_manifest *m,
                           enum h2k_manifest_format format);

/* Into a file, whole or not at all (temporary, fsync, rename); YAML where
 * PATH ends in .yaml or .yml.  H2K_E_OUTPUT. */
int h2k_manifest_write(const struct h2k_manifest *m, const char *path);

/* Do both hold the same: keys in any order, equal values? */
bool h2k_manifest_equal(const struct h2k_manifest *a,
                        const struct h2k_manifest *b);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
