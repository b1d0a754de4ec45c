/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Telling what a filesystem holds. */
#include "fs-op.h"

#include "base/error.h"
#include "base/hash.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

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

int
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

int
print_tree(struct h2k_fs *fs, h2k_ino ino, const char *path, bool model,
           FILE *to)
{
    struct h2k_stat st;
    if (h2k_fs_stat(fs, ino, &st) < 0)
        return -1;
    bool dir = S_ISDIR(st.mode);
    fprintf(to, "%s %o %u:%u", path[0] == '\0' ? "/" : path, st.mode, st.uid,
            st.gid);
    if (!model || !dir) /* not every filesystem counts a directory's */
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

int
op_tree(struct session *s, char **w)
{
    h2k_ino ino;
    const char *path = w[1] == NULL ? "" : w[1];
    if (walk(s->fs, path, &ino, NULL) < 0)
        return -1;
    return print_tree(s->fs, ino, path, false, stdout);
}
