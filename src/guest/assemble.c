/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* From volumes to the guest's tree: finding its root, and mounting what its
 * fstab names. */
#include "base/buffer.h"
#include "base/error.h"
#include "guest/filesystems.h"
#include "guest/foreign.h"
#include "guest/fstab-read.h"
#include "guest/guest.h"
#include "guest/systems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Finding the root ---- */

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
        if (v->fs != NULL || v->member_of != 0 ||
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

/* For --root=first. */
static int
choose_first(struct h2k_guest *guest,
             bool (*pick)(const struct h2k_guest_volume *volume))
{
    size_t i = 0;
    while (!pick(&guest->volumes[i]))
        i++;
    guest->root_volume = &guest->volumes[i];
    return 0;
}

/* One volume is one system, unless its subvolumes say that they are several;
 * then one of them must be chosen. */
static int
find_system(struct h2k_guest *guest, struct h2k_guest_volume *volume)
{
    H2K_AUTO_BUFFER several = { 0 };
    char name[H2K_VOLUME_NAME];
    if (volume->fs == NULL)
        return 0;
    if (h2k_guest_find_system(volume->fs, &volume->system, &several) < 0)
        return -1;
    if (several.size == 0 || guest->settings.root != NULL)
        return 0;
    h2k_guest_volume_name(guest, volume, name);
    return h2k_fail(H2K_E_UNFIXABLE,
                    "several operating systems found in subvolumes of %s: "
                    "%s; choose one with --root DEVICE,subvol=NAME",
                    name, h2k_buffer_text(&several));
}

/* "DEVICE" or "DEVICE,subvol=NAME", and the system there, if there is one. */
static int
resolve_named_root(struct h2k_guest *guest, const char *name,
                   struct h2k_guest_volume **out)
{
    const struct h2k_guest_volume *found;
    const char *options = strstr(name, ",subvol");
    h2k_autofree char *device = strndup(
        name, options == NULL ? strlen(name) : (size_t)(options - name));
    if (device == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (h2k_guest_resolve(guest, device, &found) < 0)
        return -1;
    struct h2k_guest_volume *volume = &guest->volumes[found - guest->volumes];
    *out = volume;
    if (volume->foreign && volume->system == 0 &&
        (h2k_foreign_look(guest, volume) < 0 ||
         find_system(guest, volume) < 0))
        return -1;
    if (options == NULL || volume->fs == NULL)
        return 0;
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
        return 0;
    add_names(&text, guest, pick_own_root);
    return h2k_fail(H2K_E_USAGE,
                    "--root %s: no operating system is there; there is one "
                    "on: %s",
                    name, text.size > 0 ? h2k_buffer_text(&text) : "none");
}

/* The one root that PICK says into guest->root_volume; NULL: there is none. */
static int
choose_root(struct h2k_guest *guest,
            bool (*pick)(const struct h2k_guest_volume *volume))
{
    size_t roots = 0;
    for (size_t i = 0; i < guest->volume_count; i++)
        if (pick(&guest->volumes[i])) {
            guest->root_volume = &guest->volumes[i];
            roots++;
        }
    if (roots <= 1)
        return 0;
    if (guest->settings.root != NULL)
        return choose_first(guest, pick);
    H2K_AUTO_BUFFER text = { 0 };
    add_names(&text, guest, pick);
    guest->root_volume = NULL;
    return h2k_fail(H2K_E_UNFIXABLE,
                    "%zu operating systems found: %s; choose one with "
                    "--root, or give only its disks",
                    roots, h2k_buffer_text(&text));
}

/* Systems in the disks of virtual machines that the guest has itself. */
static int
warn_nested(struct h2k_guest *guest)
{
    H2K_AUTO_BUFFER text = { 0 };
    add_names(&text, guest, pick_nested_root);
    if (text.size == 0)
        return 0;
    return h2k_strings_addf(&guest->warnings,
                            "a virtual machine's system is in the guest's own "
                            "volumes: %s; it is left as it is",
                            h2k_buffer_text(&text));
}

/* In what the appliance has: that takes a while, so only where the system is
 * nowhere else. */
static int
find_foreign_system(struct h2k_guest *guest)
{
    for (size_t i = 0; i < guest->volume_count; i++) {
        struct h2k_guest_volume *volume = &guest->volumes[i];
        int rc = !volume->foreign ? 0 : h2k_foreign_look(guest, volume);
        if (rc < 0 || (rc > 0 && find_system(guest, volume) < 0))
            return -1;
    }
    return 0;
}

static int
find_native_system(struct h2k_guest *guest, bool *found)
{
    *found = false;
    for (size_t i = 0; i < guest->volume_count; i++) {
        struct h2k_guest_volume *volume = &guest->volumes[i];
        if (!volume->foreign && find_system(guest, volume) < 0)
            return -1;
        *found = *found || pick_own_root(volume);
    }
    return 0;
}

static int
find_root(struct h2k_guest *guest)
{
    bool found;
    if (h2k_guest_open_filesystems(guest) < 0 ||
        find_native_system(guest, &found) < 0 ||
        (!found && find_foreign_system(guest) < 0))
        return -1;
    if (guest->settings.root != NULL &&
        strcmp(guest->settings.root, "first") != 0)
        return take_named_root(guest);
    if (choose_root(guest, pick_own_root) < 0)
        return -1;
    if (guest->root_volume != NULL)
        return warn_nested(guest);
    if (choose_root(guest, pick_nested_root) < 0)
        return -1;
    return guest->root_volume != NULL ? 0 : fail_no_root(guest);
}

/* ---- Mounting ---- */

static struct h2k_guest_mount *
add_mount(struct h2k_guest *guest, const char *path, const char *spec,
          const char *type, const char *options)
{
    if (guest->mount_count >= H2K_GUEST_MOUNTS_MAX)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "/etc/fstab: more than %d devices: set "
                             "pipeline.fix.enabled to false to convert "
                             "without fixing",
                             H2K_GUEST_MOUNTS_MAX);
    struct h2k_guest_mount *mounts =
        reallocarray(guest->mounts, guest->mount_count + 1, sizeof(*mounts));
    if (mounts == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    guest->mounts = mounts;
    struct h2k_guest_mount *mount = &mounts[guest->mount_count];
    *mount = (struct h2k_guest_mount){
        .path = strdup(path),
        .spec = strdup(spec),
        .type = strdup(type),
        .options = strdup(options),
    };
    guest->mount_count++;
    if (mount->path == NULL || mount->spec == NULL || mount->type == NULL ||
        mount->options == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return mount;
}

static int
set_text(char **field, const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    free(*field);
    *field = copy;
    return 0;
}

/* fstab's own line for "/": it must mean the volume that we found. */
static int
note_root_line(struct h2k_guest *guest, const struct h2k_fstab_entry *entry)
{
    struct h2k_guest_mount *mount = &guest->mounts[0];
    const struct h2k_guest_volume *volume;
    if (set_text(&mount->spec, entry->spec) < 0 ||
        set_text(&mount->type, entry->type) < 0 ||
        set_text(&mount->options, entry->options) < 0)
        return -1;
    if (h2k_guest_resolve(guest, entry->spec, &volume) < 0)
        return h2k_strings_addf(&guest->warnings, "/etc/fstab: / is on %s",
                                h2k_errmsg());
    if (volume != guest->root_volume) {
        char name[H2K_VOLUME_NAME];
        h2k_guest_volume_name(guest, volume, name);
        return h2k_strings_addf(&guest->warnings,
                                "/etc/fstab: / is on %s, which means %s; the "
                                "system was found elsewhere",
                                entry->spec, name);
    }
    return 0;
}

/* "/boot" for "//boot/": as h2k_guest_find_mount is asked. */
static void
normalize_path(char *path)
{
    size_t n = 0;
    for (const char *p = path; *p != '\0'; p++)
        if (*p != '/' || n == 0 || path[n - 1] != '/')
            path[n++] = *p;
    if (n > 1 && path[n - 1] == '/')
        n--;
    path[n] = '\0';
}

static int
note_line(struct h2k_guest *guest, struct h2k_fstab_entry *entry)
{
    if (entry->dir[0] != '/' || h2k_fstab_is_pseudo(entry))
        return 0;
    normalize_path(entry->dir);
    if (strcmp(entry->dir, "/") == 0)
        return note_root_line(guest, entry);
    return add_mount(guest, entry->dir, entry->spec, entry->type,
                     entry->options) == NULL
               ? -1
               : 0;
}

static int
read_fstab(struct h2k_guest *guest)
{
    h2k_autofree char *text = NULL;
    size_t size;
    if (h2k_root_read_file(guest->root, "/etc/fstab", H2K_FSTAB_LIMIT, &text,
                           &size) < 0) {
        if (!h2k_error_is_content())
            return -1;
        return h2k_errcode() == H2K_E_NOENT
                   ? 0
                   : h2k_strings_add(&guest->warnings, h2k_errmsg());
    }
    h2k_autofree struct h2k_fstab_entry *entry = malloc(sizeof(*entry));
    if (entry == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    struct h2k_fstab_cursor cursor = { .text = text, .size = size };
    while (h2k_fstab_next(&cursor, entry))
        if (note_line(guest, entry) < 0)
            return -1;
    return 0;
}

/* A parent's path is shorter than its child's; "/" stays first. */
static int
compare_depth(const void *a, const void *b)
{
    const struct h2k_guest_mount *x = a, *y = b;
    size_t m = strlen(x->path), n = strlen(y->path);
    return m != n ? (m < n ? -1 : 1) : strcmp(x->path, y->path);
}

/* Mounted by hand, or not at all, on the old machine: only the boot
 * loader's directories matter then. */
static bool
is_wanted(const struct h2k_guest_mount *mount)
{
    return !h2k_fstab_has_option(mount->options, "noauto") ||
           strcmp(mount->path, "/boot") == 0 ||
           strcmp(mount->path, "/boot/efi") == 0 ||
           strcmp(mount->path, "/efi") == 0;
}

/* The volume's own problem, or what it is. */
static void
explain_unmounted(struct h2k_guest_mount *mount)
{
    const struct h2k_fs_info *info = &mount->volume->fs_info;
    if (info->problem[0] != '\0')
        snprintf(mount->problem, sizeof(mount->problem), "%s", info->problem);
    else
        snprintf(mount->problem, sizeof(mount->problem), "%s is not read yet",
                 info->type);
}

/* The subvolume that the line's options say, where it has any. */
static int
mount_volume(struct h2k_guest *guest, const struct h2k_guest_mount *mount)
{
    const struct h2k_guest_volume *volume = mount->volume;
    h2k_ino top;
    if (h2k_fs_subvolume(volume->fs, mount->options, &top) < 0)
        return -1;
    if (volume == guest->root_volume && top == volume->system)
        return h2k_fail(H2K_E_EXIST, "%s is the volume of /", mount->spec);
    return h2k_root_mount_at(guest->root, mount->path, volume->fs, top);
}

static int
mount_one(struct h2k_guest *guest, struct h2k_guest_mount *mount)
{
    if (h2k_guest_resolve(guest, mount->spec, &mount->volume) < 0) {
        if (!h2k_error_is_content())
            return -1;
        snprintf(mount->problem, sizeof(mount->problem), "%s", h2k_errmsg());
    } else if (mount->volume->fs == NULL) {
        explain_unmounted(mount);
    } else if (is_wanted(mount)) {
        if (mount_volume(guest, mount) == 0)
            mount->mounted = true;
        else if (!h2k_error_is_content())
            return -1;
        else
            snprintf(mount->problem, sizeof(mount->problem), "%s",
                     h2k_errmsg());
    }
    if (mount->problem[0] == '\0' || !is_wanted(mount) ||
        h2k_fstab_has_option(mount->options, "nofail"))
        return 0;
    return h2k_strings_addf(&guest->warnings, "/etc/fstab: %s: %s",
                            mount->path, mount->problem);
}

int
h2k_guest_assemble(struct h2k_guest *guest)
{
    if (h2k_guest_find_volumes(guest) < 0 || find_root(guest) < 0)
        return -1;
    guest->root =
        h2k_root_new_at(guest->root_volume->fs, guest->root_volume->system);
    if (guest->root == NULL)
        return -1;
    struct h2k_guest_mount *top = add_mount(guest, "/", "", "", "");
    if (top == NULL)
        return -1;
    top->volume = guest->root_volume;
    top->mounted = true;
    if (read_fstab(guest) < 0)
        return -1;
    qsort(guest->mounts, guest->mount_count, sizeof(*guest->mounts),
          compare_depth);
    for (size_t i = 1; i < guest->mount_count; i++)
        if (mount_one(guest, &guest->mounts[i]) < 0)
            return -1;
    return 0;
}
