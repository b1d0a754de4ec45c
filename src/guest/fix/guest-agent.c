/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The edit that puts qemu-guest-agent into the guest from a package that the
 * user gives, without a network: its files now, so that it runs at the first
 * start, and the package database's part of it in the guest.
 */
#include "guest/fix/guest-agent.h"

#include "base/error.h"
#include "guest/fix/edits.h"
#include "guest/inspect/inspect.h"

#include <string.h>

/* A machine as uname -m, dpkg and rpm name it. */
static const struct {
    const char *machine, *dpkg, *rpm;
} machines[] = {
    { "x86_64", "amd64", "x86_64" },  { "aarch64", "arm64", "aarch64" },
    { "i686", "i386", "i686" },       { "i686", "i386", "i386" },
    { "armv7l", "armhf", "armv7hl" }, { "ppc64le", "ppc64el", "ppc64le" },
    { "s390x", "s390x", "s390x" },    { "riscv64", "riscv64", "riscv64" },
};

static bool
is_there(struct h2k_fix *fix)
{
    return h2k_root_exists(fix->root, "/usr/sbin/qemu-ga") ||
           h2k_root_exists(fix->root, "/usr/bin/qemu-ga");
}

/* Which packages the guest takes; false for none that we know. */
static bool
guest_kind(struct h2k_fix *fix, enum h2k_software_kind *kind)
{
    if (h2k_root_exists(fix->root, "/var/lib/dpkg/status")) {
        *kind = H2K_SOFTWARE_DEB;
        return true;
    }
    *kind = H2K_SOFTWARE_RPM;
    return h2k_root_is_dir(fix->root, "/var/lib/rpm") ||
           h2k_root_is_dir(fix->root, "/usr/lib/sysimage/rpm");
}

static bool
is_for_machine(const struct h2k_software *package, const char *machine)
{
    bool deb = package->kind == H2K_SOFTWARE_DEB;
    if (strcmp(package->architecture, deb ? "all" : "noarch") == 0)
        return true;
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
        if (machine != NULL && strcmp(machine, machines[i].machine) == 0 &&
            strcmp(package->architecture,
                   deb ? machines[i].dpkg : machines[i].rpm) == 0)
            return true;
    return false;
}

/* Only this: what another package's scripts would do is not known. */
static int
check_name(const struct h2k_software *package, const char *path)
{
    if (strcmp(package->name, "qemu-guest-agent") == 0)
        return 0;
    return h2k_fail(H2K_E_USAGE,
                    "%s: is the package %.200s; --guest-agent takes "
                    "qemu-guest-agent",
                    path, package->name);
}

/* The first of the packages given that is of this KIND and for the guest's
 * machine, or *FOUND is NULL. */
static int
choose(struct h2k_fix *fix, enum h2k_software_kind kind,
       struct h2k_software **found)
{
    const struct h2k_fix_options *options = fix->options;
    const char *machine = h2k_inspect_arch(fix->root);
    *found = NULL;
    for (size_t i = 0; i < options->guest_agent_count; i++) {
        const char *path = options->guest_agents[i];
        H2K_AUTO(h2k_software) package = h2k_software_open(path);
        if (package == NULL || check_name(package, path) < 0)
            return -1;
        if (*found == NULL && package->kind == kind &&
            is_for_machine(package, machine))
            *found = h2k_steal(package);
    }
    return 0;
}

static bool
applies(struct h2k_fix *fix)
{
    return fix->options->guest_agent_count > 0;
}

static int
run(struct h2k_fix *fix)
{
    enum h2k_software_kind kind;
    H2K_AUTO(h2k_software) package = NULL;
    bool known = guest_kind(fix, &kind);
    if (choose(fix, kind, &package) < 0)
        return -1;
    if (is_there(fix))
        return 0;
    if (h2k_root_is_dir(fix->root, "/sysroot/ostree") ||
        h2k_root_is_dir(fix->root, "/ostree"))
        return h2k_fix_warn(fix, "the guest's system is an image (OSTree), "
                                 "whose /usr is not to be written: layer the "
                                 "agent in it (rpm-ostree install)");
    if (!known)
        return h2k_fix_warn(fix, "the guest has neither dpkg nor rpm: install "
                                 "the agent in it");
    if (package == NULL)
        return h2k_fix_warn(
            fix,
            "no package that was given is %s for the guest's machine (%s): "
            "install the agent in it, or give that too",
            kind == H2K_SOFTWARE_DEB ? "a .deb" : "an .rpm",
            h2k_inspect_arch(fix->root) == NULL ? "unknown"
                                                : h2k_inspect_arch(fix->root));
    return kind == H2K_SOFTWARE_DEB ? h2k_agent_put_deb(fix, package)
                                    : h2k_agent_put_rpm(fix, package);
}

const struct h2k_edit h2k_edit_guest_agent = {
    .name = "guest-agent",
    .applies = applies,
    .run = run,
};
