/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/grub.h"

#include "base/error.h"
#include "guest/text/shell-words.h"

#include <string.h>

static bool
name_is(const struct h2k_shell *shell, size_t length, const char *name)
{
    return strlen(name) == length &&
           memcmp(shell->bytes.data, name, length) == 0;
}

/* GRUB_CMDLINE_LINUX, GRUB_CMDLINE_LINUX_DEFAULT, …_RECOVERY, and what Xen
 * uses in their place. */
static bool
is_cmdline(const struct h2k_shell *shell, size_t length)
{
    static const char prefix[] = "GRUB_CMDLINE_LINUX";
    return length >= sizeof(prefix) - 1 &&
           memcmp(shell->bytes.data, prefix, sizeof(prefix) - 1) == 0;
}

/* Is there a compound command or a function?  Then a line that goes could
 * leave one without a body. */
static int
has_control_flow(const struct h2k_rewrite *rewrite, bool *has)
{
    static const char *const words[] = { "if",    "for",   "case",    "{",
                                         "while", "until", "function" };
    H2K_AUTO_SHELL shell = { .text = rewrite->text, .size = rewrite->size };
    enum h2k_token token = H2K_TOKEN_SEPARATOR;
    *has = false;
    while (token != H2K_TOKEN_END && token != H2K_TOKEN_BROKEN) {
        if (h2k_shell_next(&shell, &token) < 0)
            return -1;
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            if (token == H2K_TOKEN_WORD && h2k_shell_is(&shell, words[i]))
                *has = true;
    }
    return 0;
}

/* Does a line of its own start at AT, and not the rest of a continued one? */
static bool
starts_line(const char *text, size_t at)
{
    if (at == 0)
        return true;
    if (text[at - 1] != '\n')
        return false;
    at -= at >= 2 && text[at - 2] == '\r' ? 2 : 1;
    return at == 0 || text[at - 1] != '\\';
}

/* A switch against UUIDs that is on: its line goes; where other commands
 * share its line or could need it, it is turned off instead. */
static int
clear_switch(struct h2k_rewrite *rewrite, const struct h2k_shell *shell,
             size_t value, bool nested)
{
    const char *text = rewrite->text;
    size_t end = shell->end, from = shell->places[value];
    bool alone = starts_line(text, shell->start);
    while (end < rewrite->size && strchr(" \t\r", text[end]) != NULL &&
           text[end] != '\0')
        end++;
    alone = alone && (end == rewrite->size || text[end] == '\n');
    if (alone && !nested)
        return h2k_rewrite_add(rewrite, shell->start,
                               end - shell->start + (end < rewrite->size), "",
                               "the switch against UUIDs");
    /* With its quotes, which may stand before or behind the value. */
    while (text[from - 1] == '"' || text[from - 1] == '\'')
        from--;
    return h2k_rewrite_add(rewrite, from, shell->end - from, "false",
                           "the switch against UUIDs");
}

/* GRUB_DEVICE, which grub-mkconfig takes as a path only. */
static int
rewrite_device(struct h2k_rewrite *rewrite, const struct h2k_shell *shell,
               size_t value)
{
    static const struct {
        const char *tag, *directory;
    } forms[] = {
        { "UUID=", "/dev/disk/by-uuid/" },
        { "PARTUUID=", "/dev/disk/by-partuuid/" },
        { "LABEL=", "/dev/disk/by-label/" },
        { "PARTLABEL=", "/dev/disk/by-partlabel/" },
    };
    h2k_autofree char *stable = NULL;
    const char *why;
    size_t length = shell->bytes.size - value;
    if (!h2k_shell_is_plain(shell, value))
        return 0;
    size_t first = shell->places[value];
    int found = h2k_devices_stable(rewrite->devices, shell->bytes.data + value,
                                   length, H2K_READER_USERLAND, &stable, &why);
    if (found < 0)
        return -1;
    if (found == 0)
        return why == NULL ? 0
                           : h2k_rewrite_warn(rewrite, first,
                                              "GRUB's device stays as it is: "
                                              "%s; edit the line",
                                              why);
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        H2K_AUTO_BUFFER path = { 0 };
        size_t tag = strlen(forms[i].tag);
        if (strncmp(stable, forms[i].tag, tag) != 0)
            continue;
        h2k_buffer_addf(&path, "%s%s", forms[i].directory, stable + tag);
        return h2k_rewrite_add(rewrite, first, length, h2k_buffer_text(&path),
                               "GRUB's device");
    }
    return 0;
}

struct context {
    enum h2k_spec_reader reader; /* of the command lines */
    bool nested;                 /* there are compound commands */
};

static int
rewrite_assignment(struct h2k_rewrite *rewrite, const struct h2k_shell *shell,
                   size_t name, size_t value, const struct context *context)
{
    struct h2k_cmdline_roots roots = { 0 };
    size_t length = shell->bytes.size - value;
    if (is_cmdline(shell, name))
        return h2k_cmdline_rewrite(rewrite, shell->bytes.data + value, length,
                                   shell->places + value, 0, context->reader,
                                   &roots);
    if (name_is(shell, name, "GRUB_DISABLE_LINUX_UUID") ||
        name_is(shell, name, "GRUB_DISABLE_LINUX_PARTUUID"))
        return length == 4 && memcmp(shell->bytes.data + value, "true", 4) == 0
                   ? clear_switch(rewrite, shell, value, context->nested)
                   : 0;
    if (name_is(shell, name, "GRUB_DEVICE") ||
        name_is(shell, name, "GRUB_DEVICE_BOOT"))
        return rewrite_device(rewrite, shell, value);
    return 0;
}

int
h2k_grub_default_rewrite(struct h2k_rewrite *rewrite,
                         const struct h2k_grub_seen *seen)
{
    H2K_AUTO_SHELL shell = { .text = rewrite->text, .size = rewrite->size };
    enum h2k_token token = H2K_TOKEN_SEPARATOR;
    bool at_command = true;
    size_t name, value;
    struct context context = {
        .reader = seen->bare_kernel ? H2K_READER_KERNEL : H2K_READER_USERLAND,
    };
    if (has_control_flow(rewrite, &context.nested) < 0)
        return -1;
    while (token != H2K_TOKEN_END && token != H2K_TOKEN_BROKEN) {
        if (h2k_shell_next(&shell, &token) < 0)
            return -1;
        if (token == H2K_TOKEN_SEPARATOR) {
            at_command = true;
        } else if (token == H2K_TOKEN_WORD && at_command) {
            bool assigns = h2k_shell_assigns(&shell, &name, &value);
            if (assigns &&
                rewrite_assignment(rewrite, &shell, name, value, &context) < 0)
                return -1;
            at_command =
                assigns || h2k_shell_is(&shell, "export") ||
                h2k_shell_is(&shell, "then") || h2k_shell_is(&shell, "else") ||
                h2k_shell_is(&shell, "do") || h2k_shell_is(&shell, "{");
        }
    }
    if (token == H2K_TOKEN_BROKEN)
        return h2k_rewrite_warn(rewrite, shell.start,
                                "a quote is never closed: the shell cannot "
                                "read what follows, and nothing there was "
                                "changed");
    return 0;
}
