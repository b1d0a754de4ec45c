/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a device specification means inside the guest.
 *
 * Identities (UUID and so on) are compared with what was read from the
 * volumes.  Kernel names and by-path links meant a disk by its place on the
 * old machine's controller; the manifest has the disks in that order.
 */
#include "base/checked.h"
#include "base/error.h"
#include "guest/filesystems.h"
#include "guest/guest.h"
#include "guest/resolve.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Kernel device numbers that a name can hold, far above any real one. */
#define NUMBER_MAX 1000000

/* ---- Identities ---- */

enum identity {
    IDENTITY_UUID,
    IDENTITY_LABEL,
    IDENTITY_PARTUUID,
    IDENTITY_PARTLABEL,
};

static const struct {
    enum identity identity;
    const char *tag, *link;
} identities[] = {
    { IDENTITY_UUID, "UUID=", "/dev/disk/by-uuid/" },
    { IDENTITY_LABEL, "LABEL=", "/dev/disk/by-label/" },
    { IDENTITY_PARTUUID, "PARTUUID=", "/dev/disk/by-partuuid/" },
    { IDENTITY_PARTLABEL, "PARTLABEL=", "/dev/disk/by-partlabel/" },
};

static const char *
volume_identity(const struct h2k_guest_volume *v, enum identity identity)
{
    switch (identity) {
    case IDENTITY_UUID:
        return v->fs_info.uuid;
    case IDENTITY_LABEL:
        return v->fs_info.label;
    case IDENTITY_PARTUUID:
        return v->uuid;
    case IDENTITY_PARTLABEL:
        return v->label;
    }
    return "";
}

/* Hexadecimal identities are written in either case. */
static bool
identity_equal(enum identity identity, const char *a, const char *b)
{
    bool text = identity == IDENTITY_LABEL || identity == IDENTITY_PARTLABEL;
    return (text ? strcmp(a, b) : strcasecmp(a, b)) == 0;
}

static int
find_identity(struct h2k_guest *guest, enum identity identity,
              const char *value, const char *spec,
              const struct h2k_guest_volume **out)
{
    const struct h2k_guest_volume *found = NULL;
    for (size_t i = 0; i < guest->volume_count && value[0] != '\0'; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[i];
        if (!h2k_guest_sees(guest, v) ||
            !identity_equal(identity, volume_identity(v, identity), value))
            continue;
        if (found != NULL)
            return h2k_fail(H2K_E_CORRUPT,
                            "%s: two volumes have this "
                            "identity; give one of them another",
                            spec);
        found = v;
    }
    if (found == NULL)
        return h2k_fail(H2K_E_NOENT, "%s: no volume of these disks has it",
                        spec);
    *out = found;
    return 0;
}

