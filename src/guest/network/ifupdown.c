/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* ifupdown: interfaces(5), with the options of ifenslave, bridge-utils and
 * vlan. */
#include "base/cleanup.h"
#include "base/error.h"
#include "guest/network/reader.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define SOURCE_DEPTH_MAX 4
/* Files that name each other by patterns would be read again and again. */
#define SOURCES_MAX 256
#define WORDS_MAX 256

static const char kind[] = "ifupdown";

struct reading {
    struct h2k_network_reading *r;
    unsigned sources; /* files read so far */
    size_t stanza;    /* the interface that a line belongs to, or none */
    bool mapping;     /* it belongs to a mapping */
    char address[64], mask[64];  /* of this stanza, until its end */
    struct h2k_strings logical;  /* "LOGICAL", then what it means */
    struct h2k_strings template; /* names that others inherit from */
    struct h2k_strings brought;  /* names that something brings up */
};

#define NONE SIZE_MAX

/* ---- Lines ---- */

/* The words of the line at *TEXT, which a backslash at its end continues. */
static int
next_line(const char **text, struct h2k_strings *words)
{
    const char *p = *text;
    h2k_strings_clear(words);
    for (;;) {
        p += strspn(p, " \t\r");
        if (p[0] == '\\' && (p[1] == '\n' || p[1] == '\0')) {
            p += p[1] == '\n' ? 2 : 1;
            continue;
        }
        size_t n = strcspn(p, " \t\r\n");
        if (n == 0)
            break;
        bool continued = n > 1 && p[n - 1] == '\\' && p[n] == '\n';
        if (words->count < WORDS_MAX &&
            h2k_strings_addn(words, p, continued ? n - 1 : n) < 0)
            return -1;
        p += continued ? n + 1 : n;
    }
    *text = p + (*p == '\n');
    return 0;
}

/* ---- Stanzas ---- */

/* "eth0:1" is one more address of eth0. */
static struct h2k_interface *
get(struct reading *s, const char *name, const char *path)
{
    char base[256];
    snprintf(base, sizeof(base), "%.*s", (int)strcspn(name, ":"), name);
    struct h2k_interface *item = h2k_network_get(s->r, kind, base, NULL, path);
    const char *dot = strrchr(base, '.');
    if (item != NULL && dot != NULL && item->lower.count == 0 &&
        h2k_strings_addn(&item->lower, base, (size_t)(dot - base)) < 0)
        return NULL;
    return item;
}

static struct h2k_interface *
current(struct reading *s)
{
    return s->stanza == NONE ? NULL : &s->r->out->items[s->stanza];
}

/* The address and its mask, which may come in any order. */
static int
end_address(struct reading *s)
{
    struct h2k_interface *item = current(s);
    int rc = item == NULL
                 ? 0
                 : h2k_interface_add_address(item, s->address, s->mask);
    s->address[0] = '\0';
    s->mask[0] = '\0';
    return rc;
}

static int
end_stanza(struct reading *s)
{
    int rc = end_address(s);
    s->stanza = NONE;
    s->mapping = false;
    return rc;
}

/* "iface NAME FAMILY METHOD [inherits NAME]" */
static int
begin_iface(struct reading *s, const struct h2k_strings *w, const char *path)
{
    if (w->count < 2 || strcmp(w->items[1], "lo") == 0 ||
        strncmp(w->items[1], "lo:", 3) == 0)
        return 0;
    for (size_t i = 2; i + 1 < w->count; i++)
        if (strcmp(w->items[i], "inherits") == 0 &&
            h2k_network_add_once(&s->template, w->items[i + 1]) < 0)
            return -1;
    struct h2k_interface *item = get(s, w->items[1], path);
    if (item == NULL ||
        (w->count > 3 && h2k_interface_set(&item->method, w->items[3]) < 0))
        return -1;
    s->stanza = (size_t)(item - s->r->out->items);
    return 0;
}

/* The logical name NAME means PHYSICAL, of LENGTH bytes. */
static int
add_logical(struct reading *s, const char *name, const char *physical,
            size_t length)
{
    if (s->logical.count >= H2K_NETWORK_LIST_MAX)
        return 0;
    if (h2k_strings_add(&s->logical, name) < 0)
        return -1;
    return h2k_strings_addn(&s->logical, physical, length);
}

