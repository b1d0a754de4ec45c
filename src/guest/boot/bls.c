/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/boot/bls.h"

#include "base/error.h"
#include "guest/boot/menu.h"
#include "guest/fix/backup.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

const struct h2k_bls_place h2k_bls_places[] = {
    { "/boot/loader/entries", "/boot" },
    { "/efi/loader/entries", "/efi" },
    { "/boot/efi/loader/entries", "/boot/efi" },
    { NULL, NULL },
};

static bool
ends_in_conf(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".conf") == 0 &&
           strstr(name, H2K_BACKUP_INFIX) == NULL;
}

void
h2k_bls_entry_clear(struct h2k_bls_entry *entry)
{
    free(entry->path);
    free(entry->version);
    free(entry->sort_key);
    free(entry->kernel);
    free(entry->initrd);
    free(entry->ostree);
    h2k_strings_clear(&entry->initrds);
    *entry = (struct h2k_bls_entry){ 0 };
}

/* The rest of a line behind its key, without blanks around it. */
static char *
value_of(const char *line, size_t key)
{
    const char *value = line + key + strspn(line + key, " \t");
    size_t length = strcspn(value, "\n");
    while (length > 0 && strchr(" \t\r", value[length - 1]) != NULL)
        length--;
    return strndup(value, length);
}

/* PATH of an entry below MOUNT, or below the root where grub counts from
 * there: what exists, resolved; else NULL. */
static char *
resolve(struct h2k_root *root, const char *mount, const char *path)
{
    const char *const bases[] = { mount, "" };
    for (size_t i = 0; i < 2; i++) {
        h2k_autofree char *full = NULL;
        if (asprintf(&full, "%s/%s", bases[i], path + strspn(path, "/")) < 0) {
            full = NULL;
            return NULL;
        }
        struct h2k_place place;
        if (h2k_root_lookup(root, full, &place) == 0)
            return h2k_root_realpath(root, full);
    }
    return NULL;
}

static bool
is_key(const char *line, size_t length, const char *key)
{
    return length == strlen(key) && memcmp(line, key, length) == 0;
}

/* What is not there is passed over. */
static int
set_kernel(struct h2k_root *root, const char *mount, char *value,
           struct h2k_bls_entry *entry)
{
    value[strcspn(value, " \t")] = '\0';
    char *path = resolve(root, mount, value);
    if (path == NULL)
        return 0;
    free(entry->kernel);
    entry->kernel = path;
    return 0;
}

/* "/ucode.img /a.img $tuned_initrd": what GRUB would put in is not known. */
static int
add_initrds(struct h2k_root *root, const char *mount, char *value,
            struct h2k_bls_entry *entry)
{
    char *rest = value;
    for (char *word; (word = strsep(&rest, " \t")) != NULL;) {
        entry->has_initrd |= word[0] != '\0';
        if (word[0] == '\0' || word[0] == '$' ||
            entry->initrds.count == H2K_MENU_INITRDS_MAX)
            continue;
        h2k_autofree char *path = resolve(root, mount, word);
        if (path != NULL && h2k_strings_add(&entry->initrds, path) < 0)
            return -1;
    }
    return 0;
}

