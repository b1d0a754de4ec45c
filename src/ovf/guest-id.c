/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * One table of all guest ids.  They are made of a system's name, often its
 * version, "_64" or "64", and "Guest": so the table has the names, longest
 * first where one begins with another.
 */
#include "ovf/guest-id.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define CIM_OTHER 1
#define CIM_OTHER_64 102
#define CIM_LINUX 36
#define CIM_LINUX_64 101

static const struct system {
    const char *name;
    const char *hint;    /* as in /etc/os-release, where there is one */
    const char *version; /* NULL: the digits after the name */
    unsigned char cim, cim_64;
} systems[] = {
    { "almalinux", "almalinux", NULL, CIM_LINUX, CIM_LINUX_64 },
    { "amazonlinux3", "amzn", "2023", CIM_LINUX, CIM_LINUX_64 },
    { "amazonlinux", "amzn", NULL, CIM_LINUX, CIM_LINUX_64 },
    { "asianux", "linux", NULL, CIM_LINUX, CIM_LINUX_64 },
    { "centos", "centos", NULL, 106, 107 },
    { "coreos", "linux", NULL, CIM_LINUX, CIM_LINUX_64 },
    { "crxPod", "linux", "", CIM_LINUX, CIM_LINUX_64 },
    { "crxSys", "linux", "", CIM_LINUX, CIM_LINUX_64 },
    { "darwin", "macos", "", 2, 2 },
    { "debian", "debian", NULL, 95, 96 },
    { "dos", "dos", "", 14, 14 },
    { "eComStation", "os2", "", 110, 110 },
    { "fedora", "fedora", NULL, CIM_LINUX, CIM_LINUX_64 },
    { "flatcar", "flatcar", NULL, CIM_LINUX, CIM_LINUX_64 },
    { "freebsd", "freebsd", NULL, 42, 78 },
    { "fusionos", "linux", NULL, CIM_LINUX, CIM_LINUX_64 },
    { "genericLinux", "linux", "", CIM_LINUX, CIM_LINUX_64 },
    { "kylinlinux", "kylin", NULL, CIM_LINUX, CIM_LINUX_64 },
    { "mandrake", "mandrake", NULL, 89, 90 },
    { "mandriva", "mandriva", NULL, 89, 90 },
    { "miraclelinux", "miraclelinux", NULL, CIM_LINUX, CIM_LINUX_64 },
    { "netware", "netware", NULL, 21, 21 },
    { "nld", "linux", "", 87, 87 },
    { "oes", "linux", "", 86, 86 },
    { "openServer", "sco", "", 26, 26 },
    { "opensuse", "opensuse", NULL, 82, 83 },
    { "oracleLinux", "ol", NULL, 108, 109 },
    { "os2", "os2", "", 12, 12 },
    { "other24xLinux", "linux", "", 97, 98 },
    { "other26xLinux", "linux", "", 99, 100 },
    { "other3xLinux", "linux", "", CIM_LINUX, CIM_LINUX_64 },
    { "other4xLinux", "linux", "", CIM_LINUX, CIM_LINUX_64 },
    { "other5xLinux", "linux", "", CIM_LINUX, CIM_LINUX_64 },
    { "other6xLinux", "linux", "", CIM_LINUX, CIM_LINUX_64 },
    { "otherLinux", "linux", "", CIM_LINUX, CIM_LINUX_64 },
    { "pardus", "pardus", NULL, CIM_LINUX, CIM_LINUX_64 },
    { "prolinux", "linux", NULL, CIM_LINUX, CIM_LINUX_64 },
    { "redhat", "rhel", "", 79, 80 },
    { "rhel", "rhel", NULL, 79, 80 },
    { "rockylinux", "rocky", NULL, CIM_LINUX, CIM_LINUX_64 },
    { "sjds", "linux", "", 88, 88 },
    { "sles", "sles", NULL, 84, 85 },
    { "solaris", "solaris", NULL, 29, 81 },
    { "suse", "suse", "", 82, 83 },
    { "turboLinux", "linux", "", 91, 92 },
    { "ubuntu", "ubuntu", NULL, 93, 94 },
    { "unixWare", "unixware", NULL, 25, 25 },
    { "vmkernel", "esxi", "", 104, 104 },
    { "vmwarePhoton", "photon", NULL, CIM_LINUX, CIM_LINUX_64 },
    { "win2000", "windows", "2000", 58, 58 },
    { "win31", "windows", "3.1", 15, 15 },
    { "win95", "windows", "95", 16, 16 },
    { "win98", "windows", "98", 17, 17 },
    { "winLonghorn", "windows", "2008", 76, 77 },
    { "winMe", "windows", "Me", 63, 63 },
    { "winNT", "windows", "NT", 18, 18 },
    { "winNet", "windows", "2003", 69, 70 },
    { "winVista", "windows", "Vista", 73, 74 },
    { "winXP", "windows", "XP", 67, 71 },
    { "windows10", "windows", "10", CIM_OTHER, CIM_OTHER_64 },
    { "windows11", "windows", "11", CIM_OTHER, CIM_OTHER_64 },
    { "windows12", "windows", "12", CIM_OTHER, CIM_OTHER_64 },
    { "windows2019srvNext", "windows", "2022", CIM_OTHER, CIM_OTHER_64 },
    { "windows2019srv", "windows", "2019", CIM_OTHER, CIM_OTHER_64 },
    { "windows2022srvNext", "windows", "2025", CIM_OTHER, CIM_OTHER_64 },
    { "windows7Server", "windows", "2008 R2", 103, 103 },
    { "windows7", "windows", "7", 105, 105 },
    { "windows8Server", "windows", "2012", CIM_OTHER, CIM_OTHER_64 },
    { "windows8", "windows", "8", CIM_OTHER, CIM_OTHER_64 },
    { "windows9Server", "windows", "2016", CIM_OTHER, CIM_OTHER_64 },
    { "windows9", "windows", "10", CIM_OTHER, CIM_OTHER_64 },
    { "windowsHyperV", "windows", "", CIM_OTHER, CIM_OTHER_64 },
    { "windows", "windows", "", CIM_OTHER, CIM_OTHER_64 },
};

