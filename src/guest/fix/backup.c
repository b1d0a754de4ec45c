/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/backup.h"

#include "base/error.h"
#include "guest/fix/fix.h"
#include "guest/fix/labels.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* Directories in which the guest reads every file whatever its name, so
 * that a backup there would be read behind its original and undo the edit
 * (initramfs-tools' conf.d, ifupdown's `source`, connections and ifcfg
 * files), or become a service of its own (init.d) or entries of GRUB's menu.
 * The backups stand beside these directories. */
static const char *const read_whole[] = {
    "/etc/initramfs-tools/conf.d",
    "/usr/share/initramfs-tools/conf.d",
    "/etc/network/interfaces.d",
    "/etc/NetworkManager/system-connections",
    "/etc/sysconfig/network-scripts",
    "/etc/sysconfig/network",
    "/etc/grub.d",
    "/etc/init.d",
    "/etc/rc.d/init.d",
};

char *
h2k_backup_name(const char *file, int64_t now)
{
    char stamp[sizeof("YYYYMMDD-HHMMSS")], *name = NULL;
    const char *base = strrchr(file, '/') + 1;
    size_t directory = (size_t)(base - 1 - file);
    time_t when = (time_t)now;
    struct tm tm;
    if (gmtime_r(&when, &tm) == NULL ||
        strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm) == 0)
        return h2k_fail_null(H2K_E_RANGE, "%lld is no time for a backup",
                             (long long)now);
    for (size_t i = 0; i < sizeof(read_whole) / sizeof(read_whole[0]); i++)
        if (strlen(read_whole[i]) == directory &&
            memcmp(read_whole[i], file, directory) == 0)
            directory = (size_t)(strrchr(read_whole[i], '/') - read_whole[i]);
    if (asprintf(&name, "%.*s/%s" H2K_BACKUP_INFIX "%s", (int)directory, file,
                 base, stamp) < 0)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return name;
}

int
h2k_fix_backup(struct h2k_fix *fix, const char *path)
{
    if (!fix->options->backup)
        return 0;
    h2k_autofree char *real = h2k_root_realpath(fix->root, path);
    if (real == NULL)
        return -1;
    if (h2k_strings_contain(&fix->backed, real))
        return 0;
    h2k_autofree char *name = h2k_backup_name(real, fix->now);
    if (name == NULL)
        return -1;
    if (h2k_root_copy_file(fix->root, real, name) < 0 ||
        h2k_fix_label(fix, name) < 0)
        return h2k_prefix("the backup of %s: ", path);
    if (h2k_strings_add(&fix->backed, real) < 0)
        return -1;
    return h2k_strings_add(&fix->result->backups, name);
}
