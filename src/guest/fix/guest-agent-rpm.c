/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The agent on a guest with rpm.  Its database has several forms, none of
 * which is to be written but by the guest's own rpm: so the files are put in
 * place, that the agent runs at the first start, and the package beside
 * them, which rpm takes over into its database then.
 */
#include "guest/fix/guest-agent.h"

#include "base/buffer.h"
#include "base/error.h"
#include "guest/fix/first-boot.h"

#include <stdio.h>
#include <string.h>

#define PACKAGE "/var/lib/hyper2kvm/qemu-guest-agent.rpm"
#define LIBRARY_MAX (32u << 20)

static void
own_name(const struct h2k_software *package, const char *file,
         char path[H2K_PATH_MAX])
{
    (void)package;
    snprintf(path, H2K_PATH_MAX, "%s", file);
}

/* Has the library at PATH the version "GLIBC_2.34" of its symbols?  Their
 * names are strings in it.  1, 0 when not, and -1 when it is not there. */
static int
has_version(struct h2k_fix *fix, const char *path, const char *version)
{
    h2k_autofree char *data = NULL;
    size_t size;
    if (h2k_root_read_file(fix->root, path, LIBRARY_MAX, &data, &size) < 0)
        return -1;
    return *version == '\0' ||
           memmem(data, size, version, strlen(version) + 1) != NULL;
}

/* "libc.so.6(GLIBC_2.34)(64bit)" is the library and the version in it. */
static bool
has_library(struct h2k_fix *fix, const char *need)
{
    static const char *const wide[] = { "/lib64", "/usr/lib64" };
    static const char *const narrow[] = { "/lib", "/usr/lib" };
    const char *const *folders =
        strstr(need, "(64bit)") != NULL ? wide : narrow;
    char version[H2K_NAME_MAX + 1] = "", path[H2K_PATH_MAX];
    size_t name = strcspn(need, "(");
    if (need[name] == '(') {
        size_t length = strcspn(need + name + 1, ")");
        if (length <= H2K_NAME_MAX) {
            memcpy(version, need + name + 1, length);
            version[length] = '\0';
        }
    }
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%.*s", folders[i],
                 (int)(name > H2K_NAME_MAX ? H2K_NAME_MAX : name), need);
        int rc = has_version(fix, path, version);
        if (rc >= 0)
            return rc > 0;
    }
    return false;
}

/* What can be judged from outside: files and libraries.  Names of packages
 * are rpm's to look up. */
static bool
is_fulfilled(struct h2k_fix *fix, const char *need)
{
    if (need[0] == '/')
        return h2k_root_exists(fix->root, need);
    if (strncmp(need, "lib", 3) == 0 && strstr(need, ".so") != NULL)
        return has_library(fix, need);
    return true;
}

/* 1 when all is there, 0 after a warning. */
static int
has_needs(struct h2k_fix *fix, const struct h2k_software *package)
{
    H2K_AUTO_BUFFER missing = { 0 };
    for (size_t i = 0; i < package->needs.count; i++)
        if (!is_fulfilled(fix, package->needs.items[i]))
            h2k_buffer_addf(&missing, "%s%s", missing.size == 0 ? "" : ", ",
                            package->needs.items[i]);
    if (missing.size == 0)
        return 1;
    if (h2k_buffer_check(&missing) < 0)
        return -1;
    return h2k_fix_warn(fix,
                        "%s %s needs what the guest does not have: %s; give "
                        "the package of the guest's own release, or install "
                        "the agent in it",
                        package->name, package->version,
                        h2k_buffer_text(&missing)) < 0
               ? -1
               : 0;
}

static int
register_later(struct h2k_fix *fix, const struct h2k_software *package)
{
    static const struct h2k_first_boot once = {
        .name = "hyper2kvm-guest-agent",
        .description = "Register the guest agent that hyper2kvm put in place",
        .command = "/bin/rpm -U --replacepkgs " PACKAGE,
        .remove = PACKAGE,
    };
    if (h2k_fix_create(fix, PACKAGE, package->bytes, package->size, 0644) <
            0 ||
        h2k_fix_record(fix, PACKAGE, "the package, for the guest's rpm", NULL,
                       package->version) < 0)
        return -1;
    int rc = h2k_first_boot_add(fix, &once);
    if (rc == 0)
        rc = h2k_fix_warn(fix,
                          "the agent's files are there; run `%s` in the "
                          "guest, for its database",
                          once.command);
    return rc < 0 ? -1 : 0;
}

int
h2k_agent_put_rpm(struct h2k_fix *fix, const struct h2k_software *package)
{
    int possible = has_needs(fix, package);
    if (possible > 0)
        possible = h2k_agent_has_room(fix, package, own_name);
    if (possible <= 0)
        return possible;
    if (h2k_agent_put_files(fix, package, own_name) < 0 ||
        h2k_agent_enable_units(fix, package) < 0)
        return -1;
    return register_later(fix, package);
}
