/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the readers of package databases share. */
#include "guest/packages/format.h"

#include "base/checked.h"
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No version, name or path that anybody has is longer. */
#define WORD_MAX 4096

/* ---- Text ---- */

struct h2k_span
h2k_span_of(const char *text)
{
    return (struct h2k_span){ text, strlen(text) };
}

bool
h2k_span_is(struct h2k_span span, const char *text)
{
    return span.size == strlen(text) &&
           memcmp(span.text, text, span.size) == 0;
}

bool
h2k_span_line(struct h2k_span *rest, struct h2k_span *line)
{
    if (rest->size == 0)
        return false;
    const char *end = memchr(rest->text, '\n', rest->size);
    line->text = rest->text;
    line->size = end == NULL ? rest->size : (size_t)(end - rest->text);
    size_t used = line->size + (end != NULL);
    rest->text += used;
    rest->size -= used;
    if (line->size > 0 && line->text[line->size - 1] == '\r')
        line->size--;
    return true;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool
h2k_span_after(struct h2k_span line, const char *prefix, struct h2k_span *rest)
{
    size_t n = strlen(prefix);
    if (line.size < n || memcmp(line.text, prefix, n) != 0)
        return false;
    *rest = (struct h2k_span){ line.text + n, line.size - n };
    while (rest->size > 0 && is_blank(rest->text[0])) {
        rest->text++;
        rest->size--;
    }
    while (rest->size > 0 && is_blank(rest->text[rest->size - 1]))
        rest->size--;
    return true;
}

int
h2k_packages_text(struct h2k_root *root, const char *path, size_t limit,
                  char **text, size_t *size)
{
    *text = NULL;
    *size = 0;
    if (h2k_root_read_file(root, path, limit, text, size) == 0)
        return 1;
    return h2k_errcode() == H2K_E_NOENT || h2k_errcode() == H2K_E_NOTDIR
               ? 0
               : h2k_prefix("%s: ", path);
}

/* ---- The model ---- */

/* Room for one more in *ITEMS of COUNT, which is a power of two in size. */
static int
grow(void **items, size_t count, size_t size)
{
    if (count != 0 && (count < 64 || !h2k_is_power_of_two(count)))
        return 0;
    void *grown = reallocarray(*items, count == 0 ? 64 : count * 2, size);
    if (grown == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    *items = grown;
    return 0;
}

static char *
copy(struct h2k_span span)
{
    char *text =
        strndup(span.text, span.size < WORD_MAX ? span.size : WORD_MAX);
    return text == NULL ? h2k_fail_null(H2K_E_NOMEM, "out of memory") : text;
}

/* Digits before a ':' are an epoch. */
static uint32_t
take_epoch(struct h2k_span *version)
{
    uint32_t epoch = 0;
    for (size_t i = 0; i < version->size && i < 10; i++) {
        char c = version->text[i];
        if (c == ':' && i > 0) {
            version->text += i + 1;
            version->size -= i + 1;
            return epoch;
        }
        if (c < '0' || c > '9')
            return 0;
        epoch = epoch * 10 + (uint32_t)(c - '0');
    }
    return 0;
}

int
h2k_packages_add(struct h2k_packages *out, struct h2k_span name,
                 struct h2k_span version, struct h2k_span arch)
{
    if (out->count == H2K_PACKAGES_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED, "more than %d packages",
                        H2K_PACKAGES_MAX);
    if (grow((void **)&out->items, out->count, sizeof(*out->items)) < 0)
        return -1;
    uint32_t epoch = take_epoch(&version);
    struct h2k_span release = { "", 0 };
    const char *dash =
        version.size == 0 ? NULL : memrchr(version.text, '-', version.size);
    if (dash != NULL) {
        release.text = dash + 1;
        release.size = version.size - (size_t)(dash + 1 - version.text);
        version.size = (size_t)(dash - version.text);
    }
    struct h2k_package *package = &out->items[out->count];
    *package = (struct h2k_package){
        .name = copy(name),
        .epoch = epoch,
        .version = copy(version),
        .release = copy(release),
        .arch = copy(arch),
    };
    out->count++;
    return package->name == NULL || package->version == NULL ||
                   package->release == NULL || package->arch == NULL
               ? -1
               : 0;
}

/* What is behind PREFIX in PATH, where that is all there is. */
static bool
below(struct h2k_span *path, const char *prefix)
{
    size_t n = strlen(prefix);
    if (path->size <= n || memcmp(path->text, prefix, n) != 0)
        return false;
    path->text += n;
    path->size -= n;
    return true;
}

bool
h2k_packages_keep(struct h2k_span path)
{
    if (path.size > 0 && path.text[0] == '/') {
        path.text++;
        path.size--;
    }
    if (below(&path, "boot/"))
        return memchr(path.text, '/', path.size) == NULL;
    if (!below(&path, "lib/modules/") && !below(&path, "usr/lib/modules/"))
        return false;
    /* RELEASE, or RELEASE/NAME. */
    const char *slash = memchr(path.text, '/', path.size);
    return slash == NULL ||
           memchr(slash + 1, '/',
                  (size_t)(path.text + path.size - slash - 1)) == NULL;
}

int
h2k_packages_add_file(struct h2k_packages *out, struct h2k_span path)
{
    if (!h2k_packages_keep(path) || path.size > WORD_MAX || out->count == 0)
        return 0;
    if (out->file_count == H2K_PACKAGE_FILES_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED, "more than %d files of kernels",
                        H2K_PACKAGE_FILES_MAX);
    if (grow((void **)&out->files, out->file_count, sizeof(*out->files)) < 0)
        return -1;
    struct h2k_package_file *file = &out->files[out->file_count];
    if (asprintf(&file->path, "%s%.*s", path.text[0] == '/' ? "" : "/",
                 (int)path.size, path.text) < 0)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    file->package = out->count - 1;
    out->file_count++;
    return 0;
}

bool
h2k_packages_may_be_kernel(struct h2k_span name)
{
    static const char *const others[] = { "linux-headers", "linux-libc",
                                          "linux-doc",     "linux-source",
                                          "linux-api",     "linux-firmware" };
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        size_t n = strlen(others[i]);
        if (name.size >= n && memcmp(name.text, others[i], n) == 0)
            return false;
    }
    return (name.size >= 5 && memcmp(name.text, "linux", 5) == 0) ||
           memmem(name.text, name.size, "kernel", 6) != NULL;
}
