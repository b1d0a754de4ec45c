/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every key of the two manifests but `configuration`. */
#include "manifest/rules.h"

#define END         \
    {               \
        .key = NULL \
    }

static const char *const disk_formats[] = { "vmdk", "qcow2", "raw", "vhd",
                                            "vhdx", "vdi",   NULL };
static const char *const output_formats[] = { "qcow2", "raw", "vdi", NULL };
static const char *const firmwares[] = { "bios", "uefi", "unknown", "efi",
                                         NULL };
static const char *const disk_types[] = { "boot", "data", "unknown", NULL };
static const char *const fstab_modes[] = { "stabilize-all", "bypath-only",
                                           "noop", NULL };

/* clang-format off */

/* pipeline, which both have */

static const struct h2k_rule inspect_rules[] = {
    { "enabled", H2K_RULE_BOOL, .required = true },
    { "collect_guest_info", H2K_RULE_BOOL },
    { "detect_os", H2K_RULE_BOOL, .older = true },
    { "detect_kernel", H2K_RULE_BOOL, .older = true },
    END
};
static const struct h2k_section inspect_section = { inspect_rules };

static const struct h2k_rule fix_rules[] = {
    { "enabled", H2K_RULE_BOOL, .required = true },
    { "backup", H2K_RULE_BOOL },
    { "print_fstab", H2K_RULE_BOOL },
    { "update_grub", H2K_RULE_BOOL },
    { "regen_initramfs", H2K_RULE_BOOL },
    { "fstab_mode", H2K_RULE_STRING, .values = fstab_modes },
    { "remove_vmware_tools", H2K_RULE_BOOL },
    { "inject_drivers", H2K_RULE_BOOL, .older = true },
    { "regenerate_initramfs", H2K_RULE_BOOL, .older = true },
    { "fix_fstab", H2K_RULE_BOOL, .older = true },
    { "fix_grub", H2K_RULE_BOOL, .older = true },
    END
};
static const struct h2k_section fix_section = { fix_rules };

static const struct h2k_rule convert_rules[] = {
    { "enabled", H2K_RULE_BOOL, .required = true },
    { "compress", H2K_RULE_BOOL },
    { "compress_level", H2K_RULE_INTEGER, .may_be_null = true, .least = 1,
      .most = 9 },
    { "compression", H2K_RULE_BOOL, .older = true },
    { "target_format", H2K_RULE_STRING, .values = output_formats,
      .older = true },
    { "output_dir", H2K_RULE_STRING, .not_empty = true,
      .older = true },
    END
};
static const struct h2k_section convert_section = { convert_rules };

static const struct h2k_rule validate_rules[] = {
    { "enabled", H2K_RULE_BOOL, .required = true },
    { "check_image_integrity", H2K_RULE_BOOL },
    { "verify_checksum", H2K_RULE_BOOL },
    { "test_boot", H2K_RULE_BOOL },
    END
};
static const struct h2k_section validate_section = { validate_rules };

static const struct h2k_rule pipeline_rules[] = {
    { "inspect", H2K_RULE_MAP, .section = &inspect_section },
    { "fix", H2K_RULE_MAP, .section = &fix_section },
    { "convert", H2K_RULE_MAP, .section = &convert_section },
    { "validate", H2K_RULE_MAP, .section = &validate_section },
    END
};
static const struct h2k_section pipeline_section = { pipeline_rules,
                                                     .closed = true };

/* what else both have */

static const struct h2k_rule artifact_output_rules[] = {
    { "directory", H2K_RULE_STRING, .not_empty = true },
    { "format", H2K_RULE_STRING, .values = output_formats },
    { "filename", H2K_RULE_STRING, .check = h2k_check_file_name },
    END
};
static const struct h2k_section artifact_output = { artifact_output_rules };

static const struct h2k_rule migration_output_rules[] = {
    { "directory", H2K_RULE_STRING, .required = true, .not_empty = true },
    { "format", H2K_RULE_STRING, .values = output_formats },
    { "filename", H2K_RULE_STRING, .check = h2k_check_file_name },
    END
};
static const struct h2k_section migration_output = { migration_output_rules };

static const struct h2k_rule report_rules[] = {
    { "enabled", H2K_RULE_BOOL },
    { "path", H2K_RULE_STRING, .not_empty = true },
    END
};
static const struct h2k_section report_section = { report_rules };

static const struct h2k_rule options_rules[] = {
    { "dry_run", H2K_RULE_BOOL },
    { "verbose", H2K_RULE_INTEGER, .least = 0, .most = 3 },
    { "report", H2K_RULE_MAP, .section = &report_section },
    END
};
static const struct h2k_section options_section = { options_rules };

static const struct h2k_rule metadata_rules[] = {
    { "hypersdk_version", H2K_RULE_STRING },
    { "job_id", H2K_RULE_STRING },
    { "created_at", H2K_RULE_STRING },
    { "name", H2K_RULE_STRING },
    { "description", H2K_RULE_STRING },
    { "owner", H2K_RULE_STRING },
    { "created", H2K_RULE_STRING },
    { "tags", H2K_RULE_TAGS },
    END
};
static const struct h2k_section metadata_section = { metadata_rules };

