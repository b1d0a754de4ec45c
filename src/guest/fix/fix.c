/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/fix.h"

#include "base/buffer.h"
#include "base/checked.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "guest/fix/labels.h"
#include "guest/fix/protection.h"
#include "guest/text/report-text.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

static const char *const mode_names[] = {
    [H2K_FIX_FSTAB_STABILIZE_ALL] = "stabilize-all",
    [H2K_FIX_FSTAB_BYPATH_ONLY] = "bypath-only",
    [H2K_FIX_FSTAB_NOOP] = "noop",
};
#define MODES (sizeof(mode_names) / sizeof(mode_names[0]))

int
h2k_fix_fstab_parse(const char *word, enum h2k_fix_fstab *out)
{
    for (size_t i = 0; i < MODES; i++)
        if (strcmp(word, mode_names[i]) == 0) {
            *out = (enum h2k_fix_fstab)i;
            return 0;
        }
    return h2k_fail(H2K_E_USAGE,
                    "fstab mode %s: give stabilize-all, bypath-only or noop",
                    word);
}

const char *
h2k_fix_fstab_name(enum h2k_fix_fstab mode)
{
    return mode_names[mode];
}

struct h2k_fix_options
h2k_fix_defaults(void)
{
    return (struct h2k_fix_options){
        .backup = true,
        .update_grub = true,
        .regen_initramfs = true,
        .fstab_mode = H2K_FIX_FSTAB_STABILIZE_ALL,
    };
}

void
h2k_fix_result_free(struct h2k_fix_result *result)
{
    for (size_t i = 0; i < result->change_count; i++) {
        struct h2k_change *change = &result->changes[i];
        free(change->file);
        free(change->what);
        free(change->before);
        free(change->after);
    }
    free(result->changes);
    h2k_strings_clear(&result->warnings);
    h2k_strings_clear(&result->backups);
    h2k_strings_clear(&result->drivers_injected);
    h2k_strings_clear(&result->kernels);
    h2k_strings_clear(&result->fstab_changed);
    for (size_t i = 0; i < result->name_count; i++) {
        free(result->names[i].name);
        free(result->names[i].mac);
        free(result->names[i].file);
    }
    free(result->names);
    free(result->fstab_before);
    free(result->fstab_after);
    *result = (struct h2k_fix_result){ 0 };
}

int
h2k_fix_run_edits(struct h2k_fix *fix, const struct h2k_edit *const *edits)
{
    int rc = 0;
    fix->now = fix->options->now != 0 ? fix->options->now : h2k_clock_now();
    for (; *edits != NULL && rc == 0; edits++) {
        fix->edit = (*edits)->name;
        rc = h2k_check_interrupt();
        if (rc == 0 && (*edits)->applies(fix) && (*edits)->run(fix) < 0 &&
            h2k_fix_pass_image(fix) < 0)
            rc = h2k_prefix("%s: ", fix->edit);
    }
    fix->edit = NULL;
    h2k_strings_clear(&fix->backed);
    h2k_strings_clear(&fix->initramfs_files);
    h2k_labels_free(fix->labels);
    fix->labels = NULL;
    return rc < 0 ? -1 : h2k_root_flush(fix->root);
}

int
h2k_fix_read(struct h2k_fix *fix, const char *path, char **text, size_t *size)
{
    if (h2k_root_read_file(fix->root, path, H2K_FIX_FILE_MAX, text, size) == 0)
        return 1;
    *text = NULL;
    *size = 0;
    return h2k_errcode() == H2K_E_NOENT || h2k_errcode() == H2K_E_NOTDIR ? 0
                                                                         : -1;
}

int
h2k_fix_replace(struct h2k_fix *fix, const char *path, const void *data,
                size_t size)
{
    if (h2k_fix_check_place(fix, path, true) < 0 ||
        h2k_fix_backup(fix, path) < 0 || h2k_fix_warn_protected(fix, path) < 0)
        return -1;
    if (h2k_root_write_file(fix->root, path, data, size, 0644) < 0)
        return -1;
    h2k_autofree char *real = h2k_root_realpath(fix->root, path);
    return real == NULL ? -1 : h2k_fix_label(fix, real);
}

int
h2k_fix_remove(struct h2k_fix *fix, const char *path)
{
    char target[H2K_PATH_MAX + 1];
    bool is_link = h2k_root_readlink(fix->root, path, target) == 0;
    if (h2k_fix_check_place(fix, path, false) < 0)
        return -1;
    if (!is_link && h2k_fix_backup(fix, path) < 0)
        return -1;
    return h2k_root_unlink(fix->root, path);
}

/* A change's text from any bytes; NULL stays NULL. */
static int
change_text(const char *bytes, size_t size, char **out)
{
    *out = bytes == NULL ? NULL
                         : h2k_report_text(bytes, size, H2K_CHANGE_TEXT_MAX);
    return bytes != NULL && *out == NULL ? -1 : 0;
}

/* One more in the list, zero.  Its capacity doubles at powers of two. */
static struct h2k_change *
add_change(struct h2k_fix_result *result)
{
    size_t count = result->change_count;
    if (count == 0 || h2k_is_power_of_two(count)) {
        size_t room = count == 0 ? 1 : count * 2;
        void *changes =
            reallocarray(result->changes, room, sizeof(*result->changes));
        if (changes == NULL)
            return h2k_fail_null(H2K_E_NOMEM, "out of memory");
        result->changes = changes;
    }
    result->changes[count] = (struct h2k_change){ .stage = "fix" };
    result->change_count++;
    return &result->changes[count];
}

int
h2k_fix_record_bytes(struct h2k_fix *fix, const char *file, const char *what,
                     const char *before, size_t before_size, const char *after,
                     size_t after_size)
{
    struct h2k_fix_result *result = fix->result;
    if (result->change_count >= H2K_CHANGES_MAX) {
        result->changes_left_out++;
        return 0;
    }
    struct h2k_change *change = add_change(result);
    if (change == NULL)
        return -1;
    change->edit = fix->edit;
    if (change_text(file, strlen(file), &change->file) < 0 ||
        change_text(what, strlen(what), &change->what) < 0 ||
        change_text(before, before_size, &change->before) < 0 ||
        change_text(after, after_size, &change->after) < 0)
        return -1;
    return 0;
}

int
h2k_fix_record(struct h2k_fix *fix, const char *file, const char *what,
               const char *before, const char *after)
{
    return h2k_fix_record_bytes(fix, file, what, before,
                                before == NULL ? 0 : strlen(before), after,
                                after == NULL ? 0 : strlen(after));
}

int
h2k_fix_warn(struct h2k_fix *fix, const char *format, ...)
{
    H2K_AUTO_BUFFER text = { 0 };
    va_list ap;
    if (fix->result->warnings.count >= H2K_WARNINGS_MAX)
        return 0;
    h2k_buffer_addf(&text, "%s: ", fix->edit);
    va_start(ap, format);
    h2k_buffer_vaddf(&text, format, ap);
    va_end(ap);
    if (h2k_buffer_check(&text) < 0)
        return -1;
    h2k_autofree char *clean =
        h2k_report_text(text.data, text.size, H2K_CHANGE_TEXT_MAX);
    if (clean == NULL)
        return -1;
    return h2k_strings_add_once(&fix->result->warnings, clean);
}
