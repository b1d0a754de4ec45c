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
#include "manifest/tokens.h"

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
    struct h2k_tokens in;
    struct level levels[H2K_MANIFEST_MAX_DEPTH];
    unsigned depth, max_depth;
    struct anchor *anchors; /* the latest first */
    size_t nodes, aliased, anchor_count;
};

/* Where nothing stands, its key does. */
static struct h2k_place
place_of(const struct parser *p, struct fy_event *event)
{
    struct h2k_place otherwise = { .file = p->in.file };
    if (p->depth > 0 && p->levels[p->depth - 1].key.text != NULL)
        otherwise = p->levels[p->depth - 1].key.place;
    return h2k_event_place(&p->in, event, otherwise);
}

static struct h2k_node *
new_node(struct parser *p, enum h2k_node_kind kind, struct h2k_place place)
{
    if (++p->nodes > H2K_MANIFEST_MAX_NODES) {
        h2k_report_place(p->in.problems, place, NULL,
                         "more than %u values in one document",
                         H2K_MANIFEST_MAX_NODES);
        return NULL;
    }
    struct h2k_node *node = h2k_node_new(p->in.doc, kind, NULL);
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
        p->in.doc->root = node;
        return 0;
    }
    struct level *level = &p->levels[p->depth - 1];
    h2k_node_append(p->in.doc, level->node, level->key.text, node);
    node->key_place = level->key.place;
    level->key.text = NULL;
    return p->in.doc->failed ? -1 : 0;
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
        return h2k_report_place(p->in.problems, node->place, NULL,
                                "more than %u anchors in one document",
                                MAX_ANCHORS);
    }
    struct anchor *anchor = h2k_document_alloc(p->in.doc, 1, sizeof(*anchor));
    if (anchor == NULL)
        return -1;
    *anchor = (struct anchor){ p->anchors, name, node };
    p->anchors = anchor;
    return 0;
}

static int
open_level(struct parser *p, struct fy_event *event)
{
    bool map = event->type == FYET_MAPPING_START;
    struct h2k_place place = place_of(p, event);
    const char *tag = h2k_event_tag(event);
    if (p->depth >= p->max_depth)
        return h2k_report_place(p->in.problems, place, NULL,
                                "more than %u maps and lists in each other",
                                p->max_depth);
    if (key_is_next(p))
        return h2k_report_place(p->in.problems, place, NULL,
                                "a key must be a string, not %s",
                                map ? "a map" : "a list");
    if (tag == NULL || (*tag != '\0' && strcmp(tag, map ? "map" : "seq") != 0))
        return h2k_report_place(p->in.problems, place, NULL,
                                "this YAML tag is not supported here");
    struct h2k_node *node =
        new_node(p, map ? H2K_NODE_MAP : H2K_NODE_LIST, place);
    if (attach(p, node) < 0)
        return -1;
    p->levels[p->depth++] =
        (struct level){ .node = node,
                        .anchor = h2k_event_anchor(&p->in, event) };
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
    const char *text = h2k_token_text(&p->in, event->scalar.value, place);
    if (text == NULL)
        return -1;
    if (h2k_token_is_block(event->scalar.value))
        return h2k_report_place(p->in.problems, place, NULL,
                                "a key must be in one line");
    const char *tag = h2k_event_tag(event);
    if (tag == NULL || (*tag != '\0' && strcmp(tag, "str") != 0))
        return h2k_report_place(p->in.problems, place, NULL,
                                "this YAML tag is not supported here");
    if (strlen(text) > MAX_KEY)
        return h2k_report_place(p->in.problems, place, NULL,
                                "a key is longer than %d bytes", MAX_KEY);
    if (!p->in.json && strcmp(text, "<<") == 0)
        return h2k_report_place(p->in.problems, place, "write its keys out",
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
    unsigned column =
        p->depth == 0 ? 0 : p->levels[p->depth - 1].node->place.column;
    if (h2k_token_is_block(token) &&
        h2k_token_check_block(&p->in, token, column, place) < 0)
        return -1;
    const char *tag = h2k_event_tag(event),
               *text = h2k_token_text(&p->in, token, place);
    if (text == NULL)
        return -1;
    enum h2k_node_kind kind =
        tag == NULL ? H2K_NODE_MAP : scalar_kind(tag, plain, text, &number);
    if (kind == H2K_NODE_MAP)
        return h2k_report_place(p->in.problems, place, NULL,
                                "this YAML tag is not supported here");
    if (kind == H2K_NODE_NUMBER && number == NULL)
        return h2k_report_place(p->in.problems, place, NULL,
                                "%s is not a number that JSON can hold", text);
    struct h2k_node *node = new_node(p, kind, place);
    if (node == NULL)
        return -1;
    if (kind == H2K_NODE_NUMBER)
        text = h2k_document_string(p->in.doc, number, strlen(number));
    else if (kind == H2K_NODE_BOOL)
        text = text[0] == 't' || text[0] == 'T' ? "true" : "false";
    node->text = kind == H2K_NODE_NULL ? "null" : text;
    return attach(p, node) < 0
               ? -1
               : remember(p, h2k_event_anchor(&p->in, event), node);
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
    const char *name = h2k_token_text(&p->in, event->alias.anchor, place);
    const struct anchor *anchor = p->anchors;
    if (name == NULL)
        return -1;
    while (anchor != NULL && strcmp(anchor->name, name) != 0)
        anchor = anchor->next;
    if (anchor == NULL || key_is_next(p))
        return h2k_report_place(p->in.problems, place, NULL,
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
        return h2k_report_place(p->in.problems, place, NULL,
                                "*%s stands for more than a document may hold",
                                name);
    return attach(p, h2k_node_copy(p->in.doc, anchor->node));
}

static int
handle(struct parser *p, struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (p->in.doc->root == NULL)
            return 0;
        return h2k_report_place(p->in.problems, place_of(p, event), NULL,
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
    if (!p->in.json)
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
    size_t size = p->in.file == NULL ? 0 : strlen(p->in.file);
    if (size >= 5 && strcmp(p->in.file + size - 5, ".json") == 0)
        return NULL;
    return "it begins as JSON does, so it is read as JSON";
}

static int
report_syntax(struct parser *p, const char *text, struct fy_diag *diag)
{
    void *iterator = NULL;
    const struct fy_diag_error *error =
        fy_diag_errors_iterate(diag, &iterator);
    struct h2k_place place = { .file = p->in.file };
    if (error != NULL && error->line > 0) {
        place.line = (unsigned)error->line;
        place.column = error->column > 0 ? (unsigned)error->column : 1;
    }
    return h2k_report_place(p->in.problems, place, syntax_hint(p, text, place),
                            "not valid %s: %s", p->in.json ? "JSON" : "YAML",
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
    struct parser p = { .in = { .doc = doc,
                                .problems = problems,
                                .file = doc->file,
                                .source = text,
                                .source_size = size,
                                .json = json },
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
