/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "hyperexport/settings-file.h"

#include "base/error.h"
#include "manifest/rules.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DEPTH 8

const struct settings_key settings_profile_keys[] = {
    { "format", "format", false, false },
    { "compress", "compress", true, false },
    { "verify", "verify", true, false },
    { "power_off", "power-off", true, false },
    { "snapshot", "snapshot", true, false },
    { "parallel", "parallel", false, true },
    { "bandwidth_limit", "bandwidth-limit", false, true },
    { "transport", "transport", false, false },
    { "generate_manifest", "manifest", true, false },
    { "verify_manifest", "verify-manifest", true, false },
    { "manifest_checksum", "manifest-checksum", true, false },
    { "manifest_target_format", "manifest-target", false, false },
    { "auto_convert", "convert", true, false },
    { "convert_only", "convert-only", true, false },
    { NULL, NULL, false, false },
};

static const struct settings_key config_keys[] = {
    { "url", "url", false, false },
    { "username", "username", false, false },
    { "password_file", "password-file", false, false },
    { "password_command", "password-command", false, false },
    { "ca_file", "ca-file", false, false },
    { "thumbprint", "thumbprint", false, false },
    { "insecure", "insecure", true, false },
    { "datacenter", "datacenter", false, false },
    { "provider", "provider", false, false },
    { NULL, NULL, false, false },
};

static const struct settings_key default_keys[] = {
    { "output", "output", false, false },
    { "profile", "profile", false, false },
    { "log_file", "log-file", false, false },
    { NULL, NULL, false, false },
};

/* ---- What may stand there ---- */

static const char *const formats[] = { "ovf", "ova", NULL };
static const char *const targets[] = { "qcow2", "raw", "vdi", NULL };
static const char *const transports[] = { "auto", "lease", "datastore", "nbd",
                                          NULL };
static const char *const providers[] = { "vsphere", NULL };

/* "https://me:secret@host" */
static void
check_url(const struct h2k_node *node, struct h2k_problems *problems)
{
    const char *host = strstr(node->text, "://");
    host = host == NULL ? node->text : host + 3;
    const char *at = memchr(host, '@', strcspn(host, "/"));
    if (at != NULL && memchr(host, ':', (size_t)(at - host)) != NULL)
        h2k_report(problems, H2K_PROBLEM_ERROR, node,
                   "name a password_file or a password_command",
                   "has a password in it");
}

/* clang-format off */
#define PROFILE_RULES                                                         \
    { .key = "format", .type = H2K_RULE_STRING, .values = formats },          \
    { .key = "compress", .type = H2K_RULE_BOOL },                             \
    { .key = "verify", .type = H2K_RULE_BOOL },                               \
    { .key = "power_off", .type = H2K_RULE_BOOL },                            \
    { .key = "snapshot", .type = H2K_RULE_BOOL },                             \
    { .key = "parallel", .type = H2K_RULE_INTEGER, .least = 1, .most = 64 },  \
    { .key = "bandwidth_limit", .type = H2K_RULE_NUMBER, .most = 1000000 },   \
    { .key = "transport", .type = H2K_RULE_STRING, .values = transports },    \
    { .key = "generate_manifest", .type = H2K_RULE_BOOL },                    \
    { .key = "verify_manifest", .type = H2K_RULE_BOOL },                      \
    { .key = "manifest_checksum", .type = H2K_RULE_BOOL },                    \
    { .key = "manifest_target_format", .type = H2K_RULE_STRING,               \
      .values = targets },                                                    \
    { .key = "auto_convert", .type = H2K_RULE_BOOL },                         \
    { .key = "convert_only", .type = H2K_RULE_BOOL }

static const struct h2k_section profile_section = {
    .rules = (const struct h2k_rule[]){
        { .key = "name", .type = H2K_RULE_STRING },
        { .key = "description", .type = H2K_RULE_STRING },
        PROFILE_RULES,
        { .key = NULL } },
};

static const struct h2k_section vcenter_section = {
    .rules = (const struct h2k_rule[]){
        { .key = "url", .type = H2K_RULE_STRING, .not_empty = true,
          .check = check_url },
        { .key = "username", .type = H2K_RULE_STRING, .not_empty = true },
        { .key = "password_file", .type = H2K_RULE_STRING,
          .not_empty = true },
        { .key = "password_command", .type = H2K_RULE_STRING,
          .not_empty = true },
        { .key = "ca_file", .type = H2K_RULE_STRING, .not_empty = true },
        { .key = "thumbprint", .type = H2K_RULE_STRING, .not_empty = true },
        { .key = "insecure", .type = H2K_RULE_BOOL },
        { .key = "datacenter", .type = H2K_RULE_STRING, .not_empty = true },
        { .key = "provider", .type = H2K_RULE_STRING, .values = providers },
        { .key = NULL } },
};

