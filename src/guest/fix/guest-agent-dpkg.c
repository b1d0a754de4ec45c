/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The agent on a guest with dpkg: left as `dpkg --unpack` leaves it, which
 * is a state that dpkg and apt know how to go on from, and configured by
 * dpkg itself when the guest starts.  Its scripts are the guest's to run;
 * the agent runs without them, by the package's udev rule.
 */
#include "guest/fix/guest-agent.h"

#include "base/buffer.h"
#include "base/error.h"
#include "guest/fix/first-boot.h"
#include "guest/software/control.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DPKG "/var/lib/dpkg"
#define STATUS DPKG "/status"
#define STATUS_MAX (64u << 20)

/* Is PATH a line of TEXT? */
static bool
has_line(const char *text, const char *path)
{
    size_t length = strlen(path);
    while (*text != '\0') {
        size_t line = strcspn(text, "\n"), name = line;
        while (name > 0 && strchr(" \t\r", text[name - 1]) != NULL)
            name--;
        if (length > 0 && name == length && memcmp(text, path, length) == 0)
            return true;
        text += line + (text[line] == '\n');
    }
    return false;
}

static const char *
conffiles_of(const struct h2k_software *package)
{
    const struct h2k_software_file *list =
        h2k_software_find(&package->extras, "/conffiles");
    return list == NULL || list->data == NULL ? "" : list->data;
}

/* dpkg puts a configuration file beside its place until it configures the
 * package. */
static void
unpacked_name(const struct h2k_software *package, const char *file,
              char path[H2K_PATH_MAX])
{
    snprintf(path, H2K_PATH_MAX, "%s%s", file,
             has_line(conffiles_of(package), file) ? ".dpkg-new" : "");
}

/* ---- May it be put there? ---- */

/* Files of the package that the administrator has moved or given to others,
 * dpkg-divert(1) and dpkg-statoverride(1), are dpkg's business. */
static int
is_overridden(struct h2k_fix *fix, const struct h2k_software *package)
{
    static const char *const lists[] = { DPKG "/diversions",
                                         DPKG "/statoverride" };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        h2k_autofree char *text = NULL;
        size_t size;
        if (h2k_fix_read(fix, lists[i], &text, &size) < 0)
            return -1;
        for (size_t j = 0; text != NULL && j < package->files.count; j++) {
            const char *path = package->files.items[j].path;
            const char *found = *path == '\0' ? NULL : strstr(text, path);
            if (found != NULL && strchr("\n", found[strlen(path)]) != NULL)
                return 1;
        }
    }
    return 0;
}

static int
find_missing(const struct h2k_installed *installed,
             const struct h2k_software *package, struct h2k_strings *missing)
{
    static const char *const fields[] = { "Pre-Depends", "Depends" };
    for (size_t i = 0; i < 2; i++) {
        h2k_autofree char *relations =
            h2k_control_get(package->control, fields[i]);
        if (relations != NULL &&
            h2k_installed_missing(installed, relations, missing) < 0)
            return -1;
    }
    return 0;
}

static int
warn_missing(struct h2k_fix *fix, const struct h2k_software *package,
             const struct h2k_strings *missing)
{
    H2K_AUTO_BUFFER names = { 0 };
    for (size_t i = 0; i < missing->count; i++)
        h2k_buffer_addf(&names, "%s%s", i == 0 ? "" : ", ", missing->items[i]);
    if (h2k_buffer_check(&names) < 0)
        return -1;
    return h2k_fix_warn(fix,
                        "%s %s needs what the guest does not have: %s; give "
                        "the package of the guest's own release, or install "
                        "the agent in it",
                        package->name, package->version,
                        h2k_buffer_text(&names));
}

/* 1 when the package can be put there, 0 after a warning. */
static int
is_possible(struct h2k_fix *fix, const struct h2k_software *package,
            const char *status)
{
    H2K_AUTO_STRINGS missing = { 0 };
    H2K_AUTO(h2k_installed) installed = h2k_installed_new(status);
    if (installed == NULL || find_missing(installed, package, &missing) < 0)
        return -1;
    const char *state = h2k_installed_state(installed, package->name);
    if (state != NULL)
        return h2k_fix_warn(fix,
                            "dpkg knows %s in the guest as \"%s\": install "
                            "the agent in it",
                            package->name, state) < 0
                   ? -1
                   : 0;
    if (missing.count > 0)
        return warn_missing(fix, package, &missing) < 0 ? -1 : 0;
    int overridden = is_overridden(fix, package);
    if (overridden > 0)
        return h2k_fix_warn(fix,
                            "the guest's dpkg diverts files of %s: "
                            "install the agent in it",
                            package->name) < 0
                   ? -1
                   : 0;
    return overridden < 0 ? -1
                          : h2k_agent_has_room(fix, package, unpacked_name);
}

