/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The edit that puts `configuration.hostname` into the guest: the name where
 * this guest reads it, and hosts(5).
 */
#include "guest/configure/hosts.h"
#include "guest/fix/edits.h"
#include "guest/inspect/inspect.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define HOSTS "/etc/hosts"

static bool
applies(struct h2k_fix *fix)
{
    const struct h2k_configuration *c = fix->options->configuration;
    return c != NULL &&
           (c->hostname.hostname != NULL || c->hostname.domain != NULL ||
            c->hostname.host_count > 0);
}

/* ---- Where the name is ---- */

/* hostname(5): the first line that is no comment; or the last. */
static size_t
name_line(const struct h2k_line_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        if (file->lines[i].size > 0 && file->lines[i].text[0] != '#')
            return i;
    return file->count;
}

/* The last "KEY=" line, or the count. */
static size_t
key_line(const struct h2k_line_file *file, const char *key)
{
    size_t size = strlen(key), found = file->count;
    for (size_t i = 0; i < file->count; i++) {
        const struct h2k_text_line *line = &file->lines[i];
        if (line->size > size && memcmp(line->text, key, size) == 0 &&
            line->text[size] == '=')
            found = i;
    }
    return found;
}

/* Line I is TEXT, or a new one where there is no I. */
static int
put_line(struct h2k_line_file *file, struct h2k_fix *fix, size_t i,
         const char *text)
{
    h2k_autofree char *before = NULL;
    if (i < file->count) {
        before = h2k_line_file_copy(file, i);
        if (before == NULL)
            return -1;
    }
    if ((i < file->count ? h2k_line_file_set(file, i, text)
                         : h2k_line_file_append(file, text)) < 0)
        return -1;
    if (file->changed &&
        h2k_fix_record(fix, file->path, "the guest's name", before, text) < 0)
        return -1;
    return h2k_line_file_store(file, fix, 0644, NULL);
}

/* PATH holds the name alone. */
static int
put_plain(struct h2k_fix *fix, const char *path, const char *name)
{
    H2K_AUTO_LINE_FILE file = { 0 };
    if (h2k_line_file_read(&file, fix, path) < 0)
        return -1;
    return put_line(&file, fix, name_line(&file), name);
}

/* PATH is a piece of shell with "KEY=name", where it is: 1; else 0. */
static int
put_key(struct h2k_fix *fix, const char *path, const char *key,
        const char *name)
{
    H2K_AUTO_LINE_FILE file = { 0 };
    h2k_autofree char *line = NULL;
    struct h2k_stat st;
    if (h2k_root_stat(fix->root, path, &st) < 0 ||
        (st.mode & 0170000) != 0100000)
        return 0;
    if (h2k_line_file_read(&file, fix, path) < 0)
        return -1;
    size_t at = key_line(&file, key);
    if (at == file.count)
        return 0;
    if (asprintf(&line, "%s=\"%s\"", key, name) < 0)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return put_line(&file, fix, at, line) < 0 ? -1 : 1;
}

/* SLES 11 keeps it in /etc/HOSTNAME, which later is a link, if anything. */
static int
put_upper(struct h2k_fix *fix, const char *name)
{
    h2k_autofree char *real = h2k_root_realpath(fix->root, "/etc/HOSTNAME");
    if (real == NULL || strcmp(real, "/etc/hostname") == 0 ||
        !h2k_root_exists(fix->root, real))
        return 0;
    return put_plain(fix, "/etc/HOSTNAME", name) < 0 ? -1 : 1;
}

static int
put_name(struct h2k_fix *fix, const char *given, const char *full)
{
    const char *init = h2k_inspect_init(fix->root);
    int upper = put_upper(fix, full);
    int network = put_key(fix, "/etc/sysconfig/network", "HOSTNAME", full);
    int openrc = put_key(fix, "/etc/conf.d/hostname", "hostname", given);
    if (upper < 0 || network < 0 || openrc < 0)
        return -1;
    bool elsewhere = upper + network + openrc > 0;
    bool systemd = init != NULL && strcmp(init, "systemd") == 0;
    if (elsewhere && !systemd && !h2k_root_exists(fix->root, "/etc/hostname"))
        return 0;
    return put_plain(fix, "/etc/hostname", given);
}

/* ---- Names ---- */

static char *
until_dot(const char *name)
{
    char *copy = strndup(name, strcspn(name, ".\r\n \t"));
    return copy != NULL ? copy : h2k_fail_null(H2K_E_NOMEM, "out of memory");
}

/* The name that the guest has, without its domain; NULL for none, and for
 * localhost, which is everybody's. */