/*
 * One word of "auto" and its like: "eth0", "eth0=LOGICAL", or the pattern
 * "[VARIABLE]/VALUE[/[OPTIONS]][=LOGICAL]".  What a logical name means is
 * kept as the word before '='.
 */
static int
bring_up(struct reading *s, const char *word)
{
    size_t n = strcspn(word, "=");
    if (word[n] == '=')
        return add_logical(s, word + n + 1, word, n);
    const char *slash = strchr(word, '/');
    if (slash != NULL && slash != word)
        return 0; /* not by its name */
    word += slash == word;
    h2k_autofree char *name = strndup(word, strcspn(word, "/"));
    if (name == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return h2k_network_add_once(&s->brought, name);
}

/* "rename CUR=NEW": ifup itself gives the name NEW. */
static int
rename_to(struct reading *s, const char *word, const char *path)
{
    size_t n = strcspn(word, "=");
    char from[256];
    snprintf(from, sizeof(from), "%.*s", (int)(n < 255 ? n : 255), word);
    if (word[n] != '=')
        return 0;
    struct h2k_interface *item = get(s, word + n + 1, path);
    if (item == NULL)
        return -1;
    item->renamed = true;
    if (strncmp(from, "mac/", 4) == 0)
        return h2k_interface_set_mac(&item->mac, from + 4);
    if (strchr(from, '/') != NULL)
        return h2k_network_warn(s->r,
                                "%s: rename %s: look whether it means the "
                                "same on KVM",
                                path, word);
    return get(s, from, path) == NULL ? -1 : 0;
}

/* "mapping PATTERN…": a script, which is not run here, chooses a stanza. */
static int
begin_mapping(struct reading *s, const struct h2k_strings *w, const char *path)
{
    s->mapping = true;
    for (size_t i = 1; i < w->count; i++)
        if (!h2k_is_pattern(w->items[i]) && get(s, w->items[i], path) == NULL)
            return -1;
    return h2k_network_warn(s->r,
                            "%s: mapping %s: a script chooses what is "
                            "configured; it was not run",
                            path, w->count > 1 ? w->items[1] : "");
}

/* ---- Options ---- */

/* Interfaces that this one stands on. */
static int
stand_on(struct h2k_interface *item, const struct h2k_strings *w,
         enum h2k_interface_type type)
{
    item->type = type;
    for (size_t i = 1; i < w->count; i++) {
        const char *word = w->items[i];
        if (strcmp(word, "regex") == 0)
            break;
        if (strcmp(word, "none") != 0 && strcmp(word, "all") != 0 &&
            h2k_network_add_once(&item->lower, word) < 0)
            return -1;
    }
    return 0;
}

/* Is WORD the option NAME, with '-' or '_'? */
static bool
is_option(const char *word, const char *name)
{
    for (; *word != '\0' && *name != '\0'; word++, name++)
        if (*word != *name && !(*word == '_' && *name == '-'))
            return false;
    return *word == *name;
}

static int
read_lower(struct h2k_interface *item, const struct h2k_strings *w)
{
    static const struct {
        const char *option;
        enum h2k_interface_type type;
    } table[] = {
        { "bond-slaves", H2K_INTERFACE_BOND },
        { "slaves", H2K_INTERFACE_BOND },
        { "bond-members", H2K_INTERFACE_BOND }, /* ifupdown-ng */
        { "bridge-ports", H2K_INTERFACE_BRIDGE },
        { "vlan-raw-device", H2K_INTERFACE_VLAN },
        { "ovs-bonds", H2K_INTERFACE_BOND },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (is_option(w->items[0], table[i].option))
            return stand_on(item, w, table[i].type);
    if (is_option(w->items[0], "bond-mode"))
        item->type = H2K_INTERFACE_BOND;
    return 0;
}

static int
read_option(struct reading *s, const struct h2k_strings *w)
{
    struct h2k_interface *item = current(s);
    const char *option = w->items[0], *value = w->items[1];
    if (strcmp(option, "address") == 0) {
        if (s->address[0] != '\0' && end_address(s) < 0)
            return -1;
        snprintf(s->address, sizeof(s->address), "%s", value);
    } else if (strcmp(option, "netmask") == 0) {
        snprintf(s->mask, sizeof(s->mask), "%s", value);
    } else if (strcmp(option, "hwaddress") == 0) {
        return h2k_interface_set_mac(&item->given_mac, w->items[w->count - 1]);
    }
    return read_lower(item, w);
}

/* ---- Files ---- */

static int read_file(struct reading *s, const char *path, const char *text,
                     int depth);

/* A file of a directory that "source" or "source-directory" names. */
static int
read_sourced(struct reading *s, const char *path, int depth)
{
    h2k_autofree char *text = NULL;
    size_t size;
    if (s->sources >= SOURCES_MAX || h2k_root_is_dir(s->r->root, path))
        return 0;
    int rc = h2k_network_text(s->r, path, &text, &size);
    return rc <= 0 ? rc : read_file(s, path, text, depth + 1);
}

/* run-parts' names, which source-directory wants. */
static bool
is_plain_name(const char *name)
{
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                        "0123456789_-") == strlen(name);
}

static int
read_matching(struct reading *s, const char *directory, const char *pattern,
              int depth)
{
    char **names;
    size_t count;
    if (h2k_root_list(s->r->root, directory, &names, &count) < 0)
        return h2k_errcode() == H2K_E_NOMEM || h2k_errcode() == H2K_E_IO ? -1
                                                                         : 0;
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        h2k_autofree char *path = NULL;
        if (pattern == NULL ? !is_plain_name(names[i])
                            : fnmatch(pattern, names[i], FNM_PERIOD) != 0)
            continue;
        if (asprintf(&path, "%s/%s", directory, names[i]) < 0) {
            path = NULL;
            rc = h2k_fail(H2K_E_NOMEM, "out of memory");
        } else {
            rc = read_sourced(s, path, depth);
        }
    }
    h2k_root_free_names(names, count);
    return rc;
}

