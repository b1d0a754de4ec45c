/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the parts of the hyper2kvm command share. */
#ifndef H2K_CMD_APP_H
#define H2K_CMD_APP_H

#include "common/options.h"
#include "common/progress.h"

#include "guest/keys.h"
#include "image/writer.h"

#include <hyper2kvm/manifest.h>
#include <jansson.h>

struct app {
    /* Job */
    const char *manifest;
    struct text_list configs;
    const char *vmdk, *qcow2, *raw, *ova, *ovf;
    const char *output_dir, *out_format, *report;
    bool dry_run, strict;
    bool dry_run_given;
    /* Conversion */
    bool compress, compress_given;
    const char *compress_level, *compression;
    /* Guest */
    const char *root;
    const char *fstab_mode;
    /* Files with a part of the manifest's `configuration` each. */
    const char *inject_users, *inject_services, *inject_hostname,
        *inject_network;
    bool update_grub, update_grub_given;
    bool regen_initramfs, regen_initramfs_given;
    bool remove_vmware_tools, remove_vmware_tools_given;
    bool backup, backup_given;
    bool print_fstab, print_fstab_given;
    bool test_boot, test_boot_given;
    struct text_list guest_agents;
    struct text_list key_texts; /* --key as given */
    struct h2k_keys keys;       /* the same, read */
    /* Telling */
    int verbose;
    bool quiet, json, json_progress;
    const char *log_file;
    bool help, help_all, version;
    struct text_keep keep; /* texts from files of --config */
};

extern const struct option app_options[];

/* A command; WORDS are its arguments.  The exit code. */
struct app_command {
    const char *name;
    const char *usage; /* "hyper2kvm inspect DISK|MANIFEST [--json]" */
    const char *help;
    int (*run)(const struct app *app, const struct text_list *words);
};

int app_run(const struct app *app, const struct text_list *words);
int app_inspect(const struct app *app, const struct text_list *words);
int app_validate(const struct app *app, const struct text_list *words);
int app_convert(const struct app *app, const struct text_list *words);

/* "hyper2kvm: MESSAGE" on standard error, for the thread's error; its exit
 * code. */
int app_fail(void);

/* Print what was found in a manifest, one a line on standard error: errors
 * always, warnings and notes unless quiet. */
void app_print_problems(const struct app *app,
                        const struct h2k_problems *problems);

/* A document on standard output; 0 or an exit code. */
int app_print_json(const json_t *document);

/*
 * The manifest that WORDS and the options mean: a manifest file, or one made
 * up for a disk image, with the options over it.  NULL with the error set,
 * after the problems were printed.
 */
struct h2k_manifest *app_manifest(const struct app *app,
                                  const struct text_list *words);

/* What the source at PATH is, as a migration manifest's source.type: by its
 * name where that is *.ova or *.ovf, else by its bytes.  Static.  NULL with
 * H2K_E_SOURCE. */
const char *app_source_type(const char *path);
/* A manifest for the source at PATH, of TYPE, with the options over it. */
struct h2k_manifest *app_source_manifest(const struct app *app,
                                         const char *path, const char *type);

/* The manifest's file among them, or NULL when a disk was named. */
const char *app_manifest_path(const struct app *app,
                              const struct text_list *words);

/* The keys of --key, with their files, into app->keys, which are wiped when
 * the app is cleared. */
int app_read_keys(struct app *app);

/* Options from the files of --config, under those of the command line: the
 * caller parses the command line again over the result. */
int app_read_configs(struct app *app, const struct text_list *configs);
void app_clear(struct app *app);

/* --compression as the writers take it: H2K_COMPRESS_NONE when it was not
 * given.  -1 with H2K_E_USAGE. */
int app_compression(const struct app *app, enum h2k_writer_compression *out);

/* The log and the display of how far the job is.  NULL with the error. */
struct progress *app_progress(const struct app *app);

#endif
