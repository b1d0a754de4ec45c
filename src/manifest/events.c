/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * libfyaml's events into a document: its parser does not recurse over them,
 * so depth, the number of nodes and what aliases stand for are bounded here,
 * before anything is built.
 */
#include "manifest/events.h"

#include "base/error.h"
#include "manifest/problems.h"
#include "manifest/scalar.h"
#include "base/utf8.h"

#include <libfyaml.h>
#include <string.h>

#define MAX_KEY 128 /* bytes: also when escaped, less than YAML allows */
#define MAX_ANCHORS 1000u
/* What aliases may add to the text, in bytes: no more than a file could
 * hold without them. */
#define MAX_ALIASED H2K_MANIFEST_MAX_SIZE

struct anchor {
    struct anchor *next;
    const char *name;
    struct h2k_node *node;
};

struct level {
    struct h2k_node *node;
    const char *anchor; /* its name, to be known when the node is complete */
    struct {
        const char *text; /* the key that waits for its value, or NULL */
        struct h2k_place place;
    } key;
};

struct parser {
    struct h2k_document *doc;
    struct h2k_problems *problems;
    const char *file, *source;
    size_t source_size;
    bool json;
    struct level levels[H2K_MANIFEST_MAX_DEPTH];
    unsigned depth, max_depth;
    struct anchor *anchors; /* the latest first */
    size_t nodes, aliased, anchor_count;
};

static struct h2k_place
place_of(const struct parser *p, struct fy_event *event)
{
    struct fy_token *token = fy_event_get_token(event);
    const struct fy_mark *mark =
        token == NULL ? NULL : fy_token_start_mark(token);
    struct h2k_place place = { .file = p->file };
    if (mark == NULL) { /* nothing stands there: where its key does */
        if (p->depth > 0 && p->levels[p->depth - 1].key.text != NULL)
            return p->levels[p->depth - 1].key.place;
        return place;
    }
    place.line = (unsigned)mark->line + 1;
    place.column = (unsigned)mark->column + 1;
    if (event->type == FYET_SCALAR && place.column > 1) {
        /* The mark is after the quotation mark. */
        enum fy_scalar_style style = fy_token_scalar_style(token);
        place.column -=
            style == FYSS_DOUBLE_QUOTED || style == FYSS_SINGLE_QUOTED;
    }
    return place;
}

/*
 * libfyaml 0.7.12 misreads two escaped quotation marks in a row: 'a''''b'
 * loses its b.  Such text is refused, since what it says is not what is read.
 */
static bool
is_misread(const struct parser *p, struct fy_token *token)
{
    if (token == NULL || fy_token_scalar_style(token) != FYSS_SINGLE_QUOTED)
        return false;
    const struct fy_mark *start = fy_token_start_mark(token);
    const struct fy_mark *end = fy_token_end_mark(token);
    if (start == NULL || end == NULL || start->input_pos > end->input_pos ||
        end->input_pos > p->source_size)
        return true;
    return memmem(p->source + start->input_pos,
                  end->input_pos - start->input_pos, "''''", 4) != NULL;
}

/* A token's text in the document's arena; "" where there is no token.  NULL
 * when it cannot be a string of ours (or without memory). */
static const char *
text_of(struct parser *p, struct fy_token *token, struct h2k_place place)
{
    size_t size = 0;
    if (is_misread(p, token)) {
        h2k_report_place(p->problems, place, "write it in double quotes",
                         "two quotation marks in a row, in single quotes, "
                         "cannot be read");
        return NULL;
    }
    const char *text = token == NULL ? "" : fy_token_get_text(token, &size);
    if (text == NULL) {
        text = "";
        size = 0;
    }
    const char *copy = h2k_document_string(p->doc, text, size);
    if (copy != NULL && strlen(copy) < size) {
        h2k_report_place(p->problems, place, NULL,
                         "a string has a NUL character in it");
        return NULL;
    }
    if (copy != NULL && !h2k_utf8_is_valid(copy)) {
        h2k_report_place(p->problems, place, NULL, "this cannot be read");
        return NULL;
    }
    return copy;
}

static bool
is_block(struct fy_token *token)
{
    enum fy_scalar_style style =
        token == NULL ? FYSS_ANY : fy_token_scalar_style(token);
    return style == FYSS_LITERAL || style == FYSS_FOLDED;
}

