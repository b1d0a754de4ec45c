/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/error.h"
#include "base/view.h"
#include "guest/boot/file-block.h"
#include "guest/text/ini.h"
#include "guest/inspect/inspect.h"

#include <string.h>

#define TEXT_LIMIT (64u << 10)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* The first of PATHS that can be read as text: 1, 0 for none, -1. */
static int
read_first(struct h2k_root *root, const char *const *paths, size_t count,
           char **text)
{
    size_t size;
    for (size_t i = 0; i < count; i++) {
        if (h2k_root_read_file(root, paths[i], TEXT_LIMIT, text, &size) == 0)
            return 1;
        if (h2k_errcode() == H2K_E_NOMEM || h2k_errcode() == H2K_E_IO)
            return -1;
    }
    return 0;
}

/* The first of a table's files that exists names what there is. */
struct sign {
    const char *path, *name;
};

static const char *
first_sign(struct h2k_root *root, const struct sign *signs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (h2k_root_exists(root, signs[i].path))
            return signs[i].name;
    return NULL;
}

/* ---- Its name ---- */

static char *
first_line(const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        const char *word = text + strspn(text, " \t");
        size_t length = strcspn(word, " \t\r\n");
        if (length > 0 && *word != '#')
            return strndup(word, length < 255 ? length : 255);
        text += n + (text[n] == '\n');
    }
    return NULL;
}

int
h2k_inspect_hostname(struct h2k_root *root, struct h2k_inspection *out)
{
    static const char *const files[] = { "/etc/hostname", "/etc/HOSTNAME" };
    static const char *const sysconfig = "/etc/sysconfig/network";
    h2k_autofree char *text = NULL;
    int rc = read_first(root, files, COUNT(files), &text);
    if (rc > 0) {
        out->hostname = first_line(text);
    } else if (rc == 0) {
        rc = read_first(root, &sysconfig, 1, &text);
        if (rc > 0)
            out->hostname = h2k_ini_get(text, "HOSTNAME");
    }
    return rc < 0 ? -1 : 0;
}

int
h2k_inspect_selinux(struct h2k_root *root, struct h2k_inspection *out)
{
    static const char *const config = "/etc/selinux/config";
    h2k_autofree char *text = NULL;
    int rc = read_first(root, &config, 1, &text);
    if (rc > 0)
        out->selinux = h2k_ini_get(text, "SELINUX");
    return rc < 0 ? -1 : 0;
}

/* ---- Its machine ---- */

/* e_machine by class: 32 and 64 bits, little and big endian. */
static const char *
machine_name(uint16_t machine, bool is_64, bool is_big)
{
    switch (machine) {
    case 3: /* EM_386 */
        return "i686";
    case 62: /* EM_X86_64 */
        return "x86_64";
    case 40: /* EM_ARM */
        return "armv7l";
    case 183: /* EM_AARCH64 */
        return "aarch64";
    case 21: /* EM_PPC64 */
        return is_big ? "ppc64" : "ppc64le";
    case 22: /* EM_S390 */
        return is_64 ? "s390x" : "s390";
    case 243: /* EM_RISCV */
        return is_64 ? "riscv64" : "riscv32";
    case 258: /* EM_LOONGARCH */
        return "loongarch64";
    default:
        return NULL;
    }
}

static const char *
elf_machine(struct h2k_root *root, const char *path)
{
    uint8_t header[20];
    H2K_AUTO(h2k_block) file = h2k_file_block_open(root, path);
    if (file == NULL || h2k_block_size(file) < sizeof(header) ||
        h2k_block_pread(file, header, sizeof(header), 0) < 0)
        return NULL;
    struct h2k_view v = h2k_view_of(header, sizeof(header));
    if (!h2k_view_equal(v, 0, "\177ELF", 4))
        return NULL;
    bool is_big = h2k_view_u8(v, 5) == 2;
    uint16_t machine = is_big ? h2k_view_be16(v, 18) : h2k_view_le16(v, 18);
    return machine_name(machine, h2k_view_u8(v, 4) == 2, is_big);
}

const char *
h2k_inspect_arch(struct h2k_root *root)
{
    static const char *const programs[] = {
        "/bin/sh",   "/usr/bin/sh",  "/sbin/init",
        "/bin/bash", "/bin/busybox", "/usr/lib/systemd/systemd",
    };
    for (size_t i = 0; i < COUNT(programs); i++) {
        const char *arch = elf_machine(root, programs[i]);
        if (arch != NULL)
            return arch;
    }
    return NULL;
}

/* ---- What runs in it ---- */

const char *
h2k_inspect_init(struct h2k_root *root)
{
    static const struct sign by_target[] = {
        { "systemd", "systemd" }, { "busybox", "busybox" },
        { "runit", "runit" },     { "openrc", "openrc" },
        { "upstart", "upstart" },
    };
    static const struct sign signs[] = {
        { "/etc/init/rc.conf", "upstart" },
        { "/sbin/upstart", "upstart" },
        { "/sbin/openrc", "openrc" },
        { "/usr/lib/systemd/systemd", "systemd" },
        { "/lib/systemd/systemd", "systemd" },
        { "/etc/inittab", "sysvinit" },
        { "/etc/init.d", "sysvinit" },
    };
    h2k_autofree char *target = h2k_root_realpath(root, "/sbin/init");
    for (size_t i = 0; target != NULL && i < COUNT(by_target); i++)
        if (strstr(target, by_target[i].path) != NULL)
            return strcmp(by_target[i].name, "busybox") == 0 &&
                           h2k_root_exists(root, "/sbin/openrc")
                       ? "openrc"
                       : by_target[i].name;
    return first_sign(root, signs, COUNT(signs));
}

const char *
h2k_inspect_package_manager(struct h2k_root *root)
{
    static const struct sign signs[] = {
        { "/usr/bin/apt-get", "apt" },
        { "/usr/bin/dnf", "dnf" },
        { "/usr/bin/dnf5", "dnf" },
        { "/usr/bin/zypper", "zypper" },
        { "/usr/bin/tdnf", "tdnf" },
        { "/usr/bin/yum", "yum" },
        { "/usr/bin/pacman", "pacman" },
        { "/sbin/apk", "apk" },
        { "/usr/bin/emerge", "portage" },
        { "/usr/bin/xbps-install", "xbps" },
        { "/usr/bin/dpkg", "dpkg" },
        { "/usr/bin/rpm", "rpm" },
        { "/bin/rpm", "rpm" },
    };
    return first_sign(root, signs, COUNT(signs));
}

const char *
h2k_inspect_vmware_tools(struct h2k_root *root)
{
    static const struct sign signs[] = {
        { "/etc/vmware-tools/locations", "vmware-tools" },
        { "/usr/bin/vmware-uninstall-tools.pl", "vmware-tools" },
        { "/usr/bin/vmtoolsd", "open-vm-tools" },
        { "/usr/sbin/vmtoolsd", "open-vm-tools" },
    };
    return first_sign(root, signs, COUNT(signs));
}
