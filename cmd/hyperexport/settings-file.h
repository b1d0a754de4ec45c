/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Profiles and the configuration file: options in JSON or YAML.
 *
 * A profile (~/.hyperexport/profiles/NAME.json) is flat:
 *
 *     { "name": "kvm", "format": "ovf", "generate_manifest": true, … }
 *
 * The configuration (~/.hyperexport/config.yaml) says where to log in, and
 * has the keys of a profile, and a few more, under `defaults`:
 *
 *     vcenter: { url: vc.example.com, username: me, password_file: pw }
 *     defaults: { format: ova, parallel: 8 }
 *
 * What is wrong is an error with file, line and column; a key that is not
 * known is a warning with the nearest one that is.  A password in either is
 * an error.
 */
#ifndef H2K_CMD_HYPEREXPORT_SETTINGS_FILE_H
#define H2K_CMD_HYPEREXPORT_SETTINGS_FILE_H

#include "manifest/problems.h"

enum settings_kind { SETTINGS_PROFILE, SETTINGS_CONFIG };

/* One value: the option that it stands for, and its text. */
struct settings_value {
    const char *option; /* of the table, static */
    const char *text;   /* the document's */
};

struct settings_file {
    struct h2k_document *document; /* owned */
    struct settings_value values[32];
    size_t count;
    const char *name, *description; /* of a profile; or NULL */
};

/*
 * The values in TEXT; NAME is the file's, for messages.  -1 with the first
 * error, all are in PROBLEMS, which also has warnings after 0.
 */
int settings_file_parse(const char *text, size_t size, const char *name,
                        enum settings_kind kind, struct h2k_problems *problems,
                        struct settings_file *out);
/* The same of the file at PATH. */
int settings_file_load(const char *path, enum settings_kind kind,
                       struct h2k_problems *problems,
                       struct settings_file *out);
void settings_file_clear(struct settings_file *file);

/* The profile's keys, in the order in which they are written, and the option
 * that each stands for.  Ends with a key of NULL. */
struct settings_key {
    const char *key, *option;
    bool is_bool, is_number;
};
extern const struct settings_key settings_profile_keys[];

#endif
