/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Random changes, the same to a filesystem and to a model in memory. */
#include "fs-op.h"

#include "base/error.h"
#include "fs/memory.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

static uint32_t
any(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % below;
}

/* One of 80 names, some of them long enough to fill a block soon. */
static void
any_name(uint64_t *seed, char name[H2K_NAME_MAX + 1])
{
    int pad = (int)any(seed, 80);
    snprintf(name, H2K_NAME_MAX + 1, "name%d%.*s", pad, pad * 2,
             "------------------------------------------------------------"
             "------------------------------------------------------------"
             "--------------------------------------");
}

/* A directory of the model, found by going down while there is luck, and the
 * same one in the filesystem. */
static int
any_dir(struct session *s, uint64_t *seed, h2k_ino dir[2])
{
    char name[H2K_NAME_MAX + 1];
    struct h2k_stat st;
    h2k_ino below;
    dir[0] = h2k_fs_root(s->model);
    dir[1] = h2k_fs_root(s->fs);
    for (int luck = 0; luck < 6; luck++) {
        any_name(seed, name);
        if (h2k_fs_lookup(s->model, dir[0], name, &below) < 0 ||
            h2k_fs_stat(s->model, below, &st) < 0 || !S_ISDIR(st.mode))
            continue;
        dir[0] = below;
        if (h2k_fs_lookup(s->fs, dir[1], name, &dir[1]) < 0)
            return -1;
    }
    return 0;
}

struct step {
    int kind;
    char name[H2K_NAME_MAX + 1], other[H2K_NAME_MAX + 1];
    uint32_t number, more;
    uint32_t attribute, value_size;
    uint8_t data[70000];
};

/* What changes a file that is there. */
static int
change_file(struct h2k_fs *fs, h2k_ino ino, const struct step *p)
{
    char attribute[32];
    switch (p->kind) {
    case 5:
    case 6:
    case 7:
        return h2k_fs_write(fs, ino, p->data, p->more, p->number % 200000);
    case 8:
        return h2k_fs_truncate(fs, ino, p->number % 200000);
    case 9:
        return h2k_fs_chmod(fs, ino, p->number);
    case 10:
        return h2k_fs_chown(fs, ino, p->number, p->more);
    case 11:
        return h2k_fs_set_mtime(fs, ino, p->number);
    default:
        snprintf(attribute, sizeof(attribute), "trusted.a%u", p->attribute);
        return h2k_fs_setxattr(fs, ino, attribute, p->data, p->value_size);
    }
}

static int
take_step(struct h2k_fs *fs, h2k_ino dir, h2k_ino to, const struct step *p)
{
    h2k_ino ino;
    char target[1000];
    switch (p->kind) {
    case 0:
    case 1:
        return h2k_fs_create(fs, dir, p->name, p->number, &ino);
    case 2:
        return h2k_fs_mkdir(fs, dir, p->name, p->number, &ino);
    case 3:
        snprintf(target, sizeof(target), "%0*d", (int)(p->number % 900 + 1),
                 1);
        return h2k_fs_symlink(fs, dir, p->name, target);
    case 4:
        return h2k_fs_rename(fs, dir, p->name, to, p->other);
    case 13:
    case 14:
        return h2k_fs_unlink(fs, dir, p->name);
    }
    if (h2k_fs_lookup(fs, dir, p->name, &ino) < 0)
        return -1;
    return change_file(fs, ino, p);
}

static char *
tree_text(struct h2k_fs *fs)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    int rc = print_tree(fs, h2k_fs_root(fs), "", true, to);
    fclose(to);
    if (rc == 0)
        return text;
    free(text);
    return NULL;
}

/* vfat has no links, owners and attributes, and of a mode the write bits. */
static bool
is_possible(const struct session *s, struct step *p)
{
    if (strcmp(s->info.type, "vfat") != 0)
        return true;
    if (p->kind < 2)
        p->number = (p->number & 1) != 0 ? 0555 : 0755;
    else if (p->kind == 2 || p->kind == 9)
        p->number = 0755;
    return p->kind != 3 && p->kind != 10 && p->kind != 12;
}

/* XFS has room for any number of attributes, of 64 KiB each. */
static void
choose_attribute(const struct session *s, struct step *p)
{
    bool large = strcmp(s->info.type, "xfs") == 0;
    p->attribute = p->number % (large ? 40 : 6);
    p->value_size = p->more % (large ? 65537 : 120);
}

/* Linux gives a symbolic link neither a mode nor attributes of "user.". */
static bool
is_refused_by_linux(const struct session *s, h2k_ino dir, const struct step *p)
{
    struct h2k_stat st;
    h2k_ino ino;
    return s->appliance != NULL && (p->kind == 9 || p->kind == 12) &&
           h2k_fs_lookup(s->model, dir, p->name, &ino) == 0 &&
           h2k_fs_stat(s->model, ino, &st) == 0 && S_ISLNK(st.mode);
}

/* random SEED COUNT: so many steps, in a filesystem that was empty, and in
 * a model of it; then both have the same in them. */
int
op_random(struct session *s, char **w)
{
    uint64_t seed = number(w[1]);
    if (s->model == NULL)
        s->model = h2k_memfs_new(UINT64_C(1) << 32);
    for (uint64_t i = 0; i < number(w[2]); i++) {
        struct step p;
        h2k_ino dir[2], to[2];
        if (any_dir(s, &seed, dir) < 0 || any_dir(s, &seed, to) < 0)
            return -1;
        any_name(&seed, p.name);
        any_name(&seed, p.other);
        p.kind = (int)any(&seed, 15);
        p.number = any(&seed, UINT32_MAX);
        p.more = any(&seed, any(&seed, 4) == 0 ? sizeof(p.data) : 300);
        fill(p.data, sizeof(p.data), seed);
        choose_attribute(s, &p);
        if (!is_possible(s, &p) || is_refused_by_linux(s, dir[0], &p))
            continue;
        int ours = take_step(s->fs, dir[1], to[1], &p);
        enum h2k_errcode code = ours < 0 ? h2k_errcode() : H2K_OK;
        int models = take_step(s->model, dir[0], to[0], &p);
        if (ours != models || (ours < 0 && code != h2k_errcode()))
            return h2k_fail(H2K_E_FAILED,
                            "step %" PRIu64 " (%d): %d and %d (%s)", i, p.kind,
                            (int)code, models, h2k_errmsg());
    }
    h2k_autofree char *ours = tree_text(s->fs);
    h2k_autofree char *models = tree_text(s->model);
    if (ours == NULL || models == NULL)
        return -1;
    if (strcmp(ours, models) == 0)
        return 0;
    fprintf(stderr, "%s\n---\n%s", ours, models);
    return h2k_fail(H2K_E_FAILED, "the model has something else");
}