static int
old_name(struct h2k_fix *fix, char **out)
{
    struct h2k_inspection found = { 0 };
    int rc = h2k_inspect_hostname(fix->root, &found);
    *out =
        rc == 0 && found.hostname != NULL ? until_dot(found.hostname) : NULL;
    h2k_inspection_free(&found);
    if (*out != NULL &&
        (**out == '\0' || strcasecmp(*out, "localhost") == 0)) {
        free(*out);
        *out = NULL;
    }
    return rc;
}

/* Does nss-myhostname(8) answer for the name? */
static int
answers_itself(struct h2k_fix *fix, bool *out)
{
    h2k_autofree char *text = NULL;
    size_t size;
    *out = false;
    if (h2k_fix_read(fix, "/etc/nsswitch.conf", &text, &size) < 0)
        return -1;
    for (const char *p = text; p != NULL; p = strchr(p, '\n')) {
        p += strspn(p, "\n \t");
        size_t line = strcspn(p, "\n#");
        if (strncmp(p, "hosts:", 6) == 0)
            *out = memmem(p, line, "myhostname", 10) != NULL;
    }
    return 0;
}

/* ---- hosts ---- */

static int
put_hosts(struct h2k_fix *fix, const struct h2k_configuration *c,
          const struct h2k_host_name *host)
{
    H2K_AUTO_LINE_FILE file = { 0 };
    bool itself;
    if (h2k_line_file_read(&file, fix, HOSTS) < 0 ||
        answers_itself(fix, &itself) < 0)
        return -1;
    if (host->name != NULL && h2k_hosts_rename(&file, fix, host) < 0)
        return -1;
    for (size_t i = 0; i < c->hostname.host_count; i++)
        if (h2k_hosts_add(&file, fix, c->hostname.hosts[i].ip,
                          c->hostname.hosts[i].names) < 0)
            return -1;
    /* As Debian does it, where nothing else knows the name. */
    if (host->name != NULL && (host->full != NULL || !itself) &&
        !h2k_hosts_have(&file, host->name)) {
        h2k_autofree char *names = NULL;
        if (asprintf(&names, "%s %s", host->full == NULL ? "" : host->full,
                     host->name) < 0)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        if (h2k_hosts_add(&file, fix, "127.0.1.1", names) < 0)
            return -1;
    }
    if (host->full != NULL && h2k_hosts_complete(&file, fix, host) < 0)
        return -1;
    return h2k_line_file_store(&file, fix, 0644, NULL);
}

/* cloud-init sets the name at every boot unless it is told not to. */
static int
check_cloud_init(struct h2k_fix *fix)
{
    h2k_autofree char *text = NULL;
    size_t size;
    int there = h2k_fix_read(fix, "/etc/cloud/cloud.cfg", &text, &size);
    if (there <= 0 || strstr(text, "preserve_hostname: true") != NULL)
        return there < 0 ? -1 : 0;
    return h2k_fix_warn(fix,
                        "/etc/cloud/cloud.cfg: cloud-init may give the guest "
                        "another name when it boots; \"preserve_hostname: "
                        "true\" there keeps ours");
}

static int
run(struct h2k_fix *fix)
{
    const struct h2k_configuration *c = fix->options->configuration;
    const char *given = c->hostname.hostname, *domain = c->hostname.domain;
    h2k_autofree char *old = NULL;
    h2k_autofree char *name = NULL;
    h2k_autofree char *made = NULL;
    struct h2k_host_name host = { 0 };
    if (old_name(fix, &old) < 0)
        return -1;
    if (given == NULL && domain != NULL && old == NULL)
        return h2k_fail(H2K_E_UNFIXABLE,
                        "the guest has no name that the domain %s could go "
                        "with; give a hostname too",
                        domain);
    if (given != NULL || domain != NULL) {
        const char *whole = given != NULL ? given : old;
        name = until_dot(whole);
        if (name == NULL)
            return -1;
        if (strchr(whole, '.') != NULL)
            host.full = whole;
        else if (domain != NULL && asprintf(&made, "%s.%s", whole, domain) < 0)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        host.full = host.full != NULL ? host.full : made;
        host.name = name;
        host.old = old;
    }
    if (given != NULL &&
        (put_name(fix, given, host.full != NULL ? host.full : given) < 0 ||
         check_cloud_init(fix) < 0))
        return -1;
    return put_hosts(fix, c, &host);
}

const struct h2k_edit h2k_edit_hostname = {
    .name = "configure-hostname",
    .applies = applies,
    .run = run,
};
