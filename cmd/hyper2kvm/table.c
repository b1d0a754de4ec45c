/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The options of hyper2kvm. */
#include "app.h"

#define AT(field) offsetof(struct app, field)
#define JOB "Job"
#define CONVERSION "Conversion"
#define GUEST "Guest (Linux)"
#define TELLING "Output"

const struct option app_options[] = {
    { 0, "manifest", OPTION_TEXT, AT(manifest), 0, "FILE", JOB, true,
      "run the pipeline on this manifest" },
    { 0, "config", OPTION_LIST, AT(configs), 0, "FILE", JOB, false,
      "read options from a YAML or JSON file" },
    { 0, "vmdk", OPTION_TEXT, AT(vmdk), 0, "FILE", JOB, false,
      "the source is this VMDK" },
    { 0, "qcow2", OPTION_TEXT, AT(qcow2), 0, "FILE", JOB, false,
      "the source is this qcow2" },
    { 0, "raw", OPTION_TEXT, AT(raw), 0, "FILE", JOB, false,
      "the source is this raw disk" },
    { 0, "output-dir", OPTION_TEXT, AT(output_dir), 0, "DIR", JOB, true,
      "where the disks and the report go" },
    { 0, "report", OPTION_TEXT, AT(report), 0, "PATH", JOB, false,
      "write the report there (default: report.json)" },
    { 0, "dry-run", OPTION_FLAG, AT(dry_run), AT(dry_run_given), NULL, JOB,
      true, "do everything but write disks" },
    { 0, "strict", OPTION_FLAG, AT(strict), 0, NULL, JOB, true,
      "validate: checksums too, warnings are errors" },

    { 'O', "out-format", OPTION_TEXT, AT(out_format), 0, "FORMAT", CONVERSION,
      true, "qcow2 (default) or raw" },
    { 0, "compress", OPTION_FLAG, AT(compress), AT(compress_given), NULL,
      CONVERSION, true, "compress the qcow2" },
    { 0, "compression", OPTION_TEXT, AT(compression), 0, "TYPE", CONVERSION,
      false, "zlib (default) or zstd; implies --compress" },
    { 0, "compress-level", OPTION_TEXT, AT(compress_level), 0, "1-9",
      CONVERSION, false, "how hard to try; implies --compress" },

    { 0, "fstab-mode", OPTION_TEXT, AT(fstab_mode), 0, "MODE", GUEST, true,
      "stabilize-all (default), bypath-only or noop" },
    { 0, "no-grub", OPTION_UNSET, AT(update_grub), AT(update_grub_given), NULL,
      GUEST, false, "leave the boot loader's files alone" },
    { 0, "regen-initramfs", OPTION_FLAG, AT(regen_initramfs),
      AT(regen_initramfs_given), NULL, GUEST, false,
      "add virtio to every initramfs (default)" },
    { 0, "no-regen-initramfs", OPTION_UNSET, AT(regen_initramfs),
      AT(regen_initramfs_given), NULL, GUEST, false,
      "leave every initramfs alone" },
    { 0, "remove-vmware-tools", OPTION_FLAG, AT(remove_vmware_tools),
      AT(remove_vmware_tools_given), NULL, GUEST, true,
      "turn VMware Tools off in the guest" },
    { 0, "no-backup", OPTION_UNSET, AT(backup), AT(backup_given), NULL, GUEST,
      false, "keep no copies of edited files in it" },
    { 0, "print-fstab", OPTION_FLAG, AT(print_fstab), AT(print_fstab_given),
      NULL, GUEST, false, "show fstab before and after" },
    { 0, "test-boot", OPTION_FLAG, AT(test_boot), AT(test_boot_given), NULL,
      GUEST, true, "boot the result in QEMU, tell what was seen" },

    { 'v', "verbose", OPTION_COUNT, AT(verbose), 0, NULL, TELLING, true,
      "tell more; -vv tells all" },
    { 'q', "quiet", OPTION_FLAG, AT(quiet), 0, NULL, TELLING, true,
      "tell only errors" },
    { 0, "json", OPTION_FLAG, AT(json), 0, NULL, TELLING, true,
      "the report, or what inspect found, as JSON" },
    { 0, "json-progress", OPTION_FLAG, AT(json_progress), 0, NULL, TELLING,
      false, "progress as JSON lines on standard error" },
    { 0, "log-file", OPTION_TEXT, AT(log_file), 0, "FILE", TELLING, false,
      "append every message to a file" },
    { 'h', "help", OPTION_FLAG, AT(help), 0, NULL, TELLING, true,
      "show this" },
    { 0, "help-all", OPTION_FLAG, AT(help_all), 0, NULL, TELLING, true,
      "show every option" },
    { 'V', "version", OPTION_FLAG, AT(version), 0, NULL, TELLING, true,
      "show the version and the optional parts" },
    { 0, NULL, OPTION_FLAG, 0, 0, NULL, NULL, false, NULL },
};
