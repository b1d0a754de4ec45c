/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Text into a document: what is checked before its parser, and after. */
#include "manifest/document.h"

#include "base/error.h"
#include "manifest/events.h"
#include "base/utf8.h"

#include <string.h>

struct source {
    struct h2k_document *doc;
    struct h2k_problems *problems;
    const char *file;
    unsigned depth;
};

static int
compare_keys(const void *a, const void *b)
{
    const struct h2k_node *x = *(struct h2k_node *const *)a,
                          *y = *(struct h2k_node *const *)b;
    int order = strcmp(x->key, y->key);
    return order != 0 ? order : x->index < y->index ? -1 : x->index > y->index;
}

/* Report each key of MAP that stands there a second time. */
static int
check_duplicates_in(const struct source *s, const struct h2k_node *map)
{
    h2k_autofree struct h2k_node **keys = calloc(map->count, sizeof(*keys));
    if (keys == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (struct h2k_node *child = map->first; child != NULL;
         child = child->next)
        keys[child->index] = child;
    qsort(keys, map->count, sizeof(struct h2k_node *), compare_keys);
    for (size_t i = 1; i < map->count; i++)
        if (strcmp(keys[i - 1]->key, keys[i]->key) == 0)
            h2k_report_key(s->problems, H2K_PROBLEM_ERROR, keys[i], NULL,
                           "the key stands here a second time; the first is "
                           "in line %u",
                           keys[i - 1]->key_place.line);
    return 0;
}

static int
check_duplicates(const struct source *s, const struct h2k_node *node)
{
    if (node->kind == H2K_NODE_MAP && node->count > 1 &&
        check_duplicates_in(s, node) < 0)
        return -1;
    for (const struct h2k_node *child = node->first; child != NULL;
         child = child->next)
        if (child->first != NULL && check_duplicates(s, child) < 0)
            return -1;
    return 0;
}

/* The place of the byte at OFFSET, for what no parser sees. */
static struct h2k_place
place_of_byte(const char *file, const char *text, size_t offset)
{
    struct h2k_place place = { file, 1, 1 };
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if ((text[i] & 0xc0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

static int
check_text(const struct source *s, const char *text, size_t size)
{
    size_t good = h2k_utf8_valid_prefix(text, size);
    const unsigned char *bytes = (const unsigned char *)text;
    if (good < size) {
        bool utf16 = size >= 2 && ((bytes[0] == 0xff && bytes[1] == 0xfe) ||
                                   (bytes[0] == 0xfe && bytes[1] == 0xff));
        bool control = bytes[good] < 0x20;
        return h2k_report_place(
            s->problems, place_of_byte(s->file, text, good),
            utf16 ? "it looks like UTF-16: save it as UTF-8" : NULL,
            control ? "the control character 0x%02x"
                    : "not UTF-8: the byte 0x%02x",
            bytes[good]);
    }
    if (strspn(text, " \t\r\n") >= size) {
        return h2k_report_place(s->problems,
                                (struct h2k_place){ .file = s->file }, NULL,
                                "the file is empty");
    }
    return 0;
}

static int
parse_text(const struct source *s, const char *text, size_t size)
{
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a BOM */
        text += 3;
        size -= 3;
    }
    if (check_text(s, text, size) < 0)
        return -1;
    char first = text[strspn(text, " \t\r\n")];
    bool json = first == '{' || first == '[';
    if (h2k_document_read_events(s->doc, text, size, json, s->depth,
                                 s->problems) < 0)
        return -1;
    if (s->doc->root == NULL) {
        return h2k_report_place(s->problems,
                                (struct h2k_place){ .file = s->file }, NULL,
                                "there is no document in the file");
    }
    return check_duplicates(s, s->doc->root);
}

struct h2k_document *
h2k_document_parse(const char *text, size_t size, const char *name,
                   unsigned depth, struct h2k_problems *problems)
{
    H2K_AUTO(h2k_document) doc = h2k_document_new();
    /* A copy that ends with a NUL, so that scanning stops. */
    h2k_autofree char *copy = NULL;
    if (size > H2K_MANIFEST_MAX_SIZE) {
        h2k_report_place(problems, (struct h2k_place){ .file = name }, NULL,
                         "larger than %u MiB, so it is no manifest",
                         H2K_MANIFEST_MAX_SIZE >> 20);
        return NULL;
    }
    if (doc != NULL)
        copy = malloc(size + 1);
    if (copy == NULL) {
        h2k_problems_fail_memory(problems);
        return NULL;
    }
    if (size > 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    const struct source source = { .doc = doc,
                                   .problems = problems,
                                   .file = h2k_document_file(doc, name),
                                   .depth = depth };
    int rc = parse_text(&source, copy, size);
    if (doc->failed) {
        h2k_problems_fail_memory(problems);
        return NULL;
    }
    return rc < 0 ? NULL : h2k_steal(doc);
}
