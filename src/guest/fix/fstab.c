/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit of /etc/fstab: names that depend on the controller become the
 * volumes' own. */
#include "guest/fix/fstab.h"

#include "base/error.h"
#include "guest/fix/edits.h"
#include "guest/fstab-read.h"
#include "guest/text/report-text.h"

#include <stdio.h>
#include <string.h>

#define FSTAB "/etc/fstab"

bool
h2k_fstab_mode_wants(enum h2k_fix_fstab mode, enum h2k_spec_kind kind)
{
    switch (kind) {
    case H2K_SPEC_STABLE:
    case H2K_SPEC_REMOVABLE:
        return false;
    case H2K_SPEC_BY_PATH:
        return mode != H2K_FIX_FSTAB_NOOP;
    case H2K_SPEC_NAME:
    case H2K_SPEC_BY_ID:
        return mode == H2K_FIX_FSTAB_STABILIZE_ALL;
    }
    return false;
}

/* Filesystem types that one driver mounts for another's name. */
static const char *const families[][4] = {
    { "ext2", "ext3", "ext4", "ext4dev" },
    { "vfat", "msdos", "fat", "umsdos" },
    { "ntfs", "ntfs-3g", "ntfs3" },
};

static const char *
family(const char *type)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        for (size_t j = 0; j < 4 && families[i][j] != NULL; j++)
            if (strcmp(type, families[i][j]) == 0)
                return families[i][0];
    return type;
}

/* Could a volume of type FOUND be what a line for the type WRITTEN means?
 * A line may list several, and a volume whose type is not known, or that an
 * encrypted mapping hides, proves nothing. */
static bool
types_agree(const char *written, const char *found)
{
    if (*found == '\0' || *written == '\0' || strcmp(written, "auto") == 0 ||
        strchr(written, ',') != NULL)
        return true;
    return strcmp(family(written), family(found)) == 0;
}

/* An optical disc, whatever its device is called (/dev/hdc). */
static bool
is_optical(const struct h2k_fstab_entry *entry)
{
    return strstr(entry->type, "iso9660") != NULL ||
           strstr(entry->type, "udf") != NULL;
}

static const char *
consequence(const struct h2k_fstab_entry *entry)
{
    if (h2k_fstab_has_option(entry->options, "noauto"))
        return "it is not mounted by itself (noauto); edit the line";
    if (h2k_fstab_has_option(entry->options, "nofail"))
        return "booting goes on without it (nofail); edit the line";
    return "the guest will wait for it at boot, and may stop there: convert "
           "that disk too, or edit the line";
}

/* A line whose device was found has the type that the device has, and "/"
 * is where this file is, or the device was taken for another.  1 when so,
 * 0 after a warning. */
static int
check_device(struct h2k_rewrite *rewrite, const struct h2k_fstab_entry *entry)
{
    struct h2k_volume_names names = { 0 };
    int found =
        rewrite->devices->find(rewrite->devices->opaque, entry->spec, &names);
    if (found <= 0)
        return found < 0 ? -1 : 1;
    if (names.not_root && strcmp(entry->dir, "/") == 0)
        return h2k_fail(H2K_E_UNFIXABLE,
                        "line %zu: %s is / by this line, and is not the "
                        "volume that holds this file: give the disks in the "
                        "order that the guest had them",
                        entry->line, entry->spec);
    if (types_agree(entry->type, names.type))
        return 1;
    return h2k_rewrite_warn(
        rewrite, entry->spec_at,
        "%s, of type %s by this line, would be a volume of type %s: the "
        "disks may be in another order than the guest had them; the line "
        "stays as it is, check it",
        entry->spec, entry->type, names.type);
}

/* Devices in mount options, such as an XFS log, which mount(8) takes as
 * paths only. */