static int
hex_value(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* VALUE without quotes and, in links, without udev's \x20 escapes. */
static void
decode_value(const char *value, bool link, char *out, size_t size)
{
    size_t n = 0, length = strlen(value);
    if (!link && length >= 2 && (value[0] == '"' || value[0] == '\'') &&
        value[length - 1] == value[0]) {
        value++;
        length -= 2;
    }
    for (size_t i = 0; i < length && n + 1 < size; i++) {
        char c = value[i];
        if (link && c == '\\' && length - i >= 4 && value[i + 1] == 'x' &&
            isxdigit((unsigned char)value[i + 2]) &&
            isxdigit((unsigned char)value[i + 3])) {
            c = (char)(hex_value(value[i + 2]) * 16 + hex_value(value[i + 3]));
            i += 3;
        }
        out[n++] = c;
    }
    out[n] = '\0';
}

/* ---- Places ---- */

/* A decimal number at *P, without sign or leading zeros, past which *P is
 * moved.  False when there is none. */
static bool
take_number(const char **p, uint32_t *out)
{
    uint32_t n = 0;
    const char *s = *p;
    if (!isdigit((unsigned char)*s) ||
        (*s == '0' && isdigit((unsigned char)s[1])))
        return false;
    for (; isdigit((unsigned char)*s); s++) {
        n = n * 10 + (uint32_t)(*s - '0');
        if (n > NUMBER_MAX)
            return false;
    }
    *p = s;
    *out = n;
    return true;
}

static bool
take_text(const char **p, const char *text)
{
    size_t n = strlen(text);
    if (strncmp(*p, text, n) != 0)
        return false;
    *p += n;
    return true;
}

/* "a" is disk 0, "z" 25, "aa" 26: the kernel's sd_format_disk_name. */
static bool
take_letters(const char **p, uint32_t *disk)
{
    uint32_t n = 0;
    const char *s = *p;
    for (; *s >= 'a' && *s <= 'z'; s++) {
        n = n * 26 + (uint32_t)(*s - 'a') + 1;
        if (n > NUMBER_MAX)
            return false;
    }
    if (s == *p)
        return false;
    *p = s;
    *disk = n - 1;
    return true;
}

/* NAME (behind /dev/) as disk and partition, 0 for the whole disk. */
static bool
parse_kernel_name(const char *name, uint32_t *disk, uint32_t *partition)
{
    static const char *const lettered[] = { "sd", "hd", "vd", "xvd" };
    const char *p = name;
    *partition = 0;
    for (size_t i = 0; i < sizeof(lettered) / sizeof(*lettered); i++) {
        p = name;
        if (take_text(&p, lettered[i]) && take_letters(&p, disk))
            return *p == '\0' || (take_number(&p, partition) && *p == '\0');
    }
    /* nvme<controller>n<namespace>p<partition>: VMware gives each virtual
     * controller its disks as namespaces from 1. */
    uint32_t controller, space;
    p = name;
    if (!take_text(&p, "nvme") || !take_number(&p, &controller) ||
        !take_text(&p, "n") || !take_number(&p, &space) || space == 0)
        return false;
    *disk = controller + space - 1;
    return *p == '\0' ||
           (take_text(&p, "p") && take_number(&p, partition) && *p == '\0');
}

/* The end of a link's name: "-part4", or nothing. */
static bool
parse_part(const char *p, uint32_t *partition)
{
    *partition = 0;
    return *p == '\0' || (take_text(&p, "-part") &&
                          take_number(&p, partition) && *p == '\0');
}

/*
 * "pci-0000:03:00.0-scsi-0:0:2:0-part1" by its target; target 7 is the
 * controller's own.  "pci-…-ata-2.0" by its port from 1, "pci-…-nvme-1" by
 * its namespace.
 */
static bool
parse_bypath(const char *name, uint32_t *disk, uint32_t *partition)
{
    uint32_t host, bus, target, lun;
    const char *p = strstr(name, "-scsi-");
    if (p != NULL) {
        p += strlen("-scsi-");
        if (!take_number(&p, &host) || !take_text(&p, ":") ||
            !take_number(&p, &bus) || !take_text(&p, ":") ||
            !take_number(&p, &target) || !take_text(&p, ":") ||
            !take_number(&p, &lun) || lun != 0 || target == 7)
            return false;
        *disk = target < 7 ? target : target - 1;
        return parse_part(p, partition);
    }
    p = strstr(name, "-ata-");
    if (p != NULL) {
        p += strlen("-ata-");
        if (!take_number(&p, &target) || target == 0)
            return false;
        if (take_text(&p, ".") && (!take_number(&p, &lun) || lun != 0))
            return false;
        *disk = target - 1;
        return parse_part(p, partition);
    }
    p = strstr(name, "-nvme-");
    if (p == NULL)
        return false;
    p += strlen("-nvme-");
    if (!take_number(&p, &target) || target == 0)
        return false;
    *disk = target - 1;
    return parse_part(p, partition);
}

/* A by-id link carries the serial of hardware that stays behind; only with
 * one disk is it clear which one it was. */
static bool
parse_byid(const struct h2k_guest *guest, const char *name, uint32_t *disk,
           uint32_t *partition)
{
    static const char *const hardware[] = { "scsi-", "wwn-", "ata-", "nvme-" };
    bool known = false;
    for (size_t i = 0; i < sizeof(hardware) / sizeof(*hardware); i++)
        known |= strncmp(name, hardware[i], strlen(hardware[i])) == 0;
    const char *part = strstr(name, "-part");
    *disk = 0;
    return known && guest->disk_count == 1 &&
           parse_part(part == NULL ? "" : part, partition);
}

static int
find_place(struct h2k_guest *guest, uint32_t disk, uint32_t partition,
           const char *spec, const struct h2k_guest_volume **out)
{
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[i];
        if (v->disk == disk && v->partition == partition) {
            *out = v;
            return 0;
        }
    }
    if (disk >= guest->disk_count)
        return h2k_fail(H2K_E_NOENT,
                        "%s: disk %u of %zu: is a disk missing "
                        "in the manifest, or in another order?",
                        spec, disk + 1, guest->disk_count);
    return h2k_fail(H2K_E_NOENT, "%s: no such partition on %s", spec,
                    guest->disks[disk].id);
}

