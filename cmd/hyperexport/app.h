/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the parts of the hyperexport command share. */
#ifndef H2K_CMD_HYPEREXPORT_APP_H
#define H2K_CMD_HYPEREXPORT_APP_H

#include "common/command.h"
#include "common/options.h"
#include "common/progress.h"

#include "base/secret.h"
#include "net/rate.h"
#include "provider/export.h"
#include "provider/vsphere/vsphere.h"

/* Where a value comes from; a later one wins. */
enum origin {
    ORIGIN_DEFAULT,
    ORIGIN_ENVIRONMENT,
    ORIGIN_CONFIG,
    ORIGIN_PROFILE,
    ORIGIN_COMMAND_LINE,
    ORIGIN_COUNT,
};

/* The options, as they were said; settings.h has them checked.  The names are
 * those of the table. */
struct app {
    /* Which VMs */
    struct text_list vm;
    const char *batch, *folder;
    struct text_list filter;
    /* What to do instead of exporting them */
    bool list, vm_info, validate_only, dry_run;
    /* How */
    const char *output, *format;
    bool compress, verify, force, resume;
    bool power_off, snapshot;
    const char *transport, *parallel, *bandwidth_limit;
    struct text_list nbd_uri;
    /* The manifest */
    bool manifest, verify_manifest, manifest_checksum;
    const char *manifest_target;
    /* Conversion */
    bool convert, convert_only;
    /* The connection */
    const char *provider, *url, *username, *password_file, *password_command;
    const char *ca_file, *thumbprint, *datacenter;
    bool insecure;
    /* Profiles and configuration */
    const char *profile, *save_profile, *delete_profile, *config;
    bool list_profiles, show_settings;
    /* Telling */
    int verbose;
    bool quiet, json, json_progress;
    const char *log_file;
    bool help, help_all, version;

    /* Whether the layer that is being read gave an option, in the order of
     * the table; and which layer the value is from in the end. */
    bool given[80];
    enum origin origin[80];
    struct text_keep keep;       /* texts that options point to */
    struct h2k_secret *password; /* the environment's, or NULL */
};

extern const struct option app_options[];

/* The index in the table of the option of that name, which is one of ours. */
size_t app_option(const char *name);
/* Where the value of the option called NAME is from. */
enum origin app_origin(const struct app *app, const char *name);

/* All layers: the environment, the configuration file, the profile and the
 * command line.  -1 with H2K_E_USAGE, after warnings were printed. */
int app_read(struct app *app, int argc, char **argv);
void app_clear(struct app *app);

/* "hyperexport: MESSAGE" for the thread's error; its exit code. */
int app_fail(void);
struct progress *app_progress(const struct app *app);

/* Logs in by what the options say; the password is asked for on the terminal
 * where none was said.  RATE is not owned. */
struct h2k_vsphere *app_connect(const struct app *app, struct h2k_rate *rate);

/* The options that are more than a text, checked. */
struct app_checked {
    enum h2k_export_format format;
    enum h2k_export_transport transport;
    unsigned parallel;
    uint64_t bytes_per_second; /* 0: no limit */
};
/* H2K_E_USAGE also where options contradict each other. */
int app_check(const struct app *app, struct app_checked *out);

/* What the command can do; each gives an exit code. */
int app_list_profiles(const struct app *app);
int app_show_settings(const struct app *app);
int app_list(const struct app *app, struct h2k_vsphere *vs);

#endif