static const struct h2k_section defaults_section = {
    .rules = (const struct h2k_rule[]){
        { .key = "output", .type = H2K_RULE_STRING, .not_empty = true },
        { .key = "profile", .type = H2K_RULE_STRING, .not_empty = true },
        { .key = "log_file", .type = H2K_RULE_STRING, .not_empty = true },
        PROFILE_RULES,
        { .key = NULL } },
};

static const struct h2k_section config_section = {
    .rules = (const struct h2k_rule[]){
        { .key = "vcenter", .type = H2K_RULE_MAP,
          .section = &vcenter_section },
        { .key = "defaults", .type = H2K_RULE_MAP,
          .section = &defaults_section },
        { .key = NULL } },
};
/* clang-format on */

static bool
is_password(const char *key)
{
    static const char *const words[] = { "password", "passwd", "passphrase",
                                         "secret",   "pass",   "pwd" };
    for (size_t i = 0; key != NULL && i < sizeof(words) / sizeof(words[0]);
         i++)
        if (strcasecmp(key, words[i]) == 0)
            return true;
    return false;
}

/* A password, wherever it stands and whatever it is, and take it out of what
 * the rules see: its text is in no message. */
static void
refuse_passwords(struct h2k_node *node, struct h2k_problems *problems)
{
    struct h2k_node *next;
    for (struct h2k_node *child = node->first; child != NULL; child = next) {
        next = child->next;
        refuse_passwords(child, problems);
        if (!is_password(child->key))
            continue;
        h2k_report_key(problems, H2K_PROBLEM_ERROR, child,
                       "name a password_file or a password_command in "
                       "vcenter of config.yaml, set GOVC_PASSWORD, or wait "
                       "to be asked",
                       "a password does not belong in this file");
        h2k_node_remove(node, child->key);
    }
}

/* ---- Taking it out ---- */

static void
take(struct settings_file *out, const struct h2k_node *map,
     const struct settings_key *keys)
{
    for (; keys->key != NULL; keys++) {
        const struct h2k_node *node = h2k_node_get(map, keys->key);
        if (node != NULL && node->text != NULL)
            out->values[out->count++] =
                (struct settings_value){ keys->option, node->text };
    }
}

static void
take_all(struct settings_file *out, enum settings_kind kind)
{
    const struct h2k_node *root = out->document->root;
    if (kind == SETTINGS_PROFILE) {
        h2k_node_string(h2k_node_get(root, "name"), &out->name);
        h2k_node_string(h2k_node_get(root, "description"), &out->description);
        take(out, root, settings_profile_keys);
        return;
    }
    take(out, h2k_node_get(root, "vcenter"), config_keys);
    take(out, h2k_node_get(root, "defaults"), default_keys);
    take(out, h2k_node_get(root, "defaults"), settings_profile_keys);
}

/* A file in which all is commented out says nothing, which is fine. */
static bool
says_nothing(const char *path)
{
    FILE *file = fopen(path, "re");
    int c, first = '\n'; /* of the line; a line end: none yet */
    while (file != NULL && (c = getc(file)) != EOF) {
        if (c == '\n')
            first = '\n';
        else if (first == '\n' && c != ' ' && c != '\t' && c != '\r')
            first = c;
        if (first != '\n' && first != '#')
            break;
    }
    bool nothing = file != NULL && feof(file) && !ferror(file);
    if (file != NULL)
        fclose(file);
    return nothing;
}

/* DOC may be NULL: then the reason is in PROBLEMS. */
static int
from_document(struct h2k_document *doc, enum settings_kind kind, size_t start,
              struct h2k_problems *problems, struct settings_file *out)
{
    static const struct h2k_rule_options options = { 0 };
    *out = (struct settings_file){ .document = doc };
    if (doc != NULL) {
        refuse_passwords(doc->root, problems);
        h2k_rules_check(doc->root,
                        kind == SETTINGS_PROFILE ? &profile_section
                                                 : &config_section,
                        &options, problems);
    }
    if (h2k_problems_fail(problems, start, false) < 0)
        return -1;
    take_all(out, kind);
    return 0;
}

int
settings_file_parse(const char *text, size_t size, const char *name,
                    enum settings_kind kind, struct h2k_problems *problems,
                    struct settings_file *out)
{
    size_t start = h2k_problems_count(problems);
    return from_document(h2k_document_parse(text, size, name, DEPTH, problems),
                         kind, start, problems, out);
}

int
settings_file_load(const char *path, enum settings_kind kind,
                   struct h2k_problems *problems, struct settings_file *out)
{
    if (kind == SETTINGS_CONFIG && says_nothing(path)) {
        *out = (struct settings_file){ 0 };
        return 0;
    }
    const char *what =
        kind == SETTINGS_PROFILE ? "Profile" : "Configuration file";
    size_t start = h2k_problems_count(problems);
    return from_document(h2k_document_load(path, what, DEPTH, problems), kind,
                         start, problems, out);
}

void
settings_file_clear(struct settings_file *file)
{
    h2k_document_free(file->document);
    *file = (struct settings_file){ 0 };
}
