/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "manifest/rules.h"

#include "base/buffer.h"

#include <inttypes.h>
#include <string.h>

struct checker {
    struct h2k_problems *problems;
    const struct h2k_rule_options *options;
};

static void check_value(const struct checker *c, const struct h2k_rule *rule,
                        const struct h2k_node *node);

static const struct h2k_rule *
find_rule(const struct h2k_section *section, const char *key)
{
    for (const struct h2k_rule *rule = section->rules; rule->key != NULL;
         rule++)
        if (strcmp(rule->key, key) == 0)
            return rule;
    return NULL;
}

/* "a, b, c" */
static void
add_words(struct h2k_buffer *b, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++)
        h2k_buffer_addf(b, "%s%s", i > 0 ? ", " : "", words[i]);
}

static void
report_unknown(const struct checker *c, const struct h2k_section *section,
               const struct h2k_node *node)
{
    const char *words[32];
    size_t count = 0;
    for (const struct h2k_rule *rule = section->rules;
         rule->key != NULL && count < 31; rule++)
        if (!rule->older)
            words[count++] = rule->key;
    words[count] = NULL;
    const char *nearest = h2k_nearest(node->key, words);
    H2K_AUTO_BUFFER hint = { 0 };
    H2K_AUTO_BUFFER known = { 0 };
    if (nearest != NULL)
        h2k_buffer_addf(&hint, "did you mean '%s'?", nearest);
    if (!section->closed) {
        h2k_report_key(c->problems, H2K_PROBLEM_WARNING, node, hint.data,
                       "unknown key");
        return;
    }
    add_words(&known, words);
    h2k_report_key(c->problems, H2K_PROBLEM_ERROR, node, hint.data,
                   "unknown stage; the stages are %s",
                   h2k_buffer_text(&known));
}

static void
check_map(const struct checker *c, const struct h2k_section *section,
          const struct h2k_node *map)
{
    for (const struct h2k_node *child = map->first; child != NULL;
         child = child->next) {
        const struct h2k_rule *rule = find_rule(section, child->key);
        if (rule != NULL)
            check_value(c, rule, child);
        else
            report_unknown(c, section, child);
    }
    if (c->options->fragment)
        return;
    for (const struct h2k_rule *rule = section->rules; rule->key != NULL;
         rule++)
        if (rule->required && h2k_node_get(map, rule->key) == NULL)
            h2k_report_child(c->problems, H2K_PROBLEM_ERROR, map, rule->key,
                             NULL, "is missing");
}

static void
report_type(const struct checker *c, const struct h2k_node *node,
            const char *wanted)
{
    bool quotes =
        strcmp(wanted, "a string") == 0 &&
        (node->kind == H2K_NODE_NUMBER || node->kind == H2K_NODE_BOOL);
    H2K_AUTO_BUFFER hint = { 0 };
    if (quotes)
        h2k_buffer_addf(&hint, "write it in quotes: \"%.40s\"", node->text);
    h2k_report(c->problems, H2K_PROBLEM_ERROR, node, hint.data,
               "must be %s, but is %s", wanted,
               h2k_node_kind_name(node->kind));
}

static void
check_string(const struct checker *c, const struct h2k_rule *rule,
             const struct h2k_node *node)
{
    if (node->kind != H2K_NODE_STRING) {
        report_type(c, node, "a string");
        return;
    }
    if (rule->not_empty && *node->text == '\0') {
        h2k_report(c->problems, H2K_PROBLEM_ERROR, node, NULL, "is empty");
        return;
    }
    for (size_t i = 0; rule->values != NULL; i++) {
        if (rule->values[i] == NULL) {
            const char *nearest = h2k_nearest(node->text, rule->values);
            H2K_AUTO_BUFFER hint = { 0 };
            H2K_AUTO_BUFFER known = { 0 };
            add_words(&known, rule->values);
            if (nearest != NULL)
                h2k_buffer_addf(&hint, "did you mean '%s'?", nearest);
            h2k_report(c->problems, H2K_PROBLEM_ERROR, node, hint.data,
                       "'%s' is not one of %s", node->text,
                       h2k_buffer_text(&known));
            return;
        }
        if (strcmp(rule->values[i], node->text) == 0)
            break;
    }
    if (rule->check != NULL)
        rule->check(node, c->problems);
}

