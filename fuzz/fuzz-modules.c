/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The indexes of modules, one behind the other with a NUL between: dep,
 * builtin, softdep, alias; and the closure of every module in them. */
#include "guest/boot/modules.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

/* Up to the next NUL. */
static struct h2k_view
take_text(struct h2k_view *rest)
{
    const uint8_t *end =
        rest->size == 0 ? NULL : memchr(rest->data, '\0', rest->size);
    size_t n = end == NULL ? rest->size : (size_t)(end - rest->data);
    struct h2k_view text, left;
    h2k_view_slice(*rest, 0, n, &text);
    h2k_view_slice(*rest, n + (end != NULL), rest->size - n - (end != NULL),
                   &left);
    *rest = left;
    return text;
}

/* What is in a closure is there, and its path stays inside. */
static void
check_set(const struct h2k_modules *modules, const struct h2k_module_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct h2k_module *m = set->items[i];
        check(m->index < h2k_modules_count(modules), "an index too large");
        check(m->path[0] != '/' && m->path[0] != '\0', "an absolute path");
        check(strncmp(m->path, "../", 3) != 0 &&
                  strstr(m->path, "/../") == NULL,
              "a path that leaves");
        for (size_t k = 0; k < i; k++)
            check(set->items[k] != m, "a module twice");
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct h2k_view rest = h2k_view_of(data, size);
    struct h2k_view dep = take_text(&rest);
    struct h2k_view builtin = take_text(&rest);
    struct h2k_view softdep = take_text(&rest);
    H2K_AUTO(h2k_modules)
    modules = h2k_modules_parse(dep, builtin, softdep, rest);
    if (modules == NULL)
        return 0;
    h2k_modules_is_builtin(modules, "virtio-pci");
    const uint8_t *p = dep.data;
    for (size_t i = 0; i < 64 && p != NULL; i++) {
        H2K_AUTO_MODULE_SET set = { 0 };
        char name[H2K_MODULE_NAME];
        const uint8_t *end = memchr(p, ':', dep.size - (size_t)(p - dep.data));
        if (end == NULL)
            break;
        if (h2k_module_name_of((const char *)p, (size_t)(end - p), name) &&
            h2k_modules_closure(modules, name, &set) == 0)
            check_set(modules, &set);
        p = memchr(end, '\n', dep.size - (size_t)(end - dep.data));
        p = p == NULL ? NULL : p + 1;
    }
    return 0;
}