static const struct h2k_rule remark_rules[] = {
    { "stage", H2K_RULE_STRING },
    { "message", H2K_RULE_STRING, .required = true },
    { "timestamp", H2K_RULE_STRING },
    END
};
static const struct h2k_section remark_section = { remark_rules };

/* the artifact manifest */

static const struct h2k_rule artifact_source_rules[] = {
    { "provider", H2K_RULE_STRING, .check = h2k_check_provider },
    { "vm_id", H2K_RULE_STRING },
    { "vm_name", H2K_RULE_STRING },
    { "datacenter", H2K_RULE_STRING },
    { "export_timestamp", H2K_RULE_STRING, .check = h2k_check_timestamp },
    { "export_method", H2K_RULE_STRING },
    END
};
static const struct h2k_section artifact_source = { artifact_source_rules };

static const struct h2k_rule vm_rules[] = {
    { "cpu", H2K_RULE_INTEGER, .least = 1, .most = UINT32_MAX },
    { "mem_gb", H2K_RULE_NUMBER, .most = 1 << 20 },
    { "firmware", H2K_RULE_STRING, .values = firmwares },
    { "secure_boot", H2K_RULE_BOOL },
    { "os_hint", H2K_RULE_STRING },
    { "os_version", H2K_RULE_STRING },
    { "secureboot", H2K_RULE_BOOL, .older = true },
    END
};
static const struct h2k_section vm_section = { vm_rules };

static const struct h2k_rule disk_rules[] = {
    { "id", H2K_RULE_STRING, .required = true, .check = h2k_check_id },
    { "source_format", H2K_RULE_STRING, .required = true,
      .values = disk_formats },
    { "bytes", H2K_RULE_INTEGER, .required = true, .least = 0,
      .most = INT64_MAX },
    { "local_path", H2K_RULE_STRING, .required = true, .not_empty = true },
    { "checksum", H2K_RULE_STRING, .check = h2k_check_checksum },
    { "boot_order_hint", H2K_RULE_INTEGER, .least = 0, .most = UINT32_MAX },
    { "label", H2K_RULE_STRING },
    { "disk_type", H2K_RULE_STRING, .values = disk_types },
    END
};
static const struct h2k_section disk_section = { disk_rules };

static const struct h2k_rule nic_rules[] = {
    { "id", H2K_RULE_STRING },
    { "mac", H2K_RULE_STRING, .check = h2k_check_mac },
    { "network", H2K_RULE_STRING },
    END
};
static const struct h2k_section nic_section = { nic_rules };

#define COMMON_RULES                                                          \
    { "configuration", H2K_RULE_MAP, .section = &h2k_configuration_section }, \
    { "options", H2K_RULE_MAP, .section = &options_section },                 \
    { "metadata", H2K_RULE_MAP, .section = &metadata_section },               \
    { "notes", H2K_RULE_REMARKS, .section = &remark_section },                \
    { "warnings", H2K_RULE_REMARKS, .section = &remark_section }

static const struct h2k_rule artifact_rules[] = {
    { "manifest_version", H2K_RULE_STRING, .required = true },
    { "source", H2K_RULE_MAP, .section = &artifact_source },
    { "vm", H2K_RULE_MAP, .section = &vm_section },
    { "disks", H2K_RULE_LIST_OF_MAPS, .required = true, .not_empty = true,
      .section = &disk_section },
    { "nics", H2K_RULE_LIST_OF_MAPS, .section = &nic_section },
    { "pipeline", H2K_RULE_MAP, .section = &pipeline_section },
    { "output", H2K_RULE_MAP, .section = &artifact_output },
    COMMON_RULES,
    END
};
const struct h2k_section h2k_artifact_section = { artifact_rules };

/* the migration manifest */

static const struct h2k_rule migration_source_rules[] = {
    { "type", H2K_RULE_STRING, .required = true,
      .check = h2k_check_source_type },
    { "path", H2K_RULE_STRING, .required = true, .not_empty = true },
    END
};
static const struct h2k_section migration_source = { migration_source_rules };

static const struct h2k_rule migration_rules[] = {
    { "version", H2K_RULE_STRING, .required = true },
    { "source", H2K_RULE_MAP, .required = true,
      .section = &migration_source },
    { "output", H2K_RULE_MAP, .required = true,
      .section = &migration_output },
    { "pipeline", H2K_RULE_MAP, .required = true,
      .section = &pipeline_section },
    COMMON_RULES,
    END
};
const struct h2k_section h2k_migration_section = { migration_rules };

/* a part of either */

static const struct h2k_rule fragment_rules[] = {
    { "vm", H2K_RULE_MAP, .section = &vm_section },
    { "nics", H2K_RULE_LIST_OF_MAPS, .section = &nic_section },
    { "pipeline", H2K_RULE_MAP, .section = &pipeline_section },
    { "output", H2K_RULE_MAP, .section = &artifact_output },
    COMMON_RULES,
    END
};
const struct h2k_section h2k_fragment_section = { fragment_rules };
/* clang-format on */
