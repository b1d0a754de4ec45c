/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "fs/walk.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A directory on the way. */
struct step {
    struct h2k_place place;
    size_t mount;
    size_t path_length; /* of walk.path up to it; 0 for "/" */
};

/* Every step but the first adds a slash and a name to the path. */
#define STEPS_MAX (H2K_PATH_MAX / 2 + 1)

struct walker {
    struct h2k_root *root;
    const char *asked; /* the caller's path, for messages */
    struct h2k_walk *walk;
    struct step *steps; /* owned; the directories down to the current */
    size_t depth;
    char *rest; /* owned; what is still to be walked */
    const char *next;
    unsigned links;
    bool follow;
};

static void
walker_clear(struct walker *w)
{
    free(w->steps);
    free(w->rest);
}

static const struct step *
current(const struct walker *w)
{
    return &w->steps[w->depth - 1];
}

/* What is mounted on walk->place hides it, where it is in the same mount:
 * another one of that filesystem shows what is below. */
static void
cross_mount(const struct h2k_root *root, struct h2k_walk *walk)
{
    for (size_t i = 1; i < root->mount_count; i++) {
        const struct h2k_mount *mount = &root->mounts[i];
        if (mount->parent == walk->mount && mount->over.fs == walk->place.fs &&
            mount->over.ino == walk->place.ino) {
            walk->place = mount->top;
            walk->mount = i;
            return;
        }
    }
}

/* The next name into walk->name: 1, or 0 at the end of the path. */
static int
next_name(struct walker *w)
{
    char *name = w->walk->name;
    w->next += strspn(w->next, "/");
    size_t length = strcspn(w->next, "/");
    if (length > H2K_NAME_MAX)
        return h2k_fail(H2K_E_RANGE, "%s: '%.40s...' is longer than %d bytes",
                        w->asked, w->next, H2K_NAME_MAX);
    memcpy(name, w->next, length);
    name[length] = '\0';
    w->next += length;
    return length > 0;
}

static bool
at_last_name(const struct walker *w)
{
    return w->next[strspn(w->next, "/")] == '\0';
}

/* Add walk->name to walk->path, whose length is that of the current
 * directory. */
static int
extend_path(struct walker *w)
{
    size_t at = w->steps[w->depth - 1].path_length;
    size_t length = strlen(w->walk->name);
    if (at + 1 + length > H2K_PATH_MAX)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "%.200s: leads to a path longer than %d bytes",
                        w->asked, H2K_PATH_MAX);
    w->walk->path[at] = '/';
    memcpy(w->walk->path + at + 1, w->walk->name, length + 1);
    return 0;
}

/* What walk->name is in the current directory, into walk->place (ino 0 for
 * nothing) and walk->stat. */
static int
look_up(struct walker *w)
{
    struct h2k_walk *walk = w->walk;
    walk->parent = current(w)->place;
    walk->mount = current(w)->mount;
    walk->place = (struct h2k_place){ .fs = walk->parent.fs };
    if (extend_path(w) < 0)
        return -1;
    if (h2k_fs_lookup(walk->parent.fs, walk->parent.ino, walk->name,
                      &walk->place.ino) < 0) {
        walk->place.ino = 0;
        return h2k_errcode() == H2K_E_NOENT ? 0
                                            : h2k_prefix("%s: ", walk->path);
    }
    cross_mount(w->root, walk);
    if (h2k_fs_stat(walk->place.fs, walk->place.ino, &walk->stat) < 0)
        return h2k_prefix("%s: ", walk->path);
    return 0;
}

static int
follow_link(struct walker *w)
{
    char target[H2K_PATH_MAX + 1];
    struct h2k_place place = w->walk->place;
    if (++w->links > H2K_SYMLINKS_MAX)
        return h2k_fail(H2K_E_LOOP,
                        "%s: more than %d symbolic links in the guest",
                        w->asked, H2K_SYMLINKS_MAX);
    if (h2k_fs_readlink(place.fs, place.ino, target, sizeof(target)) < 0)
        return h2k_prefix("%s: ", w->walk->path);
    if (*target == '\0')
        return h2k_fail(H2K_E_NOENT, "%s: a symbolic link to nothing",
                        w->walk->path);
    /* What follows the link begins with a slash, or is the end. */
    char *rest = NULL;
    if (asprintf(&rest, "%s%s", target, w->next) < 0)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    free(w->rest);
    w->next = w->rest = rest;
    if (*target == '/')
        w->depth = 1;
    return 0;
}

