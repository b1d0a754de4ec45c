/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/supplement.h"

#include "base/error.h"
#include "guest/boot/cpio.h"

#include <stdio.h>
#include <sys/stat.h>

/* Indexes that name modules: the guest's own, of all its modules, takes the
 * place of one that may know only those in the archive. */
static const char *const module_indexes[] = {
    "modules.dep",         "modules.dep.bin", "modules.alias",
    "modules.alias.bin",   "modules.softdep", "modules.symbols",
    "modules.symbols.bin", "modules.devname",
};
/* Indexes of what is built in; udev wants all of them to be there. */
static const char *const builtin_indexes[] = {
    "modules.builtin",
    "modules.builtin.bin",
    "modules.builtin.alias.bin",
    "modules.builtin.modinfo",
    "modules.order",
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

void
h2k_supplement_free(struct h2k_supplement *s)
{
    for (size_t i = 0; i < s->file_count; i++) {
        free(s->files[i].from);
        free(s->files[i].to);
    }
    free(s->files);
    h2k_strings_clear(&s->directories);
    h2k_strings_clear(&s->modules);
    *s = (struct h2k_supplement){ 0 };
}

/* ---- Planning ---- */

struct plan {
    struct h2k_root *root;
    const struct h2k_kernel *kernel;
    struct h2k_supplement *out;
};

/* Every directory of NAME that the archive lacks.  A link that stands in
 * one's place is left alone: the kernel writes through it. */
static int
add_directories(struct plan *p, const char *name)
{
    char path[H2K_PATH_MAX];
    if (snprintf(path, sizeof(path), "%s", name) >= (int)sizeof(path))
        return h2k_fail(H2K_E_CORRUPT, "%s: the path is too long", name);
    for (char *slash = strchr(path, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!h2k_initramfs_has(p->kernel->initramfs, path) &&
            !h2k_strings_contain(&p->out->directories, path)) {
            if (h2k_strings_add(&p->out->directories, path) < 0)
                return -1;
            p->out->size += h2k_cpio_entry_size(strlen(path), 0);
        }
        *slash = '/';
    }
    return 0;
}

/* FROM of the guest as TO of the archive; both are taken. */
static int
take_file(struct plan *p, char *from, char *to)
{
    struct h2k_supplement *out = p->out;
    struct h2k_supplement_file *files =
        from == NULL || to == NULL
            ? NULL
            : reallocarray(out->files, out->file_count + 1, sizeof(*files));
    if (files == NULL) {
        free(from);
        free(to);
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    out->files = files;
    struct h2k_supplement_file *file = &files[out->file_count++];
    *file = (struct h2k_supplement_file){ .from = from, .to = to };

    struct h2k_stat st;
    if (h2k_root_stat(p->root, from, &st) < 0)
        return -1;
    if (!S_ISREG(st.mode) || st.size > H2K_SUPPLEMENT_MAX)
        return h2k_fail(H2K_E_CORRUPT, "%s: no file of a usual size", from);
    file->size = st.size;
    out->size += h2k_cpio_entry_size(strlen(to), st.size);
    if (out->size > H2K_SUPPLEMENT_MAX)
        return h2k_fail(H2K_E_CORRUPT,
                        "the modules that are needed have more than %u MiB",
                        (unsigned)(H2K_SUPPLEMENT_MAX >> 20));
    return add_directories(p, to);
}

static char *
join(const char *directory, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

/* NAME below the directory of the modules. */
static int
add_below_modules(struct plan *p, const char *name)
{
    return take_file(p, join(p->kernel->modules_dir, name),
                     join(p->kernel->archive_dir, name));
}

static bool
in_archive(const struct plan *p, const char *name)
{
    bool there = false;
    h2k_autofree char *path = join(p->kernel->archive_dir, name);
    if (path != NULL)
        there = h2k_initramfs_has(p->kernel->initramfs, path);
    return there;
}

/* Modules by the closure of the drivers, those that the archive lacks. */
static int
find_missing(struct plan *p, struct h2k_module_set *missing)
{
    const struct h2k_kernel *k = p->kernel;
    H2K_AUTO_MODULE_SET wanted = { 0 };
    for (size_t i = 0; i < H2K_DRIVER_COUNT; i++)
        if (k->drivers[i].state == H2K_DRIVER_MODULE &&
            h2k_modules_closure(k->modules, h2k_driver_names[i], &wanted) < 0)
            return -1;
    for (size_t i = 0; i < wanted.count; i++)
        if (!h2k_kernel_in_archive(k, wanted.items[i]->name) &&
            h2k_module_set_add(missing, wanted.items[i]) < 0)
            return -1;
    return 0;
}

/*
 * The guest's index says "ext4.ko.xz" where a generator has put the module
 * into the archive unpacked, as "ext4.ko": with our index it would not be
 * found there any more.  So it goes in under the index's name too.
 */
static int
find_renamed(struct plan *p, struct h2k_module_set *missing)
{
    const struct h2k_kernel *k = p->kernel;
    for (size_t i = 0; i < k->archive_modules.count; i++) {
        const struct h2k_module *module =
            h2k_modules_find(k->modules, k->archive_modules.items[i]);
        if (module != NULL && !in_archive(p, module->path) &&
            h2k_module_set_add(missing, module) < 0)
            return -1;
    }
    return 0;
}

static bool
exists_below_modules(struct plan *p, const char *name)
{
    h2k_autofree char *path = join(p->kernel->modules_dir, name);
    return path != NULL && h2k_root_exists(p->root, path);
}

static int
add_modules(struct plan *p)
{
    H2K_AUTO_MODULE_SET missing = { 0 };
    if (find_missing(p, &missing) < 0)
        return -1;
    if (missing.count == 0)
        return 0;
    size_t needed = missing.count;
    if (find_renamed(p, &missing) < 0)
        return -1;
    for (size_t i = 0; i < missing.count; i++) {
        if (add_below_modules(p, missing.items[i]->path) < 0)
            return -1;
        if (i < needed &&
            h2k_strings_add(&p->out->modules, missing.items[i]->name) < 0)
            return -1;
    }
    for (size_t i = 0; i < COUNT(module_indexes); i++)
        if (exists_below_modules(p, module_indexes[i]) &&
            add_below_modules(p, module_indexes[i]) < 0)
            return -1;
    for (size_t i = 0; i < COUNT(builtin_indexes); i++)
        if (exists_below_modules(p, builtin_indexes[i]) &&
            !in_archive(p, builtin_indexes[i]) &&
            add_below_modules(p, builtin_indexes[i]) < 0)
            return -1;
    return 0;
}

/* ---- Names of network interfaces ---- */

static bool
ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);
    return n >= m && strcmp(name + n - m, ending) == 0;
}

static bool
is_link_file(const char *name)
{
    return ends_with(name, ".link");
}

static bool
is_net_rule(const char *name)
{
    return ends_with(name, ".rules") && strstr(name, "persistent-net") != NULL;
}

static int
add_naming_files(struct plan *p, const char *directory,
                 bool (*wanted)(const char *name))
{
    char **names;
    size_t count;
    if (h2k_root_list(p->root, directory, &names, &count) < 0)
        return h2k_errcode() == H2K_E_NOMEM || h2k_errcode() == H2K_E_IO ? -1
                                                                         : 0;
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        h2k_autofree char *path = join(directory, names[i]);
        struct h2k_stat st;
        if (wanted(names[i]) && path != NULL &&
            h2k_root_stat(p->root, path, &st) == 0 && S_ISREG(st.mode) &&
            !h2k_initramfs_has(p->kernel->initramfs, path + 1))
            rc = take_file(p, strdup(path), strdup(path + 1));
    }
    h2k_root_free_names(names, count);
    return rc;
}

