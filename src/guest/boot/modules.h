/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The modules of one kernel as depmod(8) indexed them: modules.dep(5),
 * modules.builtin, modules.softdep and modules.alias, in
 * /lib/modules/VERSION.
 *
 * In module names '-' and '_' are the same, as modprobe(8) has it; names
 * here have '_'.
 */
#ifndef H2K_GUEST_MODULES_H
#define H2K_GUEST_MODULES_H

#include "base/cleanup.h"
#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>

/* Bounds on the indexes that we read; Debian's largest is under 1 MiB. */
#define H2K_MODULES_INDEX_LIMIT (32u << 20)
#define H2K_MODULES_MAX 65536
#define H2K_MODULE_NAME 64 /* with the NUL; the kernel's limit is 56 */

struct h2k_modules;

/* A closure larger than this is not a real one: H2K_E_CORRUPT. */
#define H2K_MODULES_CLOSURE_MAX 4096

struct h2k_module {
    size_t index;               /* among all, by name */
    char name[H2K_MODULE_NAME]; /* "virtio_blk" */
    const char *path;           /* below the directory of the version:
                                   "kernel/drivers/block/virtio_blk.ko.xz" */
};

/* Index texts; any of them may be empty.  They are copied. */
struct h2k_modules *h2k_modules_parse(struct h2k_view dep,
                                      struct h2k_view builtin,
                                      struct h2k_view softdep,
                                      struct h2k_view alias);
void h2k_modules_free(struct h2k_modules *modules);
H2K_DEFINE_AUTO(h2k_modules, h2k_modules_free)

size_t h2k_modules_count(const struct h2k_modules *modules);

/* NULL when there is none; otherwise MODULES' own. */
const struct h2k_module *h2k_modules_find(const struct h2k_modules *modules,
                                          const char *name);
bool h2k_modules_is_builtin(const struct h2k_modules *modules,
                            const char *name);

/*
 * The closure of modules: each one wanted, with everything that it depends
 * on, hard (modules.dep) and soft (modules.softdep, through modules.alias
 * where it names one).  Initialise with { 0 }.
 */
struct h2k_module_set {
    const struct h2k_module **items; /* owned; the modules are MODULES' */
    size_t count;
    size_t capacity;
    uint8_t *seen; /* owned: one bit for each index */
    size_t seen_size;
};

/* Add NAME and its closure; nothing for what is built in or missing.  0, or
 * -1 with H2K_E_NOMEM or H2K_E_CORRUPT. */
int h2k_modules_closure(const struct h2k_modules *modules, const char *name,
                        struct h2k_module_set *set);
/* Only this one, unless it is there. */
int h2k_module_set_add(struct h2k_module_set *set,
                       const struct h2k_module *module);
void h2k_module_set_free(struct h2k_module_set *set); /* empties it */

#define H2K_AUTO_MODULE_SET \
    __attribute__((cleanup(h2k_module_set_free))) struct h2k_module_set

/* The module's name in a path: "kernel/net/core/failover.ko.zst" gives
 * "failover".  False when PATH is no module's. */
bool h2k_module_name_of(const char *path, size_t length,
                        char name[H2K_MODULE_NAME]);

#endif