/* "source FILE…" and "source-directory DIRECTORY"; a path that is not
 * absolute starts where FROM is. */
static int
read_source(struct reading *s, const char *word, bool directory,
            const char *from, int depth)
{
    char path[512];
    int n = word[0] == '/'
                ? snprintf(path, sizeof(path), "%s", word)
                : snprintf(path, sizeof(path), "%.*s/%s",
                           (int)(strrchr(from, '/') - from), from, word);
    if (depth >= SOURCE_DEPTH_MAX || n >= (int)sizeof(path))
        return 0;
    char *slash = strrchr(path, '/');
    *slash = '\0';
    bool strange = strpbrk(word, "$`{~") != NULL || h2k_is_pattern(path);
    *slash = '/';
    if (strange)
        return h2k_network_warn(s->r,
                                "%s: source %s: only patterns of file names "
                                "are read",
                                from, word);
    if (directory || h2k_root_is_dir(s->r->root, path))
        return read_matching(s, path, NULL, depth);
    if (!h2k_is_pattern(slash + 1))
        return read_sourced(s, path, depth);
    *slash = '\0';
    return read_matching(s, path, slash + 1, depth);
}

/* A line that is no option.  1 when it was one, 0, -1. */
static int
read_stanza(struct reading *s, const struct h2k_strings *w, const char *path,
            int depth)
{
    const char *word = w->items[0];
    bool source = strcmp(word, "source") == 0;
    bool directory = strcmp(word, "source-directory") == 0;
    bool brings = strcmp(word, "auto") == 0 ||
                  strncmp(word, "allow-", strlen("allow-")) == 0;
    bool renames = strcmp(word, "rename") == 0;
    bool passes =
        strcmp(word, "no-auto-down") == 0 || strcmp(word, "no-scripts") == 0;
    bool iface = strcmp(word, "iface") == 0;
    bool mapping = strcmp(word, "mapping") == 0;
    if (!source && !directory && !brings && !renames && !passes && !iface &&
        !mapping)
        return 0;
    if (end_stanza(s) < 0 || (iface && begin_iface(s, w, path) < 0) ||
        (mapping && begin_mapping(s, w, path) < 0))
        return -1;
    for (size_t i = 1; i < w->count; i++)
        if (((source || directory) &&
             read_source(s, w->items[i], directory, path, depth) < 0) ||
            (brings && bring_up(s, w->items[i]) < 0) ||
            (renames && rename_to(s, w->items[i], path) < 0))
            return -1;
    return 1;
}

