/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Which system it is: os-release(5), and what distributions had before it or
 * have beside it.
 */
#include "base/error.h"
#include "guest/inspect/inspect.h"
#include "guest/text/ini.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_LIMIT (64u << 10)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* What one file, or several together, say; the strings are owned. */
struct release {
    char *id;      /* "debian", as os-release has it */
    char *version; /* "12" */
    char *product; /* "Debian GNU/Linux 12 (bookworm)" */
};

static void
release_clear(struct release *r)
{
    free(r->id);
    free(r->version);
    free(r->product);
}

/* PATH's text: 1, 0 where it is not there or none, -1. */
static int
read_text(struct h2k_root *root, const char *path, char **text)
{
    size_t size;
    if (h2k_root_read_file(root, path, TEXT_LIMIT, text, &size) == 0)
        return 1;
    *text = NULL;
    return h2k_error_is_content() ? 0 : -1;
}

/* TEXT of LENGTH bytes into *FIELD, unless that is known already or TEXT is
 * empty. */
static int
set(char **field, const char *text, size_t length)
{
    if (*field != NULL || length == 0)
        return 0;
    *field = strndup(text, length);
    return *field == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory") : 0;
}

/* The value of KEY in TEXT into *FIELD. */
static int
set_value(char **field, const char *text, const char *key)
{
    h2k_autofree char *value = h2k_ini_get(text, key);
    return value == NULL ? 0 : set(field, value, strlen(value));
}

static size_t
line_length(const char *text)
{
    return strcspn(text, "\r\n");
}

/* ---- os-release and lsb-release ---- */

static int
read_os_release(struct h2k_root *root, struct release *r)
{
    h2k_autofree char *text = NULL;
    int rc = read_text(root, "/etc/os-release", &text);
    if (rc == 0)
        rc = read_text(root, "/usr/lib/os-release", &text);
    if (rc <= 0)
        return rc;
    if (set_value(&r->id, text, "ID") < 0 ||
        set_value(&r->version, text, "VERSION_ID") < 0 ||
        set_value(&r->product, text, "PRETTY_NAME") < 0 ||
        set_value(&r->product, text, "NAME") < 0)
        return -1;
    return 0;
}