/* udev in the initramfs gives a NIC its name when the driver is loaded
 * there; it must know the names that the guest uses. */
static int
add_naming(struct plan *p)
{
    const struct h2k_kernel_driver *net =
        &p->kernel->drivers[H2K_DRIVER_VIRTIO_NET];
    if (net->state != H2K_DRIVER_MODULE)
        return 0;
    if (add_naming_files(p, "/etc/systemd/network", is_link_file) < 0)
        return -1;
    return add_naming_files(p, "/etc/udev/rules.d", is_net_rule);
}

/* Generators copy configuration (of LVM2, modprobe, …) into the archive;
 * what was corrected in the guest is to be so there. */
static int
add_changed(struct plan *p, const struct h2k_strings *changed)
{
    struct h2k_stat st;
    for (size_t i = 0; changed != NULL && i < changed->count; i++) {
        const char *path = changed->items[i];
        const struct h2k_initramfs_entry *entry =
            h2k_initramfs_find(p->kernel->initramfs, path + 1);
        if (entry != NULL && S_ISREG(entry->mode) &&
            h2k_root_stat(p->root, path, &st) == 0 && S_ISREG(st.mode) &&
            take_file(p, strdup(path), strdup(path + 1)) < 0)
            return -1;
    }
    return 0;
}