static const struct system *
find_system(const char *id)
{
    for (size_t i = 0; id != NULL && i < sizeof(systems) / sizeof(*systems);
         i++)
        if (strncmp(id, systems[i].name, strlen(systems[i].name)) == 0)
            return &systems[i];
    return NULL;
}

/* "debian12_64Guest", "ubuntu64Guest", "otherGuest64"; but not
 * "vmkernel65Guest". */
static bool
is_64_bits(const char *id)
{
    return strstr(id, "64Guest") != NULL || strstr(id, "Guest64") != NULL;
}

unsigned
h2k_guest_id_cim(const char *guest_id)
{
    const struct system *found = find_system(guest_id);
    bool wide = guest_id != NULL && is_64_bits(guest_id);
    if (found == NULL)
        return wide ? CIM_OTHER_64 : CIM_OTHER;
    return wide ? found->cim_64 : found->cim;
}

const char *
h2k_guest_id_hint(const char *guest_id)
{
    const struct system *found = find_system(guest_id);
    return found == NULL ? NULL : found->hint;
}

const char *
h2k_guest_id_version(const char *guest_id, char text[64])
{
    const struct system *found = find_system(guest_id);
    if (found == NULL)
        return NULL;
    if (found->version != NULL)
        return *found->version == '\0' ? NULL : found->version;
    const char *digits = guest_id + strlen(found->name);
    int count = 0;
    while (count < 8 && isdigit((unsigned char)digits[count]))
        count++;
    /* "ubuntu64Guest": so many bits, not a version. */
    if (count == 0 || strncmp(digits, "64Guest", 7) == 0)
        return NULL;
    snprintf(text, 64, "%.*s", count, digits);
    return text;
}

const char *
h2k_guest_cim_hint(unsigned cim)
{
    if (cim == CIM_LINUX || cim == CIM_LINUX_64)
        return "linux";
    if (cim <= CIM_OTHER || cim == CIM_OTHER_64)
        return NULL;
    for (size_t i = 0; i < sizeof(systems) / sizeof(*systems); i++)
        if (cim == systems[i].cim || cim == systems[i].cim_64)
            return systems[i].hint;
    return NULL;
}
