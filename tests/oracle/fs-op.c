/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Operations on a filesystem in an image file, for tests in shell:
 *
 *     fs-op [-r] IMAGE < script
 *
 * One operation a line, its words separated by blanks; see `operations`.
 * One behind "!" must fail, and how it does is printed.
 * The first that fails is said on stderr, and ends with status 1.  -r opens
 * for reading only, -R also the image.  Everything is flushed at the end.
 */
#include "base/error.h"
#include "base/hash.h"
#include "block/file.h"
#include "fs/fs.h"
#include "fs/memory.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS 5

struct session {
    struct h2k_block *volume;
    struct h2k_fs *fs;
    struct h2k_fs_info info;
    const char *path;     /* the image */
    struct h2k_fs *model; /* what `random` compares with */
};

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

/* The inode of PATH, or of the directory that it is in, *NAME then being its
 * last word. */
static int
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

static uint64_t
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
read_all(struct h2k_fs *fs, h2k_ino ino, uint8_t **data, uint64_t *size)
{
    struct h2k_stat st;
    if (h2k_fs_stat(fs, ino, &st) < 0)
        return -1;
    *size = st.size;
    *data = malloc(st.size + 1);
    /* In uneven pieces, so that their seams are tested. */
    for (uint64_t at = 0, n; at < st.size; at += n) {
        n = st.size - at < 300007 ? st.size - at : 300007;
        if (h2k_fs_read(fs, ino, *data + at, n, at) < 0)
            return -1;
    }
    return 0;
}

static int
op_cat(struct session *s, char **w)
{
    h2k_ino ino;
    h2k_autofree uint8_t *data = NULL;
    uint64_t size;
    if (walk(s->fs, w[1], &ino, NULL) < 0 ||
        read_all(s->fs, ino, &data, &size) < 0)
        return -1;
    fwrite(data, 1, size, stdout);
    return 0;
}

static int
add_line(void *opaque, const char *text)
{
    char ***list = opaque;
    size_t n = 0;
    while (*list != NULL && (*list)[n] != NULL)
        n++;
    *list = realloc(*list, (n + 2) * sizeof(**list));
    (*list)[n] = strdup(text);
    (*list)[n + 1] = NULL;
    return 0;
}

static int
add_name(void *opaque, const char *name, h2k_ino ino)
{
    (void)ino;
    return add_line(opaque, name);
}

static int
by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
sort_list(char **list)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL)
        n++;
    if (n > 1)
        qsort(list, n, sizeof(*list), by_bytes);
}

static void
free_list(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        free(list[i]);
    free(list);
}

static int
print_xattrs(struct h2k_fs *fs, h2k_ino ino, FILE *to)
{
    char **names = NULL;
    int rc = h2k_fs_listxattr(fs, ino, add_line, &names);
    sort_list(names);
    for (size_t i = 0; rc == 0 && names != NULL && names[i] != NULL; i++) {
        h2k_autofree void *value = NULL;
        size_t size = 0;
        rc = h2k_fs_getxattr(fs, ino, names[i], &value, &size);
        fprintf(to, " %s=", names[i]);
        for (size_t k = 0; rc == 0 && k < size; k++)
            fprintf(to, "%02x", ((uint8_t *)value)[k]);
    }
    free_list(names);
    return rc;
}

static int
print_content(struct h2k_fs *fs, h2k_ino ino, const struct h2k_stat *st,
              FILE *to)
{
    if (S_ISLNK(st->mode)) {
        char target[H2K_PATH_MAX + 1];
        if (h2k_fs_readlink(fs, ino, target, sizeof(target)) < 0)
            return -1;
        fprintf(to, " -> %s", target);
    }
    if (!S_ISREG(st->mode))
        return 0;
    h2k_autofree uint8_t *data = NULL;
    uint64_t size;
    uint8_t digest[H2K_SHA256_SIZE];
    char hex[H2K_SHA256_HEX_SIZE];
    if (read_all(fs, ino, &data, &size) < 0)
        return -1;
    H2K_AUTO(h2k_sha256) hash = h2k_sha256_new();
    h2k_sha256_update(hash, data, size);
    h2k_sha256_finish(hash, digest);
    h2k_sha256_hex(digest, hex);
    fprintf(to, " %s", hex);
    return 0;
}

/* Everything below INO, one line each; times only where asked for, since a
 * model has others. */
static int
print_tree(struct h2k_fs *fs, h2k_ino ino, const char *path, bool model,
           FILE *to)
{
    struct h2k_stat st;
    if (h2k_fs_stat(fs, ino, &st) < 0)
        return -1;
    bool dir = S_ISDIR(st.mode);
    fprintf(to, "%s %o %u:%u", path[0] == '\0' ? "/" : path, st.mode, st.uid,
            st.gid);
    if (!model || path[0] != '\0') /* lost+found is a link of the root */
        fprintf(to, " links=%u", st.links);
    if (!dir)
        fprintf(to, " size=%" PRIu64, st.size);
    if (!model)
        fprintf(to, " mtime=%" PRId64, st.mtime);
    if (print_content(fs, ino, &st, to) < 0 || print_xattrs(fs, ino, to) < 0)
        return -1;
    fputc('\n', to);
    if (!dir)
        return 0;
    char **names = NULL;
    int rc = h2k_fs_readdir(fs, ino, add_name, &names);
    sort_list(names);
    for (size_t i = 0; rc == 0 && names != NULL && names[i] != NULL; i++) {
        h2k_autofree char *below = NULL;
        h2k_ino child;
        if (strcmp(names[i], "lost+found") == 0)
            continue;
        rc = asprintf(&below, "%s/%s", path, names[i]) < 0
                 ? -1
                 : h2k_fs_lookup(fs, ino, names[i], &child);
        if (rc == 0)
            rc = print_tree(fs, child, below, model, to);
    }
    free_list(names);
    return rc;
}

