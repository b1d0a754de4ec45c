/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What may stand in a manifest, as tables: one rule per key.  The JSON
 * Schemas in schemas/ say the same, and a test compares the two.
 *
 * Rules are checked on the document as it was written; what depends on
 * several keys is checked when the values are taken out (extract.c).
 */
#ifndef H2K_MANIFEST_RULES_H
#define H2K_MANIFEST_RULES_H

#include "manifest/problems.h"

enum h2k_rule_type {
    H2K_RULE_STRING,
    H2K_RULE_BOOL,
    H2K_RULE_INTEGER,      /* least <= value <= most */
    H2K_RULE_NUMBER,       /* 0 < value <= most */
    H2K_RULE_MAP,          /* by `section` */
    H2K_RULE_LIST,         /* of strings, checked by `check` */
    H2K_RULE_LIST_OF_MAPS, /* each by `section` */
    H2K_RULE_REMARKS,      /* list of strings, or of maps by `section` */
    H2K_RULE_TAGS,         /* a map, or a list, of scalars */
};

struct h2k_section;

/* What else a string has to be: report what is wrong with NODE. */
typedef void (*h2k_rule_check)(const struct h2k_node *node,
                               struct h2k_problems *problems);

struct h2k_rule {
    const char *key;
    enum h2k_rule_type type;
    bool required;
    bool may_be_null;
    bool not_empty; /* a string, or a list */
    int64_t least, most;
    const char *const *values; /* of a string: one of these */
    h2k_rule_check check;
    const struct h2k_section *section;
    bool
        older; /* a name of an older dialect: dialect.c knows the one to use */
};

struct h2k_section {
    const struct h2k_rule *rules; /* ends with a key of NULL */
    bool closed; /* any other key is an error: these are the stages */
};

struct h2k_rule_options {
    bool fragment; /* outside lists, what is required may be absent */
};

/* Check NODE, which should be a map, and all below it. */
void h2k_rules_check(const struct h2k_node *node,
                     const struct h2k_section *section,
                     const struct h2k_rule_options *options,
                     struct h2k_problems *problems);

extern const struct h2k_section h2k_artifact_section;
extern const struct h2k_section h2k_migration_section;
extern const struct h2k_section h2k_fragment_section;
extern const struct h2k_section h2k_configuration_section;

/* Checks of strings (strings.c, and configuration's own beside its table). */
void h2k_check_id(const struct h2k_node *node, struct h2k_problems *problems);
void h2k_check_checksum(const struct h2k_node *node,
                        struct h2k_problems *problems);
void h2k_check_timestamp(const struct h2k_node *node,
                         struct h2k_problems *problems);
void h2k_check_mac(const struct h2k_node *node, struct h2k_problems *problems);
void h2k_check_file_name(const struct h2k_node *node,
                         struct h2k_problems *problems);
void h2k_check_provider(const struct h2k_node *node,
                        struct h2k_problems *problems);
void h2k_check_source_type(const struct h2k_node *node,
                           struct h2k_problems *problems);

/* Is TEXT "sha256:" and all the digits; the same with digits left out? */
bool h2k_checksum_is_whole(const char *text);
bool h2k_checksum_is_elided(const char *text);

#endif
