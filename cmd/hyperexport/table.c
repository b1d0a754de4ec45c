/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The options of hyperexport. */
#include "hyperexport/app.h"

#define WHICH "Which VMs"
#define ACTION "Look, and export nothing"
#define EXPORT "Export"
#define MANIFEST "Manifest"
#define CONVERSION "Conversion"
#define CONNECTION "Connection"
#define PROFILES "Profiles and configuration"
#define TELLING "Output"

/* Each option's place in `given` is its place in the table. */
enum { FIRST = __COUNTER__ + 1 };
#define OPTION(letter, name, kind, field, argument, group, common, help) \
    {                                                                    \
        letter, name, kind, offsetof(struct app, field),                 \
            offsetof(struct app, given) + __COUNTER__ - FIRST, argument, \
            group, common, help                                          \
    }
#define FLAG(name, field, group, common, help) \
    OPTION(0, name, OPTION_FLAG, field, NULL, group, common, help)
#define TEXT(name, field, argument, group, common, help) \
    OPTION(0, name, OPTION_TEXT, field, argument, group, common, help)
#define LIST(name, field, argument, group, common, help) \
    OPTION(0, name, OPTION_LIST, field, argument, group, common, help)

const struct option app_options[] = {
    LIST("vm", vm, "VM", WHICH, true,
         "a name, path, id or pattern; repeatable"),
    TEXT("batch", batch, "FILE", WHICH, true,
         "every VM in FILE, one a line; # comments"),
    TEXT("folder", folder, "PATH", WHICH, false,
         "the VMs under this inventory folder"),
    LIST("filter", filter, "KEY=VALUE", WHICH, false,
         "power=, guest=, host=, name=, template=, tag="),

    FLAG("list", list, ACTION, true, "list the VMs"),
    FLAG("vm-info", vm_info, ACTION, true, "show all that is known of a VM"),
    FLAG("validate-only", validate_only, ACTION, true,
         "check login, VM, permissions and space"),
    FLAG("dry-run", dry_run, ACTION, true, "tell what would be exported"),

    TEXT("output", output, "DIR", EXPORT, true,
         "where to (default: ./export-VM)"),
    TEXT("format", format, "FORMAT", EXPORT, true, "ovf (default) or ova"),
    FLAG("compress", compress, EXPORT, false,
         "with --convert: compress the qcow2"),
    FLAG("verify", verify, EXPORT, true, "read the files again and compare"),
    FLAG("power-off", power_off, EXPORT, true, "shut a running VM down first"),
    FLAG("snapshot", snapshot, EXPORT, true,
         "export a running VM from a snapshot"),
    TEXT("parallel", parallel, "N", EXPORT, false,
         "disks and connections at once (default: 4)"),
    TEXT("bandwidth-limit", bandwidth_limit, "MB/s", EXPORT, false,
         "for all downloads together"),
    TEXT("transport", transport, "HOW", EXPORT, false,
         "auto (default), lease, datastore or nbd"),
    LIST("nbd-uri", nbd_uri, "URI", EXPORT, false,
         "a disk's NBD server, in the disks' order"),
    FLAG("resume", resume, EXPORT, true,
         "go on with what an earlier run left"),
    FLAG("force", force, EXPORT, false, "replace what is there"),

    FLAG("manifest", manifest, MANIFEST, true, "write artifact-manifest.json"),
    FLAG("verify-manifest", verify_manifest, MANIFEST, false,
         "read it again and check every file"),
    FLAG("manifest-checksum", manifest_checksum, MANIFEST, false,
         "with the disks' SHA-256 (default)"),
    TEXT("manifest-target", manifest_target, "FORMAT", MANIFEST, false,
         "what to convert to: qcow2 (default), raw"),

    FLAG("convert", convert, CONVERSION, true,
         "make disks that boot on KVM while it arrives"),
    FLAG("convert-only", convert_only, CONVERSION, true,
         "the same, and keep no VMDK"),

    TEXT("provider", provider, "NAME", CONNECTION, false, "vsphere (default)"),
    TEXT("url", url, "URL", CONNECTION, true, "the vCenter or ESXi host"),
    TEXT("username", username, "NAME", CONNECTION, true, "who logs in"),
    TEXT("password-file", password_file, "FILE", CONNECTION, true,
         "its first line is the password; - is stdin"),
    TEXT("password-command", password_command, "COMMAND", CONNECTION, false,
         "prints the password"),
    TEXT("ca-file", ca_file, "FILE", CONNECTION, false,
         "trust these CAs too (PEM)"),
    TEXT("thumbprint", thumbprint, "SHA256", CONNECTION, false,
         "trust the certificate with this digest"),
    FLAG("insecure", insecure, CONNECTION, false,
         "trust any certificate, with a warning"),
    TEXT("datacenter", datacenter, "NAME", CONNECTION, false,
         "where names are looked for"),

    TEXT("profile", profile, "NAME", PROFILES, true,
         "take options from this profile"),
    TEXT("save-profile", save_profile, "NAME", PROFILES, false,
         "keep these options as a profile"),
    FLAG("list-profiles", list_profiles, PROFILES, false, "show the profiles"),
    TEXT("delete-profile", delete_profile, "NAME", PROFILES, false,
         "remove a profile"),
    TEXT("config", config, "FILE", PROFILES, false,
         "instead of ~/.hyperexport/config.yaml"),
    FLAG("show-settings", show_settings, PROFILES, false,
         "show every setting and where it is from"),

    OPTION('v', "verbose", OPTION_COUNT, verbose, NULL, TELLING, true,
           "tell more; -vv tells all"),
    OPTION('q', "quiet", OPTION_FLAG, quiet, NULL, TELLING, true,
           "tell only errors"),
    FLAG("json", json, TELLING, true, "what is listed or done, as JSON"),
    FLAG("json-progress", json_progress, TELLING, false,
         "progress as JSON lines on standard error"),
    TEXT("log-file", log_file, "FILE", TELLING, false,
         "append every message to a file"),
    OPTION('h', "help", OPTION_FLAG, help, NULL, TELLING, true, "show this"),
    FLAG("help-all", help_all, TELLING, true, "show every option"),
    OPTION('V', "version", OPTION_FLAG, version, NULL, TELLING, true,
           "show the version and the optional parts"),
    { 0, NULL, OPTION_FLAG, 0, 0, NULL, NULL, false, NULL },
};
