/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Kernel releases, and which kernel the boot loader starts. */
#include "base/error.h"
#include "base/view.h"
#include "guest/boot/file-block.h"
#include "guest/boot/bls.h"

#include <ctype.h>

#define GRUB_LIMIT (4u << 20)

/* ---- Releases ---- */

int
h2k_version_compare(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (!isdigit((unsigned char)*a) || !isdigit((unsigned char)*b)) {
            if (*a != *b)
                return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
            a++;
            b++;
            continue;
        }
        a += strspn(a, "0");
        b += strspn(b, "0");
        size_t m = strspn(a, "0123456789"), n = strspn(b, "0123456789");
        int rc = m != n ? (m < n ? -1 : 1) : strncmp(a, b, m);
        if (rc != 0)
            return rc;
        a += m;
        b += n;
    }
    return *a != '\0' ? 1 : *b != '\0' ? -1 : 0;
}

int
h2k_kernel_image_version(struct h2k_root *root, const char *path,
                         char version[256])
{
    uint8_t head[0x400];
    char text[256];
    version[0] = '\0';
    H2K_AUTO(h2k_block) file = h2k_file_block_open(root, path);
    if (file == NULL)
        return -1;
    uint64_t size = h2k_block_size(file);
    if (size < sizeof(head) + sizeof(text))
        return 0;
    if (h2k_block_pread(file, head, sizeof(head), 0) < 0)
        return -1;
    struct h2k_view v = h2k_view_of(head, sizeof(head));
    /* "kernel_version: a pointer to a string, less 0x200". */
    uint64_t at = (uint64_t)h2k_view_le16(v, 0x20e) + 0x200;
    if (!h2k_view_equal(v, 0x202, "HdrS", 4) || at == 0x200 ||
        !h2k_range_inside(at, sizeof(text), size))
        return 0;
    if (h2k_block_pread(file, text, sizeof(text), at) < 0)
        return -1;
    size_t n = 0;
    while (n < sizeof(text) - 1 &&
           (isalnum((unsigned char)text[n]) ||
            (text[n] != '\0' && strchr(".-_+~", text[n]) != NULL)))
        n++;
    memcpy(version, text, n);
    version[n] = '\0';
    return 0;
}

/* ---- The boot loader's choice ---- */

/* The first of these that can be read, or NULL. */
static char *
read_first(struct h2k_root *root, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *text = NULL;
        size_t size;
        if (h2k_root_read_file(root, paths[i], GRUB_LIMIT, &text, &size) == 0)
            return text;
    }
    return NULL;
}

/* The kernel whose release stands in TEXT, the longest that does: 6.1.0-5
 * is in 6.1.0-56 too.  kernels->count when none. */
static size_t
named_in(const struct h2k_kernels *kernels, const char *text)
{
    size_t found = kernels->count, longest = 0;
    for (size_t i = 0; i < kernels->count; i++) {
        size_t n = strlen(kernels->items[i].version);
        if (n > longest && strstr(text, kernels->items[i].version) != NULL) {
            found = i;
            longest = n;
        }
    }
    return found;
}

/* The kernel whose image has this name of NAME_LENGTH bytes. */
static size_t
image_named(const struct h2k_kernels *kernels, const char *name, size_t length)
{
    for (size_t i = 0; i < kernels->count; i++) {
        const char *base = strrchr(kernels->items[i].image, '/') + 1;
        if (strlen(base) == length && memcmp(base, name, length) == 0)
            return i;
    }
    return kernels->count;
}

/* The image of the first menu entry: "linux /vmlinuz-6.1.0 root=…". */
static size_t
first_entry(const struct h2k_kernels *kernels, const char *config)
{
    static const char *const commands[] = { "linux", "linux16", "linuxefi" };
    for (const char *p = config; *p != '\0';) {
        const char *end = p + strcspn(p, "\n");
        const char *word = p + strspn(p, " \t");
        size_t n = strcspn(word, " \t\n");
        p = end + (*end == '\n');
        bool is_command = false;
        for (size_t i = 0; i < 3; i++)
            is_command |=
                n == strlen(commands[i]) && memcmp(word, commands[i], n) == 0;
        if (!is_command)
            continue;
        const char *path = word + n + strspn(word + n, " \t");
        size_t length = strcspn(path, " \t\n");
        const char *slash = memrchr(path, '/', length);
        if (slash != NULL) {
            length -= (size_t)(slash + 1 - path);
            path = slash + 1;
        }
        size_t found = image_named(kernels, path, length);
        if (found < kernels->count)
            return found;
    }
    return kernels->count;
}

/* saved_entry of the environment block, cut to its line. */
static char *
saved_entry(char *environment)
{
    char *p = environment;
    while (p != NULL && strncmp(p, "saved_entry=", 12) != 0) {
        p = strchr(p, '\n');
        if (p != NULL)
            p++;
    }
    if (p == NULL)
        return NULL;
    p[strcspn(p, "\n")] = '\0';
    return p + 12;
}

/* Newest first: the first that is no rescue image. */
static size_t
newest(const struct h2k_kernels *kernels)
{
    for (size_t i = 0; i < kernels->count; i++)
        if (strstr(kernels->items[i].image, "rescue") == NULL)
            return i;
    return 0;
}

size_t
h2k_kernels_choose_default(struct h2k_root *root,
                           const struct h2k_kernels *kernels)
{
    static const char *const configs[] = { "/boot/grub/grub.cfg",
                                           "/boot/grub2/grub.cfg" };
    static const char *const environments[] = { "/boot/grub/grubenv",
                                                "/boot/grub2/grubenv" };
    h2k_autofree char *config = read_first(root, configs, 2);
    if (config == NULL) {
        size_t named = h2k_bls_default(root, kernels);
        return named < kernels->count ? named : newest(kernels);
    }
    if (strstr(config, "${saved_entry}") != NULL &&
        (strstr(config, "default=\"${saved_entry}\"") != NULL ||
         strstr(config, "blscfg") != NULL)) {
        h2k_autofree char *environment = read_first(root, environments, 2);
        char *saved = environment == NULL ? NULL : saved_entry(environment);
        size_t found =
            saved == NULL ? kernels->count : named_in(kernels, saved);
        if (found < kernels->count)
            return found;
    }
    size_t found = first_entry(kernels, config);
    return found < kernels->count ? found : newest(kernels);
}