static int
op_tree(struct session *s, char **w)
{
    h2k_ino ino;
    const char *path = w[1] == NULL ? "" : w[1];
    if (walk(s->fs, path, &ino, NULL) < 0)
        return -1;
    return print_tree(s->fs, ino, path, false, stdout);
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

static void
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

/* setxattr PATH NAME VALUE, or NAME COUNT SEED */
static int
op_setxattr(struct session *s, char **w)
{
    h2k_ino ino;
    if (walk(s->fs, w[1], &ino, NULL) < 0)
        return -1;
    if (w[4] == NULL)
        return h2k_fs_setxattr(s->fs, ino, w[2], w[3], strlen(w[3]));
    h2k_autofree uint8_t *value = malloc(number(w[3]) + 1);
    fill(value, number(w[3]), number(w[4]));
    return h2k_fs_setxattr(s->fs, ino, w[2], value, number(w[3]));
}

static int
op_space(struct session *s, char **w)
{
    uint64_t bytes;
    (void)w;
    if (h2k_fs_space(s->fs, &bytes) < 0)
        return -1;
    printf("%" PRIu64 "\n", bytes);
    return 0;
}

static int
print_range(void *opaque, uint64_t offset, uint64_t length)
{
    (void)opaque;
    printf("%" PRIu64 " %" PRIu64 "\n", offset, length);
    return 0;
}

static int
op_free(struct session *s, char **w)
{
    (void)w;
    return h2k_fs_each_free(s->fs, print_range, NULL);
}

static int
spoil_range(void *opaque, uint64_t offset, uint64_t length)
{
    static const uint8_t spoilt[4096] = { [0 ... 4095] = 0xa5 };
    struct session *s = opaque;
    for (uint64_t at = 0, n; at < length; at += n) {
        n = length - at < sizeof(spoilt) ? length - at : sizeof(spoilt);
        if (h2k_block_pwrite(s->volume, spoilt, n, offset + at) < 0)
            return -1;
    }
    return 0;
}

/* Overwrite all that is free. */
static int
op_spoil(struct session *s, char **w)
{
    (void)w;
    return h2k_fs_each_free(s->fs, spoil_range, s);
}

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
        snprintf(attribute, sizeof(attribute), "user.a%u", p->number % 6);
        return h2k_fs_setxattr(fs, ino, attribute, p->data, p->more % 120);
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

/* random SEED COUNT: so many steps, in a filesystem that was empty, and in
 * a model of it; then both have the same in them. */
static int
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

/* check: e2fsck -fn finds nothing to do. */
static int
op_check(struct session *s, char **w)
{
    h2k_autofree char *command = NULL;
    (void)w;
    if (h2k_fs_flush(s->fs) < 0)
        return -1;
    if (asprintf(&command, "e2fsck -fn '%s' >'%s.check' 2>&1", s->path,
                 s->path) < 0 ||
        system(command) != 0)
        return h2k_fail(H2K_E_FAILED, "not clean: see %s.check", s->path);
    return 0;
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
    { "info", 1, op_info },         { "cat", 2, op_cat },
    { "tree", 1, op_tree },         { "create", 2, op_create },
    { "mkdir", 2, op_mkdir },       { "symlink", 3, op_symlink },
    { "fill", 5, op_fill },         { "write", 3, op_write },
    { "truncate", 3, op_truncate }, { "unlink", 2, op_unlink },
    { "rename", 3, op_rename },     { "chmod", 3, op_chmod },
    { "chown", 4, op_chown },       { "mtime", 3, op_mtime },
    { "setxattr", 4, op_setxattr }, { "space", 1, op_space },
    { "free", 1, op_free },         { "spoil", 1, op_spoil },
    { "flush", 1, op_flush },       { "random", 3, op_random },
    { "check", 1, op_check },
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

int
main(int argc, char **argv)
{
    struct session s = { .path = argv[argc - 1] };
    bool reading = argc > 2 && argv[1][0] == '-';
    bool frozen = reading && argv[1][1] == 'R';
    if (argc < 2) {
        fprintf(stderr, "usage: fs-op [-r|-R] IMAGE < script\n");
        return 2;
    }
    s.volume = open_image(s.path, frozen);
    if (s.volume != NULL)
        s.fs = h2k_fs_open(s.volume, !reading, &s.info);
    int rc = s.fs == NULL ? -1 : run_script(&s);
    h2k_fs_close(s.fs);
    h2k_fs_close(s.model);
    h2k_block_unref(s.volume);
    if (rc < 0)
        fprintf(stderr, "fs-op: %s\n", h2k_errmsg());
    return rc < 0;
}
