/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The filters of lvm.conf(5): lists of "a" (accept) or "r" (reject), a
 * delimiter, a regular expression and the delimiter again.  The first rule
 * that matches a device's name decides; what none matches is accepted.
 */
#include "base/error.h"
#include "guest/fix/lvm-config.h"
#include "volume/lvm/text.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#define EXPRESSION_MAX 512
#define RULES_MAX 256
/* Each "+" makes the C library's regcomp(3) copy what it repeats, once more
 * for each that it stands in. */
#define REPEATS_MAX 8
#define ACCEPT_VIRTIO "\"a|^/dev/vd|\", "

/* The same names with each kind of controller. */
static const char *const old_names[] = { "/dev/sda", "/dev/sda1", "/dev/sda2",
                                         "/dev/sda3", "/dev/sda5" };
static const char *const new_names[] = { "/dev/vda", "/dev/vda1", "/dev/vda2",
                                         "/dev/vda3", "/dev/vda5" };
#define NAMES (sizeof(new_names) / sizeof(new_names[0]))

/* The closing delimiter of a rule, "(" and its like too; NUL: no rule. */
static char
closing(char open)
{
    switch (open) {
    case '(':
        return ')';
    case '[':
        return ']';
    case '{':
        return '}';
    default:
        return open;
    }
}

/* The expression of RULE in POSIX's words: braces are no repetition there,
 * and references to groups are unknown.  False for what is no rule, or costs
 * too much to find out. */
static bool
expression_of(const char *rule, char out[2 * EXPRESSION_MAX])
{
    size_t length = strlen(rule), n = 0, repeats = 0;
    if (length < 3 || length > EXPRESSION_MAX ||
        (rule[0] != 'a' && rule[0] != 'r') ||
        rule[length - 1] != closing(rule[1]))
        return false;
    for (size_t i = 2; i < length - 1; i++) {
        repeats += rule[i] == '+';
        if (repeats > REPEATS_MAX ||
            (rule[i] == '\\' && isdigit((unsigned char)rule[i + 1])))
            return false;
        if (rule[i] == '{' || rule[i] == '}')
            out[n++] = '\\';
        out[n++] = rule[i];
    }
    out[n] = '\0';
    return true;
}

/* Does RULE match NAME?  A rule that cannot be read matches nothing, as it
 * makes LVM2 refuse the whole filter. */
static bool
matches(const char *rule, const char *name)
{
    char expression[2 * EXPRESSION_MAX];
    regex_t regex;
    if (!expression_of(rule, expression) ||
        regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    bool found = regexec(&regex, name, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

/* The rule of the array FILTER that decides on NAME, or NULL. */
static const char *
deciding(const struct h2k_lvm_text *text, uint32_t filter, const char *name)
{
    size_t rules = 0;
    for (uint32_t n = text->nodes[filter].child; n != 0 && rules < RULES_MAX;
         n = text->nodes[n].next, rules++)
        if (text->nodes[n].kind == H2K_LVM_STRING &&
            matches(text->nodes[n].string, name))
            return text->nodes[n].string;
    return NULL;
}

static bool
accepts(const char *rule)
{
    return rule == NULL || rule[0] == 'a';
}

/* Is a virtio disk hidden by what hides everything that is not named, while
 * VMware's, or others, are let through? */
static bool
hides_virtio(const struct h2k_lvm_text *text, uint32_t filter)
{
    bool lets_through = false;
    for (uint32_t n = text->nodes[filter].child; n != 0;
         n = text->nodes[n].next)
        lets_through |= text->nodes[n].kind == H2K_LVM_STRING &&
                        text->nodes[n].string[0] == 'a';
    if (!lets_through)
        return false;
    for (size_t i = 0; i < NAMES; i++)
        if (accepts(deciding(text, filter, new_names[i])))
            return false;
    return true;
}

static bool
is_catch_all(const char *rule)
{
    return rule != NULL && matches(rule, "/dev/none-such");
}

/* The rule goes before the first: where that one's quotes open. */
static int
extend(struct h2k_rewrite *rewrite, const struct h2k_lvm_text *text,
       uint32_t filter)
{
    const struct h2k_lvm_node *first = &text->nodes[text->nodes[filter].child];
    if (!hides_virtio(text, filter) || first->kind != H2K_LVM_STRING)
        return 0;
    size_t at = (size_t)(first->string - text->text) - 1;
    const char *rule = deciding(text, filter, new_names[0]);
    bool sd = false;
    for (size_t i = 0; i < NAMES; i++)
        sd |= accepts(deciding(text, filter, old_names[i]));
    if (!is_catch_all(rule))
        return h2k_rewrite_warn(
            rewrite, at,
            "%.20s rejects virtio disks by name (%.200s): if a volume group "
            "is on one, the guest will not find it; edit the line%s",
            text->nodes[filter].key, rule,
            sd ? ", or give the new machine a virtio-scsi controller" : "");
    return h2k_rewrite_add(rewrite, at, 0, ACCEPT_VIRTIO,
                           "virtio disks in LVM's %.20s",
                           text->nodes[filter].key);
}

/* The filters of SECTION, whose names have PREFIX where they stand alone
 * ("devices/filter"). */
static int
extend_section(struct h2k_rewrite *rewrite, const struct h2k_lvm_text *text,
               uint32_t section, const char *prefix)
{
    for (uint32_t n = text->nodes[section].child; n != 0;
         n = text->nodes[n].next) {
        const struct h2k_lvm_node *node = &text->nodes[n];
        size_t length = strlen(prefix);
        if (node->kind != H2K_LVM_ARRAY || node->child == 0 ||
            strncmp(node->key, prefix, length) != 0)
            continue;
        if ((strcmp(node->key + length, "filter") == 0 ||
             strcmp(node->key + length, "global_filter") == 0) &&
            extend(rewrite, text, n) < 0)
            return -1;
    }
    return 0;
}

int
h2k_lvm_filter_rewrite(struct h2k_rewrite *rewrite, void *opaque)
{
    (void)opaque;
    H2K_AUTO(h2k_lvm_text)
    text = h2k_lvm_text_parse(rewrite->text, rewrite->size);
    if (text == NULL)
        return h2k_error_is_content()
                   ? h2k_rewrite_warn(rewrite, 0,
                                      "it is not as lvm.conf(5) says (%s): "
                                      "its filters were not looked at",
                                      h2k_errmsg())
                   : -1;
    /* Sections and lone entries in the order of the text. */
    for (uint32_t n = text->nodes[0].child; n != 0; n = text->nodes[n].next)
        if (text->nodes[n].kind == H2K_LVM_SECTION &&
            strcmp(text->nodes[n].key, "devices") == 0 &&
            extend_section(rewrite, text, n, "") < 0)
            return -1;
    return rewrite->count > 0 ? 0
                              : extend_section(rewrite, text, 0, "devices/");
}
