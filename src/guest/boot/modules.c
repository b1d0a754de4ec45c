/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/boot/modules.h"

#include "base/error.h"

#include <string.h>

/* One line of modules.dep: a module and, as a text still to be split, what
 * it depends on. */
struct dep_entry {
    struct h2k_module module;
    const char *deps; /* NUL-terminated, in MODULES' own copy */
};

/* A line of modules.softdep or modules.alias: a name, and what follows. */
struct pair {
    const char *key; /* with '_' */
    const char *value;
};

struct pairs {
    struct pair *items; /* by key */
    size_t count;
};

/* How many lines for one name are looked at, and words in a line of soft
 * dependencies; real ones have a handful. */
#define PAIR_RUN_MAX 64
#define SOFTDEP_WORDS_MAX 64

struct h2k_modules {
    char *dep, *builtin, *softdep, *alias; /* owned copies */
    struct pairs softdeps, aliases;
    struct dep_entry *entries; /* by name */
    size_t count;
    char (*builtins)[H2K_MODULE_NAME]; /* by name */
    size_t builtin_count;
};

bool
h2k_module_name_of(const char *path, size_t length, char name[H2K_MODULE_NAME])
{
    static const char *const suffixes[] = { ".ko", ".ko.xz", ".ko.zst",
                                            ".ko.gz" };
    const char *slash = memrchr(path, '/', length);
    if (slash != NULL) {
        length -= (size_t)(slash + 1 - path);
        path = slash + 1;
    }
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
        size_t n = strlen(suffixes[i]);
        if (length <= n || length - n >= H2K_MODULE_NAME ||
            memcmp(path + length - n, suffixes[i], n) != 0)
            continue;
        for (size_t k = 0; k < length - n; k++)
            name[k] = path[k] == '-' ? '_' : path[k];
        name[length - n] = '\0';
        return true;
    }
    return false;
}

/* "virtio-rng" as "virtio_rng"; false when it is too long for a name. */
static bool
normalize(const char *text, size_t length, char name[H2K_MODULE_NAME])
{
    if (length == 0 || length >= H2K_MODULE_NAME)
        return false;
    for (size_t i = 0; i < length; i++)
        name[i] = text[i] == '-' ? '_' : text[i];
    name[length] = '\0';
    return true;
}

/* A path is taken below the directory of the version.  Very old depmods
 * wrote it whole: "/lib/modules/VERSION/kernel/…". */
static const char *
relative_path(const char *path)
{
    static const char *const roots[] = { "/lib/modules/",
                                         "/usr/lib/modules/" };
    for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
        size_t n = strlen(roots[i]);
        if (strncmp(path, roots[i], n) != 0)
            continue;
        const char *below = strchr(path + n, '/');
        return below == NULL ? path : below + 1;
    }
    return path;
}

/* Nothing that leaves the directory, or that a cpio archive cannot name. */
static bool
is_safe_path(const char *path)
{
    if (path[0] == '/' || strlen(path) > 1024)
        return false;
    for (const char *p = path; *p != '\0';) {
        size_t n = strcspn(p, "/");
        if (n == 0 || n > 255 || (n == 1 && p[0] == '.') ||
            (n == 2 && p[0] == '.' && p[1] == '.'))
            return false;
        p += n;
        if (*p == '/' && *++p == '\0')
            return false;
    }
    return true;
}

static int
compare_entries(const void *a, const void *b)
{
    const struct dep_entry *x = a, *y = b;
    return strcmp(x->module.name, y->module.name);
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Cut TEXT into lines, in place; the next one, or NULL. */
static char *
next_line(char **text)
{
    char *line = *text;
    if (line == NULL || *line == '\0')
        return NULL;
    char *end = strchr(line, '\n');
    *text = end == NULL ? line + strlen(line) : end + 1;
    if (end != NULL)
        *end = '\0';
    return line;
}

static size_t
count_lines(const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p != '\0'; n++) {
        p += strcspn(p, "\n");
        p += *p == '\n';
    }
    return n < H2K_MODULES_MAX ? n : H2K_MODULES_MAX;
}

/* "kernel/a.ko: kernel/b.ko kernel/c.ko" */
static bool
parse_dep_line(char *line, struct dep_entry *entry)
{
    char *colon = strchr(line, ':');
    if (colon == NULL)
        return false;
    *colon = '\0';
    entry->deps = colon + 1;
    entry->module.path = relative_path(line);
    return is_safe_path(entry->module.path) &&
           h2k_module_name_of(entry->module.path, strlen(entry->module.path),
                              entry->module.name);
}