/*
 * The lines of a block scalar have to be indented more than what it is in
 * (YAML 1.2, 8.1.1.1).  libfyaml 0.7.12 takes lines that are not: the keys
 * after an empty one become its text, and the text has a rest that nobody
 * wrote.
 */
static int
check_block(const struct parser *p, struct fy_token *token,
            struct h2k_place place)
{
    const struct fy_mark *start = fy_token_start_mark(token);
    const struct fy_mark *end = fy_token_end_mark(token);
    if (p->depth == 0 || start == NULL || end == NULL ||
        start->input_pos > p->source_size || end->input_pos > p->source_size)
        return 0;
    const char *line = p->source + start->input_pos;
    size_t indent = strspn(line, " ");
    while (line[indent] == '\n' || line[indent] == '\r') {
        line += indent + 1;
        indent = strspn(line, " ");
    }
    if (line >= p->source + end->input_pos)
        return 0; /* only empty lines */
    if (indent >= p->levels[p->depth - 1].node->place.column)
        return 0;
    return h2k_report_place(p->problems, place, "an empty text is \"\"",
                            "the text after | or > is not indented more than "
                            "its key");
}

static struct h2k_node *
new_node(struct parser *p, enum h2k_node_kind kind, struct h2k_place place)
{
    if (++p->nodes > H2K_MANIFEST_MAX_NODES) {
        h2k_report_place(p->problems, place, NULL,
                         "more than %u values in one document",
                         H2K_MANIFEST_MAX_NODES);
        return NULL;
    }
    struct h2k_node *node = h2k_node_new(p->doc, kind, NULL);
    if (node != NULL)
        node->place = place;
    return node;
}

/* NODE is complete up to its children: put it where the parser stands. */
static int
attach(struct parser *p, struct h2k_node *node)
{
    if (node == NULL)
        return -1;
    if (p->depth == 0) {
        p->doc->root = node;
        return 0;
    }
    struct level *level = &p->levels[p->depth - 1];
    h2k_node_append(p->doc, level->node, level->key.text, node);
    node->key_place = level->key.place;
    level->key.text = NULL;
    return p->doc->failed ? -1 : 0;
}

static bool
key_is_next(const struct parser *p)
{
    return p->depth > 0 && p->levels[p->depth - 1].key.text == NULL &&
           p->levels[p->depth - 1].node->kind == H2K_NODE_MAP;
}

static int
remember(struct parser *p, const char *name, struct h2k_node *node)
{
    if (name == NULL)
        return 0;
    if (++p->anchor_count > MAX_ANCHORS) {
        return h2k_report_place(p->problems, node->place, NULL,
                                "more than %u anchors in one document",
                                MAX_ANCHORS);
    }
    struct anchor *anchor = h2k_document_alloc(p->doc, 1, sizeof(*anchor));
    if (anchor == NULL)
        return -1;
    *anchor = (struct anchor){ p->anchors, name, node };
    p->anchors = anchor;
    return 0;
}

static const char *
anchor_name(struct parser *p, struct fy_event *event)
{
    struct fy_token *token = fy_event_get_anchor_token(event);
    size_t size = 0;
    const char *text = token == NULL ? NULL : fy_token_get_text(token, &size);
    return text == NULL ? NULL : h2k_document_string(p->doc, text, size);
}

/* Which of YAML's own types a tag names; "" for none, NULL for any other
 * tag. */
static const char *
tag_type(struct fy_event *event)
{
    static const char *const types[] = { "str",  "int", "float", "bool",
                                         "null", "map", "seq" };
    struct fy_token *token = fy_event_get_tag_token(event);
    if (token == NULL)
        return "";
    const char *handle = fy_tag_token_handle0(token);
    const char *suffix = fy_tag_token_suffix0(token);
    if (handle == NULL || suffix == NULL)
        return NULL;
    if (strcmp(handle, "!") == 0 && *suffix == '\0')
        return "str";
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (strcmp(handle, "!!") == 0 && strcmp(suffix, types[i]) == 0)
            return types[i];
    return NULL;
}

static int
open_level(struct parser *p, struct fy_event *event)
{
    bool map = event->type == FYET_MAPPING_START;
    struct h2k_place place = place_of(p, event);
    const char *tag = tag_type(event);
    if (p->depth >= p->max_depth)
        return h2k_report_place(p->problems, place, NULL,
                                "more than %u maps and lists in each other",
                                p->max_depth);
    if (key_is_next(p))
        return h2k_report_place(p->problems, place, NULL,
                                "a key must be a string, not %s",
                                map ? "a map" : "a list");
    if (tag == NULL || (*tag != '\0' && strcmp(tag, map ? "map" : "seq") != 0))
        return h2k_report_place(p->problems, place, NULL,
                                "this YAML tag is not supported here");
    struct h2k_node *node =
        new_node(p, map ? H2K_NODE_MAP : H2K_NODE_LIST, place);
    if (attach(p, node) < 0)
        return -1;
    p->levels[p->depth++] =
        (struct level){ .node = node, .anchor = anchor_name(p, event) };
    return 0;
}

