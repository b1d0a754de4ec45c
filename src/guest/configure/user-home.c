/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A user's home, made from the guest's /etc/skel with modes and links as they
 * are there, and the keys that open the account over ssh. */
#include "guest/configure/accounts.h"

#include "base/buffer.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 16
#define FILES_MAX 4096

struct furnishing {
    struct h2k_fix *fix;
    struct h2k_owner owner;
    size_t files; /* that were copied */
};

static int copy(struct furnishing *f, const char *from, const char *to,
                unsigned depth);

static int
copy_folder(struct furnishing *f, const char *from, const char *to,
            unsigned depth)
{
    char **names = NULL;
    size_t count = 0;
    int rc = h2k_root_list(f->fix->root, from, &names, &count);
    for (size_t i = 0; i < count && rc == 0; i++) {
        char source[H2K_PATH_MAX], target[H2K_PATH_MAX];
        if ((size_t)snprintf(source, sizeof(source), "%s/%s", from,
                             names[i]) >= sizeof(source) ||
            (size_t)snprintf(target, sizeof(target), "%s/%s", to, names[i]) >=
                sizeof(target))
            continue;
        rc = copy(f, source, target, depth + 1);
    }
    h2k_root_free_names(names, count);
    return rc;
}

static int
copy_link(struct furnishing *f, const char *from, const char *to)
{
    char target[H2K_PATH_MAX + 1];
    struct h2k_place place;
    if (h2k_root_readlink(f->fix->root, from, target) < 0 ||
        h2k_fix_symlink(f->fix, target, to) < 0 ||
        h2k_root_lookup_nofollow(f->fix->root, to, &place) < 0)
        return -1;
    return h2k_fs_chown(place.fs, place.ino, f->owner.uid, f->owner.gid);
}

static int
copy_file(struct furnishing *f, const char *from, const char *to,
          uint32_t mode)
{
    h2k_autofree char *data = NULL;
    size_t size;
    if (h2k_root_read_file(f->fix->root, from, H2K_FIX_FILE_MAX, &data,
                           &size) < 0)
        return h2k_errcode() == H2K_E_UNSUPPORTED
                   ? h2k_fix_warn(f->fix, "%s: is not copied: %s", to,
                                  h2k_errmsg())
                   : -1;
    return h2k_fix_create_as(f->fix, to, data, size, mode & 0777, &f->owner);
}

/* FROM of the skeleton as TO, which is not there. */
static int
copy(struct furnishing *f, const char *from, const char *to, unsigned depth)
{
    struct h2k_place place;
    struct h2k_stat st;
    int rc = 0;
    if (depth > DEPTH_MAX || f->files++ >= FILES_MAX)
        return h2k_fail(H2K_E_UNFIXABLE, "%s: there is too much in it", from);
    if (h2k_root_lookup_nofollow(f->fix->root, from, &place) < 0 ||
        h2k_fs_stat(place.fs, place.ino, &st) < 0)
        return -1;
    if (S_ISLNK(st.mode))
        rc = copy_link(f, from, to);
    else if (S_ISREG(st.mode))
        rc = copy_file(f, from, to, st.mode);
    else if (!S_ISDIR(st.mode))
        return 0;
    else if (h2k_fix_make_dirs(f->fix, to, st.mode & 0777, &f->owner) < 0)
        return -1;
    if (rc < 0 ||
        h2k_fix_record(f->fix, to, "a part of a new home", NULL, from) < 0)
        return -1;
    return S_ISDIR(st.mode) ? copy_folder(f, from, to, depth) : 0;
}

static int
make_home(struct h2k_accounts *a, const struct furnishing *furnishing,
          const char *name, const char *home)
{
    struct furnishing f = *furnishing;
    char mode[8];
    snprintf(mode, sizeof(mode), "%04o", a->defs.home_mode);
    if (h2k_fix_make_dirs(f.fix, home, a->defs.home_mode, &f.owner) < 0 ||
        h2k_fix_record(f.fix, home, "a new home", NULL, mode) < 0)
        return h2k_prefix("the home of %s: ", name);
    if (!h2k_root_is_dir(f.fix->root, a->defs.skel))
        return 0;
    if (copy_folder(&f, a->defs.skel, home, 0) < 0)
        return h2k_prefix("the home of %s: ", name);
    return 0;
}

/* ---- Keys: sshd(8), "AUTHORIZED_KEYS FILE FORMAT" ---- */

/* The key itself in a line, between its type and its comment: the first word
 * of base64 that begins as the length of a type's name does.  NULL for a
 * line that has none. */
