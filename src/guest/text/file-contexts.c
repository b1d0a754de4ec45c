/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/text/file-contexts.h"

#include "base/checked.h"
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Several times what the largest policies have. */
#define SPECS_MAX (1u << 16)
#define SUBS_MAX (1u << 12)
#define PATH_MAX_BYTES 8192
/* Steps of one match: real expressions take a few hundred. */
#define MATCH_STEPS_MAX 20000
#define COMPILED_MAX (256u << 20) /* bytes of all compiled expressions */
/* Processor time of all work on one policy; a real one takes some
 * hundredths of a second. */
#define SECONDS_MAX 10

struct spec {
    char *regex, *context; /* owned */
    pcre2_code *code;      /* compiled when it is first needed */
    uint32_t type;         /* S_IFREG, …; 0: any */
    size_t stem;           /* bytes of regex before its second '/', where
                              they stand for themselves, and then for those
                              of every path that can match; or 0 */
    bool exact;            /* no pattern: one path */
};

struct substitution {
    char *from, *to; /* owned */
};

struct substitutions {
    struct substitution *items;
    size_t count;
};

struct h2k_file_contexts {
    struct spec *specs;
    size_t spec_count;
    struct substitutions local, distribution;
    pcre2_match_context *limits;
    pcre2_match_data *match;
    size_t compiled; /* bytes */
    double seconds;  /* used so far */
};

static void
free_substitutions(struct substitutions *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].from);
        free(list->items[i].to);
    }
    free(list->items);
}

void
h2k_file_contexts_free(struct h2k_file_contexts *contexts)
{
    if (contexts == NULL)
        return;
    for (size_t i = 0; i < contexts->spec_count; i++) {
        free(contexts->specs[i].regex);
        free(contexts->specs[i].context);
        pcre2_code_free(contexts->specs[i].code);
    }
    free(contexts->specs);
    free_substitutions(&contexts->local);
    free_substitutions(&contexts->distribution);
    pcre2_match_context_free(contexts->limits);
    pcre2_match_data_free(contexts->match);
    free(contexts);
}

