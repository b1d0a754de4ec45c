/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * configure-tool FROM CONFIGURATION TO NOW: a guest's tree, the directory
 * FROM, with what CONFIGURATION (JSON or YAML) asks for put into it, as the
 * new directory TO; with owners where the user may set them.  NOW is the
 * time of it, seconds since 1970.  Changes and warnings go to standard
 * output, "second N" with the number of changes that a second run makes.
 */
#include "guest/fix/edits.h"
#include "fs/memory.h"

#include "memtree.h"

#include <hyper2kvm/manifest.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct h2k_edit *const edits[] = {
    &h2k_edit_users,
    &h2k_edit_services,
    &h2k_edit_hostname,
    &h2k_edit_network_files,
    NULL,
};

static int
failed(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, h2k_errmsg());
    return h2k_exit_code(h2k_errcode());
}

/* Owners of what memtree_host has copied. */
static void
copy_owners(struct h2k_fs *fs, struct h2k_root *root, const char *path,
            const char *from)
{
    char **names = NULL, below[PATH_MAX], host[PATH_MAX];
    size_t count = 0;
    struct stat st;
    if (lstat(from, &st) == 0)
        memtree_owner(fs, *path == '\0' ? "/" : path, st.st_uid, st.st_gid);
    if (!S_ISDIR(st.st_mode) ||
        h2k_root_list(root, *path == '\0' ? "/" : path, &names, &count) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        snprintf(below, sizeof(below), "%s/%s", path, names[i]);
        snprintf(host, sizeof(host), "%s/%s", from, names[i]);
        copy_owners(fs, root, below, host);
    }
    h2k_root_free_names(names, count);
}

static int dump(struct h2k_root *root, const char *path, const char *to);

static int
dump_folder(struct h2k_root *root, const char *path, const char *to)
{
    char **names = NULL, below[PATH_MAX], host[PATH_MAX];
    size_t count = 0;
    int rc = h2k_root_list(root, *path == '\0' ? "/" : path, &names, &count);
    for (size_t i = 0; i < count && rc == 0; i++) {
        snprintf(below, sizeof(below), "%s/%s", path, names[i]);
        snprintf(host, sizeof(host), "%s/%s", to, names[i]);
        rc = dump(root, below, host);
    }
    h2k_root_free_names(names, count);
    return rc;
}

static int
dump_file(struct h2k_root *root, const char *path, const char *to)
{
    h2k_autofree char *data = NULL;
    size_t size;
    h2k_autofd int fd = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (h2k_root_read_file(root, path, SIZE_MAX - 1, &data, &size) < 0 ||
        fd < 0)
        return -1;
    return write(fd, data, size) == (ssize_t)size ? 0 : -1;
}

static int
dump(struct h2k_root *root, const char *path, const char *to)
{
    char target[H2K_PATH_MAX + 1];
    struct h2k_place place;
    struct h2k_stat st;
    int rc;
    if (h2k_root_lookup_nofollow(root, *path == '\0' ? "/" : path, &place) <
            0 ||
        h2k_fs_stat(place.fs, place.ino, &st) < 0)
        return -1;
    if (S_ISLNK(st.mode))
        rc = h2k_root_readlink(root, path, target) == 0 ? symlink(target, to)
                                                        : -1;
    else if (S_ISREG(st.mode))
        rc = dump_file(root, path, to);
    else
        rc = mkdir(to, 0700) == 0 ? dump_folder(root, path, to) : -1;
    if (rc < 0) {
        fprintf(stderr, "%s: %s\n", to, strerror(errno));
        return -1;
    }
    if (geteuid() == 0 && lchown(to, st.uid, st.gid) < 0)
        return -1;
    return S_ISLNK(st.mode) ? 0 : chmod(to, st.mode & 07777);
}

static int
run(struct h2k_root *root, const struct h2k_configuration *configuration,
    int64_t now, bool tell, size_t *changes)
{
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix_result result = { 0 };
    options.configuration = configuration;
    options.now = now;
    struct h2k_fix fix = { .root = root,
                           .options = &options,
                           .result = &result };
    int rc = h2k_fix_run_edits(&fix, edits);
    for (size_t i = 0; tell && i < result.change_count; i++) {
        const struct h2k_change *c = &result.changes[i];
        printf("change %s|%s|%s|%s\n", c->file, c->what,
               c->before == NULL ? "-" : c->before,
               c->after == NULL ? "-" : c->after);
    }
    for (size_t i = 0; tell && i < result.warnings.count; i++)
        printf("warning %s\n", result.warnings.items[i]);
    *changes = result.change_count;
    h2k_fix_result_free(&result);
    return rc;
}

int
main(int argc, char **argv)
{
    size_t changes;
    if (argc != 5)
        return 2;
    struct h2k_manifest *m =
        h2k_manifest_load_fragment(argv[2], "configuration", NULL);
    if (m == NULL)
        return failed(argv[2]);
    const struct h2k_configuration *c = h2k_manifest_configuration(m);
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(UINT64_C(4) << 30);
    H2K_AUTO(h2k_root) root = fs == NULL ? NULL : h2k_root_new(fs);
    if (root == NULL)
        return failed("the tree");
    memtree_host(fs, "/", argv[1]);
    copy_owners(fs, root, "", argv[1]);
    int rc = 0;
    if (run(root, c, atoll(argv[4]), true, &changes) < 0 ||
        run(root, c, atoll(argv[4]) + 86400, false, &changes) < 0)
        rc = failed("configure");
    else if (dump(root, "", argv[3]) < 0)
        rc = 1;
    if (rc == 0)
        printf("second %zu\n", changes);
    h2k_manifest_free(m);
    return rc;
}
