/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "manifest/tokens.h"

#include "base/utf8.h"

#include <libfyaml.h>
#include <string.h>

struct h2k_place
h2k_event_place(const struct h2k_tokens *in, struct fy_event *event,
                struct h2k_place otherwise)
{
    struct fy_token *token = fy_event_get_token(event);
    const struct fy_mark *mark =
        token == NULL ? NULL : fy_token_start_mark(token);
    if (mark == NULL)
        return otherwise;
    struct h2k_place place = { .file = in->file };
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
is_misread(const struct h2k_tokens *in, struct fy_token *token)
{
    if (token == NULL || fy_token_scalar_style(token) != FYSS_SINGLE_QUOTED)
        return false;
    const struct fy_mark *start = fy_token_start_mark(token);
    const struct fy_mark *end = fy_token_end_mark(token);
    if (start == NULL || end == NULL || start->input_pos > end->input_pos ||
        end->input_pos > in->source_size)
        return true;
    return memmem(in->source + start->input_pos,
                  end->input_pos - start->input_pos, "''''", 4) != NULL;
}

const char *
h2k_token_text(const struct h2k_tokens *in, struct fy_token *token,
               struct h2k_place place)
{
    size_t size = 0;
    if (is_misread(in, token)) {
        h2k_report_place(in->problems, place, "write it in double quotes",
                         "two quotation marks in a row, in single quotes, "
                         "cannot be read");
        return NULL;
    }
    const char *text = token == NULL ? "" : fy_token_get_text(token, &size);
    if (text == NULL) {
        text = "";
        size = 0;
    }
    const char *copy = h2k_document_string(in->doc, text, size);
    if (copy != NULL && strlen(copy) < size) {
        h2k_report_place(in->problems, place, NULL,
                         "a string has a NUL character in it");
        return NULL;
    }
    if (copy != NULL && !h2k_utf8_is_valid(copy)) {
        h2k_report_place(in->problems, place, NULL, "this cannot be read");
        return NULL;
    }
    return copy;
}

bool
h2k_token_is_block(struct fy_token *token)
{
    enum fy_scalar_style style =
        token == NULL ? FYSS_ANY : fy_token_scalar_style(token);
    return style == FYSS_LITERAL || style == FYSS_FOLDED;
}

/*
 * libfyaml 0.7.12 takes lines that are not: the keys after an empty one
 * become its text, and the text has a rest that nobody wrote.
 */
int
h2k_token_check_block(const struct h2k_tokens *in, struct fy_token *token,
                      unsigned column, struct h2k_place place)
{
    const struct fy_mark *start = fy_token_start_mark(token);
    const struct fy_mark *end = fy_token_end_mark(token);
    if (column == 0 || start == NULL || end == NULL ||
        start->input_pos > in->source_size || end->input_pos > in->source_size)
        return 0;
    const char *line = in->source + start->input_pos;
    size_t indent = strspn(line, " ");
    while (line[indent] == '\n' || line[indent] == '\r') {
        line += indent + 1;
        indent = strspn(line, " ");
    }
    if (line >= in->source + end->input_pos)
        return 0; /* only empty lines */
    if (indent >= column)
        return 0;
    return h2k_report_place(in->problems, place, "an empty text is \"\"",
                            "the text after | or > is not indented more than "
                            "its key");
}

const char *
h2k_event_anchor(const struct h2k_tokens *in, struct fy_event *event)
{
    struct fy_token *token = fy_event_get_anchor_token(event);
    size_t size = 0;
    const char *text = token == NULL ? NULL : fy_token_get_text(token, &size);
    return text == NULL ? NULL : h2k_document_string(in->doc, text, size);
}

const char *
h2k_event_tag(struct fy_event *event)
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