/* "ostree=/ostree/boot.1/…" among OPTIONS. */
static int
find_ostree(const char *options, struct h2k_bls_entry *entry)
{
    static const char name[] = "ostree=";
    for (const char *p = options; *p != '\0'; p += strcspn(p, " \t")) {
        p += strspn(p, " \t");
        if (entry->ostree != NULL || strncmp(p, name, sizeof(name) - 1) != 0)
            continue;
        p += sizeof(name) - 1;
        entry->ostree = strndup(p, strcspn(p, " \t"));
        if (entry->ostree == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    return 0;
}

static int
read_line(struct h2k_root *root, const char *mount, const char *line,
          struct h2k_bls_entry *entry)
{
    size_t key = strcspn(line, " \t\n");
    bool kernel = is_key(line, key, "linux") || is_key(line, key, "efi") ||
                  is_key(line, key, "uki");
    h2k_autofree char *value = value_of(line, key);
    if (value == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (is_key(line, key, "version") && entry->version == NULL)
        entry->version = h2k_steal(value);
    else if (is_key(line, key, "sort-key") && entry->sort_key == NULL)
        entry->sort_key = h2k_steal(value);
    else if (is_key(line, key, "options"))
        return find_ostree(value, entry);
    else if (kernel)
        return set_kernel(root, mount, value, entry);
    else if (is_key(line, key, "initrd"))
        return add_initrds(root, mount, value, entry);
    return 0;
}

/* Where "+LEFT" or "+LEFT-DONE" stands before the ending of NAME, and how
 * many tries are left ("Boot counting"); the length of NAME without both. */
static size_t
counted_length(const char *name, bool *exhausted)
{
    size_t length = strlen(name);
    const char *dot = strrchr(name, '.');
    const char *plus = dot == NULL ? NULL : memrchr(name, '+', dot - name);
    *exhausted = false;
    if (dot == NULL)
        return length;
    if (plus == NULL)
        return (size_t)(dot - name);
    size_t left = strspn(plus + 1, "0123456789");
    const char *rest = plus + 1 + left;
    if (*rest == '-')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (left == 0 || rest != dot)
        return (size_t)(dot - name);
    *exhausted = strspn(plus + 1, "0") == left;
    return (size_t)(plus - name);
}

static int
choose_initrd(struct h2k_root *root, struct h2k_bls_entry *entry,
              unsigned *looks)
{
    const struct h2k_strings *all = &entry->initrds;
    if (all->count == 0)
        return 1;
    size_t main = h2k_menu_main_initrd(root, all->items, all->count, looks);
    entry->initrd = strdup(all->items[main]);
    return entry->initrd == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory") : 1;
}

/* 1 and ENTRY filled, 0 for what is no entry, -1. */
static int
read_entry(struct h2k_root *root, const struct h2k_bls_place *place,
           const char *name, unsigned *looks, struct h2k_bls_entry *entry)
{
    h2k_autofree char *text = NULL;
    size_t size;
    if (asprintf(&entry->path, "%s/%s", place->directory, name) < 0) {
        entry->path = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    if (h2k_root_read_file(root, entry->path, H2K_BLS_SIZE_MAX, &text, &size) <
        0)
        return h2k_error_is_content() ? 0 : -1;
    for (const char *line = text; *line != '\0';) {
        line += strspn(line, " \t");
        if (read_line(root, place->mount, line, entry) < 0)
            return -1;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    counted_length(name, &entry->exhausted);
    return entry->kernel == NULL ? 0 : choose_initrd(root, entry, looks);
}

static int
each_of(struct h2k_root *root, const struct h2k_bls_place *place,
        unsigned *looks, h2k_bls_fn fn, void *opaque)
{
    char **names;
    size_t count;
    int rc = 0;
    if (h2k_root_list(root, place->directory, &names, &count) < 0)
        return h2k_error_is_content() ? 0 : -1;
    for (size_t i = 0; i < count && i < H2K_BLS_ENTRIES_MAX && rc == 0; i++) {
        struct h2k_bls_entry entry = { 0 };
        if (!ends_in_conf(names[i]))
            continue;
        rc = read_entry(root, place, names[i], looks, &entry);
        if (rc > 0)
            rc = fn(opaque, &entry);
        h2k_bls_entry_clear(&entry);
    }
    h2k_root_free_names(names, count);
    return rc;
}

int
h2k_bls_each(struct h2k_root *root, h2k_bls_fn fn, void *opaque)
{
    unsigned looks = H2K_MENU_LOOKS;
    for (const struct h2k_bls_place *p = h2k_bls_places; p->directory != NULL;
         p++) {
        int rc = each_of(root, p, &looks, fn, opaque);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* ---- The default of systemd-boot ---- */

/* What may be started: an entry, or a unified image. */
struct candidate {
    const char *id;       /* the file's name */
    const char *sort_key; /* "" for none */
    const char *version;
    bool exhausted;
    size_t kernel; /* an index */
};

/* The first of some candidates by the specification's order. */
struct first {
    struct candidate candidate; /* its strings are in TEXTS */
    char texts[3][H2K_NAME_MAX + 1];
    bool any;
};

struct search {
    const struct h2k_kernels *kernels;
    char pattern[H2K_NAME_MAX + 1]; /* "": none */
    struct first matching, all;     /* by the pattern, and without */
};

/* As the specification sorts: is A before B?  Entries without a sort-key have
 * their names only. */
static bool
is_before(const struct candidate *a, const struct candidate *b)
{
    if (a->exhausted != b->exhausted)
        return b->exhausted;
    if ((a->sort_key[0] == '\0') != (b->sort_key[0] == '\0'))
        return a->sort_key[0] != '\0';
    int rc = strcmp(a->sort_key, b->sort_key);
    if (rc == 0 && a->sort_key[0] != '\0')
        rc = h2k_version_compare(b->version, a->version);
    if (rc == 0)
        rc = h2k_version_compare(b->id, a->id);
    return rc < 0;
}

/* "arch-*" with or without ".conf", and never with the tries. */
static bool
matches(const char *pattern, const char *id)
{
    char plain[H2K_NAME_MAX + 1], ended[H2K_NAME_MAX + 1];
    bool exhausted;
    int length = (int)counted_length(id, &exhausted);
    const char *ending = strrchr(id, '.');
    snprintf(plain, sizeof(plain), "%.*s", length, id);
    snprintf(ended, sizeof(ended), "%.*s%s", length, id,
             ending == NULL ? "" : ending);
    return fnmatch(pattern, plain, 0) == 0 || fnmatch(pattern, ended, 0) == 0;
}

static void
offer_to(struct first *first, const struct candidate *candidate)
{
    struct candidate *c = &first->candidate;
    if (first->any && !is_before(candidate, c))
        return;
    const char **to[] = { &c->id, &c->sort_key, &c->version };
    const char *from[] = { candidate->id, candidate->sort_key,
                           candidate->version };
    *c = *candidate;
    first->any = true;
    for (size_t i = 0; i < 3; i++) {
        snprintf(first->texts[i], sizeof(first->texts[i]), "%s", from[i]);
        *to[i] = first->texts[i];
    }
}

static void
offer(struct search *s, const struct candidate *candidate)
{
    if (s->pattern[0] != '\0' && matches(s->pattern, candidate->id))
        offer_to(&s->matching, candidate);
    offer_to(&s->all, candidate);
}

static int
offer_entry(void *opaque, struct h2k_bls_entry *entry)
{
    struct search *s = opaque;
    size_t kernel =
        h2k_kernels_started(s->kernels, entry->kernel, entry->initrd);
    struct candidate candidate = {
        .id = strrchr(entry->path, '/') + 1,
        .sort_key = entry->sort_key == NULL ? "" : entry->sort_key,
        .version = entry->version != NULL ? entry->version : "",
        .exhausted = entry->exhausted,
        .kernel = kernel,
    };
    if (kernel < s->kernels->count)
        offer(s, &candidate);
    return 0;
}

static void
offer_unified(struct search *s)
{
    for (size_t i = 0; i < s->kernels->count; i++) {
        const struct h2k_kernel *k = &s->kernels->items[i];
        struct candidate candidate = { .id = strrchr(k->image, '/') + 1,
                                       .sort_key = k->sort_key,
                                       .version = k->version,
                                       .kernel = i };
        if (k->uki == NULL)
            continue;
        counted_length(candidate.id, &candidate.exhausted);
        offer(s, &candidate);
    }
}

/* `default` of loader.conf in SEARCH; false where it names no entry. */
static bool
read_default(struct h2k_root *root, const char *mount, struct search *search)
{
    h2k_autofree char *text = NULL;
    h2k_autofree char *path = NULL;
    size_t size;
    if (asprintf(&path, "%s/loader/loader.conf", mount) < 0)
        path = NULL;
    if (path == NULL ||
        h2k_root_read_file(root, path, H2K_BLS_SIZE_MAX, &text, &size) < 0)
        return false;
    for (const char *line = text; *line != '\0';) {
        if (strncmp(line, "default", 7) == 0 &&
            (line[7] == ' ' || line[7] == '\t')) {
            h2k_autofree char *value = value_of(line, 7);
            if (value != NULL)
                snprintf(search->pattern, sizeof(search->pattern), "%s",
                         value);
        }
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    if (search->pattern[0] == '@') /* "@saved" is in the NVRAM */
        search->pattern[0] = '\0';
    return search->pattern[0] != '\0';
}

size_t
h2k_bls_default(struct h2k_root *root, const struct h2k_kernels *kernels)
{
    struct search search = { .kernels = kernels };
    for (const struct h2k_bls_place *p = h2k_bls_places; p->directory != NULL;
         p++)
        if (read_default(root, p->mount, &search))
            break;
    (void)h2k_bls_each(root, offer_entry, &search);
    offer_unified(&search);
    const struct first *first =
        search.matching.any ? &search.matching : &search.all;
    return first->any ? first->candidate.kernel : kernels->count;
}
