/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "hyperexport/batch-file.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define FILE_MOST (4u << 20) /* bytes */
#define NAME_MOST 4096

/* A line without its comment and the blanks around it; a '#' begins one at
 * the line's start and behind a blank. */
static const char *
trim(char *line)
{
    for (char *p = line; *p != '\0'; p++)
        if (*p == '#' && (p == line || isspace((unsigned char)p[-1])))
            *p = '\0';
    size_t size = strlen(line);
    while (size > 0 && isspace((unsigned char)line[size - 1]))
        line[--size] = '\0';
    return line + strspn(line, " \t");
}

int
batch_parse(const char *text, size_t size, const char *name, batch_add add,
            void *opaque)
{
    const char *end = text + size;
    for (unsigned number = 1; text < end; number++) {
        const char *next = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((next == NULL ? end : next) - text);
        char line[NAME_MOST + 1];
        if (length > NAME_MOST || h2k_utf8_valid_prefix(text, length) < length)
            return h2k_fail(H2K_E_USAGE, "%s:%u: is no VM's name: it is %s",
                            name, number,
                            length > NAME_MOST ? "too long" : "not text");
        memcpy(line, text, length);
        line[length] = '\0';
        const char *vm = trim(line);
        if (*vm != '\0' && add(opaque, vm) < 0)
            return -1;
        text += length + (next != NULL);
    }
    return 0;
}

/* All of FILE; -1 with the error. */
static int
read_all(FILE *file, const char *path, struct h2k_buffer *text)
{
    char part[4096];
    size_t n;
    while (text->size <= FILE_MOST &&
           (n = fread(part, 1, sizeof(part), file)) > 0)
        h2k_buffer_add(text, part, n);
    if (ferror(file))
        return h2k_fail_errno(H2K_E_SOURCE, "--batch %s", path);
    if (text->size > FILE_MOST)
        return h2k_fail(H2K_E_USAGE, "--batch %s: is larger than %u MiB", path,
                        FILE_MOST >> 20);
    return h2k_buffer_check(text);
}

struct counter {
    batch_add add;
    void *opaque;
    size_t count;
};

static int
count(void *opaque, const char *vm)
{
    struct counter *counter = opaque;
    counter->count++;
    return counter->add(counter->opaque, vm);
}

int
batch_read(const char *path, batch_add add, void *opaque)
{
    bool standard = strcmp(path, "-") == 0;
    struct counter counter = { add, opaque, 0 };
    H2K_AUTO_BUFFER text = { 0 };
    FILE *file = standard ? stdin : fopen(path, "re");
    if (file == NULL)
        return h2k_fail_errno(H2K_E_SOURCE, "--batch %s", path);
    int rc = read_all(file, path, &text);
    if (!standard)
        fclose(file);
    if (rc == 0)
        rc = batch_parse(h2k_buffer_text(&text), text.size, path, count,
                         &counter);
    if (rc == 0 && counter.count == 0)
        return h2k_fail(H2K_E_USAGE, "--batch %s: names no VM", path);
    return rc;
}