static const char *
find_key(const char *line, size_t size, size_t *length)
{
    const char *end = line + size;
    bool quoted = false;
    if (size == 0 || line[0] == '#')
        return NULL;
    for (const char *p = line; p < end; p++) {
        quoted ^= *p == '"' && (p == line || p[-1] != '\\');
        if (quoted || end - p < 8 || memcmp(p, "AAAA", 4) != 0 || p == line ||
            (p[-1] != ' ' && p[-1] != '\t'))
            continue;
        *length = 0;
        while (p + *length < end && strchr(" \t\r", p[*length]) == NULL)
            ++*length;
        return p;
    }
    return NULL;
}

static bool
has_key(const struct h2k_line_file *file, const char *key, size_t length)
{
    for (size_t i = 0; i < file->count; i++) {
        size_t other_length;
        const char *other =
            find_key(file->lines[i].text, file->lines[i].size, &other_length);
        if (other != NULL && other_length == length &&
            memcmp(other, key, length) == 0)
            return true;
    }
    return false;
}

static int
add_keys(struct h2k_line_file *file, struct h2k_fix *fix,
         const struct h2k_names *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        size_t length;
        const char *key =
            find_key(keys->items[i], strlen(keys->items[i]), &length);
        if (key == NULL)
            return h2k_fail(H2K_E_UNFIXABLE,
                            "ssh_authorized_keys[%zu] is no public key as "
                            "~/.ssh/id_*.pub holds it",
                            i);
        if (has_key(file, key, length))
            continue;
        if (h2k_line_file_append(file, keys->items[i]) < 0 ||
            h2k_fix_record(fix, file->path, "a key that opens the account",
                           NULL, keys->items[i]) < 0)
            return -1;
    }
    return 0;
}

/* sshd's StrictModes: keys in a folder that others write to do not count. */
static int
check_strict(struct furnishing *f, const char *path)
{
    struct h2k_stat st;
    if (h2k_root_stat(f->fix->root, path, &st) < 0)
        return -1;
    if ((st.mode & 022) == 0 && (st.uid == f->owner.uid || st.uid == 0))
        return 0;
    return h2k_fix_warn(f->fix,
                        "%s: belongs to another user, or others may write to "
                        "it: sshd takes no keys from there before that is "
                        "set right",
                        path);
}

static int
put_keys(struct furnishing *f, const char *home, const struct h2k_names *keys)
{
    H2K_AUTO_LINE_FILE file = { 0 };
    h2k_autofree char *folder = NULL;
    h2k_autofree char *path = NULL;
    if (asprintf(&folder, "%s/.ssh", strcmp(home, "/") == 0 ? "" : home) < 0 ||
        asprintf(&path, "%s/authorized_keys", folder) < 0)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (h2k_fix_make_dirs(f->fix, folder, 0700, &f->owner) < 0 ||
        h2k_line_file_read(&file, f->fix, path) < 0 ||
        add_keys(&file, f->fix, keys) < 0 ||
        h2k_line_file_store(&file, f->fix, 0600, &f->owner) < 0 ||
        check_strict(f, home) < 0)
        return -1;
    return check_strict(f, folder);
}

int
h2k_user_furnish(struct h2k_accounts *a,
                 const struct h2k_configured_user *user, bool is_new)
{
    struct furnishing f = { .fix = a->fix };
    struct h2k_record record;
    bool keys = user->ssh_authorized_keys.count > 0;
    if (!h2k_database_find(&a->passwd, user->name, &record) ||
        !h2k_record_id(&record, H2K_PASSWD_UID, &f.owner.uid) ||
        !h2k_record_id(&record, H2K_PASSWD_GID, &f.owner.gid))
        return h2k_fail(H2K_E_UNFIXABLE,
                        "its line in /etc/passwd lacks "
                        "numbers; mend it in the guest first");
    h2k_autofree char *home = h2k_record_copy(&record, H2K_PASSWD_HOME);
    if (home == NULL)
        return -1;
    if (home[0] != '/')
        return keys ? h2k_fail(H2K_E_UNFIXABLE,
                               "it has no home for its keys; give it one")
                    : 0;
    /* Nor is one made of /dev/null, or of what says that there is none. */
    bool there = h2k_root_exists(a->fix->root, home) ||
                 strcmp(home, "/nonexistent") == 0;
    if (!there && (is_new || keys || user->home != NULL) &&
        make_home(a, &f, user->name, home) < 0)
        return -1;
    return keys ? put_keys(&f, home, &user->ssh_authorized_keys) : 0;
}