static void
check_integer(const struct checker *c, const struct h2k_rule *rule,
              const struct h2k_node *node)
{
    int64_t value;
    if (node->kind != H2K_NODE_NUMBER) {
        report_type(c, node, "a whole number");
        return;
    }
    if (h2k_node_integer(node, &value) && value >= rule->least &&
        value <= rule->most)
        return;
    h2k_report(c->problems, H2K_PROBLEM_ERROR, node, NULL,
               "%s is not a whole number from %" PRId64 " to %" PRId64,
               node->text, rule->least, rule->most);
}

static void
check_number(const struct checker *c, const struct h2k_rule *rule,
             const struct h2k_node *node)
{
    double value;
    if (node->kind != H2K_NODE_NUMBER) {
        report_type(c, node, "a number");
        return;
    }
    if (!h2k_node_number(node, &value) || value <= 0 ||
        value > (double)rule->most)
        h2k_report(c->problems, H2K_PROBLEM_ERROR, node, NULL,
                   "%s is not above 0 and up to %" PRId64, node->text,
                   rule->most);
}

static void
check_list(const struct checker *c, const struct h2k_rule *rule,
           const struct h2k_node *node)
{
    /* In a list, each entry stands for itself, also in a fragment. */
    static const struct h2k_rule_options whole = { 0 };
    const struct checker inside = { c->problems, &whole };
    struct h2k_rule entry = *rule;
    entry.not_empty = false;
    if (node->kind != H2K_NODE_LIST) {
        report_type(c, node, "a list");
        return;
    }
    if (rule->not_empty && node->first == NULL)
        h2k_report(c->problems, H2K_PROBLEM_ERROR, node, NULL,
                   "is empty; at least one is needed");
    for (const struct h2k_node *child = node->first; child != NULL;
         child = child->next) {
        bool string =
            rule->type == H2K_RULE_LIST ||
            (rule->type == H2K_RULE_REMARKS && child->kind != H2K_NODE_MAP);
        entry.type = string ? H2K_RULE_STRING : H2K_RULE_MAP;
        check_value(&inside, &entry, child);
    }
}

static void
check_tags(const struct checker *c, const struct h2k_node *node)
{
    if (node->kind != H2K_NODE_MAP && node->kind != H2K_NODE_LIST) {
        report_type(c, node, "a map or a list");
        return;
    }
    for (const struct h2k_node *child = node->first; child != NULL;
         child = child->next)
        if (child->kind == H2K_NODE_MAP || child->kind == H2K_NODE_LIST)
            report_type(c, child, "a string");
}

static void
check_value(const struct checker *c, const struct h2k_rule *rule,
            const struct h2k_node *node)
{
    if (rule->may_be_null && node->kind == H2K_NODE_NULL)
        return;
    switch (rule->type) {
    case H2K_RULE_STRING:
        check_string(c, rule, node);
        break;
    case H2K_RULE_BOOL:
        if (node->kind != H2K_NODE_BOOL)
            report_type(c, node, "true or false");
        break;
    case H2K_RULE_INTEGER:
        check_integer(c, rule, node);
        break;
    case H2K_RULE_NUMBER:
        check_number(c, rule, node);
        break;
    case H2K_RULE_MAP:
        if (node->kind == H2K_NODE_MAP)
            check_map(c, rule->section, node);
        else
            report_type(c, node, "a map");
        break;
    case H2K_RULE_LIST:
    case H2K_RULE_LIST_OF_MAPS:
    case H2K_RULE_REMARKS:
        check_list(c, rule, node);
        break;
    case H2K_RULE_TAGS:
        check_tags(c, node);
        break;
    }
}

void
h2k_rules_check(const struct h2k_node *node, const struct h2k_section *section,
                const struct h2k_rule_options *options,
                struct h2k_problems *problems)
{
    const struct checker c = { problems, options };
    const struct h2k_rule whole = { .type = H2K_RULE_MAP, .section = section };
    check_value(&c, &whole, node);
}