static int
read_file(struct reading *s, const char *path, const char *text, int depth)
{
    H2K_AUTO_STRINGS words = { 0 };
    s->sources++;
    while (*text != '\0') {
        if (next_line(&text, &words) < 0)
            return -1;
        if (words.count == 0 || words.items[0][0] == '#')
            continue;
        int rc = read_stanza(s, &words, path, depth);
        if (rc < 0)
            return -1;
        if (rc == 1 || words.count < 2)
            continue;
        /* "map PHYSICAL LOGICAL" by custom: the last is a stanza's name. */
        if (s->mapping && strcmp(words.items[0], "map") == 0 &&
            add_logical(s, words.items[words.count - 1], "", 0) < 0)
            return -1;
        if (s->stanza != NONE && read_option(s, &words) < 0)
            return -1;
    }
    return end_stanza(s);
}

/* ---- Names that are no interface's ---- */

/* ITEM's stanza is for what PHYSICAL means. */
static int
become(struct h2k_interface *item, const char *physical)
{
    const char *slash = strchr(physical, '/');
    h2k_autofree char *name = NULL, *value = NULL;
    if (slash != NULL)
        value = strndup(slash + 1, strcspn(slash + 1, "/"));
    if (slash == NULL || slash == physical)
        name = strdup(slash == NULL ? physical : value);
    else
        name = strdup("");
    if (name == NULL || (slash != NULL && value == NULL))
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (slash != NULL && strncmp(physical, "mac/", 4) == 0 &&
        h2k_interface_set_mac(&item->mac, value) < 0)
        return -1;
    free(item->name);
    item->name = h2k_steal(name);
    item->pattern = h2k_is_pattern(item->name);
    item->type = h2k_interface_type_of_name(item->name);
    item->off = false;
    return 0;
}

static bool
is_brought(const struct reading *s, const char *name)
{
    for (size_t i = 0; i < s->brought.count; i++)
        if (h2k_is_pattern(s->brought.items[i])
                ? fnmatch(s->brought.items[i], name, 0) == 0
                : strcmp(s->brought.items[i], name) == 0)
            return true;
    return false;
}

static int
resolve(struct reading *s)
{
    struct h2k_network *out = s->r->out;
    for (size_t i = 0; i < out->count; i++)
        if (strcmp(out->items[i].source, kind) == 0)
            out->items[i].off = !is_brought(s, out->items[i].name);
    for (size_t i = 0; i + 1 < s->logical.count; i += 2) {
        struct h2k_interface *item =
            h2k_network_find(out, kind, s->logical.items[i]);
        /* Of several cards with one stanza the first is kept. */
        if (item != NULL && become(item, s->logical.items[i + 1]) < 0)
            return -1;
    }
    for (size_t i = 0; i < s->template.count; i++) {
        const char *name = s->template.items[i];
        struct h2k_interface *item = h2k_network_find(out, kind, name);
        if (item != NULL && !is_brought(s, name))
            item->type = H2K_INTERFACE_VIRTUAL;
    }
    return 0;
}

int
h2k_ifupdown_read(struct h2k_network_reading *r)
{
    static const char path[] = "/etc/network/interfaces";
    struct reading s = { .r = r, .stanza = NONE };
    h2k_autofree char *text = NULL;
    size_t size;
    int rc = h2k_network_text(r, path, &text, &size);
    if (rc > 0)
        rc = read_file(&s, path, text, 0) < 0 || resolve(&s) < 0 ? -1 : 0;
    h2k_strings_clear(&s.logical);
    h2k_strings_clear(&s.template);
    h2k_strings_clear(&s.brought);
    return rc;
}
