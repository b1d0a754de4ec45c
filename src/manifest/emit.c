/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A document as text.  Written here, not by a library's emitter, because a
 * number must keep its text (8.0 is not 8, and 1099511627776 is not
 * 1.099e12), and a string in YAML must stay one for readers of 1.1 as well.
 *
 * Recursion is over a tree whose depth was limited when it was made.
 */
#include "manifest/document.h"

#include "base/buffer.h"
#include "manifest/scalar.h"
#include "base/utf8.h"

#include <string.h>

static void
add_indent(struct h2k_buffer *b, unsigned depth)
{
    h2k_buffer_addf(b, "%*s", (int)(2 * depth), "");
}

/* Neither JSON nor YAML asks for all of these; no reader trips over their
 * being escaped, and some trip over them as they are. */
static bool
needs_escape(uint32_t c)
{
    return c < 0x20 || c == '"' || c == '\\' || (c >= 0x7f && c < 0xa0) ||
           c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffe ||
           c == 0xffff;
}

static void
add_escaped(struct h2k_buffer *b, uint32_t c)
{
    static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    for (const char *p = letters; *p != '\0'; p += 2)
        if ((unsigned char)*p == c) {
            h2k_buffer_addc(b, '\\');
            h2k_buffer_addc(b, p[1]);
            return;
        }
    h2k_buffer_addf(b, "\\u%04x", c);
}

/* A string of JSON (RFC 8259, section 7), which YAML reads alike. */
static void
add_quoted(struct h2k_buffer *b, const char *text)
{
    size_t size = strlen(text), length;
    h2k_buffer_addc(b, '"');
    for (size_t i = 0; i < size; i += length) {
        uint32_t c = 0xfffd; /* for what a program gave that is not UTF-8 */
        length = h2k_utf8_decode(text + i, size - i, &c);
        if (length == 0) {
            length = 1;
            h2k_buffer_addf(b, "\\u%04x", c);
        } else if (needs_escape(c)) {
            add_escaped(b, c);
        } else {
            h2k_buffer_add(b, text + i, length);
        }
    }
    h2k_buffer_addc(b, '"');
}

static void
add_json(struct h2k_buffer *b, const struct h2k_node *node, unsigned depth)
{
    bool map = node->kind == H2K_NODE_MAP;
    if (!map && node->kind != H2K_NODE_LIST) {
        if (node->kind == H2K_NODE_STRING)
            add_quoted(b, node->text);
        else
            h2k_buffer_adds(b, node->text);
        return;
    }
    h2k_buffer_addc(b, map ? '{' : '[');
    for (const struct h2k_node *child = node->first; child != NULL;
         child = child->next) {
        h2k_buffer_adds(b, child == node->first ? "\n" : ",\n");
        add_indent(b, depth + 1);
        if (map) {
            add_quoted(b, child->key);
            h2k_buffer_adds(b, ": ");
        }
        add_json(b, child, depth + 1);
    }
    if (node->first != NULL) {
        h2k_buffer_addc(b, '\n');
        add_indent(b, depth);
    }
    h2k_buffer_addc(b, map ? '}' : ']');
}

/* May TEXT stand as a literal block (YAML 1.2, 8.1.2) as it is?  It has
 * several lines, none of which is only blanks or begins the block with
 * them, and nothing that needs an escape. */
static bool
is_literal(const char *text)
{
    size_t size = strlen(text), length, line = 0;
    if (strchr(text, '\n') == NULL || *text == ' ' || *text == '\t' ||
        *text == '\n')
        return false;
    for (size_t i = 0; i < size; i += length) {
        uint32_t c;
        length = h2k_utf8_decode(text + i, size - i, &c);
        if (length == 0 || (needs_escape(c) && c != '\n' && c != '\t' &&
                            c != '"' && c != '\\'))
            return false;
        if (c == '\n' && i > line && strspn(text + line, " \t") == i - line)
            return false;
        if (c == '\n')
            line = i + 1;
    }
    return size == line || strspn(text + line, " \t") < size - line;
}

static void
add_literal(struct h2k_buffer *b, const char *text, unsigned depth)
{
    size_t size = strlen(text);
    bool ends = text[size - 1] == '\n';
    bool more = ends && text[size - 2] == '\n';
    h2k_buffer_adds(b, more ? "|+\n" : ends ? "|\n" : "|-\n");
    while (*text != '\0') {
        size_t line = strcspn(text, "\n");
        if (line > 0) {
            add_indent(b, depth);
            h2k_buffer_add(b, text, line);
        }
        h2k_buffer_addc(b, '\n');
        text += line + (text[line] == '\n');
    }
}

static void
add_yaml_string(struct h2k_buffer *b, const char *text)
{
    if (h2k_scalar_is_plain(text))
        h2k_buffer_adds(b, text);
    else
        add_quoted(b, text);
}

static void add_yaml(struct h2k_buffer *b, const struct h2k_node *node,
                     unsigned depth, bool in_line);

/* After a key or a dash: the rest of the line, and the lines below. */
static void
add_yaml_value(struct h2k_buffer *b, const struct h2k_node *node,
               unsigned depth, bool after_dash)
{
    if (node->first != NULL) {
        /* A map begins in the line of its dash; else on a line of its own. */
        bool in_line = after_dash && node->kind == H2K_NODE_MAP;
        h2k_buffer_addc(b, in_line ? ' ' : '\n');
        add_yaml(b, node, depth, in_line);
        return;
    }
    h2k_buffer_addc(b, ' ');
    if (node->kind == H2K_NODE_STRING && is_literal(node->text)) {
        add_literal(b, node->text, depth);
        return;
    }
    add_yaml(b, node, depth, true);
}

static void
add_yaml(struct h2k_buffer *b, const struct h2k_node *node, unsigned depth,
         bool in_line)
{
    if (node->first == NULL) {
        if (node->kind == H2K_NODE_STRING)
            add_yaml_string(b, node->text);
        else
            h2k_buffer_adds(b, node->kind == H2K_NODE_MAP    ? "{}"
                               : node->kind == H2K_NODE_LIST ? "[]"
                                                             : node->text);
        h2k_buffer_addc(b, '\n');
        return;
    }
    for (const struct h2k_node *child = node->first; child != NULL;
         child = child->next) {
        if (!in_line || child != node->first)
            add_indent(b, depth);
        if (node->kind == H2K_NODE_MAP) {
            add_yaml_string(b, child->key);
            h2k_buffer_addc(b, ':');
        } else {
            h2k_buffer_addc(b, '-');
        }
        add_yaml_value(b, child, depth + 1, node->kind == H2K_NODE_LIST);
    }
}

char *
h2k_node_to_text(const struct h2k_node *node, enum h2k_manifest_format format)
{
    H2K_AUTO_BUFFER b = { 0 };
    if (format == H2K_MANIFEST_JSON) {
        add_json(&b, node, 0);
        h2k_buffer_addc(&b, '\n');
    } else if (node->kind == H2K_NODE_STRING) {
        add_quoted(&b, node->text); /* not to be taken for JSON */
        h2k_buffer_addc(&b, '\n');
    } else {
        /* An empty map or list would be {} and read as JSON: the same. */
        add_yaml(&b, node, 0, false);
    }
    return h2k_buffer_steal(&b);
}
