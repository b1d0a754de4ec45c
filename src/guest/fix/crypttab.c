/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit of /etc/crypttab: one mapping a line, "name device key options",
 * crypttab(5). */
#include "guest/fix/edits.h"
#include "guest/fix/fstab.h"
#include "guest/fix/lines.h"

#include <stdio.h>
#include <string.h>

#define CRYPTTAB "/etc/crypttab"
static bool
equals(const char *at, size_t length, const char *word)
{
    return length == strlen(word) && memcmp(at, word, length) == 0;
}

/* Is the mapping without a header of its own (plain dm-crypt, a new key at
 * each boot)?  Then nothing in the volume has an identity that lasts, and
 * what looks like one is left over. */
static bool
is_plain_mapping(const char *text, const struct h2k_field *key,
                 const struct h2k_field *options)
{
    static const char *const random[] = { "/dev/urandom", "/dev/random",
                                          "/dev/hw_random" };
    static const char *const plain[] = { "plain", "swap", "tmp" };
    for (size_t i = 0; i < sizeof(random) / sizeof(random[0]); i++)
        if (equals(text + key->at, key->length, random[i]))
            return true;
    for (size_t at = 0; at < options->length;) {
        const char *option = text + options->at + at;
        size_t length = 0, name;
        while (at + length < options->length && option[length] != ',')
            length++;
        for (name = 0; name < length && option[name] != '='; name++)
            ;
        for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
            if (equals(option, name, plain[i]))
                return true;
        at += length + 1;
    }
    return false;
}

static int
rewrite_line(struct h2k_rewrite *rewrite, enum h2k_fix_fstab mode,
             const struct h2k_line *line)
{
    enum h2k_device_outcome outcome;
    char what[200];
    const char *text = rewrite->text;
    struct h2k_field name = line->fields[0], device = line->fields[1];
    if (!h2k_fstab_mode_wants(mode,
                              h2k_spec_kind(text + device.at, device.length)))
        return 0;
    snprintf(what, sizeof(what), "the device of the mapping %.*s",
             (int)(name.length < 150 ? name.length : 150), text + name.at);
    return h2k_rewrite_device(
        rewrite, device.at, device.length,
        is_plain_mapping(text, &line->fields[2], &line->fields[3])
            ? H2K_READER_PARTITION
            : H2K_READER_USERLAND,
        what,
        "the mapping will not be there on KVM: convert that disk too, or edit "
        "the line",
        &outcome);
}

int
h2k_crypttab_rewrite(struct h2k_rewrite *rewrite, enum h2k_fix_fstab mode)
{
    struct h2k_line line;
    size_t cursor = 0;
    while (h2k_line_next(rewrite, &cursor, &line))
        if (rewrite_line(rewrite, mode, &line) < 0)
            return -1;
    return 0;
}

static int
fill_crypttab(struct h2k_rewrite *rewrite, void *opaque)
{
    const struct h2k_fix *fix = opaque;
    return h2k_crypttab_rewrite(rewrite, fix->options->fstab_mode);
}

static bool
applies(struct h2k_fix *fix)
{
    return h2k_root_exists(fix->root, CRYPTTAB);
}

static int
run(struct h2k_fix *fix)
{
    return h2k_rewrite_path(fix, CRYPTTAB, fill_crypttab, fix) < 0 ? -1 : 0;
}

const struct h2k_edit h2k_edit_crypttab = {
    .name = "crypttab",
    .applies = applies,
    .run = run,
};
