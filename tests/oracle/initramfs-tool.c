/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * initramfs-tool list FILE          the archives and names in an initramfs
 * initramfs-tool supplement TREE    every kernel of the tree TREE (with boot
 *                                   and lib/modules) gets its supplement, in
 *                                   the files themselves
 */
#include "block/file.h"
#include "fs/memory.h"
#include "guest/fix/supplement.h"

#include "memtree.h"

#include <hyper2kvm/error.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int
failed(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, h2k_errmsg());
    return 1;
}

static int
list(const char *path)
{
    H2K_AUTO(h2k_block) file = h2k_file_open(path);
    if (file == NULL)
        return failed(path);
    H2K_AUTO(h2k_initramfs) initramfs = h2k_initramfs_read(file);
    if (initramfs == NULL)
        return failed(path);
    for (size_t i = 0; i < initramfs->segment_count; i++) {
        const struct h2k_initramfs_segment *s = &initramfs->segments[i];
        printf("# %s at %llu, %llu bytes, %zu entries\n",
               h2k_compression_name(s->compression),
               (unsigned long long)s->offset, (unsigned long long)s->length,
               s->entries);
    }
    for (size_t i = 0; i < initramfs->entry_count; i++)
        puts(initramfs->entries[i].name);
    if (initramfs->problem[0] != '\0')
        printf("# problem: %s\n", initramfs->problem);
    return 0;
}

/* Behind the end of the host's file. */
static int
append(const char *tree, const char *path, const struct h2k_buffer *bytes)
{
    char host[4096];
    snprintf(host, sizeof(host), "%s%s", tree, path);
    FILE *file = fopen(host, "ab");
    if (file == NULL)
        return -1;
    size_t n = fwrite(bytes->data, 1, bytes->size, file);
    return fclose(file) == 0 && n == bytes->size ? 0 : -1;
}

static int
supplement_kernel(struct h2k_root *root, const struct h2k_kernel *k,
                  const char *tree)
{
    H2K_AUTO_SUPPLEMENT supplement = { 0 };
    H2K_AUTO_BUFFER bytes = { 0 };
    bool tight = getenv("TIGHT") != NULL;
    if (k->modules == NULL || k->initramfs == NULL)
        return failed(k->problem);
    if (h2k_supplement_plan(root, k, NULL, NULL, &supplement) < 0)
        return failed(k->version);
    printf("%s %zu modules\n", k->version, supplement.modules.count);
    if (supplement.file_count == 0)
        return 0;
    const char *refused = h2k_supplement_refused(k->initramfs);
    if (refused != NULL) {
        fprintf(stderr, "%s\n", refused);
        return 1;
    }
    if (h2k_supplement_build(root, k->initramfs, &supplement, tight, &bytes) <
        0)
        return failed(k->version);
    if (!tight && bytes.size > h2k_supplement_bytes(k->initramfs, &supplement))
        return failed("larger than was said");
    for (size_t i = 0; i < supplement.file_count; i++)
        printf("%s\n", supplement.files[i].to);
    return append(tree, k->initramfs_path, &bytes) < 0 ? failed("append") : 0;
}

static int
supplement(const char *tree)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(UINT64_C(1) << 32);
    memtree_host(fs, "/", tree);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    H2K_AUTO(h2k_kernels) kernels = h2k_kernels_read(root);
    if (kernels == NULL)
        return failed("kernels");
    for (size_t i = 0; i < kernels->count; i++)
        if (supplement_kernel(root, &kernels->items[i], tree) != 0)
            return 1;
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "list") == 0)
        return list(argv[2]);
    if (argc == 3 && strcmp(argv[1], "supplement") == 0)
        return supplement(argv[2]);
    fprintf(stderr, "usage: initramfs-tool list FILE | supplement TREE\n");
    return 2;
}