/* ---- Logical volumes ---- */

/* "LVM-" and both UUIDs without hyphens, as udev's link has it. */
static void
logical_uuid(const struct h2k_lvm_volume *l, char out[2 * H2K_LVM_ID + 5])
{
    const char *const ids[] = { l->group_id, l->id };
    char *to = stpcpy(out, "LVM-");
    for (size_t i = 0; i < 2; i++)
        for (const char *c = ids[i]; *c != '\0'; c++)
            if (*c != '-')
                *to++ = *c;
    *to = '\0';
}

/* NAME is what follows /dev/. */
static bool
is_logical(const struct h2k_lvm_volume *l, const char *name)
{
    char mapper[H2K_LVM_MAPPER_NAME], uuid[2 * H2K_LVM_ID + 5];
    size_t length = strlen(l->group);
    h2k_lvm_mapper_name(l->group, l->name, mapper);
    if (take_text(&name, "mapper/") || take_text(&name, "disk/by-id/dm-name-"))
        return strcmp(name, mapper) == 0;
    logical_uuid(l, uuid);
    if (take_text(&name, "disk/by-id/dm-uuid-"))
        return strcmp(name, uuid) == 0;
    return strncmp(name, l->group, length) == 0 && name[length] == '/' &&
           strcmp(name + length + 1, l->name) == 0;
}

static int
find_logical(struct h2k_guest *guest, const char *name, const char *spec,
             const struct h2k_guest_volume **out)
{
    const struct h2k_guest_volume *found = NULL;
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[i];
        if (v->logical == NULL || !h2k_guest_sees(guest, v) ||
            !is_logical(v->logical, name))
            continue;
        if (found != NULL)
            return h2k_fail(H2K_E_CORRUPT,
                            "%s: two logical volumes have this name; give "
                            "only the disks of one",
                            spec);
        found = v;
    }
    if (found == NULL)
        return h2k_fail(H2K_E_NOENT, "%s: no such logical volume", spec);
    *out = found;
    return 0;
}

static int
resolve(struct h2k_guest *guest, const char *spec,
        const struct h2k_guest_volume **volume)
{
    char value[512];
    uint32_t disk, partition;
    *volume = NULL;
    for (size_t i = 0; i < sizeof(identities) / sizeof(*identities); i++) {
        const char *p = spec;
        bool link = take_text(&p, identities[i].link);
        if (!link && !take_text(&p, identities[i].tag))
            continue;
        decode_value(p, link, value, sizeof(value));
        return find_identity(guest, identities[i].identity, value, spec,
                             volume);
    }
    const char *name = spec;
    if (!take_text(&name, "/dev/"))
        return h2k_fail(H2K_E_NOENT, "%s: not a device", spec);
    if (find_logical(guest, name, spec, volume) == 0 ||
        h2k_errcode() != H2K_E_NOENT)
        return *volume == NULL ? -1 : 0;
    if (h2k_resolve_array(guest, name, spec, volume) == 0 ||
        h2k_errcode() != H2K_E_NOENT)
        return *volume == NULL ? -1 : 0;
    if (strncmp(name, "mapper/", 7) == 0 ||
        strncmp(name, "disk/by-id/dm-", 14) == 0)
        return h2k_resolve_mapping(guest, name, spec, volume);
    if (take_text(&name, "disk/by-path/")) {
        if (parse_bypath(name, &disk, &partition))
            return find_place(guest, disk, partition, spec, volume);
    } else if (take_text(&name, "disk/by-id/")) {
        if (parse_byid(guest, name, &disk, &partition))
            return find_place(guest, disk, partition, spec, volume);
    } else if (parse_kernel_name(name, &disk, &partition)) {
        return find_place(guest, disk, partition, spec, volume);
    } else if (strncmp(name, "md", 2) == 0) {
        return h2k_fail(H2K_E_NOENT, "%s: no such RAID array", spec);
    }
    return h2k_fail(H2K_E_NOENT, "%s: cannot tell which disk it was", spec);
}

int
h2k_guest_resolve(struct h2k_guest *guest, const char *spec,
                  const struct h2k_guest_volume **volume)
{
    if (resolve(guest, spec, volume) < 0)
        return -1;
    *volume = h2k_guest_whole(guest, *volume);
    return 0;
}