/* ---- What dpkg knows of it ---- */

static int
put_info(struct h2k_fix *fix, const char *package, const char *what,
         const void *data, size_t size, uint32_t mode)
{
    char path[H2K_PATH_MAX];
    snprintf(path, sizeof(path), DPKG "/info/%.128s.%.128s", package, what);
    return h2k_fix_create(fix, path, data, size, mode);
}

/* The scripts and lists of control.tar but the control file itself, and the
 * list of its files. */
static int
write_info(struct h2k_fix *fix, const struct h2k_software *package)
{
    H2K_AUTO_BUFFER list = { 0 };
    for (size_t i = 0; i < package->files.count; i++)
        h2k_buffer_addf(&list, "%s\n",
                        package->files.items[i].path[0] == '\0'
                            ? "/."
                            : package->files.items[i].path);
    if (h2k_buffer_check(&list) < 0 ||
        put_info(fix, package->name, "list", list.data, list.size, 0644) < 0)
        return -1;
    for (size_t i = 0; i < package->extras.count; i++) {
        const struct h2k_software_file *file = &package->extras.items[i];
        if (!S_ISREG(file->mode) || strcmp(file->path, "/control") == 0 ||
            strchr(file->path + 1, '/') != NULL)
            continue;
        if (put_info(fix, package->name, file->path + 1, file->data,
                     file->size, file->mode & 0777) < 0)
            return -1;
    }
    return 0;
}

/* The package's paragraph: its control file with what dpkg adds. */
static int
add_paragraph(struct h2k_buffer *out, const struct h2k_software *package)
{
    const char *control = package->control;
    const char *list = conffiles_of(package);
    size_t first = strcspn(control, "\n");
    h2k_buffer_add(out, control, first);
    h2k_buffer_adds(out, "\nStatus: install ok unpacked\n");
    if (*list != '\0')
        h2k_buffer_adds(out, "Conffiles:\n");
    while (*list != '\0') {
        size_t line = strcspn(list, "\n");
        if (*list == '/')
            h2k_buffer_addf(out, " %.*s newconffile\n", (int)line, list);
        list += line + (list[line] == '\n');
    }
    control += first + (control[first] == '\n');
    h2k_buffer_adds(out, control);
    while (out->size > 0 && out->data[out->size - 1] == '\n')
        out->size--;
    h2k_buffer_adds(out, "\n\n");
    return h2k_buffer_check(out);
}

static int
write_status(struct h2k_fix *fix, const struct h2k_software *package,
             const char *status, size_t size)
{
    H2K_AUTO_BUFFER text = { 0 };
    h2k_buffer_add(&text, status, size);
    if (size > 0 && status[size - 1] != '\n')
        h2k_buffer_addc(&text, '\n');
    if (size > 1 && text.data[text.size - 2] != '\n')
        h2k_buffer_addc(&text, '\n');
    if (add_paragraph(&text, package) < 0 ||
        h2k_fix_replace(fix, STATUS, text.data, text.size) < 0)
        return -1;
    H2K_AUTO_BUFFER now = { 0 };
    h2k_buffer_addf(&now, "%s %s, unpacked", package->name, package->version);
    if (h2k_buffer_check(&now) < 0)
        return -1;
    return h2k_fix_record(fix, STATUS, "the guest agent's package", NULL,
                          h2k_buffer_text(&now));
}

static int
configure_later(struct h2k_fix *fix, const struct h2k_software *package)
{
    static const struct h2k_first_boot once = {
        .name = "hyper2kvm-guest-agent",
        .description = "Configure the guest agent that hyper2kvm unpacked",
        .command = "/usr/bin/dpkg --force-confold --configure "
                   "qemu-guest-agent",
    };
    int rc = h2k_first_boot_add(fix, &once);
    if (rc == 0)
        rc = h2k_fix_warn(fix,
                          "the agent is unpacked; run `dpkg --configure %s` "
                          "in the guest",
                          package->name);
    return rc < 0 ? -1 : 0;
}

int
h2k_agent_put_deb(struct h2k_fix *fix, const struct h2k_software *package)
{
    h2k_autofree char *status = NULL;
    size_t size;
    if (h2k_root_read_file(fix->root, STATUS, STATUS_MAX, &status, &size) < 0)
        return -1;
    int possible = is_possible(fix, package, status);
    if (possible <= 0)
        return possible;
    if (h2k_agent_put_files(fix, package, unpacked_name) < 0 ||
        h2k_agent_enable_units(fix, package) < 0 ||
        write_info(fix, package) < 0 ||
        write_status(fix, package, status, size) < 0)
        return -1;
    return configure_later(fix, package);
}
