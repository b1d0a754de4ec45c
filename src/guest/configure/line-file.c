/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/configure/line-file.h"

#include "base/buffer.h"
#include "base/error.h"

#include <string.h>

void
h2k_line_file_free(struct h2k_line_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        free(file->lines[i].own);
    free(file->lines);
    free(file->text);
    free(file->path);
    *file = (struct h2k_line_file){ 0 };
}

/* An empty place before line I. */
static struct h2k_text_line *
make_place(struct h2k_line_file *file, size_t i)
{
    if (file->count == H2K_LINES_MAX)
        return h2k_fail_null(H2K_E_UNFIXABLE, "it has more than %u lines",
                             H2K_LINES_MAX);
    if (file->count == file->room) {
        size_t room = file->room == 0 ? 64 : file->room * 2;
        void *lines = reallocarray(file->lines, room, sizeof(*file->lines));
        if (lines == NULL)
            return h2k_fail_null(H2K_E_NOMEM, "out of memory");
        file->lines = lines;
        file->room = room;
    }
    memmove(&file->lines[i + 1], &file->lines[i],
            (file->count - i) * sizeof(*file->lines));
    file->count++;
    file->lines[i] = (struct h2k_text_line){ 0 };
    return &file->lines[i];
}

static int
split(struct h2k_line_file *file, size_t size)
{
    const char *at = file->text, *end = file->text + size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        struct h2k_text_line *line = make_place(file, file->count);
        if (line == NULL)
            return -1;
        line->text = at;
        line->size = (size_t)((newline == NULL ? end : newline) - at);
        line->ended = newline != NULL;
        at += line->size + 1;
    }
    return 0;
}

int
h2k_line_file_parse(struct h2k_line_file *file, const char *text, size_t size)
{
    file->text = malloc(size + 1);
    if (file->text == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    memcpy(file->text, text, size);
    file->text[size] = '\0';
    return split(file, size);
}

int
h2k_line_file_read(struct h2k_line_file *file, struct h2k_fix *fix,
                   const char *path)
{
    size_t size;
    int there = h2k_fix_read(fix, path, &file->text, &size);
    if (there < 0)
        return -1;
    file->path = strdup(path);
    if (file->path == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    file->there = there > 0;
    if (file->there && split(file, size) < 0)
        return h2k_prefix("%s: ", path);
    return 0;
}

static int
fill(struct h2k_line_file *file, struct h2k_text_line *line, const char *text)
{
    char *own = strdup(text);
    if (own == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    free(line->own);
    line->own = own;
    line->text = own;
    line->size = strlen(own);
    file->changed = true;
    return 0;
}

int
h2k_line_file_set(struct h2k_line_file *file, size_t i, const char *text)
{
    struct h2k_text_line *line = &file->lines[i];
    if (line->size == strlen(text) &&
        memcmp(line->text, text, line->size) == 0)
        return 0;
    return fill(file, line, text);
}

int
h2k_line_file_insert(struct h2k_line_file *file, size_t i, const char *text)
{
    struct h2k_text_line *line = make_place(file, i);
    if (line == NULL)
        return -1;
    line->ended = true;
    if (i > 0)
        file->lines[i - 1].ended = true;
    return fill(file, line, text);
}

int
h2k_line_file_append(struct h2k_line_file *file, const char *text)
{
    return h2k_line_file_insert(file, file->count, text);
}

void
h2k_line_file_remove(struct h2k_line_file *file, size_t i)
{
    struct h2k_text_line *line = &file->lines[i];
    line->size = 0;
    line->gone = true;
    file->changed = true;
}

char *
h2k_line_file_copy(const struct h2k_line_file *file, size_t i)
{
    char *copy = strndup(file->lines[i].text, file->lines[i].size);
    return copy != NULL ? copy : h2k_fail_null(H2K_E_NOMEM, "out of memory");
}

char *
h2k_line_file_text(const struct h2k_line_file *file, size_t *size)
{
    H2K_AUTO_BUFFER text = { 0 };
    for (size_t i = 0; i < file->count; i++) {
        if (file->lines[i].gone)
            continue;
        h2k_buffer_add(&text, file->lines[i].text, file->lines[i].size);
        if (file->lines[i].ended)
            h2k_buffer_addc(&text, '\n');
    }
    *size = text.size;
    return h2k_buffer_steal(&text);
}

int
h2k_line_file_store(struct h2k_line_file *file, struct h2k_fix *fix,
                    uint32_t mode, const struct h2k_owner *owner)
{
    size_t size;
    if (!file->changed)
        return 0;
    h2k_autofree char *text = h2k_line_file_text(file, &size);
    if (text == NULL)
        return -1;
    file->changed = false;
    if (file->there)
        return h2k_fix_replace(fix, file->path, text, size);
    file->there = true;
    return h2k_fix_create_as(fix, file->path, text, size, mode, owner);
}
