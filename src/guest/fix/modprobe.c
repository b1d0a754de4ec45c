/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit of modprobe's configuration, modprobe.d(5): aliases that name
 * VMware's devices, and what forbids virtio's. */
#include "guest/fix/edits.h"
#include "guest/fix/lines.h"

#include "base/error.h"

#include <ctype.h>
#include <string.h>

static const struct h2k_config_files config = {
    .files = { "/etc/modprobe.conf", "/etc/modules.conf" },
    .directory = "/etc/modprobe.d",
    .suffix = ".conf",
};

static const char *const network_modules[] = { "vmxnet", "vmxnet2", "vmxnet3",
                                               "pcnet32", NULL };
static const char *const disk_modules[] = {
    "vmw_pvscsi", "pvscsi", "mptbase",  "mptscsih",
    "mptspi",     "mptsas", "BusLogic", NULL,
};
static const char *const forbidden[] = {
    "virtio",       "virtio_ring", "virtio_pci", "virtio_pci_modern_dev",
    "virtio_blk",   "virtio_scsi", "virtio_net", "virtio_pci_legacy_dev",
    "net_failover", "failover",    NULL,
};
/* What `install MODULE COMMAND` says to do nothing. */
static const char *const nothing[] = { "/bin/true",
                                       "/bin/false",
                                       "/usr/bin/true",
                                       "/usr/bin/false",
                                       "true",
                                       "false",
                                       ":",
                                       NULL };

/* Is the field PREFIX and a number, or PREFIX alone where BARE? */
static bool
is_numbered(const struct h2k_rewrite *rewrite, struct h2k_field field,
            const char *prefix, bool bare)
{
    const char *text = rewrite->text + field.at;
    size_t length = strlen(prefix);
    if (field.length < length || memcmp(text, prefix, length) != 0)
        return false;
    for (size_t i = length; i < field.length; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return bare || field.length > length;
}

static int
rewrite_alias(struct h2k_rewrite *rewrite, const struct h2k_line *line)
{
    struct h2k_field name = line->fields[1], module = line->fields[2];
    if (is_numbered(rewrite, name, "eth", false) &&
        h2k_field_is_any(rewrite, module, network_modules))
        return h2k_rewrite_add(rewrite, module.at, module.length, "virtio_net",
                               "the driver of %.*s", (int)name.length,
                               rewrite->text + name.at);
    if (is_numbered(rewrite, name, "scsi_hostadapter", true) &&
        h2k_field_is_any(rewrite, module, disk_modules))
        return h2k_rewrite_add(rewrite, module.at, module.length, "virtio_blk",
                               "the driver of the disks");
    return 0;
}

static int
fill(struct h2k_rewrite *rewrite, void *opaque)
{
    struct h2k_line line;
    size_t cursor = 0;
    (void)opaque;
    while (h2k_line_next(rewrite, &cursor, &line)) {
        struct h2k_field verb = line.fields[0], module = line.fields[1];
        bool forbids = h2k_field_is(rewrite, verb, "blacklist") ||
                       (h2k_field_is(rewrite, verb, "install") &&
                        h2k_field_is_any(rewrite, line.fields[2], nothing));
        int rc = 0;
        if (h2k_field_is(rewrite, verb, "alias"))
            rc = rewrite_alias(rewrite, &line);
        else if (forbids && h2k_field_is_any(rewrite, module, forbidden))
            rc = h2k_line_comment_out(rewrite, &line,
                                      "what forbids a virtio driver");
        if (rc < 0)
            return -1;
    }
    return 0;
}

static bool
applies(struct h2k_fix *fix)
{
    return h2k_config_exists(fix, &config);
}

static int
run(struct h2k_fix *fix)
{
    return h2k_config_rewrite(fix, &config, fill, NULL);
}

const struct h2k_edit h2k_edit_modprobe = {
    .name = "modprobe",
    .applies = applies,
    .run = run,
};
