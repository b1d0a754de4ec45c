/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which of the guest's volumes its "/" is on. */
#include "guest/root-volume.h"

#include "base/buffer.h"
#include "base/error.h"
#include "block/overlay.h"
#include "guest/filesystems.h"
#include "guest/foreign.h"
#include "guest/systems.h"
#include "guest/volumes.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

/* ---- What is said ---- */

/* "disk-0 partition 2 (ext4), …" of the volumes that PICK says. */
static void
add_names(struct h2k_buffer *text, const struct h2k_guest *guest,
          bool (*pick)(const struct h2k_guest_volume *volume))
{
    char name[H2K_VOLUME_NAME];
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[i];
        if (!pick(v))
            continue;
        h2k_guest_volume_name(guest, v, name);
        h2k_buffer_addf(text, "%s%s (%s)", text->size > 0 ? ", " : "", name,
                        v->fs_info.type);
    }
}

static bool
pick_ntfs(const struct h2k_guest_volume *v)
{
    return strcasecmp(v->fs_info.type, "ntfs") == 0 ||
           strcasecmp(v->fs_info.type, "BitLocker") == 0;
}

static bool
pick_own_root(const struct h2k_guest_volume *v)
{
    return v->system != 0 && !v->nested;
}

/* That of a virtual machine inside the guest, or of the guest itself when
 * what was given is such a machine's host. */
static bool
pick_nested_root(const struct h2k_guest_volume *v)
{
    return v->system != 0 && v->nested;
}

__attribute__((format(printf, 2, 3))) static void
add_reason(struct h2k_buffer *text, const char *format, ...)
{
    va_list ap;
    h2k_buffer_adds(text, text->size == 0 ? " that can be fixed (" : "; ");
    va_start(ap, format);
    h2k_buffer_vaddf(text, format, ap);
    va_end(ap);
}

/* Why a disk or a volume, which could hold a system, was not looked into. */
static void
add_reasons(struct h2k_buffer *text, const struct h2k_guest *guest)
{
    char name[H2K_VOLUME_NAME];
    for (size_t i = 0; i < guest->disk_count; i++)
        if (guest->disks[i].problem[0] != '\0')
            add_reason(text, "%s: %s", guest->disks[i].id,
                       guest->disks[i].problem);
    for (size_t i = 0; i < guest->problems.count; i++)
        add_reason(text, "%s", guest->problems.items[i]);
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[i];
        bool problem = v->fs_info.problem[0] != '\0';
        if (v->fs != NULL || v->member_of != 0 || v->taken ||
            strcmp(v->fs_info.type, "swap") == 0 ||
            strcmp(v->fs_info.type, "LVM2_member") == 0 ||
            (!problem && strcmp(v->fs_info.type, "unknown") == 0))
            continue;
        h2k_guest_volume_name(guest, v, name);
        if (problem)
            add_reason(text, "%s: %s", name, v->fs_info.problem);
        else
            add_reason(text, "%s: %s is not read yet", name, v->fs_info.type);
    }
    if (text->size > 0)
        h2k_buffer_adds(text, ")");
}

static int
fail_no_root(const struct h2k_guest *guest)
{
    static const char alone[] =
        "to convert without fixing, set pipeline.fix.enabled to false, or "
        "use \"hyper2kvm convert\"";
    H2K_AUTO_BUFFER windows = { 0 };
    H2K_AUTO_BUFFER reasons = { 0 };
    add_names(&windows, guest, pick_ntfs);
    if (windows.size > 0)
        return h2k_fail(H2K_E_UNFIXABLE,
                        "Windows guests are not fixed yet (%s); %s",
                        h2k_buffer_text(&windows), alone);
    add_reasons(&reasons, guest);
    return h2k_fail(guest->component_missing ? H2K_E_COMPONENT
                                             : H2K_E_UNFIXABLE,
                    "no operating system found%s; %s",
                    reasons.size > 0 ? h2k_buffer_text(&reasons) : "", alone);
}

/* ---- Looking ---- */

/* The system in VOLUME, or the first of them. */
static int
find_system(struct h2k_guest_volume *volume)
{
    H2K_AUTO_BUFFER several = { 0 };
    return volume->fs == NULL
               ? 0
               : h2k_guest_find_system(volume->fs, &volume->system, &several);
}

/* One volume is one system, unless its subvolumes say that they are several;
 * then one of them must be chosen. */
