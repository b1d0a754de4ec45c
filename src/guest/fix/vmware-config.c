/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What names VMware's drivers and programs in the guest's configuration. */
#include "guest/fix/lines.h"
#include "guest/fix/vmware-tools.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const module_lists[] = { "/etc/modules",
                                            "/etc/initramfs-tools/modules" };
#define MODULES_LOAD "/etc/modules-load.d"

/* Where variables of a shell's kind say what an initramfs holds and what is
 * loaded: dracut.conf(5), mkinitcpio.conf(5), SUSE's sysconfig. */
static const struct h2k_config_files dracut = {
    .files = { "/etc/dracut.conf" },
    .directory = "/etc/dracut.conf.d",
    .suffix = ".conf",
};
static const struct h2k_config_files mkinitcpio = {
    .files = { "/etc/mkinitcpio.conf", "/etc/sysconfig/kernel" },
    .directory = "/etc/mkinitcpio.conf.d",
    .suffix = ".conf",
};
static const char *const variables[] = {
    "add_drivers", "force_drivers",  "drivers",
    "MODULES",     "INITRD_MODULES", "MODULES_LOADED_ON_BOOT",
};

static const char *const modules[] = { "vmxnet", "vmxnet3",  "vmhgfs",
                                       "vmci",   "vmmemctl", "vmblock",
                                       "vmsync", "pvscsi",   "vmwgfx",
                                       NULL };

static bool
is_vmware_module(const struct h2k_rewrite *rewrite, struct h2k_field name)
{
    static const char *const prefixes[] = { "vmw_", "vmware" };
    for (size_t i = 0; i < COUNT(prefixes); i++) {
        size_t length = strlen(prefixes[i]);
        if (name.length >= length &&
            memcmp(rewrite->text + name.at, prefixes[i], length) == 0)
            return true;
    }
    return h2k_field_is_any(rewrite, name, modules);
}

static int
fill_modules(struct h2k_rewrite *rewrite, void *opaque)
{
    struct h2k_line line;
    size_t cursor = 0;
    (void)opaque;
    while (h2k_line_next(rewrite, &cursor, &line))
        if (is_vmware_module(rewrite, line.fields[0]) &&
            h2k_line_comment_out(rewrite, &line, "a VMware driver to load") <
                0)
            return -1;
    return 0;
}

/* Does the line set one of the variables?  Its value begins at *VALUE. */
static bool
sets_variable(const struct h2k_rewrite *rewrite, const struct h2k_line *line,
              size_t *value)
{
    const char *text = rewrite->text + line->fields[0].at;
    size_t left = line->end - line->fields[0].at;
    for (size_t i = 0; i < COUNT(variables); i++) {
        size_t length = strlen(variables[i]);
        if (left <= length || memcmp(text, variables[i], length) != 0)
            continue;
        length += text[length] == '+';
        if (length < left && text[length] == '=') {
            *value = line->fields[0].at + length + 1;
            return true;
        }
    }
    return false;
}

/* Take VMware's words out of the value, each with the blanks behind it. */
static int
drop_words(struct h2k_rewrite *rewrite, size_t at, size_t end)
{
    static const char between[] = " \t\r\"'()";
    const char *text = rewrite->text;
    while (at < end && text[at] != '#') {
        struct h2k_field word = { at, 0 };
        while (at < end && strchr(between, text[at]) == NULL)
            at++;
        word.length = at - word.at;
        while (word.length > 0 && at < end && text[at] == ' ')
            at++;
        if (is_vmware_module(rewrite, word) &&
            h2k_rewrite_add(rewrite, word.at, at - word.at, "",
                            "a VMware driver for initramfs files to come") < 0)
            return -1;
        at += word.length == 0;
    }
    return 0;
}

static int
fill_variables(struct h2k_rewrite *rewrite, void *opaque)
{
    struct h2k_line line;
    size_t cursor = 0, value;
    (void)opaque;
    while (h2k_line_next(rewrite, &cursor, &line))
        if (sets_variable(rewrite, &line, &value) &&
            drop_words(rewrite, value, line.end) < 0)
            return -1;
    return 0;
}

int
h2k_vmware_forget_modules(struct h2k_fix *fix)
{
    for (size_t i = 0; i < COUNT(module_lists); i++)
        if (h2k_rewrite_path(fix, module_lists[i], fill_modules, NULL) < 0)
            return -1;
    if (h2k_rewrite_directory(fix, MODULES_LOAD, ".conf", fill_modules, NULL) <
        0)
        return -1;
    return h2k_config_rewrite(fix, &dracut, fill_variables, NULL) < 0 ||
                   h2k_config_rewrite(fix, &mkinitcpio, fill_variables, NULL) <
                       0
               ? -1
               : 0;
}

/* Desktop Entry Specification, "Recognized desktop entry keys": Hidden=true
 * is as if the file were not there.  The file is a package's and stays. */
static int
fill_autostart(struct h2k_rewrite *rewrite, void *opaque)
{
    struct h2k_line line;
    size_t cursor = 0;
    (void)opaque;
    while (h2k_line_next(rewrite, &cursor, &line))
        if (h2k_field_is(rewrite, line.fields[0], "Hidden=true"))
            return 0;
    cursor = 0;
    while (h2k_line_next(rewrite, &cursor, &line))
        if (rewrite->text[line.at] == '[' && line.end < rewrite->size)
            return h2k_rewrite_add(rewrite, line.end + 1, 0, "Hidden=true\n",
                                   "VMware's program for desktops, off");
    return 0;
}

int
h2k_vmware_disable_autostart(struct h2k_fix *fix)
{
    return h2k_rewrite_path(fix, "/etc/xdg/autostart/vmware-user.desktop",
                            fill_autostart, NULL) < 0
               ? -1
               : 0;
}
