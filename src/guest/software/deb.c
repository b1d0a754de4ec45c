/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* .deb files, deb(5). */
#include "guest/software/software.h"

#include "base/error.h"
#include "guest/software/control.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

/* An ar archive's members have a header of 60 bytes: name (16), times and
 * owner (32), size in decimal (10), "`\n"; data follows at even offsets. */
#define AR_HEADER 60

struct member {
    char name[17];
    const char *data;
    size_t size;
};

/* The member at *AT, which goes to the next.  1, 0 at the end, -1. */
static int
next_member(const struct h2k_software *package, size_t *at,
            struct member *member)
{
    size_t left = package->size - *at, size = 0;
    const char *header = package->bytes + *at;
    if (left < 2)
        return 0;
    if (left < AR_HEADER || memcmp(header + 58, "`\n", 2) != 0)
        return h2k_fail(H2K_E_CORRUPT, "a member's header is damaged");
    for (size_t i = 48; i < 58 && header[i] != ' '; i++) {
        if (header[i] < '0' || header[i] > '9')
            return h2k_fail(H2K_E_CORRUPT, "a member's size is damaged");
        size = size * 10 + (size_t)(header[i] - '0');
    }
    if (size > left - AR_HEADER)
        return h2k_fail(H2K_E_CORRUPT, "is cut short");
    memcpy(member->name, header, 16);
    member->name[16] = '\0';
    member->name[strcspn(member->name, " /")] = '\0';
    member->data = header + AR_HEADER;
    member->size = size;
    *at += AR_HEADER + size;
    *at += *at % 2 != 0 && *at < package->size;
    return 1;
}

static int
read_member(struct h2k_software *package, const struct member *member)
{
    struct h2k_software_files *into =
        strncmp(member->name, "control.tar", 11) == 0 ? &package->extras
        : strncmp(member->name, "data.tar", 8) == 0   ? &package->files
                                                      : NULL;
    if (into == NULL)
        return 0;
    if (into->count > 0)
        return h2k_fail(H2K_E_CORRUPT, "has two %s", member->name);
    return h2k_software_unpack(member->data, member->size, into) < 0
               ? h2k_prefix("%s: ", member->name)
               : 0;
}

int
h2k_software_read_deb(struct h2k_software *package)
{
    struct member member;
    size_t at = 8;
    int rc;
    package->kind = H2K_SOFTWARE_DEB;
    while ((rc = next_member(package, &at, &member)) > 0)
        if (read_member(package, &member) < 0)
            return -1;
    if (rc < 0)
        return -1;
    const struct h2k_software_file *control =
        h2k_software_find(&package->extras, "/control");
    if (control == NULL || control->data == NULL ||
        memchr(control->data, '\0', control->size) != NULL)
        return h2k_fail(H2K_E_CORRUPT, "has no control file");
    package->control = strdup(control->data);
    if (package->control == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    package->name = h2k_control_get(package->control, "Package");
    package->version = h2k_control_get(package->control, "Version");
    package->architecture = h2k_control_get(package->control, "Architecture");
    if (package->name == NULL || package->version == NULL ||
        package->architecture == NULL)
        return h2k_fail(H2K_E_CORRUPT,
                        "its control file names no package, version or "
                        "architecture");
    return 0;
}
