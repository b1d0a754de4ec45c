/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A package's files, put into the guest. */
#include "guest/fix/guest-agent.h"

#include "base/error.h"
#include "guest/text/ini.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What a file needs beside its bytes: blocks, an inode, directories. */
#define FILE_COST 8192

/* 1, 0 after a warning. */
static int
has_space(struct h2k_fix *fix, const struct h2k_software *package)
{
    uint64_t need = 0, room;
    for (size_t i = 0; i < package->files.count; i++)
        need += package->files.items[i].size + FILE_COST;
    if (h2k_root_space(fix->root, "/usr", &room) < 0)
        return -1;
    if (room > need)
        return 1;
    return h2k_fix_warn(fix,
                        "its files need %" PRIu64 " bytes, and %" PRIu64
                        " are free: make room, and install it in the guest",
                        need, room) < 0
               ? -1
               : 0;
}

/* Is something at PATH that FILE cannot take the place of? */
static bool
is_in_the_way(struct h2k_fix *fix, const struct h2k_software_file *file,
              const char *path)
{
    struct h2k_place place;
    if (*path == '\0')
        return false;
    if (h2k_root_lookup_nofollow(fix->root, path, &place) < 0)
        return h2k_errcode() != H2K_E_NOENT;
    return !S_ISDIR(file->mode) || !h2k_root_is_dir(fix->root, path);
}

int
h2k_agent_has_room(struct h2k_fix *fix, const struct h2k_software *package,
                   h2k_agent_name_fn name)
{
    for (size_t i = 0; i < package->files.count; i++) {
        const struct h2k_software_file *file = &package->files.items[i];
        char path[H2K_PATH_MAX];
        if (strlen(file->path) > H2K_PATH_MAX - 16)
            return h2k_fail(H2K_E_UNSUPPORTED, "%.200s…: is too long",
                            file->path);
        name(package, file->path, path);
        if (is_in_the_way(fix, file, path))
            return h2k_fix_warn(fix,
                                "%s is in the guest already, and not of this "
                                "package: install the agent in it",
                                path) < 0
                       ? -1
                       : 0;
    }
    return has_space(fix, package);
}

static int
put_one(struct h2k_fix *fix, const struct h2k_software *package,
        const struct h2k_software_file *file, const char *path)
{
    struct h2k_owner owner = { file->uid, file->gid };
    struct h2k_place place;
    char what[H2K_NAME_MAX], after[64];
    if (S_ISDIR(file->mode))
        return *path == '\0'
                   ? 0
                   : h2k_fix_make_dirs(fix, path, file->mode & 07777, &owner);
    snprintf(what, sizeof(what), "a file of %.64s %.64s", package->name,
             package->version);
    snprintf(after, sizeof(after), "%zu bytes", file->size);
    if (S_ISLNK(file->mode))
        return h2k_fix_symlink(fix, file->target, path) < 0
                   ? -1
                   : h2k_fix_record(fix, path, what, NULL, file->target);
    if (h2k_fix_create_as(fix, path, file->data, file->size,
                          file->mode & 07777, &owner) < 0 ||
        h2k_root_lookup(fix->root, path, &place) < 0 ||
        h2k_fs_set_mtime(place.fs, place.ino, file->mtime) < 0)
        return -1;
    return h2k_fix_record(fix, path, what, NULL, after);
}

int
h2k_agent_put_files(struct h2k_fix *fix, const struct h2k_software *package,
                    h2k_agent_name_fn name)
{
    for (size_t i = 0; i < package->files.count; i++) {
        const struct h2k_software_file *file = &package->files.items[i];
        char path[H2K_PATH_MAX];
        name(package, file->path, path);
        if (put_one(fix, package, file, path) < 0)
            return -1;
    }
    return 0;
}

/* ---- Its units ---- */

/* The unit's name, where FILE is one that systemd finds; else NULL. */
static const char *
unit_name(const struct h2k_software_file *file)
{
    static const char *const folders[] = { "/lib/systemd/system/",
                                           "/usr/lib/systemd/system/" };
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        size_t length = strlen(folders[i]);
        if (S_ISREG(file->mode) &&
            strncmp(file->path, folders[i], length) == 0 &&
            strchr(file->path + length, '/') == NULL)
            return file->path + length;
    }
    return NULL;
}

/* A word of WantedBy=, which is the name of a unit. */
static int
want(struct h2k_fix *fix, const char *target, const char *name,
     const struct h2k_software_file *file)
{
    char path[H2K_PATH_MAX];
    struct h2k_place place;
    if (*target == '\0' || strchr(target, '/') != NULL)
        return 0;
    snprintf(path, sizeof(path), "/etc/systemd/system/%s.wants/%s", target,
             name);
    if (h2k_root_lookup_nofollow(fix->root, path, &place) == 0)
        return 0;
    if (h2k_fix_symlink(fix, file->path, path) < 0)
        return -1;
    return h2k_fix_record(fix, path, "the guest agent, enabled", NULL,
                          file->path);
}

static int
enable(struct h2k_fix *fix, const struct h2k_software_file *file,
       const char *name)
{
    struct h2k_ini_cursor cursor = { .text = file->data };
    struct h2k_ini_line line;
    while (h2k_ini_next(&cursor, &line)) {
        char *rest = NULL;
        if (strcmp(line.section, "Install") != 0 ||
            strcmp(line.key, "WantedBy") != 0)
            continue;
        for (char *word = strtok_r(line.value, " \t", &rest); word != NULL;
             word = strtok_r(NULL, " \t", &rest))
            if (want(fix, word, name, file) < 0)
                return -1;
    }
    return 0;
}

int
h2k_agent_enable_units(struct h2k_fix *fix, const struct h2k_software *package)
{
    for (size_t i = 0; i < package->files.count; i++) {
        const struct h2k_software_file *file = &package->files.items[i];
        const char *name = unit_name(file);
        if (name != NULL && enable(fix, file, name) < 0)
            return -1;
    }
    return 0;
}