static bool
is_planned(const struct plan *p, const char *name)
{
    for (size_t i = 0; i < p->out->file_count; i++)
        if (strcmp(p->out->files[i].to, name) == 0)
            return true;
    return false;
}

/* What edits want there in any case. */
static int
add_needed(struct plan *p, const struct h2k_strings *needed)
{
    for (size_t i = 0; needed != NULL && i < needed->count; i++) {
        const char *path = needed->items[i];
        if (!h2k_initramfs_has(p->kernel->initramfs, path + 1) &&
            !is_planned(p, path + 1) &&
            take_file(p, strdup(path), strdup(path + 1)) < 0)
            return -1;
    }
    return 0;
}

int
h2k_supplement_plan(struct h2k_root *root, const struct h2k_kernel *kernel,
                    const struct h2k_strings *changed,
                    const struct h2k_strings *needed,
                    struct h2k_supplement *out)
{
    struct plan p = { .root = root, .kernel = kernel, .out = out };
    if (add_modules(&p) < 0 || add_naming(&p) < 0 ||
        add_changed(&p, changed) < 0 || add_needed(&p, needed) < 0) {
        if (h2k_errcode() == H2K_E_NOENT)
            h2k_recode(H2K_E_CORRUPT);
        return h2k_prefix("%s: ", kernel->version);
    }
    if (out->file_count > 0)
        out->size += h2k_cpio_entry_size(strlen(H2K_CPIO_TRAILER), 0);
    return 0;
}

/* ---- Building ---- */

static int
add_content(struct h2k_root *root, struct h2k_cpio_writer *writer,
            const struct h2k_supplement_file *file)
{
    h2k_autofree char *data = NULL;
    size_t size;
    if (h2k_root_read_file(root, file->from, (size_t)file->size, &data,
                           &size) < 0)
        return -1;
    /* No time: the same guest gives the same archive, whenever FIX runs. */
    h2k_cpio_add_file(writer, file->to, 0644, 0, data, (uint32_t)size);
    return 0;
}

int
h2k_supplement_build(struct h2k_root *root,
                     const struct h2k_initramfs *initramfs,
                     const struct h2k_supplement *supplement, bool tight,
                     struct h2k_buffer *out)
{
    H2K_AUTO_BUFFER archive = { 0 };
    struct h2k_cpio_writer writer = { .out = &archive };
    for (size_t i = 0; i < supplement->directories.count; i++)
        h2k_cpio_add_dir(&writer, supplement->directories.items[i], 0755);
    for (size_t i = 0; i < supplement->file_count; i++)
        if (add_content(root, &writer, &supplement->files[i]) < 0)
            return -1;
    h2k_cpio_end(&writer);
    if (h2k_buffer_check(&archive) < 0)
        return -1;
    return h2k_supplement_wrap(initramfs, &archive, tight, out);
}