static int
check_options(struct h2k_rewrite *rewrite, const struct h2k_fstab_entry *entry)
{
    for (const char *at = strchr(entry->options, '='); at != NULL;
         at = strchr(at + 1, '=')) {
        size_t length = strcspn(at + 1, ",");
        if (!h2k_fstab_mode_wants(H2K_FIX_FSTAB_STABILIZE_ALL,
                                  h2k_spec_kind(at + 1, length)))
            continue;
        if (h2k_rewrite_warn(rewrite, entry->spec_at,
                             "the option %s names a device that may be "
                             "called otherwise on KVM; check it",
                             entry->options) < 0)
            return -1;
    }
    return 0;
}

static int
rewrite_entry(struct h2k_rewrite *rewrite, enum h2k_fix_fstab mode,
              const struct h2k_fstab_entry *entry)
{
    char what[300];
    enum h2k_device_outcome outcome;
    enum h2k_spec_kind kind = h2k_spec_kind(entry->spec, strlen(entry->spec));
    if (mode == H2K_FIX_FSTAB_STABILIZE_ALL &&
        check_options(rewrite, entry) < 0)
        return -1;
    if (!h2k_fstab_mode_wants(mode, kind) || is_optical(entry))
        return 0;
    /* Escapes in a device name are legal and never written: what is there is
     * not replaced by half. */
    if (entry->spec_len != strlen(entry->spec))
        return h2k_rewrite_warn(rewrite, entry->spec_at,
                                "%s is written with escapes and stays as it "
                                "is; write it plainly",
                                entry->spec);
    int agree = check_device(rewrite, entry);
    if (agree <= 0)
        return agree;
    bool swap = strcmp(entry->type, "swap") == 0;
    snprintf(what, sizeof(what), "the device of %.250s",
             swap ? "swap" : entry->dir);
    return h2k_rewrite_device(rewrite, entry->spec_at, entry->spec_len,
                              H2K_READER_USERLAND, what, consequence(entry),
                              &outcome);
}

int
h2k_fstab_rewrite(struct h2k_rewrite *rewrite, enum h2k_fix_fstab mode,
                  size_t *entries)
{
    struct h2k_fstab_cursor cursor = { .text = rewrite->text,
                                       .size = rewrite->size };
    struct h2k_fstab_entry entry;
    *entries = 0;
    while (h2k_fstab_next(&cursor, &entry)) {
        ++*entries;
        if (rewrite_entry(rewrite, mode, &entry) < 0)
            return -1;
    }
    return 0;
}

/* What the result tells of fstab, beside the changes. */
static int
fill_result(struct h2k_fix *fix, const struct h2k_rewrite *rewrite)
{
    struct h2k_fix_result *result = fix->result;
    size_t size;
    for (size_t i = 0; i < rewrite->count; i++) {
        const struct h2k_replacement *item = &rewrite->items[i];
        if (h2k_strings_addf(&result->fstab_changed, "%.*s -> %s",
                             (int)item->length, rewrite->text + item->offset,
                             item->text) < 0)
            return -1;
    }
    if (!fix->options->print_fstab)
        return 0;
    result->fstab_before =
        h2k_report_text(rewrite->text, rewrite->size, H2K_FIX_FILE_MAX);
    if (result->fstab_before == NULL)
        return -1;
    h2k_autofree char *after = NULL;
    if (h2k_rewrite_apply(rewrite, &after, &size) < 0)
        return -1;
    result->fstab_after = h2k_report_text(after, size, H2K_FIX_FILE_MAX);
    return result->fstab_after == NULL ? -1 : 0;
}

static int
fill_fstab(struct h2k_rewrite *rewrite, void *opaque)
{
    struct h2k_fix *fix = opaque;
    if (h2k_fstab_rewrite(rewrite, fix->options->fstab_mode,
                          &fix->result->fstab_entries) < 0)
        return -1;
    return fill_result(fix, rewrite);
}

static bool
applies(struct h2k_fix *fix)
{
    return h2k_root_exists(fix->root, FSTAB);
}

static int
run(struct h2k_fix *fix)
{
    return h2k_rewrite_path(fix, FSTAB, fill_fstab, fix) < 0 ? -1 : 0;
}

const struct h2k_edit h2k_edit_fstab = {
    .name = "fstab",
    .applies = applies,
    .run = run,
};
