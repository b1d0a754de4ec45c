/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/initramfs-config.h"

#include "base/buffer.h"
#include "base/error.h"

#include <string.h>

/* What a generator is told; the rest follows by dependency. */
static const enum h2k_driver configured[] = {
    H2K_DRIVER_VIRTIO_PCI, H2K_DRIVER_VIRTIO_BLK, H2K_DRIVER_VIRTIO_SCSI,
    H2K_DRIVER_SD_MOD,     H2K_DRIVER_VIRTIO_NET,
};
#define CONFIGURED_COUNT (sizeof(configured) / sizeof(*configured))

static bool
is_separator(char c)
{
    return c == '\0' || strchr(" \t\r\n\"'()+=", c) != NULL;
}

/* Does a line of TEXT that is no comment have the word NAME, with '-' or
 * '_'? */
static bool
mentions(const char *text, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = text; *p != '\0';) {
        const char *end = p + strcspn(p, "#\n");
        for (const char *q = p; q < end; q++) {
            size_t i = 0;
            if (q > text && !is_separator(q[-1]))
                continue;
            while (i < n && q + i < end &&
                   (q[i] == name[i] || (q[i] == '-' && name[i] == '_')))
                i++;
            if (i == n && (q + n == end || is_separator(q[n])))
                return true;
        }
        p = end + strcspn(end, "\n");
        p += *p == '\n';
    }
    return false;
}

/* Each driver that is a module and not in TEXT, with GLUE between. */
static void
add_missing(struct h2k_buffer *out, const struct h2k_kernel *kernel,
            const char *text, const char *glue)
{
    size_t start = out->size;
    for (size_t i = 0; i < CONFIGURED_COUNT; i++) {
        const char *name = h2k_driver_names[configured[i]];
        if (kernel->drivers[configured[i]].state != H2K_DRIVER_MODULE ||
            mentions(text, name))
            continue;
        if (out->size > start)
            h2k_buffer_adds(out, glue);
        h2k_buffer_adds(out, name);
    }
}

/* Put LINES behind a file's text, which is made if need be. */
static int
append_lines(struct h2k_fix *fix, const char *path, const char *old,
             const char *lines, const char *added)
{
    H2K_AUTO_BUFFER text = { 0 };
    size_t n = old == NULL ? 0 : strlen(old);
    if (n > 0) {
        h2k_buffer_add(&text, old, n);
        if (old[n - 1] != '\n')
            h2k_buffer_addc(&text, '\n');
    }
    h2k_buffer_adds(&text, lines);
    if (h2k_buffer_check(&text) < 0)
        return -1;
    int rc = old == NULL
                 ? h2k_fix_create(fix, path, text.data, text.size, 0644)
                 : h2k_fix_replace(fix, path, text.data, text.size);
    return rc < 0 ? -1
                  : h2k_fix_record(fix, path,
                                   "drivers for initramfs files to come", NULL,
                                   added);
}

/* PATH lacks some drivers: append BEFORE, their names with GLUE between, and
 * AFTER. */
static int
configure_file(struct h2k_fix *fix, const struct h2k_kernel *kernel,
               const char *path, const char *before, const char *glue,
               const char *after)
{
    h2k_autofree char *old = NULL;
    size_t size;
    H2K_AUTO_BUFFER names = { 0 };
    H2K_AUTO_BUFFER lines = { 0 };
    if (h2k_fix_read(fix, path, &old, &size) < 0)
        return -1;
    add_missing(&names, kernel, old == NULL ? "" : old, glue);
    if (names.size == 0)
        return h2k_buffer_check(&names);
    h2k_buffer_addf(&lines, "%s%s%s", before, h2k_buffer_text(&names), after);
    if (h2k_buffer_check(&lines) < 0)
        return -1;
    return append_lines(fix, path, old, h2k_buffer_text(&lines),
                        h2k_buffer_text(&names));
}

static bool
has_dracut(struct h2k_root *root)
{
    return h2k_root_is_dir(root, "/etc/dracut.conf.d") ||
           h2k_root_is_dir(root, "/usr/lib/dracut/modules.d") ||
           h2k_root_is_dir(root, "/usr/share/dracut/modules.d");
}

/* SUSE's mkinitrd before dracut; later ones only keep the file. */
static int
configure_suse(struct h2k_fix *fix, const struct h2k_kernel *kernel)
{
    static const char path[] = "/etc/sysconfig/kernel";
    h2k_autofree char *text = NULL;
    size_t size;
    int there = h2k_fix_read(fix, path, &text, &size);
    if (there <= 0 || has_dracut(fix->root) ||
        strstr(text, "INITRD_MODULES=") == NULL)
        return there < 0 ? -1 : 0;
    return configure_file(fix, kernel, path,
                          "INITRD_MODULES=\"$INITRD_MODULES ", " ", "\"\n");
}

/* mkinitfs takes each file of this directory as a feature, and those that
 * mkinitfs.conf names go in: its virtio feature has all of ours.  A file of
 * the administrator's own in /etc wins over the package's. */
static int
configure_alpine(struct h2k_fix *fix, const struct h2k_kernel *kernel)
{
    static const char path[] = "/etc/mkinitfs/mkinitfs.conf";
    h2k_autofree char *text = NULL;
    size_t size;
    int there = h2k_fix_read(fix, path, &text, &size);
    if (there <= 0 || strstr(text, "features=") == NULL ||
        mentions(text, "virtio") ||
        kernel->drivers[H2K_DRIVER_VIRTIO_PCI].state != H2K_DRIVER_MODULE)
        return there < 0 ? -1 : 0;
    return append_lines(fix, path, text, "features=\"$features virtio\"\n",
                        "virtio");
}

int
h2k_initramfs_configure(struct h2k_fix *fix, const struct h2k_kernel *kernel)
{
    struct h2k_root *root = fix->root;
    if (h2k_root_is_dir(root, "/etc/initramfs-tools") &&
        configure_file(fix, kernel, "/etc/initramfs-tools/modules", "", "\n",
                       "\n") < 0)
        return -1;
    if (has_dracut(root) &&
        configure_file(fix, kernel, "/etc/dracut.conf.d/hyper2kvm.conf",
                       "add_drivers+=\" ", " ", " \"\n") < 0)
        return -1;
    if (configure_suse(fix, kernel) < 0 || configure_alpine(fix, kernel) < 0)
        return -1;
    if (!h2k_root_exists(root, "/etc/mkinitcpio.conf"))
        return 0;
    return configure_file(fix, kernel,
                          h2k_root_is_dir(root, "/etc/mkinitcpio.conf.d")
                              ? "/etc/mkinitcpio.conf.d/hyper2kvm.conf"
                              : "/etc/mkinitcpio.conf",
                          "MODULES+=(", " ", ")\n");
}