static int
require_one(struct h2k_guest *guest)
{
    H2K_AUTO_BUFFER several = { 0 };
    h2k_ino system;
    char name[H2K_VOLUME_NAME];
    const struct h2k_guest_volume *volume = guest->root_volume;
    if (h2k_guest_find_system(volume->fs, &system, &several) < 0)
        return -1;
    if (several.size == 0)
        return 0;
    h2k_guest_volume_name(guest, volume, name);
    return h2k_fail(guest->settings.root == NULL ? H2K_E_UNFIXABLE
                                                 : H2K_E_USAGE,
                    "several operating systems found in subvolumes of %s: "
                    "%s; choose one with --root DEVICE,subvol=NAME",
                    name, h2k_buffer_text(&several));
}

/* In what the appliance has: that takes a while, so only where the system is
 * nowhere else. */
static int
find_foreign_systems(struct h2k_guest *guest, bool nested)
{
    for (size_t i = 0; i < guest->volume_count; i++) {
        struct h2k_guest_volume *volume = &guest->volumes[i];
        if (!volume->foreign || volume->nested != nested)
            continue;
        int rc = h2k_foreign_look(guest, volume);
        if (rc < 0 || (rc > 0 && find_system(volume) < 0))
            return -1;
    }
    return 0;
}

static int
find_native_systems(struct h2k_guest *guest, bool nested, bool *found)
{
    *found = false;
    for (size_t i = 0; i < guest->volume_count; i++) {
        struct h2k_guest_volume *volume = &guest->volumes[i];
        if (volume->foreign || volume->nested != nested)
            continue;
        if (find_system(volume) < 0)
            return -1;
        *found |= volume->system != 0;
    }
    return 0;
}

/* Open what is, or is not, inside a virtual machine's own disk, and look for
 * systems there. */
static int
find_systems(struct h2k_guest *guest, bool nested)
{
    bool found;
    if (h2k_guest_open_filesystems(guest, nested) < 0 ||
        find_native_systems(guest, nested, &found) < 0)
        return -1;
    return found ? 0 : find_foreign_systems(guest, nested);
}

/* The same of VOLUME, which is to stay as it is: a log is replayed aside. */
static int
look_aside(struct h2k_guest_volume *volume)
{
    struct h2k_fs_info info;
    H2K_AUTO_BUFFER several = { 0 };
    if (volume->fs != NULL)
        return find_system(volume);
    if (volume->block == NULL || !volume->fs_info.mountable ||
        volume->fs_info.devices > 1)
        return 0;
    H2K_AUTO(h2k_block) aside = h2k_overlay_new(volume->block, NULL);
    H2K_AUTO(h2k_fs)
    fs = aside == NULL ? NULL : h2k_fs_open(aside, true, &info);
    if (fs != NULL &&
        h2k_guest_find_system(fs, &volume->system, &several) == 0)
        return 0;
    volume->system = 0;
    return h2k_error_is_content() ? 0 : -1;
}

/* Systems in the disks of virtual machines that the guest has itself. */
static int
warn_nested(struct h2k_guest *guest)
{
    H2K_AUTO_BUFFER text = { 0 };
    for (size_t i = 0; i < guest->volume_count; i++)
        if (guest->volumes[i].nested && look_aside(&guest->volumes[i]) < 0)
            return -1;
    add_names(&text, guest, pick_nested_root);
    if (text.size == 0)
        return 0;
    return h2k_strings_addf(&guest->warnings,
                            "a virtual machine's system is in the guest's own "
                            "volumes: %s; it is left as it is",
                            h2k_buffer_text(&text));
}

/* ---- Choosing ---- */

/* The volume that NAME means: a device of the guest's, or what a message
 * calls it. */
static struct h2k_guest_volume *
find_named(struct h2k_guest *guest, const char *name)
{
    const struct h2k_guest_volume *found;
    for (size_t i = 0; i < guest->volume_count; i++)
        if (h2k_guest_is_called(guest, &guest->volumes[i], name))
            return &guest->volumes[i];
    if (h2k_guest_resolve(guest, name, &found) < 0)
        return NULL;
    return &guest->volumes[found - guest->volumes];
}