static int
close_level(struct parser *p)
{
    struct level *level = &p->levels[--p->depth];
    return remember(p, level->anchor, level->node);
}

static int
read_key(struct parser *p, struct fy_event *event)
{
    struct level *level = &p->levels[p->depth - 1];
    struct h2k_place place = place_of(p, event);
    const char *text = text_of(p, event->scalar.value, place);
    if (text == NULL)
        return -1;
    if (is_block(event->scalar.value))
        return h2k_report_place(p->problems, place, NULL,
                                "a key must be in one line");
    const char *tag = tag_type(event);
    if (tag == NULL || (*tag != '\0' && strcmp(tag, "str") != 0))
        return h2k_report_place(p->problems, place, NULL,
                                "this YAML tag is not supported here");
    if (strlen(text) > MAX_KEY)
        return h2k_report_place(p->problems, place, NULL,
                                "a key is longer than %d bytes", MAX_KEY);
    if (!p->json && strcmp(text, "<<") == 0)
        return h2k_report_place(p->problems, place, "write its keys out",
                                "the merge key << is not part of YAML 1.2");
    level->key.text = text;
    level->key.place = place;
    return 0;
}

/* What TAG and TEXT are together; H2K_NODE_MAP for what cannot be. */
static enum h2k_node_kind
scalar_kind(const char *tag, bool plain, const char *text, char **number)
{
    if (strcmp(tag, "str") == 0 || (*tag == '\0' && !plain))
        return H2K_NODE_STRING;
    enum h2k_node_kind kind = h2k_scalar_resolve(text, number);
    enum h2k_node_kind wanted = strcmp(tag, "bool") == 0   ? H2K_NODE_BOOL
                                : strcmp(tag, "null") == 0 ? H2K_NODE_NULL
                                : *tag == '\0'             ? kind
                                                           : H2K_NODE_NUMBER;
    return kind == wanted ? kind : H2K_NODE_MAP;
}

static int
read_scalar(struct parser *p, struct fy_event *event)
{
    struct h2k_place place = place_of(p, event);
    struct fy_token *token = event->scalar.value;
    bool plain = token == NULL || fy_token_scalar_style(token) == FYSS_PLAIN;
    h2k_autofree char *number = NULL;
    if (is_block(token) && check_block(p, token, place) < 0)
        return -1;
    const char *tag = tag_type(event), *text = text_of(p, token, place);
    if (text == NULL)
        return -1;
    enum h2k_node_kind kind =
        tag == NULL ? H2K_NODE_MAP : scalar_kind(tag, plain, text, &number);
    if (kind == H2K_NODE_MAP)
        return h2k_report_place(p->problems, place, NULL,
                                "this YAML tag is not supported here");
    if (kind == H2K_NODE_NUMBER && number == NULL)
        return h2k_report_place(p->problems, place, NULL,
                                "%s is not a number that JSON can hold", text);
    struct h2k_node *node = new_node(p, kind, place);
    if (node == NULL)
        return -1;
    if (kind == H2K_NODE_NUMBER)
        text = h2k_document_string(p->doc, number, strlen(number));
    else if (kind == H2K_NODE_BOOL)
        text = text[0] == 't' || text[0] == 'T' ? "true" : "false";
    node->text = kind == H2K_NODE_NULL ? "null" : text;
    return attach(p, node) < 0 ? -1 : remember(p, anchor_name(p, event), node);
}

struct measure {
    size_t nodes, bytes;
    unsigned depth;
};

static void
measure(const struct h2k_node *node, unsigned depth, struct measure *m)
{
    bool level = node->kind == H2K_NODE_MAP || node->kind == H2K_NODE_LIST;
    m->nodes++;
    m->bytes += node->text == NULL ? 0 : strlen(node->text);
    m->bytes += node->key == NULL ? 0 : strlen(node->key);
    if (level && depth + 1 > m->depth)
        m->depth = depth + 1;
    for (const struct h2k_node *child = node->first; child != NULL;
         child = child->next)
        measure(child, depth + 1, m);
}

