/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The list that VMware's installer keeps: one operation a line, the last
 * one about a path counts: "file PATH [TIME]", "remove_file PATH", and
 * others that are not about files.
 *
 * It is the guest's own and may say anything, so only what is VMware's by
 * its name as well is removed.
 */
#include "guest/fix/vmware-tools.h"

#include "base/checked.h"
#include "base/error.h"
#include "guest/read-only.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct operation {
    const char *path; /* NUL-terminated in the list's text */
    size_t order;
    bool remove;
};

struct list {
    struct operation *items;
    size_t count;
};

struct tally {
    size_t removed, left;
    char *first_left; /* owned */
};

static int
add(struct list *list, const char *path, bool remove)
{
    if (list->count == 0 || h2k_is_power_of_two(list->count)) {
        size_t room = list->count == 0 ? 1 : list->count * 2;
        void *items = reallocarray(list->items, room, sizeof(*list->items));
        if (items == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        list->items = items;
    }
    list->items[list->count] = (struct operation){ path, list->count, remove };
    list->count++;
    return 0;
}

/* "PATH 1414141414": the time goes. */
static void
drop_time(char *path)
{
    char *space = strrchr(path, ' ');
    if (space != NULL && space[1] != '\0' &&
        strspn(space + 1, "0123456789") == strlen(space + 1))
        *space = '\0';
}

static int
parse(char *text, struct list *list)
{
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        int rc = 0;
        if (strncmp(line, "file ", 5) == 0) {
            drop_time(line + 5);
            rc = add(list, line + 5, false);
        } else if (strncmp(line, "remove_file ", 12) == 0) {
            rc = add(list, line + 12, true);
        }
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int
by_path(const void *a, const void *b)
{
    const struct operation *x = a, *y = b;
    int order = strcmp(x->path, y->path);
    return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

/* Is an absolute path VMware's by the name of the file or of a folder? */
static bool
is_named_vmware(const char *path)
{
    static const char *const names[] = { "vmware", "vmtools", "vmhgfs",
                                         "vmblock", "open-vm-tools" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcasestr(path, names[i]) != NULL)
            return true;
    return false;
}

static bool
is_kernel_module(const char *path)
{
    size_t length = strlen(path);
    return length > 3 && strcmp(path + length - 3, ".ko") == 0;
}

/* The same path with the links in its folders resolved, or NULL: a folder
 * called vmware-tools may be a link to another. */
static char *
resolve_folder(struct h2k_fix *fix, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *real = NULL;
    h2k_autofree char *folder =
        slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
    h2k_autofree char *resolved =
        folder == NULL ? NULL : h2k_root_realpath(fix->root, folder);
    if (resolved == NULL ||
        asprintf(&real, "%s%s", strcmp(resolved, "/") == 0 ? "" : resolved,
                 slash) < 0)
        return NULL;
    return real;
}

static int
remove_one(struct h2k_fix *fix, const char *path, struct tally *tally)
{
    struct h2k_place place;
    struct h2k_stat st;
    if (path[0] != '/' || strlen(path) >= H2K_PATH_MAX ||
        h2k_root_lookup_nofollow(fix->root, path, &place) < 0)
        return 0;
    if (h2k_fs_stat(place.fs, place.ino, &st) < 0)
        return -1;
    if (!S_ISREG(st.mode) && !S_ISLNK(st.mode))
        return 0;
    h2k_autofree char *real = resolve_folder(fix, path);
    if (real == NULL || !is_named_vmware(real) || is_kernel_module(real) ||
        !h2k_guest_may_change(fix->guest, real, false)) {
        tally->left++;
        if (tally->first_left == NULL)
            tally->first_left = strdup(path);
        return 0;
    }
    tally->removed++;
    /* Programs can be had again; what was configured is kept. */
    return strncmp(real, "/etc/", 5) == 0 ? h2k_fix_remove(fix, real)
                                          : h2k_root_unlink(fix->root, real);
}

static int
report(struct h2k_fix *fix, const struct tally *tally)
{
    char count[64];
    if (tally->removed > 0) {
        snprintf(count, sizeof(count), "%zu files", tally->removed);
        if (h2k_fix_record(fix, H2K_VMWARE_LIST,
                           "the files of VMware's own installation", count,
                           NULL) < 0)
            return -1;
    }
    if (tally->left > 0)
        return h2k_fix_warn(
            fix,
            H2K_VMWARE_LIST ": %zu of its files are kernel modules or not "
                            "VMware's by name and stay (%s, …); remove them "
                            "in the guest where they disturb",
            tally->left, tally->first_left == NULL ? "" : tally->first_left);
    return 0;
}

static int
remove_listed(struct h2k_fix *fix, struct list *list)
{
    struct tally tally = { 0 };
    int rc = 0;
    if (list->count > 0)
        qsort(list->items, list->count, sizeof(*list->items), by_path);
    for (size_t i = 0; i < list->count && rc == 0; i++) {
        const struct operation *item = &list->items[i];
        bool last = i + 1 == list->count ||
                    strcmp(item->path, list->items[i + 1].path) != 0;
        /* The list itself goes last, below. */
        if (last && !item->remove && strcmp(item->path, H2K_VMWARE_LIST) != 0)
            rc = remove_one(fix, item->path, &tally);
    }
    if (rc == 0)
        rc = report(fix, &tally);
    if (rc == 0 && tally.left == 0) {
        rc = h2k_fix_remove(fix, H2K_VMWARE_LIST);
        if (rc == 0)
            rc = h2k_fix_record(fix, H2K_VMWARE_LIST,
                                "the list of VMware's own installation",
                                "all of it", NULL);
    }
    free(tally.first_left);
    return rc;
}

int
h2k_vmware_remove_files(struct h2k_fix *fix)
{
    h2k_autofree char *text = NULL;
    struct list list = { 0 };
    size_t size;
    int there = h2k_fix_read(fix, H2K_VMWARE_LIST, &text, &size);
    if (there <= 0)
        return there;
    int rc = parse(text, &list);
    if (rc == 0)
        rc = remove_listed(fix, &list);
    free(list.items);
    return rc;
}