/* "DEVICE" or "DEVICE,subvol=NAME", and the system there, if there is one. */
static int
resolve_named_root(struct h2k_guest *guest, const char *name,
                   struct h2k_guest_volume **out)
{
    const char *options = strstr(name, ",subvol");
    h2k_autofree char *device = strndup(
        name, options == NULL ? strlen(name) : (size_t)(options - name));
    if (device == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    struct h2k_guest_volume *volume = find_named(guest, device);
    *out = volume;
    if (volume == NULL || (volume->nested && find_systems(guest, true) < 0))
        return -1;
    if (volume->foreign && volume->system == 0 &&
        (h2k_foreign_look(guest, volume) < 0 || find_system(volume) < 0))
        return -1;
    if (options == NULL || volume->fs == NULL)
        return 0;
    if (strcmp(volume->fs_info.type, "btrfs") != 0)
        return h2k_fail(H2K_E_NOENT, "%s has no subvolumes",
                        volume->fs_info.type);
    if (h2k_fs_subvolume(volume->fs, options, &volume->system) < 0)
        return -1;
    if (!h2k_guest_is_system(volume->fs, volume->system))
        volume->system = 0;
    return 0;
}

/* The root that the caller has named. */
static int
take_named_root(struct h2k_guest *guest)
{
    const char *name = guest->settings.root;
    struct h2k_guest_volume *volume = NULL;
    H2K_AUTO_BUFFER text = { 0 };
    if (resolve_named_root(guest, name, &volume) < 0)
        return h2k_error_is_content()
                   ? h2k_fail(H2K_E_USAGE, "--root %s: %s", name, h2k_errmsg())
                   : -1;
    guest->root_volume = volume;
    if (volume->system != 0)
        return strstr(name, ",subvol") != NULL ? 0 : require_one(guest);
    add_names(&text, guest, pick_own_root);
    return h2k_fail(H2K_E_USAGE,
                    "--root %s: no operating system is there; there is one "
                    "on: %s",
                    name, text.size > 0 ? h2k_buffer_text(&text) : "none");
}

/* Is VOLUME mounted as data by another system that PICK says?  1, 0, -1. */
static int
is_data(struct h2k_guest *guest, const struct h2k_guest_volume *volume,
        bool (*pick)(const struct h2k_guest_volume *volume))
{
    int rc = 0;
    for (size_t i = 0; i < guest->volume_count && rc == 0; i++)
        if (pick(&guest->volumes[i]))
            rc = h2k_guest_mounts_as_data(guest, &guest->volumes[i], volume);
    return rc;
}

/* Of several systems those that others mount as data do not count: 1 and the
 * root, 0 where that leaves none or several, -1. */
static int
choose_without_data(struct h2k_guest *guest,
                    bool (*pick)(const struct h2k_guest_volume *volume))
{
    char name[H2K_VOLUME_NAME];
    struct h2k_guest_volume *root = NULL;
    size_t roots = 0;
    for (size_t i = 0; i < guest->volume_count; i++) {
        struct h2k_guest_volume *volume = &guest->volumes[i];
        int rc = pick(volume) ? is_data(guest, volume, pick) : 1;
        if (rc < 0)
            return -1;
        if (rc == 0 && roots++ == 0)
            root = volume;
    }
    if (roots != 1)
        return 0;
    guest->root_volume = root;
    for (size_t i = 0; i < guest->volume_count; i++) {
        struct h2k_guest_volume *volume = &guest->volumes[i];
        if (volume == root || !pick(volume))
            continue;
        h2k_guest_volume_name(guest, volume, name);
        if (h2k_strings_addf(&guest->warnings,
                             "%s has a system too, which the guest's fstab "
                             "mounts as data: it is left as it is; choose it "
                             "with --root if it is the one that starts",
                             name) < 0)
            return -1;
    }
    return 1;
}

/* The one root that PICK says into guest->root_volume, or the first for
 * --root=first; NULL: there is none. */
static int
choose_root(struct h2k_guest *guest,
            bool (*pick)(const struct h2k_guest_volume *volume))
{
    size_t roots = 0;
    for (size_t i = 0; i < guest->volume_count; i++) {
        if (!pick(&guest->volumes[i]))
            continue;
        if (roots++ == 0)
            guest->root_volume = &guest->volumes[i];
    }
    if (roots == 0 || guest->settings.root != NULL)
        return 0;
    int chosen = roots == 1 ? 1 : choose_without_data(guest, pick);
    if (chosen != 0)
        return chosen < 0 ? -1 : require_one(guest);
    H2K_AUTO_BUFFER text = { 0 };
    add_names(&text, guest, pick);
    guest->root_volume = NULL;
    return h2k_fail(H2K_E_UNFIXABLE,
                    "%zu operating systems found: %s; choose one with "
                    "--root, or give only its disks",
                    roots, h2k_buffer_text(&text));
}

int
h2k_guest_find_root(struct h2k_guest *guest)
{
    if (find_systems(guest, false) < 0)
        return -1;
    if (guest->settings.root != NULL &&
        strcmp(guest->settings.root, "first") != 0)
        return take_named_root(guest);
    if (choose_root(guest, pick_own_root) < 0)
        return -1;
    if (guest->root_volume != NULL)
        return warn_nested(guest);
    if (find_systems(guest, true) < 0 ||
        choose_root(guest, pick_nested_root) < 0)
        return -1;
    return guest->root_volume != NULL ? 0 : fail_no_root(guest);
}
