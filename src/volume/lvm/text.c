/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "volume/lvm/text.h"

#include "base/checked.h"
#include "base/error.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

struct parser {
    struct h2k_lvm_text *out;
    char *at, *end;
    uint32_t capacity;
};

void
h2k_lvm_text_free(struct h2k_lvm_text *text)
{
    if (text == NULL)
        return;
    free(text->text);
    free(text->nodes);
    free(text);
}

static int
fail_at(const struct parser *p, const char *what)
{
    size_t line = 1;
    for (const char *c = p->out->text; c < p->at; c++)
        line += *c == '\n';
    return h2k_fail(H2K_E_CORRUPT, "the metadata's line %zu: %s", line, what);
}

static void
skip_space(struct parser *p)
{
    while (p->at < p->end) {
        if (*p->at == '#')
            while (p->at < p->end && *p->at != '\n')
                p->at++;
        else if (isspace((unsigned char)*p->at))
            p->at++;
        else
            return;
    }
}

/* The next character that counts, NUL at the end. */
static char
peek(struct parser *p)
{
    skip_space(p);
    return p->at < p->end ? *p->at : '\0';
}

/* A new node at the end of PARENT's, whose last one is *LAST. */
static int
add_node(struct parser *p, uint32_t parent, uint32_t *last, const char *key,
         uint32_t *out)
{
    struct h2k_lvm_text *text = p->out;
    if (text->count == H2K_LVM_NODES_MAX)
        return fail_at(p, "too many entries");
    if (text->count == p->capacity) {
        uint32_t capacity = p->capacity * 2 + 64;
        struct h2k_lvm_node *nodes =
            reallocarray(text->nodes, capacity, sizeof(*nodes));
        if (nodes == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        text->nodes = nodes;
        p->capacity = capacity;
    }
    *out = text->count++;
    text->nodes[*out] = (struct h2k_lvm_node){ .key = key };
    if (*out == 0)
        return 0;
    if (*last == 0)
        text->nodes[parent].child = *out;
    else
        text->nodes[*last].next = *out;
    *last = *out;
    return 0;
}

/* "…" with its escapes taken out, in place. */
static int
parse_string(struct parser *p, const char **out)
{
    char *to = ++p->at;
    *out = to;
    for (; p->at < p->end && *p->at != '"'; p->at++) {
        if (*p->at == '\\' && p->end - p->at > 1)
            p->at++;
        *to++ = *p->at;
    }
    if (p->at >= p->end)
        return fail_at(p, "a string does not end");
    p->at++;
    *to = '\0';
    return 0;
}

static int
parse_number(struct parser *p, int64_t *out)
{
    bool negative = *p->at == '-';
    int64_t n = 0;
    p->at += negative;
    for (; p->at < p->end && isdigit((unsigned char)*p->at); p->at++)
        if (ckd_mul(&n, n, 10) || ckd_add(&n, n, *p->at - '0'))
            return fail_at(p, "a number is too large");
    *out = negative ? -n : n;
    return 0;
}

static bool
in_word(char c)
{
    return (unsigned char)c > ' ' && strchr("#={}[],\"'", c) == NULL;
}

/* Past what lvm.conf(5) allows beside whole numbers and "strings", and
 * metadata does not have: a bare word, 1.5, or 'text'. */
static int
parse_word(struct parser *p)
{
    char quote = *p->at == '\'' ? *p->at : '\0';
    const char *begin = p->at;
    p->at += quote != '\0';
    while (p->at < p->end && (quote ? *p->at != quote : in_word(*p->at)))
        p->at++;
    if (quote && p->at >= p->end)
        return fail_at(p, "a string does not end");
    p->at += quote != '\0';
    return p->at == begin ? fail_at(p, "no value") : 0;
}

/* Is the value here a whole number, to its end? */
static bool
at_number(const struct parser *p)
{
    const char *c = p->at + (*p->at == '-');
    if (c >= p->end || !isdigit((unsigned char)*c))
        return false;
    while (c < p->end && isdigit((unsigned char)*c))
        c++;
    return c >= p->end || !in_word(*c);
}

/* A number, a string or a word into NODE. */
static int
parse_scalar(struct parser *p, uint32_t node)
{
    const char *string = NULL;
    int64_t number = 0;
    bool is_string = peek(p) == '"';
    if (p->at >= p->end)
        return fail_at(p, "no value");
    if (!is_string && !at_number(p)) {
        p->out->nodes[node].kind = H2K_LVM_WORD;
        return parse_word(p);
    }
    if ((is_string ? parse_string(p, &string) : parse_number(p, &number)) < 0)
        return -1;
    struct h2k_lvm_node *n = &p->out->nodes[node];
    n->kind = is_string ? H2K_LVM_STRING : H2K_LVM_NUMBER;
    if (is_string)
        n->string = string;
    else
        n->number = number;
    return 0;
}

static int
parse_array(struct parser *p, uint32_t node)
{
    uint32_t last = 0, element;
    p->out->nodes[node].kind = H2K_LVM_ARRAY;
    p->at++;
    while (peek(p) != ']') {
        if (add_node(p, node, &last, "", &element) < 0 ||
            parse_scalar(p, element) < 0)
            return -1;
        if (peek(p) == ',')
            p->at++;
        else if (p->at >= p->end || *p->at != ']')
            return fail_at(p, "an array does not end");
    }
    p->at++;
    return 0;
}

static bool
is_name(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("_-+./", c));
}

