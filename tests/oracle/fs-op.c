/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Operations on a filesystem in an image file, for tests in shell:
 *
 *     fs-op [-r|-R|-g] IMAGE... < script
 *
 * The images are all that one filesystem is spread over.
 * One operation a line, its words separated by blanks; see `operations`.
 * One behind "!" must fail, and how it does is printed; one behind "?" may,
 * for want of space.
 * The first that fails is said on stderr, and ends with status 1.  -r opens
 * for reading only, -R also the image, -g in libguestfs' appliance.
 * Everything is flushed at the end.
 */
#include "fs-op.h"

#include "base/error.h"
#include "block/file.h"
#include "fs/guestfs/guestfs.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define WORDS 5

/* The image without its fsync, which tests would spend their time in. */
static void
image_close(void *state)
{
    h2k_block_unref(state);
}

static int
image_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    return h2k_block_pread(state, buffer, count, offset);
}

static int
image_pwrite(void *state, const void *buffer, size_t count, uint64_t offset)
{
    return h2k_block_pwrite(state, buffer, count, offset);
}

static struct h2k_block *
open_image(const char *path, bool frozen)
{
    static const struct h2k_block_ops ops = {
        .name = "image",
        .close = image_close,
        .pread = image_pread,
        .pwrite = image_pwrite,
    };
    int fd = open(path, (frozen ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (fd < 0)
        return h2k_fail_errno(H2K_E_SOURCE, "%s", path), NULL;
    struct h2k_block *file = h2k_file_from_fd(fd, path, !frozen);
    return file == NULL
               ? NULL
               : h2k_block_new(&ops, file, h2k_block_size(file), !frozen);
}

int
walk(struct h2k_fs *fs, const char *path, h2k_ino *ino, const char **name)
{
    char part[H2K_NAME_MAX + 1];
    *ino = h2k_fs_root(fs);
    while (*path == '/')
        path++;
    while (*path != '\0') {
        size_t n = strcspn(path, "/");
        if (name != NULL && path[n] == '\0') {
            *name = path;
            return 0;
        }
        snprintf(part, sizeof(part), "%.*s", (int)n, path);
        if (h2k_fs_lookup(fs, *ino, part, ino) < 0)
            return -1;
        for (path += n; *path == '/';)
            path++;
    }
    return 0;
}

uint64_t
number(const char *word)
{
    return word == NULL ? 0 : strtoull(word, NULL, 0);
}

static int
op_info(struct session *s, char **w)
{
    (void)w;
    const struct h2k_fs_info *i = &s->info;
    printf("type=%s uuid=%s label=%s clean=%d replayed=%d\n", i->type, i->uuid,
           i->label, i->clean, i->replayed);
    return 0;
}

static int
op_create(struct session *s, char **w)
{
    h2k_ino dir, ino;
    const char *name = NULL;
    if (walk(s->fs, w[1], &dir, &name) < 0)
        return -1;
    return h2k_fs_create(s->fs, dir, name,
                         w[2] == NULL ? 0644 : (uint32_t)number(w[2]), &ino);
}

static int
op_mkdir(struct session *s, char **w)
{
    h2k_ino dir, ino;
    const char *name = NULL;
    if (walk(s->fs, w[1], &dir, &name) < 0)
        return -1;
    return h2k_fs_mkdir(s->fs, dir, name,
                        w[2] == NULL ? 0755 : (uint32_t)number(w[2]), &ino);
}

static int
op_symlink(struct session *s, char **w)
{
    h2k_ino dir;
    const char *name = NULL;
    if (walk(s->fs, w[1], &dir, &name) < 0)
        return -1;
    return h2k_fs_symlink(s->fs, dir, name, w[2]);
}

void
fill(uint8_t *data, size_t count, uint64_t seed)
{
    for (size_t i = 0; i < count; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        data[i] = (uint8_t)(seed >> 56);
    }
}

/* fill PATH OFFSET COUNT SEED: bytes that the seed gives */
static int
op_fill(struct session *s, char **w)
{
    h2k_ino ino;
    size_t count = number(w[3]);
    h2k_autofree uint8_t *data = malloc(count + 1);
    fill(data, count, number(w[4]));
    if (walk(s->fs, w[1], &ino, NULL) < 0)
        return -1;
    return h2k_fs_write(s->fs, ino, data, count, number(w[2]));
}

/* write PATH TEXT */
static int
op_write(struct session *s, char **w)
{
    h2k_ino ino;
    if (walk(s->fs, w[1], &ino, NULL) < 0)
        return -1;
    return h2k_fs_write(s->fs, ino, w[2], strlen(w[2]), 0);
}

static int
op_truncate(struct session *s, char **w)
{
    h2k_ino ino;
    if (walk(s->fs, w[1], &ino, NULL) < 0)
        return -1;
    return h2k_fs_truncate(s->fs, ino, number(w[2]));
}

static int
op_unlink(struct session *s, char **w)
{
    h2k_ino dir;
    const char *name = NULL;
    if (walk(s->fs, w[1], &dir, &name) < 0)
        return -1;
    return h2k_fs_unlink(s->fs, dir, name);
}

static int
op_rename(struct session *s, char **w)
{
    h2k_ino from, to;
    const char *old_name = NULL, *new_name = NULL;
    if (walk(s->fs, w[1], &from, &old_name) < 0 ||
        walk(s->fs, w[2], &to, &new_name) < 0)
        return -1;
    return h2k_fs_rename(s->fs, from, old_name, to, new_name);
}

static int
op_chmod(struct session *s, char **w)
{
    h2k_ino ino;
    if (walk(s->fs, w[1], &ino, NULL) < 0)
        return -1;
    return h2k_fs_chmod(s->fs, ino, (uint32_t)number(w[2]));
}

static int
op_chown(struct session *s, char **w)
{
    h2k_ino ino;
    if (walk(s->fs, w[1], &ino, NULL) < 0)
        return -1;
    return h2k_fs_chown(s->fs, ino, (uint32_t)number(w[2]),
                        (uint32_t)number(w[3]));
}

static int
op_mtime(struct session *s, char **w)
{
    h2k_ino ino;
    if (walk(s->fs, w[1], &ino, NULL) < 0)
        return -1;
    return h2k_fs_set_mtime(s->fs, ino, (int64_t)strtoll(w[2], NULL, 0));
}

static int
op_flush(struct session *s, char **w)
{
    (void)w;
    return h2k_fs_flush(s->fs);
}

static const struct operation {
    const char *name;
    int words; /* at least */
    int (*run)(struct session *s, char **words);
} operations[] = {
    { "info", 1, op_info },           { "cat", 2, op_cat },
    { "tree", 1, op_tree },           { "create", 2, op_create },
    { "mkdir", 2, op_mkdir },         { "symlink", 3, op_symlink },
    { "fill", 5, op_fill },           { "write", 3, op_write },
    { "truncate", 3, op_truncate },   { "unlink", 2, op_unlink },
    { "rename", 3, op_rename },       { "chmod", 3, op_chmod },
    { "chown", 4, op_chown },         { "mtime", 3, op_mtime },
    { "setxattr", 4, op_setxattr },   { "space", 1, op_space },
    { "free", 1, op_free },           { "spoil", 1, op_spoil },
    { "flush", 1, op_flush },         { "random", 3, op_random },
    { "check", 1, op_check },         { "run", 2, op_run },
    { "copyxattr", 3, op_copyxattr }, { "subvolumes", 1, op_subvolumes },
    { "mounted", 2, op_mounted },
};

static int
run_words(struct session *s, char **words, int count)
{
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        if (strcmp(operations[i].name, words[0]) == 0 &&
            count >= operations[i].words)
            return operations[i].run(s, words);
    return h2k_fail(H2K_E_USAGE, "no operation '%s' of %d words", words[0],
                    count);
}

static int
run_line(struct session *s, char *line)
{
    char *words[WORDS + 2] = { NULL }, *rest = NULL;
    int count = 0;
    for (char *w = strtok_r(line, " \n", &rest);
         w != NULL && count < WORDS + 1; w = strtok_r(NULL, " \n", &rest))
        words[count++] = w;
    if (count == 0 || words[0][0] == '#')
        return 0;
    if (strcmp(words[0], "?") == 0) {
        int rc = run_words(s, words + 1, count - 1);
        return rc < 0 && h2k_errcode() == H2K_E_NOSPACE ? 0 : rc;
    }
    if (strcmp(words[0], "!") != 0)
        return run_words(s, words, count);
    if (run_words(s, words + 1, count - 1) == 0)
        return h2k_fail(H2K_E_FAILED, "'%s' should have failed", words[1]);
    printf("%s: %s\n", words[1], h2k_errmsg());
    return 0;
}

static int
run_script(struct session *s)
{
    char line[8192];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        char copy[8192];
        memcpy(copy, line, sizeof(copy));
        if (run_line(s, line) < 0)
            return h2k_prefix("%.60s", copy);
    }
    return h2k_fs_writable(s->fs) ? h2k_fs_flush(s->fs) : 0;
}

static struct h2k_fs *
open_in_appliance(struct session *s)
{
    char device[H2K_APPLIANCE_DEVICE];
    unsigned disk;
    s->appliance = h2k_appliance_new(NULL);
    if (s->appliance == NULL || h2k_fs_probe(s->volumes[0], &s->info) < 0 ||
        h2k_appliance_check(s->appliance) < 0 ||
        h2k_appliance_add(s->appliance, s->volumes[0], true, &disk) < 0)
        return NULL;
    h2k_appliance_device(disk, device);
    const struct h2k_guestfs_source source = {
        .device = device,
        .options = h2k_guestfs_options(s->info.type),
    };
    return h2k_guestfs_open(s->appliance, &source, true);
}

/* OPTION as in main. */
static int
open_session(struct session *s, char **paths, char option)
{
    s->path = paths[0];
    for (; *paths != NULL && s->volume_count < SESSION_VOLUMES; paths++) {
        struct h2k_block *volume = open_image(*paths, option == 'R');
        if (volume == NULL)
            return -1;
        s->volumes[s->volume_count++] = volume;
    }
    bool reading = option == 'r' || option == 'R';
    s->fs = option == 'g' ? open_in_appliance(s)
                          : h2k_fs_open_members(s->volumes, s->volume_count,
                                                !reading, &s->info);
    return s->fs == NULL ? -1 : 0;
}

int
main(int argc, char **argv)
{
    struct session s = { 0 };
    char option = argc > 2 && argv[1][0] == '-' ? argv[1][1] : '\0';
    if (argc < 2) {
        fprintf(stderr, "usage: fs-op [-r|-R|-g] IMAGE... < script\n");
        return 2;
    }
    int rc = open_session(&s, argv + (option == '\0' ? 1 : 2), option);
    if (rc == 0)
        rc = run_script(&s);
    h2k_fs_close(s.fs);
    h2k_fs_close(s.model);
    h2k_appliance_free(s.appliance);
    for (size_t i = 0; i < s.volume_count; i++)
        h2k_block_unref(s.volumes[i]);
    if (rc < 0)
        fprintf(stderr, "fs-op: %s\n", h2k_errmsg());
    return rc < 0;
}
