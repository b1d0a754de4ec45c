/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/rewrite.h"

#include "base/checked.h"
#include "base/error.h"
#include "guest/fix/backup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
h2k_rewrite_free(struct h2k_rewrite *rewrite)
{
    for (size_t i = 0; i < rewrite->count; i++) {
        free(rewrite->items[i].text);
        free(rewrite->items[i].what);
    }
    free(rewrite->items);
    h2k_strings_clear(&rewrite->warnings);
    *rewrite = (struct h2k_rewrite){ 0 };
}

/* Room for one more.  The list doubles at powers of two. */
static int
grow(struct h2k_rewrite *rewrite)
{
    size_t count = rewrite->count;
    if (count >= H2K_REPLACEMENTS_MAX)
        return h2k_fail(H2K_E_UNFIXABLE,
                        "more than %d device names in one file: it is not "
                        "what its name says",
                        H2K_REPLACEMENTS_MAX);
    if (count != 0 && !h2k_is_power_of_two(count))
        return 0;
    size_t room = count == 0 ? 1 : count * 2;
    void *items = reallocarray(rewrite->items, room, sizeof(*rewrite->items));
    if (items == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    rewrite->items = items;
    return 0;
}

int
h2k_rewrite_add(struct h2k_rewrite *rewrite, size_t offset, size_t length,
                const char *text, const char *format, ...)
{
    H2K_AUTO_BUFFER what = { 0 };
    va_list ap;
    size_t least = 0;
    if (rewrite->count > 0) {
        const struct h2k_replacement *last =
            &rewrite->items[rewrite->count - 1];
        least = last->offset + last->length;
    }
    if (offset < least || !h2k_range_inside(offset, length, rewrite->size))
        return h2k_fail(H2K_E_RANGE, "a replacement at %zu is out of order",
                        offset);
    if (grow(rewrite) < 0)
        return -1;

    va_start(ap, format);
    h2k_buffer_vaddf(&what, format, ap);
    va_end(ap);
    h2k_autofree char *copy = strdup(text);
    h2k_autofree char *name = h2k_buffer_steal(&what);
    if (copy == NULL || name == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    rewrite->items[rewrite->count++] = (struct h2k_replacement){
        .offset = offset,
        .length = length,
        .text = h2k_steal(copy),
        .what = h2k_steal(name),
    };
    return 0;
}

int
h2k_rewrite_warn(struct h2k_rewrite *rewrite, size_t offset,
                 const char *format, ...)
{
    H2K_AUTO_BUFFER text = { 0 };
    size_t line = 1;
    va_list ap;
    if (rewrite->warnings.count >= H2K_WARNINGS_MAX)
        return 0;
    for (size_t i = 0; i < offset && i < rewrite->size; i++)
        line += rewrite->text[i] == '\n';
    h2k_buffer_addf(&text, "line %zu: ", line);
    va_start(ap, format);
    h2k_buffer_vaddf(&text, format, ap);
    va_end(ap);
    if (h2k_buffer_check(&text) < 0)
        return -1;
    return h2k_strings_add(&rewrite->warnings, h2k_buffer_text(&text));
}

int
h2k_rewrite_device(struct h2k_rewrite *rewrite, size_t offset, size_t length,
                   enum h2k_spec_reader reader, const char *what,
                   const char *consequence, enum h2k_device_outcome *outcome)
{
    h2k_autofree char *stable = NULL;
    const char *why = NULL;
    const char *spec = rewrite->text + offset;
    int found = h2k_devices_stable(rewrite->devices, spec, length, reader,
                                   &stable, &why);
    if (found < 0)
        return -1;
    if (found > 0) {
        *outcome = H2K_DEVICE_REPLACED;
        return h2k_rewrite_add(rewrite, offset, length, stable, "%s", what);
    }
    *outcome = why == NULL ? H2K_DEVICE_FINE : H2K_DEVICE_LOST;
    if (why == NULL)
        return 0;
    int shown = (int)(length < 200 ? length : 200);
    return h2k_rewrite_warn(rewrite, offset,
                            "%s, %.*s, stays as it is: %s; %s", what, shown,
                            spec, why, consequence);
}

int
h2k_rewrite_apply(const struct h2k_rewrite *rewrite, char **text, size_t *size)
{
    H2K_AUTO_BUFFER out = { 0 };
    size_t at = 0;
    for (size_t i = 0; i < rewrite->count; i++) {
        const struct h2k_replacement *item = &rewrite->items[i];
        h2k_buffer_add(&out, rewrite->text + at, item->offset - at);
        h2k_buffer_adds(&out, item->text);
        at = item->offset + item->length;
    }
    if (rewrite->size > at)
        h2k_buffer_add(&out, rewrite->text + at, rewrite->size - at);
    *size = out.size;
    *text = h2k_buffer_steal(&out);
    return *text == NULL ? -1 : 0;
}

static int
record(struct h2k_fix *fix, const char *path,
       const struct h2k_rewrite *rewrite, const struct h2k_replacement *item)
{
    const char *before = rewrite->text + item->offset;
    const char *after = item->text[0] != '\0' ? item->text : NULL;
    size_t length = item->length;
    if (after == NULL && length > 0 && before[length - 1] == '\n')
        length--; /* a line that goes is shown without its end */
    return h2k_fix_record_bytes(fix, path, item->what, before, length, after,
                                after == NULL ? 0 : strlen(after));
}

int
h2k_rewrite_file(struct h2k_rewrite *rewrite, struct h2k_fix *fix,
                 const char *path)
{
    h2k_autofree char *text = NULL;
    size_t size;
    for (size_t i = 0; i < rewrite->warnings.count; i++)
        if (h2k_fix_warn(fix, "%s: %s", path, rewrite->warnings.items[i]) < 0)
            return -1;
    if (rewrite->count == 0)
        return 0;
    if (h2k_rewrite_apply(rewrite, &text, &size) < 0 ||
        h2k_fix_replace(fix, path, text, size) < 0)
        return -1;
    for (size_t i = 0; i < rewrite->count; i++)
        if (record(fix, path, rewrite, &rewrite->items[i]) < 0)
            return -1;
    return 1;
}

int
h2k_rewrite_path(struct h2k_fix *fix, const char *path, h2k_rewrite_fn fill,
                 void *opaque)
{
    h2k_autofree char *text = NULL;
    H2K_AUTO_REWRITE rewrite = { .devices = &fix->devices };
    int there = h2k_fix_read(fix, path, &text, &rewrite.size);
    if (there <= 0)
        return there;
    rewrite.text = text;
    if (fill(&rewrite, opaque) < 0)
        return h2k_prefix("%s: ", path);
    return h2k_rewrite_file(&rewrite, fix, path);
}

static bool
wanted(const char *name, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);
    return length >= tail && strcmp(name + length - tail, suffix) == 0 &&
           strstr(name, H2K_BACKUP_INFIX) == NULL;
}

/* 1 for an ordinary file, also behind a link; 0 for anything else. */
static int
is_regular(struct h2k_fix *fix, const char *path)
{
    struct h2k_stat st;
    if (h2k_root_stat(fix->root, path, &st) == 0)
        return (st.mode & 0170000) == 0100000;
    return h2k_errcode() == H2K_E_IO || h2k_errcode() == H2K_E_NOMEM ? -1 : 0;
}

int
h2k_rewrite_directory(struct h2k_fix *fix, const char *directory,
                      const char *suffix, h2k_rewrite_fn fill, void *opaque)
{
    char **names = NULL;
    size_t count = 0;
    int changed = 0;
    if (!h2k_root_is_dir(fix->root, directory))
        return 0;
    if (h2k_root_list(fix->root, directory, &names, &count) < 0)
        return -1;
    for (size_t i = 0; i < count && changed >= 0; i++) {
        char path[H2K_PATH_MAX];
        if (!wanted(names[i], suffix))
            continue;
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        int regular = is_regular(fix, path);
        int rc =
            regular <= 0 ? regular : h2k_rewrite_path(fix, path, fill, opaque);
        changed = rc < 0 ? -1 : changed | rc;
    }
    h2k_root_free_names(names, count);
    return changed;
}

#define CONFIG_FILES 4

bool
h2k_config_exists(struct h2k_fix *fix, const struct h2k_config_files *config)
{
    for (size_t i = 0; i < CONFIG_FILES && config->files[i] != NULL; i++)
        if (h2k_root_exists(fix->root, config->files[i]))
            return true;
    return h2k_root_is_dir(fix->root, config->directory);
}

int
h2k_config_rewrite(struct h2k_fix *fix, const struct h2k_config_files *config,
                   h2k_rewrite_fn fill, void *opaque)
{
    for (size_t i = 0; i < CONFIG_FILES && config->files[i] != NULL; i++)
        if (h2k_rewrite_path(fix, config->files[i], fill, opaque) < 0)
            return -1;
    return h2k_rewrite_directory(fix, config->directory, config->suffix, fill,
                                 opaque) < 0
               ? -1
               : 0;
}
