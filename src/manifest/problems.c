/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "manifest/problems.h"

#include "base/buffer.h"
#include "base/error.h"

#include <stdarg.h>
#include <string.h>

/* A file can be wrong in as many places as it has values; nobody reads more
 * than this. */
#define MAX_PROBLEMS 1000

struct h2k_problems {
    struct h2k_problem *items;
    size_t count, capacity;
    bool failed; /* one more error, for which there was no memory */
};

static const struct h2k_problem no_memory = {
    .severity = H2K_PROBLEM_ERROR,
    .code = H2K_E_NOMEM,
    .key = "",
    .message = "out of memory",
};

struct h2k_problems *
h2k_problems_new(void)
{
    struct h2k_problems *problems = calloc(1, sizeof(*problems));
    if (problems == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return problems;
}

static void
free_item(struct h2k_problem *item)
{
    free((char *)item->file);
    free((char *)item->key);
    free((char *)item->message);
    free((char *)item->hint);
}

void
h2k_problems_free(struct h2k_problems *problems)
{
    if (problems == NULL)
        return;
    for (size_t i = 0; i < problems->count; i++)
        free_item(&problems->items[i]);
    free(problems->items);
    free(problems);
}

size_t
h2k_problems_count(const struct h2k_problems *problems)
{
    return problems->count + problems->failed;
}

size_t
h2k_problems_count_of(const struct h2k_problems *problems,
                      enum h2k_problem_severity severity)
{
    size_t n = problems->failed && severity == H2K_PROBLEM_ERROR;
    for (size_t i = 0; i < problems->count; i++)
        n += problems->items[i].severity == severity;
    return n;
}

const struct h2k_problem *
h2k_problems_get(const struct h2k_problems *problems, size_t i)
{
    return i < problems->count ? &problems->items[i] : &no_memory;
}

static bool
copy_string(const char *from, const char **to)
{
    *to = from == NULL ? NULL : strdup(from);
    return from == NULL || *to != NULL;
}

static bool
make_room(struct h2k_problems *problems)
{
    if (problems->count < problems->capacity)
        return true;
    size_t capacity = problems->capacity == 0 ? 8 : 2 * problems->capacity;
    struct h2k_problem *items =
        reallocarray(problems->items, capacity, sizeof(*items));
    if (items == NULL)
        return false;
    problems->items = items;
    problems->capacity = capacity;
    return true;
}

void
h2k_problems_add(struct h2k_problems *problems,
                 const struct h2k_problem *problem)
{
    /* Past the limit only a first error is let in: it decides. */
    if (problems->count >= MAX_PROBLEMS &&
        (problem->severity != H2K_PROBLEM_ERROR ||
         h2k_problems_count_of(problems, H2K_PROBLEM_ERROR) > 0))
        return;
    struct h2k_problem copy = *problem;
    bool good = copy_string(problem->file, &copy.file);
    good = copy_string(problem->key == NULL ? "" : problem->key, &copy.key) &&
           good;
    good = copy_string(problem->message, &copy.message) && good;
    good = copy_string(problem->hint, &copy.hint) && good;
    if (!good || !make_room(problems)) {
        free_item(&copy);
        problems->failed = true;
        return;
    }
    problems->items[problems->count++] = copy;
}

char *
h2k_problem_format(const struct h2k_problem *problem)
{
    static const char *const severities[] = {
        [H2K_PROBLEM_NOTE] = "note",
        [H2K_PROBLEM_WARNING] = "warning",
        [H2K_PROBLEM_ERROR] = "error",
    };
    H2K_AUTO_BUFFER b = { 0 };
    if (problem->file != NULL) {
        h2k_buffer_adds(&b, problem->file);
        if (problem->line > 0)
            h2k_buffer_addf(&b, ":%u:%u", problem->line, problem->column);
        h2k_buffer_adds(&b, ": ");
    }
    h2k_buffer_addf(&b, "%s: ", severities[problem->severity]);
    if (problem->key != NULL && problem->key[0] != '\0')
        h2k_buffer_addf(&b, "%s: ", problem->key);
    h2k_buffer_adds(&b, problem->message);
    if (problem->hint != NULL)
        h2k_buffer_addf(&b, " (%s)", problem->hint);
    return h2k_buffer_steal(&b);
}

/* MESSAGE with what a terminal would obey, and line ends, made visible. */
static char *
one_line(const char *format, va_list ap)
{
    H2K_AUTO_BUFFER raw = { 0 };
    H2K_AUTO_BUFFER b = { 0 };
    h2k_buffer_vaddf(&raw, format, ap);
    for (const char *p = h2k_buffer_text(&raw); *p != '\0'; p++) {
        if (b.size > 600) { /* a value can be megabytes long */
            while ((*p & 0xc0) == 0x80)
                h2k_buffer_addc(&b, *p++);
            h2k_buffer_adds(&b, "...");
            break;
        }
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            h2k_buffer_addf(&b, "\\x%02x", (unsigned)(unsigned char)*p);
        else
            h2k_buffer_addc(&b, *p);
    }
    b.failed |= raw.failed;
    return h2k_buffer_steal(&b);
}

static void
add(struct h2k_problems *problems, enum h2k_problem_severity severity,
    enum h2k_errcode code, struct h2k_place place, const char *key,
    const char *hint, const char *format, va_list ap)
{
    h2k_autofree char *message = one_line(format, ap);
    if (message == NULL || key == NULL) {
        problems->failed = true;
        return;
    }
    h2k_problems_add(problems,
                     &(struct h2k_problem){
                         .severity = severity,
                         .code = severity == H2K_PROBLEM_ERROR ? code : H2K_OK,
                         .file = place.file,
                         .line = place.line,
                         .column = place.column,
                         .key = key,
                         .message = message,
                         .hint = hint,
                     });
}

static void
add_node(struct h2k_problems *problems, enum h2k_problem_severity severity,
         enum h2k_errcode code, struct h2k_place place,
         const struct h2k_node *node, const char *child, const char *hint,
         const char *format, va_list ap)
{
    h2k_autofree char *key = h2k_node_path(node, child);
    add(problems, severity, code, place, key, hint, format, ap);
}

void
h2k_report(struct h2k_problems *problems, enum h2k_problem_severity severity,
           const struct h2k_node *node, const char *hint, const char *format,
           ...)
{
    va_list ap;
    va_start(ap, format);
    add_node(problems, severity, H2K_E_USAGE, node->place, node, NULL, hint,
             format, ap);
    va_end(ap);
}

void
h2k_report_key(struct h2k_problems *problems,
               enum h2k_problem_severity severity, const struct h2k_node *node,
               const char *hint, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    add_node(problems, severity, H2K_E_USAGE,
             node->key_place.line > 0 ? node->key_place : node->place, node,
             NULL, hint, format, ap);
    va_end(ap);
}

void
h2k_report_child(struct h2k_problems *problems,
                 enum h2k_problem_severity severity,
                 const struct h2k_node *node, const char *child,
                 const char *hint, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    add_node(problems, severity, H2K_E_USAGE, node->place, node, child, hint,
             format, ap);
    va_end(ap);
}

void
h2k_report_code(struct h2k_problems *problems, enum h2k_errcode code,
                const struct h2k_node *node, const char *hint,
                const char *format, ...)
{
    struct h2k_place place = { 0 };
    va_list ap;
    va_start(ap, format);
    add_node(problems, H2K_PROBLEM_ERROR, code,
             node == NULL ? place : node->place, node, NULL, hint, format, ap);
    va_end(ap);
}

int
h2k_report_place(struct h2k_problems *problems, struct h2k_place place,
                 const char *hint, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    add(problems, H2K_PROBLEM_ERROR, H2K_E_USAGE, place, "", hint, format, ap);
    va_end(ap);
    return -1;
}

void
h2k_problems_fail_memory(struct h2k_problems *problems)
{
    problems->failed = true;
}

/* The thread's message: with its place and key where a manifest is wrong,
 * alone where it is about a file, in words that users know. */
static int
fail_with(const struct h2k_problem *problem, size_t more)
{
    h2k_autofree char *text = h2k_problem_format(problem);
    enum h2k_errcode code =
        problem->code == H2K_OK ? H2K_E_USAGE : problem->code;
    bool placed = problem->line > 0 || problem->key[0] != '\0';
    if (code != H2K_E_USAGE || !placed || text == NULL)
        h2k_fail(code, "%s%s%s%s", problem->message,
                 problem->hint == NULL ? "" : " (",
                 problem->hint == NULL ? "" : problem->hint,
                 problem->hint == NULL ? "" : ")");
    else
        h2k_fail(code, "%s", text);
    if (more > 0)
        return h2k_fail(code, "%s (and %zu more)", h2k_errmsg(), more);
    return -1;
}

int
h2k_problems_fail(const struct h2k_problems *problems, size_t start,
                  bool strict)
{
    const struct h2k_problem *first = NULL;
    size_t more = 0;
    for (size_t i = start; i < h2k_problems_count(problems); i++) {
        const struct h2k_problem *p = h2k_problems_get(problems, i);
        bool counts = p->severity == H2K_PROBLEM_ERROR ||
                      (strict && p->severity == H2K_PROBLEM_WARNING);
        if (counts && first != NULL)
            more++;
        if (counts && first == NULL)
            first = p;
    }
    return first == NULL ? 0 : fail_with(first, more);
}
