/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Variables of a grub.cfg that kernels' command lines take in: Photon's "set
 * rootpartition=/dev/sda3" with "linux … root=$rootpartition", and Fedora's
 * "set kernelopts=…", which boot loader entries take in.
 */
#include "guest/fix/grub-variables.h"

#include "base/error.h"

#include <ctype.h>
#include <string.h>

void
h2k_grub_variables_free(struct h2k_grub_variables *variables)
{
    for (size_t i = 0; i < variables->count; i++)
        free(variables->items[i].name);
    variables->count = 0;
}

static struct h2k_grub_variable *
find(struct h2k_grub_variables *variables, const char *name, size_t length)
{
    for (size_t i = 0; i < variables->count; i++)
        if (strlen(variables->items[i].name) == length &&
            memcmp(variables->items[i].name, name, length) == 0)
            return &variables->items[i];
    return NULL;
}

static int
note(struct h2k_grub_variables *variables, const char *name, size_t length,
     enum h2k_spec_reader reader)
{
    struct h2k_grub_variable *known = find(variables, name, length);
    if (known != NULL) {
        if (reader == H2K_READER_KERNEL)
            known->reader = reader;
        return 0;
    }
    if (length == 0 || variables->count == H2K_GRUB_VARIABLES_MAX)
        return 0;
    char *copy = strndup(name, length);
    if (copy == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    variables->items[variables->count++] =
        (struct h2k_grub_variable){ copy, reader };
    return 0;
}

int
h2k_grub_variables_note(struct h2k_grub_variables *variables,
                        const struct h2k_shell *word,
                        enum h2k_spec_reader reader)
{
    const char *bytes = h2k_buffer_text(&word->bytes);
    size_t size = word->bytes.size;
    for (size_t at = 0; at < size;) {
        if (bytes[at++] != '$')
            continue;
        at += at < size && bytes[at] == '{';
        size_t end = at;
        while (end < size &&
               (isalnum((unsigned char)bytes[end]) || bytes[end] == '_'))
            end++;
        if (note(variables, bytes + at, end - at, reader) < 0)
            return -1;
        at = end;
    }
    return 0;
}

/* The value is a device.  A name that the kernel itself understands is good
 * for an initramfs too, and Photon's menu takes one only where it is there. */
static int
rewrite_device(struct h2k_rewrite *rewrite, const struct h2k_shell *word,
               size_t value, const struct h2k_grub_variable *variable,
               struct h2k_cmdline_roots *roots)
{
    enum h2k_device_outcome outcome;
    h2k_autofree char *stable = NULL;
    const char *why;
    enum h2k_spec_reader reader = H2K_READER_KERNEL;
    size_t length = word->bytes.size - value;
    if (!h2k_shell_is_plain(word, value))
        return 0;
    int found = h2k_devices_stable(rewrite->devices, word->bytes.data + value,
                                   length, reader, &stable, &why);
    if (found < 0)
        return -1;
    if (found == 0)
        reader = variable->reader;
    if (h2k_rewrite_device(rewrite, word->places[value], length, reader,
                           "a device of the kernel command line",
                           "the kernel may not find it on KVM: convert that "
                           "disk too, or edit the line",
                           &outcome) < 0)
        return -1;
    roots->lost += outcome == H2K_DEVICE_LOST;
    roots->good += outcome != H2K_DEVICE_LOST;
    return 0;
}

/* Variables of boot loader entries, of which this is what counts where
 * GRUB's environment has none. */
static bool
is_of_entries(const char *name, size_t length)
{
    static const char *const names[] = { "kernelopts", "default_kernelopts" };
    for (size_t i = 0; i < 2; i++)
        if (strlen(names[i]) == length && memcmp(name, names[i], length) == 0)
            return true;
    return false;
}

int
h2k_grub_variables_rewrite(struct h2k_grub_variables *variables,
                           struct h2k_rewrite *rewrite,
                           const struct h2k_shell *word,
                           struct h2k_cmdline_roots *roots)
{
    static const struct h2k_grub_variable of_entries = { NULL,
                                                         H2K_READER_USERLAND };
    struct h2k_cmdline_roots none = { 0 };
    size_t length, value;
    if (!h2k_shell_assigns(word, &length, &value))
        return 0;
    const char *bytes = word->bytes.data;
    const struct h2k_grub_variable *variable = find(variables, bytes, length);
    if (variable == NULL && !is_of_entries(bytes, length))
        return 0;
    size_t size = word->bytes.size - value;
    if (variable == NULL) {
        variable = &of_entries;
        roots = &none;
    }
    switch (h2k_spec_kind(bytes + value, size)) {
    case H2K_SPEC_NAME:
    case H2K_SPEC_BY_PATH:
    case H2K_SPEC_BY_ID:
        return rewrite_device(rewrite, word, value, variable, roots);
    case H2K_SPEC_STABLE:
    case H2K_SPEC_REMOVABLE:
        break;
    }
    return h2k_cmdline_rewrite(rewrite, bytes + value, size,
                               word->places + value, 0, variable->reader,
                               roots);
}