/* The name of an entry, up to and with what follows it: '=' or '{'. */
static int
parse_key(struct parser *p, const char **key, char *what)
{
    char *begin = p->at;
    while (p->at < p->end && is_name(*p->at))
        p->at++;
    char *end = p->at;
    *what = peek(p);
    if (end == begin || (*what != '=' && *what != '{'))
        return fail_at(p, "neither a section nor a value");
    p->at++;
    *end = '\0';
    *key = begin;
    return 0;
}

static int
parse_section(struct parser *p, uint32_t section, unsigned depth)
{
    uint32_t last = 0, node;
    if (depth > H2K_LVM_DEPTH_MAX)
        return fail_at(p, "sections are too deep");
    for (;;) {
        const char *key = NULL;
        char what = peek(p);
        if (what == '\0' && p->at >= p->end)
            return depth == 0 ? 0 : fail_at(p, "a section does not end");
        if (what == '}' && depth > 0) {
            p->at++;
            return 0;
        }
        if (parse_key(p, &key, &what) < 0 ||
            add_node(p, section, &last, key, &node) < 0)
            return -1;
        if (what == '{'      ? parse_section(p, node, depth + 1) < 0
            : peek(p) == '[' ? parse_array(p, node) < 0
                             : parse_scalar(p, node) < 0)
            return -1;
    }
}

struct h2k_lvm_text *
h2k_lvm_text_parse(const char *bytes, size_t size)
{
    uint32_t root, last = 0;
    size = strnlen(bytes, size);
    if (size > H2K_LVM_TEXT_MAX)
        return h2k_fail_null(H2K_E_CORRUPT, "metadata of %zu bytes", size);
    H2K_AUTO(h2k_lvm_text) text = calloc(1, sizeof(*text));
    char *copy = malloc(size + 1);
    if (text == NULL || copy == NULL) {
        free(copy);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    memcpy(copy, bytes, size);
    copy[size] = '\0';
    text->text = copy;
    struct parser p = { .out = text, .at = copy, .end = copy + size };
    if (add_node(&p, 0, &last, "", &root) < 0 || parse_section(&p, 0, 0) < 0)
        return NULL;
    return h2k_steal(text);
}

uint32_t
h2k_lvm_find(const struct h2k_lvm_text *text, uint32_t parent, const char *key,
             enum h2k_lvm_kind kind)
{
    uint32_t n = text->nodes[parent].child;
    while (n != 0 && strcmp(text->nodes[n].key, key) != 0)
        n = text->nodes[n].next;
    return n != 0 && text->nodes[n].kind == kind ? n : 0;
}

static uint32_t
section_from(const struct h2k_lvm_text *text, uint32_t n)
{
    while (n != 0 && text->nodes[n].kind != H2K_LVM_SECTION)
        n = text->nodes[n].next;
    return n;
}

uint32_t
h2k_lvm_first_section(const struct h2k_lvm_text *text, uint32_t parent)
{
    return section_from(text, text->nodes[parent].child);
}

uint32_t
h2k_lvm_next_section(const struct h2k_lvm_text *text, uint32_t node)
{
    return section_from(text, text->nodes[node].next);
}

int
h2k_lvm_number(const struct h2k_lvm_text *text, uint32_t parent,
               const char *key, uint64_t max, uint64_t *out)
{
    uint32_t n = h2k_lvm_find(text, parent, key, H2K_LVM_NUMBER);
    const char *section = text->nodes[parent].key;
    *out = 0;
    if (n == 0)
        return h2k_fail(H2K_E_CORRUPT, "%.100s: no number \"%s\"", section,
                        key);
    int64_t value = text->nodes[n].number;
    if (value < 0 || (uint64_t)value > max)
        return h2k_fail(H2K_E_CORRUPT,
                        "%.100s: \"%s\" is %" PRId64 ", of at most %" PRIu64,
                        section, key, value, max);
    *out = (uint64_t)value;
    return 0;
}

const char *
h2k_lvm_string(const struct h2k_lvm_text *text, uint32_t parent,
               const char *key)
{
    uint32_t n = h2k_lvm_find(text, parent, key, H2K_LVM_STRING);
    return n == 0 ? NULL : text->nodes[n].string;
}

bool
h2k_lvm_has(const struct h2k_lvm_text *text, uint32_t parent, const char *key,
            const char *value)
{
    uint32_t array = h2k_lvm_find(text, parent, key, H2K_LVM_ARRAY);
    uint32_t n = array == 0 ? 0 : text->nodes[array].child;
    for (; n != 0; n = text->nodes[n].next)
        if (text->nodes[n].kind == H2K_LVM_STRING &&
            strcmp(text->nodes[n].string, value) == 0)
            return true;
    return false;
}