static int
read_lsb_release(struct h2k_root *root, struct release *r)
{
    h2k_autofree char *text = NULL;
    int rc = read_text(root, "/etc/lsb-release", &text);
    if (rc <= 0)
        return rc;
    if (set_value(&r->id, text, "DISTRIB_ID") < 0 ||
        set_value(&r->version, text, "DISTRIB_RELEASE") < 0 ||
        set_value(&r->product, text, "DISTRIB_DESCRIPTION") < 0)
        return -1;
    for (char *p = r->id; p != NULL && *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    return 0;
}

/* ---- A file of one line ---- */

/* "Red Hat Enterprise Linux release 6.10 (Santiago)": whose line it is. */
static const char *
id_by_words(const char *line)
{
    static const char *const words[][2] = {
        { "CentOS", "centos" },     { "Fedora", "fedora" },
        { "Rocky", "rocky" },       { "AlmaLinux", "almalinux" },
        { "Oracle", "ol" },         { "Scientific Linux", "scientific" },
        { "Amazon Linux", "amzn" }, { "Red Hat", "rhel" },
    };
    for (size_t i = 0; i < COUNT(words); i++)
        if (strncmp(line, words[i][0], strlen(words[i][0])) == 0)
            return words[i][1];
    return NULL;
}

/* The number in LINE, "6.10": what stands behind " release " where that is
 * there. */
static const char *
number_in(const char *line, size_t *length)
{
    const char *release = strstr(line, " release ");
    const char *number = release != NULL ? release : line;
    size_t end = line_length(number);
    size_t at = strcspn(number, "0123456789");
    *length = at < end ? strspn(number + at, "0123456789.") : 0;
    while (*length > 0 && number[at + *length - 1] == '.')
        --*length;
    return number + at;
}

/* "VERSION = 11" and "PATCHLEVEL = 4" of SuSE-release. */
static int
take_suse(const char *text, struct release *r)
{
    h2k_autofree char *version = h2k_ini_get(text, "VERSION");
    h2k_autofree char *level = h2k_ini_get(text, "PATCHLEVEL");
    const char *id = strncmp(text, "openSUSE", 8) == 0 ? "opensuse"
                     : strstr(text, "Desktop") != NULL ? "sled"
                                                       : "sles";
    if (set(&r->id, id, strlen(id)) < 0 ||
        set(&r->product, text, line_length(text)) < 0)
        return -1;
    if (r->version != NULL || version == NULL)
        return 0;
    if (level == NULL)
        return set(&r->version, version, strlen(version));
    if (asprintf(&r->version, "%s.%s", version, level) < 0) {
        r->version = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return 0;
}

static int
take_line(const char *text, const char *id, struct release *r)
{
    size_t length;
    const char *number = number_in(text, &length);
    if (id == NULL)
        id = id_by_words(text);
    if (id != NULL && set(&r->id, id, strlen(id)) < 0)
        return -1;
    if (set(&r->version, number, length) < 0 ||
        set(&r->product, text, line_length(text)) < 0)
        return -1;
    return 0;
}

/* Of a system without os-release: more special files first. */
static const struct {
    const char *path, *id; /* NULL: the words in it say */
} old_files[] = {
    { "/etc/oracle-release", "ol" },
    { "/etc/centos-release", "centos" },
    { "/etc/fedora-release", "fedora" },
    { "/etc/redhat-release", NULL },
    { "/etc/SuSE-release", "sles" },
    { "/etc/photon-release", "photon" },
    { "/etc/system-release", NULL },
    { "/etc/alpine-release", "alpine" },
    { "/etc/arch-release", "arch" },
    { "/etc/gentoo-release", "gentoo" },
    { "/etc/slackware-version", "slackware" },
    { "/etc/debian_version", "debian" },
};

/* What a file's text alone does not say. */
static int
name_product(struct release *r)
{
    const char *name = NULL;
    if (strcmp(r->id, "arch") == 0)
        name = "Arch Linux";
    else if (strcmp(r->id, "alpine") == 0)
        name = "Alpine Linux";
    else if (strcmp(r->id, "debian") == 0)
        name = "Debian GNU/Linux";
    if (name == NULL)
        return 0;
    free(r->product);
    if (asprintf(&r->product, "%s%s%s", name, r->version == NULL ? "" : " ",
                 r->version == NULL ? "" : r->version) < 0) {
        r->product = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return 0;
}

static int
read_old_files(struct h2k_root *root, struct release *r)
{
    for (size_t i = 0; i < COUNT(old_files) && r->id == NULL; i++) {
        h2k_autofree char *text = NULL;
        int rc = read_text(root, old_files[i].path, &text);
        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        rc = strcmp(old_files[i].path, "/etc/SuSE-release") == 0
                 ? take_suse(text, r)
                 : take_line(text, old_files[i].id, r);
        if (rc < 0 || (r->id != NULL && name_product(r) < 0))
            return -1;
    }
    return 0;
}

/* ---- A version with its minor part ---- */

/* Debian, CentOS and their like name only the major version in os-release;
 * the file beside it has both, "12.7".  Unstable has a name there. */
static int
refine_version(struct h2k_root *root, struct release *r)
{
    static const char *const files[] = {
        "/etc/debian_version",
        "/etc/centos-release",
        "/etc/redhat-release",
    };
    bool debian = r->id != NULL && strcmp(r->id, "debian") == 0;
    if (r->version != NULL && r->version[strspn(r->version, "0123456789")])
        return 0;
    for (size_t i = debian ? 0 : 1; i < (debian ? 1 : COUNT(files)); i++) {
        h2k_autofree char *text = NULL;
        size_t length, major = r->version == NULL ? 0 : strlen(r->version);
        int rc = read_text(root, files[i], &text);
        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        const char *number = number_in(text, &length);
        if (debian && length == 0)
            return set(&r->version, text, line_length(text));
        if (length <= major || number[major] != '.' ||
            (major > 0 && strncmp(number, r->version, major) != 0))
            continue;
        free(r->version);
        r->version = NULL;
        return set(&r->version, number, length);
    }
    return 0;
}

/* "12.7" into its two numbers, -1 for what is not there. */
static void
split_version(const char *version, int *major, int *minor)
{
    char *end;
    *major = *minor = -1;
    if (version == NULL || !isdigit((unsigned char)*version))
        return;
    unsigned long number = strtoul(version, &end, 10);
    *major = number > 100000000 ? -1 : (int)number;
    *minor = 0;
    if (*end != '.' || !isdigit((unsigned char)end[1]))
        return;
    number = strtoul(end + 1, NULL, 10);
    *minor = number > 100000000 ? 0 : (int)number;
}

/* The names that virt-inspector (and libosinfo) give, where they differ from
 * os-release's. */
static const char *
distro_of(const char *id)
{
    static const char *const names[][2] = {
        { "alpine", "alpinelinux" },
        { "arch", "archlinux" },
        { "kali", "kalilinux" },
        { "ol", "oraclelinux" },
        { "scientific", "scientificlinux" },
        { "void", "voidlinux" },
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(id, names[i][0]) == 0)
            return names[i][1];
    return strncmp(id, "opensuse-", 9) == 0 ? "opensuse" : id;
}

int
h2k_inspect_release(struct h2k_root *root, struct h2k_inspection *out)
{
    __attribute__((cleanup(release_clear))) struct release r = { 0 };
    if (read_os_release(root, &r) < 0 ||
        (r.id == NULL && read_lsb_release(root, &r) < 0) ||
        (r.id == NULL && read_old_files(root, &r) < 0) ||
        refine_version(root, &r) < 0)
        return -1;
    split_version(r.version, &out->major_version, &out->minor_version);
    if (r.id != NULL) {
        out->distro = strdup(distro_of(r.id));
        if (out->distro == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    out->os_id = h2k_steal(r.id);
    out->os_version = h2k_steal(r.version);
    out->product_name = h2k_steal(r.product);
    return 0;
}