static void
enter(struct walker *w)
{
    struct h2k_walk *walk = w->walk;
    w->steps[w->depth++] = (struct step){ .place = walk->place,
                                          .mount = walk->mount,
                                          .path_length = strlen(walk->path) };
}

/* One name; 1 when the walk ends with what walk->place has. */
static int
step(struct walker *w)
{
    struct h2k_walk *walk = w->walk;
    if (strcmp(walk->name, ".") == 0)
        return 0;
    if (strcmp(walk->name, "..") == 0) {
        w->depth -= w->depth > 1;
        return 0;
    }
    if (look_up(w) < 0)
        return -1;
    bool last = at_last_name(w);
    bool slash = last && *w->next == '/';
    if (walk->place.ino == 0) {
        walk->must_be_dir = slash;
        return last ? 1
                    : h2k_fail(H2K_E_NOENT,
                               "%s: %s does not exist in the guest", w->asked,
                               walk->path);
    }
    if (S_ISLNK(walk->stat.mode) && (!last || slash || w->follow))
        return follow_link(w);
    if (!S_ISDIR(walk->stat.mode))
        return last && !slash
                   ? 1
                   : h2k_fail(H2K_E_NOTDIR, "%s: %s is not a directory",
                              w->asked, walk->path);
    enter(w);
    return 0;
}

/* The walk ended in the current directory: by its name, "." or "..". */
static int
end_in_directory(struct walker *w)
{
    struct h2k_walk *walk = w->walk;
    size_t parent = w->depth > 1 ? w->depth - 2 : 0;
    size_t parent_length = w->steps[parent].path_length;
    walk->place = current(w)->place;
    walk->mount = current(w)->mount;
    walk->parent = w->steps[parent].place;
    walk->path[w->steps[w->depth - 1].path_length] = '\0';
    const char *name = walk->path + parent_length;
    name += *name == '/';
    memcpy(walk->name, name, strlen(name) + 1);
    if (w->depth == 1)
        strcpy(walk->path, "/");
    if (h2k_fs_stat(walk->place.fs, walk->place.ino, &walk->stat) < 0)
        return h2k_prefix("%s: ", walk->path);
    return 0;
}

static int
check_path(const char *path)
{
    if (*path != '/')
        return h2k_fail(H2K_E_RANGE, "'%.200s' is not an absolute path", path);
    if (strlen(path) > H2K_PATH_MAX)
        return h2k_fail(H2K_E_RANGE, "%.200s...: longer than %d bytes", path,
                        H2K_PATH_MAX);
    return 0;
}

int
h2k_walk(struct h2k_root *root, const char *path, bool follow,
         struct h2k_walk *out)
{
    if (check_path(path) < 0)
        return -1;
    *out = (struct h2k_walk){ 0 };
    __attribute__((cleanup(walker_clear))) struct walker w = {
        .root = root,
        .asked = path,
        .walk = out,
        .steps = malloc(STEPS_MAX * sizeof(*w.steps)),
        .depth = 1,
        .next = path,
        .follow = follow,
    };
    if (w.steps == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    w.steps[0] = (struct step){ .place = root->mounts[0].top };

    int rc;
    while ((rc = next_name(&w)) > 0)
        if ((rc = step(&w)) != 0)
            break;
    if (rc == 0)
        rc = end_in_directory(&w);
    return rc < 0 ? -1 : 0;
}

int
h2k_walk_existing(struct h2k_root *root, const char *path, bool follow,
                  struct h2k_walk *out)
{
    if (h2k_walk(root, path, follow, out) < 0)
        return -1;
    if (out->place.ino == 0)
        return h2k_fail(H2K_E_NOENT, "%s does not exist in the guest",
                        out->path);
    return 0;
}