static int
read_alias(struct parser *p, struct fy_event *event)
{
    struct h2k_place place = place_of(p, event);
    const char *name = text_of(p, event->alias.anchor, place);
    const struct anchor *anchor = p->anchors;
    if (name == NULL)
        return -1;
    while (anchor != NULL && strcmp(anchor->name, name) != 0)
        anchor = anchor->next;
    if (anchor == NULL || key_is_next(p))
        return h2k_report_place(p->problems, place, NULL,
                                anchor == NULL
                                    ? "*%s stands for nothing before it"
                                    : "*%s cannot be a key",
                                name);
    struct measure m = { .depth = p->depth };
    measure(anchor->node, p->depth, &m);
    p->nodes += m.nodes;
    p->aliased += m.bytes;
    if (p->nodes > H2K_MANIFEST_MAX_NODES || p->aliased > MAX_ALIASED ||
        m.depth > p->max_depth)
        return h2k_report_place(p->problems, place, NULL,
                                "*%s stands for more than a document may hold",
                                name);
    return attach(p, h2k_node_copy(p->doc, anchor->node));
}

static int
handle(struct parser *p, struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (p->doc->root == NULL)
            return 0;
        return h2k_report_place(p->problems, place_of(p, event), NULL,
                                "there is a second document in the file");
    case FYET_MAPPING_START:
    case FYET_SEQUENCE_START:
        return open_level(p, event);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        return close_level(p);
    case FYET_SCALAR:
        return key_is_next(p) ? read_key(p, event) : read_scalar(p, event);
    case FYET_ALIAS:
        return read_alias(p, event);
    default:
        return 0;
    }
}

/* What helps with a syntax error at PLACE of TEXT. */
static const char *
syntax_hint(const struct parser *p, const char *text, struct h2k_place place)
{
    if (!p->json)
        return NULL;
    for (unsigned line = 1; line < place.line && text != NULL; line++) {
        text = strchr(text, '\n');
        if (text != NULL)
            text++;
    }
    if (text != NULL)
        text += strspn(text, " \t");
    if (text != NULL && (*text == '#' || strncmp(text, "//", 2) == 0 ||
                         strncmp(text, "/*", 2) == 0))
        return "JSON has no comments";
    size_t size = p->file == NULL ? 0 : strlen(p->file);
    if (size >= 5 && strcmp(p->file + size - 5, ".json") == 0)
        return NULL;
    return "it begins as JSON does, so it is read as JSON";
}

static int
report_syntax(struct parser *p, const char *text, struct fy_diag *diag)
{
    void *iterator = NULL;
    const struct fy_diag_error *error =
        fy_diag_errors_iterate(diag, &iterator);
    struct h2k_place place = { .file = p->file };
    if (error != NULL && error->line > 0) {
        place.line = (unsigned)error->line;
        place.column = error->column > 0 ? (unsigned)error->column : 1;
    }
    return h2k_report_place(p->problems, place, syntax_hint(p, text, place),
                            "not valid %s: %s", p->json ? "JSON" : "YAML",
                            error == NULL || error->msg == NULL
                                ? "it cannot be read"
                                : error->msg);
}

static int
run_events(struct parser *p, struct fy_parser *events)
{
    struct fy_event *event;
    int rc = 0;
    while (rc == 0 && (event = fy_parser_parse(events)) != NULL) {
        rc = handle(p, event);
        fy_parser_event_free(events, event);
    }
    return rc;
}

int
h2k_document_read_events(struct h2k_document *doc, const char *text,
                         size_t size, bool json, unsigned depth,
                         struct h2k_problems *problems)
{
    struct parser p = { .doc = doc,
                        .problems = problems,
                        .file = doc->file,
                        .source = text,
                        .source_size = size,
                        .json = json,
                        .max_depth = depth };
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&diag_config);
    if (diag == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 |
                 (json ? FYPCF_JSON_FORCE : FYPCF_JSON_NONE),
        .diag = diag,
    };
    struct fy_parser *events = fy_parser_create(&config);
    int rc = -1;
    if (events != NULL && fy_parser_set_string(events, text, size) == 0)
        rc = run_events(&p, events);
    else
        doc->failed = true;
    if (rc == 0 && fy_parser_get_stream_error(events))
        rc = report_syntax(&p, text, diag);
    fy_parser_destroy(events);
    fy_diag_destroy(diag);
    return rc;
}