struct h2k_file_contexts *
h2k_file_contexts_new(void)
{
    H2K_AUTO(h2k_file_contexts) contexts = calloc(1, sizeof(*contexts));
    if (contexts == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    contexts->limits = pcre2_match_context_create(NULL);
    contexts->match = pcre2_match_data_create(1, NULL);
    if (contexts->limits == NULL || contexts->match == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    pcre2_set_match_limit(contexts->limits, MATCH_STEPS_MAX);
    pcre2_set_depth_limit(contexts->limits, MATCH_STEPS_MAX);
    pcre2_set_heap_limit(contexts->limits, 16u << 10); /* KiB */
    return h2k_steal(contexts);
}

/* ---- Lines ---- */

struct word {
    const char *at;
    size_t length;
};
#define WORDS 3

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* The words of a line that is not empty and no comment: how many there are,
 * of which the first WORDS are given. */
static size_t
split(const char *line, const char *end, struct word words[WORDS])
{
    size_t count = 0;
    while (true) {
        while (line < end && is_blank(*line))
            line++;
        if (line == end || (count == 0 && *line == '#'))
            return count;
        const char *start = line;
        while (line < end && !is_blank(*line))
            line++;
        if (count < WORDS)
            words[count] = (struct word){ start, (size_t)(line - start) };
        count++;
    }
}

typedef int (*line_fn)(void *opaque, const struct word *words, size_t count);

static int
each_line(const char *text, size_t size, line_fn fn, void *opaque)
{
    const char *end = text + size;
    while (text < end) {
        struct word words[WORDS] = { 0 };
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = newline == NULL ? end : newline;
        size_t count = memchr(text, '\0', (size_t)(line_end - text)) == NULL
                           ? split(text, line_end, words)
                           : 0;
        if (count > 0 && fn(opaque, words, count) < 0)
            return -1;
        text = line_end + (newline != NULL);
    }
    return 0;
}

/* "--", "-d" …; false for what is no type. */
static bool
read_type(struct word word, uint32_t *type)
{
    static const struct {
        char letter;
        uint32_t type;
    } types[] = {
        { '-', S_IFREG },  { 'd', S_IFDIR }, { 'l', S_IFLNK },
        { 'b', S_IFBLK },  { 'c', S_IFCHR }, { 'p', S_IFIFO },
        { 's', S_IFSOCK },
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (word.length == 2 && word.at[0] == '-' &&
            word.at[1] == types[i].letter) {
            *type = types[i].type;
            return true;
        }
    return false;
}

static bool
is_pattern_character(char c)
{
    return c != '\0' && strchr(".^$?*+|[({", c) != NULL;
}

/* Does it stand for one path only? */
static bool
is_exact(const char *regex)
{
    for (; *regex != '\0'; regex++) {
        if (is_pattern_character(*regex))
            return false;
        if (*regex == '\\' && regex[1] != '\0')
            regex++;
    }
    return true;
}

/* The bytes before the second slash, when there is no pattern in them. */
static size_t
stem_length(const char *path)
{
    size_t length = 1 + strcspn(path + 1, "/");
    if (path[0] != '/' || path[length] == '\0')
        return 0;
    for (size_t i = 0; i < length; i++)
        if (is_pattern_character(path[i]))
            return 0;
    return length;
}

/* Room for one more in an array that doubles at powers of two. */
static int
grow(void *items, size_t count, size_t size, size_t max, const char *what)
{
    void **array = items;
    if (count >= max)
        return h2k_fail(H2K_E_UNSUPPORTED, "more than %zu %s", max, what);
    if (count != 0 && !h2k_is_power_of_two(count))
        return 0;
    void *more = reallocarray(*array, count == 0 ? 1 : count * 2, size);
    if (more == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    *array = more;
    return 0;
}

static int
add_spec(void *opaque, const struct word *words, size_t count)
{
    struct h2k_file_contexts *contexts = opaque;
    struct spec spec = { 0 };
    if (count < 2 || (count > 2 && !read_type(words[1], &spec.type)))
        return 0;
    struct word context = words[count > 2 ? 2 : 1];
    if (grow(&contexts->specs, contexts->spec_count, sizeof(spec), SPECS_MAX,
             "lines of file contexts") < 0)
        return -1;
    spec.regex = strndup(words[0].at, words[0].length);
    spec.context = strndup(context.at, context.length);
    if (spec.regex == NULL || spec.context == NULL) {
        free(spec.regex);
        free(spec.context);
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    spec.stem = stem_length(spec.regex);
    spec.exact = is_exact(spec.regex);
    contexts->specs[contexts->spec_count++] = spec;
    return 0;
}

int
h2k_file_contexts_add(struct h2k_file_contexts *contexts, const char *text,
                      size_t size)
{
    return each_line(text, size, add_spec, contexts);
}

static int
add_substitution(void *opaque, const struct word *words, size_t count)
{
    struct substitutions *list = opaque;
    struct substitution item;
    if (count < 2 || words[0].at[0] != '/')
        return 0;
    if (grow(&list->items, list->count, sizeof(item), SUBS_MAX,
             "substitutions of paths") < 0)
        return -1;
    item.from = strndup(words[0].at, words[0].length);
    item.to = strndup(words[1].at, words[1].length);
    if (item.from == NULL || item.to == NULL) {
        free(item.from);
        free(item.to);
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    list->items[list->count++] = item;
    return 0;
}

int
h2k_file_contexts_add_subs(struct h2k_file_contexts *contexts, bool local,
                           const char *text, size_t size)
{
    return each_line(text, size, add_substitution,
                     local ? &contexts->local : &contexts->distribution);
}

/* ---- Looking up ---- */

/* PATH with the last substitution that fits, into TO; false where it would
 * be too long. */
static bool
substitute(const struct substitutions *list, const char *path, char *to)
{
    const char *start = "";
    for (size_t i = list->count; i-- > 0;) {
        const struct substitution *item = &list->items[i];
        size_t length = strlen(item->from);
        if (strncmp(path, item->from, length) != 0 ||
            (path[length] != '/' && path[length] != '\0'))
            continue;
        /* "/a /" makes "/b" of "/a/b". */
        if (path[length] == '/' && strcmp(item->to, "/") == 0)
            length++;
        start = item->to;
        path += length;
        break;
    }
    size_t before = strlen(start), after = strlen(path);
    if (before + after >= PATH_MAX_BYTES)
        return false;
    memcpy(to, start, before);
    memcpy(to + before, path, after + 1);
    return true;
}

/* The expression of all of the path, as libselinux anchors it, by which
 * "a|b" means what it means there. */
static int
compile(struct h2k_file_contexts *contexts, struct spec *spec)
{
    h2k_autofree char *anchored = NULL;
    int error;
    PCRE2_SIZE at;
    size_t size = 0;
    if (spec->code != NULL)
        return 0;
    if (asprintf(&anchored, "^%s$", spec->regex) < 0) {
        anchored = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    spec->code = pcre2_compile((PCRE2_SPTR)anchored, PCRE2_ZERO_TERMINATED,
                               PCRE2_DOTALL, &error, &at, NULL);
    if (spec->code == NULL)
        return h2k_fail(H2K_E_UNSUPPORTED, "%.200s: is no regular expression",
                        spec->regex);
    pcre2_pattern_info(spec->code, PCRE2_INFO_SIZE, &size);
    contexts->compiled += size;
    if (contexts->compiled > COMPILED_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "the file contexts' expressions are too large");
    return 0;
}

/* 1, 0 or -1; STEM is how many bytes of PATH are its own. */
static int
matches(struct h2k_file_contexts *contexts, struct spec *spec,
        const char *path, size_t stem, uint32_t type)
{
    if ((spec->type != 0 && type != 0 && spec->type != type) ||
        (spec->stem != 0 &&
         (spec->stem != stem || memcmp(spec->regex, path, stem) != 0)))
        return 0;
    if (compile(contexts, spec) < 0)
        return -1;
    int rc = pcre2_match(spec->code, (PCRE2_SPTR)path, PCRE2_ZERO_TERMINATED,
                         0, 0, contexts->match, contexts->limits);
    if (rc >= 0)
        return 1;
    return rc == PCRE2_ERROR_NOMATCH
               ? 0
               : h2k_fail(H2K_E_UNSUPPORTED, "%.200s: takes too long to match",
                          spec->regex);
}

static double
processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Has all the time been used?  The clock is asked now and then only. */
static bool
is_over_time(struct h2k_file_contexts *contexts, size_t turn, double *since)
{
    if (turn % 64 != 0)
        return false;
    double now = processor_seconds();
    contexts->seconds += now - *since;
    *since = now;
    return contexts->seconds > SECONDS_MAX;
}

/* The last that matches, of those that are EXACT or of the others. */
static int
find_last(struct h2k_file_contexts *contexts, const char *path, uint32_t type,
          bool exact, const struct spec **found)
{
    size_t stem = stem_length(path);
    double since = processor_seconds();
    for (size_t i = contexts->spec_count; i-- > 0;) {
        struct spec *spec = &contexts->specs[i];
        if (is_over_time(contexts, i, &since))
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "the file contexts take too long to match");
        int rc = spec->exact == exact
                     ? matches(contexts, spec, path, stem, type)
                     : 0;
        if (rc != 0) {
            *found = spec;
            return rc;
        }
    }
    return 0;
}

int
h2k_file_contexts_lookup(struct h2k_file_contexts *contexts, const char *path,
                         uint32_t mode, const char **context)
{
    char one[PATH_MAX_BYTES], two[PATH_MAX_BYTES];
    const struct spec *found = NULL;
    uint32_t type = mode & S_IFMT;
    *context = NULL;
    if (!substitute(&contexts->local, path, one) ||
        !substitute(&contexts->distribution, one, two))
        return h2k_fail(H2K_E_UNSUPPORTED, "%.200s…: is too long to label",
                        path);
    int rc = find_last(contexts, two, type, true, &found);
    if (rc == 0)
        rc = find_last(contexts, two, type, false, &found);
    if (rc <= 0 || strcmp(found->context, "<<none>>") == 0)
        return rc < 0 ? -1 : 0;
    *context = found->context;
    return 1;
}