static int
parse_dep(struct h2k_modules *m)
{
    size_t limit = count_lines(m->dep);
    char *text = m->dep, *line;
    m->entries = calloc(limit + 1, sizeof(*m->entries));
    if (m->entries == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    while (m->count < limit && (line = next_line(&text)) != NULL)
        if (parse_dep_line(line, &m->entries[m->count]))
            m->count++;
    if (m->count > 1)
        qsort(m->entries, m->count, sizeof(*m->entries), compare_entries);
    for (size_t i = 0; i < m->count; i++)
        m->entries[i].module.index = i;
    return 0;
}

static int
parse_builtin(struct h2k_modules *m)
{
    size_t limit = count_lines(m->builtin);
    char *text = m->builtin, *line;
    m->builtins = calloc(limit + 1, sizeof(*m->builtins));
    if (m->builtins == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    while (m->builtin_count < limit && (line = next_line(&text)) != NULL)
        if (h2k_module_name_of(line, strlen(line),
                               m->builtins[m->builtin_count]))
            m->builtin_count++;
    if (m->builtin_count > 1)
        qsort(m->builtins, m->builtin_count, sizeof(*m->builtins),
              compare_names);
    return 0;
}

static int
compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    return strcmp(x->key, y->key);
}

/* "WORD KEY VALUE…" lines of TEXT, in place.  Patterns are passed over: they
 * are for hardware, and a soft dependency names an alias exactly. */
static int
parse_pairs(char *text, const char *word, struct pairs *pairs)
{
    size_t limit = count_lines(text), n = strlen(word);
    char *line;
    pairs->items = calloc(limit + 1, sizeof(*pairs->items));
    if (pairs->items == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    while (pairs->count < limit && (line = next_line(&text)) != NULL) {
        if (strncmp(line, word, n) != 0 || line[n] != ' ')
            continue;
        char *key = line + n + 1;
        char *value = strchr(key, ' ');
        if (value == NULL || value == key)
            continue;
        *value++ = '\0';
        if (strpbrk(key, "*?[") != NULL)
            continue;
        for (char *p = key; *p != '\0'; p++)
            if (*p == '-')
                *p = '_';
        pairs->items[pairs->count++] = (struct pair){ key, value };
    }
    if (pairs->count > 1)
        qsort(pairs->items, pairs->count, sizeof(*pairs->items),
              compare_pairs);
    return 0;
}

/* The first pair with KEY, and in *RUN how many there are. */
static const struct pair *
find_pairs(const struct pairs *pairs, const char *key, size_t *run)
{
    struct pair wanted = { .key = key };
    const struct pair *end = pairs->items + pairs->count;
    const struct pair *found = bsearch(&wanted, pairs->items, pairs->count,
                                       sizeof(*pairs->items), compare_pairs);
    *run = 0;
    if (found == NULL)
        return NULL;
    for (size_t i = 0; found > pairs->items && i < PAIR_RUN_MAX &&
                       strcmp(found[-1].key, key) == 0;
         i++)
        found--;
    while (found + *run < end && *run < PAIR_RUN_MAX &&
           strcmp(found[*run].key, key) == 0)
        ++*run;
    return found;
}

/* A copy as a string; text behind a NUL byte is not reached. */
static char *
copy_text(struct h2k_view text)
{
    if (text.size > H2K_MODULES_INDEX_LIMIT)
        return h2k_fail_null(H2K_E_UNSUPPORTED, "a module index of %zu bytes",
                             text.size);
    char *copy = malloc(text.size + 1);
    if (copy == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

struct h2k_modules *
h2k_modules_parse(struct h2k_view dep, struct h2k_view builtin,
                  struct h2k_view softdep, struct h2k_view alias)
{
    H2K_AUTO(h2k_modules) m = calloc(1, sizeof(*m));
    if (m == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if ((m->dep = copy_text(dep)) == NULL ||
        (m->builtin = copy_text(builtin)) == NULL ||
        (m->softdep = copy_text(softdep)) == NULL ||
        (m->alias = copy_text(alias)) == NULL)
        return NULL;
    if (parse_dep(m) < 0 || parse_builtin(m) < 0 ||
        parse_pairs(m->softdep, "softdep", &m->softdeps) < 0 ||
        parse_pairs(m->alias, "alias", &m->aliases) < 0)
        return NULL;
    return h2k_steal(m);
}

void
h2k_modules_free(struct h2k_modules *m)
{
    if (m == NULL)
        return;
    free(m->dep);
    free(m->builtin);
    free(m->softdep);
    free(m->alias);
    free(m->entries);
    free(m->builtins);
    free(m->softdeps.items);
    free(m->aliases.items);
    free(m);
}

size_t
h2k_modules_count(const struct h2k_modules *modules)
{
    return modules->count;
}

static const struct dep_entry *
find_entry(const struct h2k_modules *m, const char *text, size_t length)
{
    struct dep_entry key;
    if (!normalize(text, length, key.module.name))
        return NULL;
    return bsearch(&key, m->entries, m->count, sizeof(*m->entries),
                   compare_entries);
}

const struct h2k_module *
h2k_modules_find(const struct h2k_modules *modules, const char *name)
{
    const struct dep_entry *entry = find_entry(modules, name, strlen(name));
    return entry == NULL ? NULL : &entry->module;
}

bool
h2k_modules_is_builtin(const struct h2k_modules *modules, const char *name)
{
    char key[H2K_MODULE_NAME];
    return normalize(name, strlen(name), key) &&
           bsearch(key, modules->builtins, modules->builtin_count,
                   sizeof(*modules->builtins), compare_names) != NULL;
}

/* Was INDEX seen before?  It is afterwards.  -1 with H2K_E_NOMEM. */
static int
see(struct h2k_module_set *set, size_t index)
{
    size_t byte = index / 8;
    uint8_t bit = (uint8_t)(1u << (index % 8));
    if (byte >= set->seen_size) {
        size_t size = byte + 1024;
        uint8_t *seen = realloc(set->seen, size);
        if (seen == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        memset(seen + set->seen_size, 0, size - set->seen_size);
        set->seen = seen;
        set->seen_size = size;
    }
    bool before = (set->seen[byte] & bit) != 0;
    set->seen[byte] |= bit;
    return before;
}

int
h2k_module_set_add(struct h2k_module_set *set, const struct h2k_module *module)
{
    int before = see(set, module->index);
    if (before != 0)
        return before < 0 ? -1 : 0;
    if (set->count == H2K_MODULES_CLOSURE_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "modules.dep: more than %d modules are needed",
                        H2K_MODULES_CLOSURE_MAX);
    if (set->count == set->capacity) {
        size_t capacity = set->capacity == 0 ? 32 : set->capacity * 2;
        const struct h2k_module **items =
            reallocarray(set->items, capacity, sizeof(*items));
        if (items == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        set->items = items;
        set->capacity = capacity;
    }
    set->items[set->count++] = module;
    return 0;
}

void
h2k_module_set_free(struct h2k_module_set *set)
{
    free(set->items);
    free(set->seen);
    *set = (struct h2k_module_set){ 0 };
}

/* The next word of *TEXT; false when there is none. */
static bool
next_word(const char **text, const char **word, size_t *length)
{
    *text += strspn(*text, " \t");
    *word = *text;
    *length = strcspn(*text, " \t");
    *text += *length;
    return *length > 0;
}

static bool
word_is(const char *word, size_t length, const char *text)
{
    return length == strlen(text) && memcmp(word, text, length) == 0;
}

static int
add_hard(const struct h2k_modules *m, const char *name, size_t length,
         struct h2k_module_set *set)
{
    const struct dep_entry *entry = find_entry(m, name, length);
    return entry == NULL ? 0 : h2k_module_set_add(set, &entry->module);
}

/* "alias crct10dif crct10dif_pclmul": every module of that name. */
static int
add_soft(const struct h2k_modules *m, const char *name, size_t length,
         struct h2k_module_set *set)
{
    char key[H2K_MODULE_NAME];
    size_t run;
    if (find_entry(m, name, length) != NULL)
        return add_hard(m, name, length, set);
    if (!normalize(name, length, key))
        return 0;
    const struct pair *pair = find_pairs(&m->aliases, key, &run);
    for (; run > 0; run--, pair++)
        if (add_hard(m, pair->value, strlen(pair->value), set) < 0)
            return -1;
    return 0;
}

static int
add_all_hard(const struct h2k_modules *m, const struct h2k_module *module,
             struct h2k_module_set *set)
{
    const char *p = m->entries[module->index].deps, *word;
    char name[H2K_MODULE_NAME];
    size_t n;
    while (next_word(&p, &word, &n))
        if (h2k_module_name_of(word, n, name) &&
            add_hard(m, name, strlen(name), set) < 0)
            return -1;
    return 0;
}

/* "softdep NAME pre: a b post: c" */
static int
add_all_soft(const struct h2k_modules *m, const struct h2k_module *module,
             struct h2k_module_set *set)
{
    size_t run, n;
    const struct pair *pair = find_pairs(&m->softdeps, module->name, &run);
    for (; run > 0; run--, pair++) {
        const char *p = pair->value, *word;
        for (int i = 0; i < SOFTDEP_WORDS_MAX && next_word(&p, &word, &n); i++)
            if (!word_is(word, n, "pre:") && !word_is(word, n, "post:") &&
                add_soft(m, word, n, set) < 0)
                return -1;
    }
    return 0;
}

int
h2k_modules_closure(const struct h2k_modules *modules, const char *name,
                    struct h2k_module_set *set)
{
    size_t next = set->count;
    if (add_hard(modules, name, strlen(name), set) < 0)
        return -1;
    /* Grows while it is walked; each module is in it once. */
    for (; next < set->count; next++)
        if (add_all_hard(modules, set->items[next], set) < 0 ||
            add_all_soft(modules, set->items[next], set) < 0)
            return -1;
    return 0;
}
