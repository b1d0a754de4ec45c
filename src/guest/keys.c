/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/keys.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FILE_LIMIT (8u << 20) /* cryptsetup's own for a key file */

void
h2k_keys_clear(struct h2k_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        free(keys->items[i].name);
        h2k_secret_free(keys->items[i].secret);
    }
    free(keys->items);
    *keys = (struct h2k_keys){ 0 };
}

/* Up to SIZE bytes of FD; how many, or -1. */
static ssize_t
read_up_to(int fd, char *bytes, size_t size, const char *path)
{
    size_t count = 0;
    while (count < size) {
        ssize_t n = read(fd, bytes + count, size - count);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return h2k_fail_errno(H2K_E_SOURCE, "%s: cannot read the key",
                                  path);
        if (n == 0)
            break;
        count += (size_t)n;
    }
    return (ssize_t)count;
}

static struct h2k_secret *
read_file(const char *path)
{
    h2k_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        h2k_fail_errno(H2K_E_SOURCE, "%s: cannot read the key", path);
        return NULL;
    }
    char *bytes = malloc(FILE_LIMIT + 1);
    if (bytes == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    struct h2k_secret *secret = NULL;
    ssize_t size = read_up_to(fd, bytes, FILE_LIMIT + 1, path);
    if (size > FILE_LIMIT)
        h2k_fail(H2K_E_SOURCE, "%s: a key of more than %u MiB", path,
                 FILE_LIMIT >> 20);
    else if (size == 0)
        h2k_fail(H2K_E_SOURCE, "%s: no key there, it is empty", path);
    else if (size > 0)
        secret = h2k_secret_new(bytes, (size_t)size);
    h2k_wipe(bytes, size < 0 ? 0 : (size_t)size);
    free(bytes);
    return secret;
}

static size_t
first_line(const struct h2k_secret *secret)
{
    const char *text = h2k_secret_text(secret);
    size_t size = h2k_secret_size(secret);
    const char *end = memchr(text, '\n', size);
    return end == NULL ? size : (size_t)(end - text);
}

/* Where NAME ends: at the first ":key:" or ":file:". */
static const char *
find_kind(const char *text, bool *is_file)
{
    const char *key = strstr(text, ":key:"), *file = strstr(text, ":file:");
    *is_file = file != NULL && (key == NULL || file < key);
    return *is_file ? file : key;
}

/* Takes SECRET. */
static int
add(struct h2k_keys *keys, const char *name, size_t length,
    struct h2k_secret *secret, size_t line)
{
    struct h2k_key *items =
        reallocarray(keys->items, keys->count + 1, sizeof(*items));
    if (items != NULL)
        keys->items = items;
    char *copy = items == NULL ? NULL : strndup(name, length);
    if (copy == NULL) {
        h2k_secret_free(secret);
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    items[keys->count++] = (struct h2k_key){ copy, secret, line };
    return 0;
}

int
h2k_keys_add(struct h2k_keys *keys, const char *text)
{
    bool is_file;
    const char *kind = find_kind(text, &is_file);
    if (kind == NULL || kind == text)
        return h2k_fail(H2K_E_USAGE,
                        "a key is given as NAME:file:PATH or NAME:key:TEXT, "
                        "where NAME is a device, a UUID or \"all\"");
    const char *value = strchr(kind + 1, ':') + 1;
    if (*value == '\0')
        return h2k_fail(H2K_E_USAGE, "the key for %.*s is empty",
                        (int)(kind - text), text);
    struct h2k_secret *secret =
        is_file ? read_file(value) : h2k_secret_new(value, strlen(value));
    if (secret == NULL)
        return -1;
    return add(keys, text, (size_t)(kind - text), secret,
               is_file ? first_line(secret) : h2k_secret_size(secret));
}
