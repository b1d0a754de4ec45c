/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a manifest says, by its accessors; what is said of a wrong one. */
#include <hyper2kvm/manifest.h>

#include "tap.h"

#define ARTIFACT "manifest_version: '1.0'\n"
#define DISKS "disks: [{id: d, source_format: raw, bytes: 1, local_path: x}]\n"
#define MIGRATION                                                \
    "version: '1.0'\nsource: {type: vmdk, path: /v/disk.vmdk}\n" \
    "output: {directory: out}\npipeline: {}\n"

static struct h2k_problems *problems;

static struct h2k_manifest *
parse(const char *text)
{
    h2k_problems_free(problems);
    problems = h2k_problems_new();
    return h2k_manifest_parse(text, strlen(text), NULL, "/base", problems);
}

/* Is there a problem with exactly this text? */
static bool
has(const char *expected)
{
    bool found = false;
    for (size_t i = 0; i < h2k_problems_count(problems); i++) {
        char *text = h2k_problem_format(h2k_problems_get(problems, i));
        found |= strcmp(text, expected) == 0;
        free(text);
    }
    for (size_t i = 0; !found && i < h2k_problems_count(problems); i++) {
        char *text = h2k_problem_format(h2k_problems_get(problems, i));
        printf("# there is: %s\n", text);
        free(text);
    }
    return found;
}

static void
says(const char *text, bool valid, const char *expected)
{
    struct h2k_manifest *m = parse(text);
    ok((m != NULL) == valid && has(expected), "%s", expected);
    h2k_manifest_free(m);
}

static void
test_artifact(void)
{
    static const char text[] = ARTIFACT
        "source: {provider: vsphere, vm_id: vm-1, vm_name: web}\n"
        "vm: {cpu: 4, mem_gb: 0.5, firmware: efi, secureboot: true}\n"
        "disks:\n"
        "- {id: a, source_format: vmdk, bytes: 0, local_path: a.vmdk,\n"
        "   boot_order_hint: 0, checksum: 'sha256:"
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}\n"
        "- {id: b, source_format: raw, bytes: 1099511627776,\n"
        "   local_path: /x//y/./b.raw, disk_type: data, label: ''}\n"
        "nics: [{id: n, mac: 00-50-56-AA-BB-01}, {network: VM Network}]\n"
        "metadata: {job_id: j, tags: {env: prod, n: 8, b: false}}\n"
        "notes: [one, {stage: export, message: two}]\n"
        "warnings: [{message: w, timestamp: t}]\n"
        "options: {dry_run: true, verbose: 0, report: {enabled: false,\n"
        "  path: /r/r.json}}\n";
    struct h2k_manifest *m = parse(text);
    ok(m != NULL && h2k_manifest_kind(m) == H2K_MANIFEST_ARTIFACT,
       "an artifact manifest in YAML");
    if (m == NULL)
        return;
    const struct h2k_manifest_source *source = h2k_manifest_source(m);
    ok_string(source->vm_name, "web");
    ok(source->datacenter == NULL && source->type == NULL,
       "NULL when not given");
    const struct h2k_manifest_vm *vm = h2k_manifest_vm(m);
    ok(vm->cpu == 4 && vm->mem_gb == 0.5 && vm->secure_boot &&
           vm->firmware == H2K_FIRMWARE_UEFI && vm->firmware_given,
       "the machine, also by other names");
    const struct h2k_manifest_disk *a = h2k_manifest_disk(m, 0);
    const struct h2k_manifest_disk *b = h2k_manifest_find_disk(m, "b");
    ok(h2k_manifest_disk_count(m) == 2 && b == h2k_manifest_disk(m, 1),
       "two disks");
    ok(a->boot_order_hint == 0 && a->bytes_given && a->bytes == 0,
       "a 0 is a real 0");
    ok_string(a->path, "/base/a.vmdk");
    ok(strlen(a->checksum) == 64 && a->checksum[0] == '0', "the checksum");
    ok_string(a->label, "a");
    ok(a->disk_type == H2K_DISK_UNKNOWN && b->disk_type == H2K_DISK_DATA,
       "types of disks");
    ok(b->boot_order_hint == 999 && b->bytes == 1099511627776 &&
           b->checksum == NULL,
       "defaults of a disk");
    ok_string(b->path, "/x/y/b.raw");
    ok_string(b->label, "");
    ok_string(h2k_manifest_nic(m, 0)->mac, "00:50:56:aa:bb:01");
    ok_string(h2k_manifest_nic(m, 1)->network, "VM Network");
    ok(h2k_manifest_nic_count(m) == 2 && h2k_manifest_nic(m, 2) == NULL,
       "two NICs");
    ok_string(h2k_manifest_metadata(m)->job_id, "j");
    ok_string(h2k_manifest_tag(m, 0)->key, "env");
    ok_string(h2k_manifest_tag(m, 1)->value, "8");
    ok_string(h2k_manifest_tag(m, 2)->value, "false");
    ok_string(h2k_manifest_note(m, 0)->message, "one");
    ok_string(h2k_manifest_note(m, 1)->stage, "export");
    ok_string(h2k_manifest_warning(m, 0)->timestamp, "t");
    const struct h2k_manifest_options *options = h2k_manifest_options(m);
    ok(options->dry_run && options->verbose == 0 && !options->report_enabled,
       "options");
    ok_string(options->report_path, "/r/r.json");
    ok_string(h2k_manifest_output(m)->directory, "/base/output");
    ok_string(h2k_manifest_output(m)->format, "qcow2");
    char *name = h2k_manifest_output_name(m, 1, 2);
    ok_string(name, "b.qcow2");
    free(name);
    ok(!h2k_manifest_has_configuration(m), "nothing for the guest");
    h2k_manifest_free(m);
}

static void
test_pipeline(void)
{
    struct h2k_manifest *m = parse(ARTIFACT DISKS);
    const struct h2k_manifest_pipeline *p = h2k_manifest_pipeline(m);
    ok(!p->present && p->inspect.enabled && p->fix.enabled &&
           p->convert.enabled && p->validate.enabled,
       "without a pipeline all stages run");
    ok(!p->inspect.collect_guest_info && p->fix.backup &&
           !p->fix.print_fstab && p->fix.update_grub &&
           p->fix.regen_initramfs && !p->fix.remove_vmware_tools &&
           p->fix.fstab_mode == H2K_FSTAB_STABILIZE_ALL,
       "defaults of inspect and fix");
    ok(!p->convert.compress && p->convert.compress_level == 0 &&
           p->validate.check_image_integrity && p->validate.verify_checksum &&
           !p->validate.test_boot,
       "defaults of convert and validate");
    h2k_manifest_free(m);

    m = parse(ARTIFACT DISKS
              "pipeline: {fix: {enabled: true, fstab_mode: bypath-only,"
              " backup: false}, convert: {enabled: false, compress: true,"
              " compress_level: 9}}\n");
    p = h2k_manifest_pipeline(m);
    ok(p->present && !p->inspect.present && !p->inspect.enabled &&
           p->fix.enabled && p->convert.present && !p->convert.enabled &&
           !p->validate.enabled,
       "an absent stage does not run");
    ok(p->fix.fstab_mode == H2K_FSTAB_BYPATH_ONLY && !p->fix.backup &&
           p->fix.update_grub && p->convert.compress_level == 9,
       "what is given, and defaults beside it");
    h2k_manifest_free(m);
}

static void
test_dialect(void)
{
    struct h2k_manifest *m = parse(
        ARTIFACT DISKS
        "pipeline:\n"
        "  inspect: {enabled: true, detect_os: false, detect_kernel: true}\n"
        "  fix: {enabled: true, inject_drivers: false,"
        " regenerate_initramfs: false, fix_fstab: false, fix_grub: false}\n"
        "  convert: {enabled: true, compression: true,"
        " target_format: qcow2, output_dir: elsewhere}\n");
    ok(m != NULL, "the older dialect");
    const struct h2k_manifest_pipeline *p = h2k_manifest_pipeline(m);
    ok(p->inspect.collect_guest_info, "one of detect_os and detect_kernel");
    ok(!p->fix.regen_initramfs && !p->fix.update_grub &&
           p->fix.fstab_mode == H2K_FSTAB_NOOP,
       "fix, by older names");
    ok(p->convert.compress, "compression");
    ok_string(h2k_manifest_output(m)->directory, "/base/elsewhere");
    ok(h2k_problems_count_of(problems, H2K_PROBLEM_NOTE) == 9 &&
           h2k_problems_count(problems) == 9,
       "each use has a note");
    ok(has("note: pipeline.convert.output_dir: an older name: use "
           "output.directory"),
       "which names the key to use");
    char *text = h2k_manifest_to_text(m, H2K_MANIFEST_JSON);
    ok(strstr(text, "\"detect_os\": false") != NULL &&
           strstr(text, "collect_guest_info") == NULL,
       "but the document is written as it was");
    free(text);
    h2k_manifest_free(m);

    m = parse(ARTIFACT DISKS
              "output: {format: raw}\npipeline: {fix: {enabled: true, "
              "fix_grub: true, update_grub: false}, convert: {enabled: true,"
              " target_format: vdi}}\n");
    ok(!h2k_manifest_pipeline(m)->fix.update_grub &&
           strcmp(h2k_manifest_output(m)->format, "raw") == 0,
       "today's name wins");
    h2k_manifest_free(m);
}

static void
test_migration(void)
{
    static const struct {
        const char *path;
        size_t i, count;
        const char *name;
    } cases[] = {
        { "/data/vms/webserver/disk.vmdk", 0, 1, "webserver.qcow2" },
        { "/data/vms/webserver/disk.vmdk", 1, 2, "webserver-disk2.qcow2" },
        { "/data/vms/webserver/disk1.vmdk", 0, 1, "webserver.qcow2" },
        { "/data/vms/webserver/disk-0.vmdk", 0, 1, "webserver.qcow2" },
        { "/data/vms/webserver/Disk_12.vmdk", 0, 1, "webserver.qcow2" },
        { "/data/vms/webserver/disks.vmdk", 0, 1, "disks.qcow2" },
        { "/data/vms/webserver/web-disk1.vmdk", 0, 1, "web-disk1.qcow2" },
        { "/data/a.b/web.1.vmdk", 0, 1, "web.1.qcow2" },
        { "disk.vmdk", 0, 1, "base.qcow2" },
        { "../disk.vmdk", 0, 1, "disk.qcow2" },
        { "/disk.vmdk", 0, 1, "disk.qcow2" },
        { "appliance.ova", 2, 3, "appliance-disk3.qcow2" },
        { "/x/.hidden", 0, 1, ".hidden.qcow2" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[400];
        snprintf(text, sizeof(text),
                 "{\"version\": \"1.0\", \"source\": {\"type\": \"ova\", "
                 "\"path\": \"%s\"}, \"output\": {\"directory\": \"o\"}, "
                 "\"pipeline\": {}}",
                 cases[i].path);
        struct h2k_manifest *m = parse(text);
        char *name = h2k_manifest_output_name(m, cases[i].i, cases[i].count);
        ok(strcmp(name, cases[i].name) == 0, "%s gives %s", cases[i].path,
           cases[i].name);
        free(name);
        ok(h2k_manifest_disk_count(m) == 0 &&
               h2k_manifest_boot_disk(m) == NULL,
           "the disks of an ova are not known here");
        h2k_manifest_free(m);
    }

    struct h2k_manifest *m =
        parse("version: '1.0'\nsource: {type: vmdk, path: v/disk.vmdk}\n"
              "output: {directory: out, filename: web.prod.img, format: raw}\n"
              "pipeline: {}\n");
    ok(h2k_manifest_kind(m) == H2K_MANIFEST_MIGRATION, "a migration manifest");
    const struct h2k_manifest_disk *disk = h2k_manifest_disk(m, 0);
    ok_string(disk->id, "disk-0");
    ok_string(disk->source_format, "vmdk");
    ok_string(disk->path, "/base/v/disk.vmdk");
    ok_string(h2k_manifest_source(m)->absolute_path, "/base/v/disk.vmdk");
    ok(!disk->bytes_given && disk == h2k_manifest_boot_disk(m) &&
           h2k_manifest_data_disk(m, 0) == NULL,
       "its one disk boots");
    ok_string(h2k_manifest_options(m)->report_path, "/base/out/report.json");
    char *name = h2k_manifest_output_name(m, 0, 2);
    ok_string(name, "web.prod.img");
    free(name);
    name = h2k_manifest_output_name(m, 1, 2);
    ok_string(name, "web.prod-disk2.img");
    free(name);
    ok(h2k_manifest_output_name(m, 2, 2) == NULL, "no third of two");
    h2k_manifest_free(m);
}

static void
test_boot_disk(void)
{
    static const struct {
        const char *disks[4]; /* boot_order_hint and type; NULL ends */
        int boot;
    } cases[] = {
        { { "boot_order_hint: 1", "boot_order_hint: 0", NULL }, 1 },
        { { "boot_order_hint: 0", "boot_order_hint: 5, disk_type: boot" }, 1 },
        { { "disk_type: boot, boot_order_hint: 7",
            "disk_type: boot, boot_order_hint: 7",
            "disk_type: boot, boot_order_hint: 3" },
          2 },
        { { "label: x", "label: y", NULL }, 0 },
        { { "disk_type: data, boot_order_hint: 0", "disk_type: boot" }, 1 },
        { { "label: x", "boot_order_hint: 998", NULL }, 1 },
        { { "label: x", "boot_order_hint: 1000", NULL }, 0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[1000] = ARTIFACT "disks:\n";
        size_t count = 0;
        for (; count < 4 && cases[i].disks[count] != NULL; count++)
            snprintf(text + strlen(text), sizeof(text) - strlen(text),
                     "- {id: d%zu, source_format: raw, bytes: 0, "
                     "local_path: d%zu, %s}\n",
                     count, count, cases[i].disks[count]);
        struct h2k_manifest *m = parse(text);
        const struct h2k_manifest_disk *boot = h2k_manifest_boot_disk(m);
        ok(boot == h2k_manifest_disk(m, (size_t)cases[i].boot),
           "disk %d boots in case %zu", cases[i].boot, i);
        bool rest = true;
        size_t j = 0, data = 0;
        for (; j < count; j++)
            if (h2k_manifest_disk(m, j) != boot)
                rest &= h2k_manifest_data_disk(m, data++) ==
                        h2k_manifest_disk(m, j);
        ok(rest && h2k_manifest_data_disk(m, data) == NULL,
           "and the rest are data");
        h2k_manifest_free(m);
    }
}

static void
test_messages(void)
{
    says("version: '2.0'\n", false,
         "error: version: Unsupported manifest version: 2.0 (this program "
         "knows 1.0)");
    says(ARTIFACT DISKS "pipelin: {}\n", true,
         "warning: pipelin: unknown key (did you mean 'pipeline'?)");
    says(ARTIFACT DISKS "pipeline: {fixx: {enabled: true}}\n", false,
         "error: pipeline.fixx: unknown stage; the stages are inspect, fix, "
         "convert, validate (did you mean 'fix'?)");
    says(ARTIFACT DISKS "pipeline: {fix: {backup: true}}\n", false,
         "error: pipeline.fix.enabled: is missing");
    says("manifest_version: 1.0\n" DISKS, false,
         "error: manifest_version: must be a string, but is a number (write "
         "it in quotes: \"1.0\")");
    says("version: '1.0'\nsource: {type: exe, path: x}\noutput: {directory: "
         "o}\npipeline: {}\n",
         false,
         "error: source.type: Unsupported source type: exe (it is one of "
         "vmdk, ova, ovf, vhd, vhdx, vdi, qcow2, raw)");
    says(ARTIFACT "disks: [{id: d, source_format: vmkd, bytes: 1, "
                  "local_path: x}]\n",
         false,
         "error: disks[0].source_format: 'vmkd' is not one of vmdk, qcow2, "
         "raw, vhd, vhdx, vdi (did you mean 'vmdk'?)");
    says(ARTIFACT DISKS "output: {format: raw}\npipeline: {convert: {enabled:"
                        " true, compress: true}}\n",
         false,
         "error: pipeline.convert.compress: only qcow2 can be compressed, "
         "and output.format is raw");
    says(ARTIFACT "disks: [{id: d, source_format: qcow2, bytes: 1, "
                  "local_path: ./output/d.qcow2}]\n",
         false,
         "error: disks[0]: the output of disk 'd' would overwrite this "
         "source: /base/output/d.qcow2 (choose another output.directory)");
    says(ARTIFACT DISKS "options: {report: {path: d.qcow2}}\n", false,
         "error: options.report.path: the report would overwrite the output "
         "of disk 'd'");
    says(MIGRATION "options: {report: {path: /v/disk.vmdk}}\n", false,
         "error: options.report.path: the report would overwrite the source "
         "of disk 'disk-0'");
    struct h2k_manifest *m =
        parse(ARTIFACT "disks: [{id: ../x, bytes: -1}, 7]\nvm: {cpu: 0}\n");
    ok(m == NULL && h2k_problems_count_of(problems, H2K_PROBLEM_ERROR) == 6,
       "everything is said at once");
    ok(h2k_errcode() == H2K_E_USAGE && strstr(h2k_errmsg(), "5 more") != NULL,
       "and the error says how much there is");
    h2k_manifest_free(m);
}

static void
test_configuration(void)
{
    struct h2k_manifest *m = parse(
        MIGRATION
        "configuration:\n  users:\n    create:\n"
        "    - {name: a, password: secret}\n    - {name: a, password: '!'}\n"
        "    - {name: b, password: '$6$rounds=656000$...'}\n"
        "    - {name: c, password: '$6$saltsalt$"
        "01234567890123456789012345678901234567890123456789012345678901234567"
        "890123456789012345'}\n"
        "    - {name: d, password_plain: secret}\n");
    ok(m != NULL && h2k_manifest_has_configuration(m), "a configuration");
    ok(h2k_problems_count(problems) == 4,
       "two passwords, one name, and a stage that is off");
    ok(has("warning: configuration: nothing of it comes into the guest while "
           "pipeline.fix is off (turn pipeline.fix on)"),
       "what puts it in is off");
    ok(has("warning: configuration.users.create[1].name: 'a' is the name of "
           "an earlier entry as well"),
       "one user twice");
    bool leaked = false;
    for (size_t i = 0; i < h2k_problems_count(problems); i++)
        leaked |=
            strstr(h2k_problems_get(problems, i)->message, "secret") != NULL;
    ok(!leaked, "no password in a message");
    h2k_manifest_free(m);
    m = parse(MIGRATION "configuration: {users: {create: []}}\n");
    ok(!h2k_manifest_has_configuration(m), "an empty one");
    h2k_manifest_free(m);
}

static void
test_fragments(void)
{
    static const char *const forms[] = {
        "create: [{name: a}]", "users: {create: [{name: a}]}",
        "{\"configuration\": {\"users\": {\"create\": [{\"name\": \"a\"}]}}}"
    };
    for (size_t i = 0; i < 3; i++) {
        struct h2k_manifest *m = h2k_manifest_parse_fragment(
            forms[i], strlen(forms[i]), NULL, "configuration.users", NULL);
        ok(m != NULL && h2k_manifest_kind(m) == H2K_MANIFEST_FRAGMENT &&
               h2k_manifest_has_configuration(m),
           "the users, in form %zu", i);
        h2k_manifest_free(m);
    }
    static const char hostname[] = "hostname: web";
    struct h2k_manifest *m = h2k_manifest_parse_fragment(
        hostname, strlen(hostname), NULL, "configuration.hostname", NULL);
    ok(m != NULL && h2k_manifest_has_configuration(m),
       "a key with the name of its section");
    h2k_manifest_free(m);
    static const char wrong[] = "create: [{uid: 1}]\npipeline: {}";
    ok_error(h2k_manifest_parse_fragment(wrong, strlen(wrong), "f",
                                         "configuration.users", NULL) == NULL,
             H2K_E_USAGE,
             "f:1:10: error: configuration.users.create[0].name: is missing");
    ok_error(h2k_manifest_parse_fragment("{}", 2, NULL, "a..b", NULL) == NULL,
             H2K_E_USAGE, "'a..b' is no key");
    ok_error(h2k_manifest_load_fragment("/nowhere/x", "", NULL) == NULL,
             H2K_E_USAGE, "File not found: /nowhere/x");
}

int
main(void)
{
    test_artifact();
    test_pipeline();
    test_dialect();
    test_migration();
    test_boot_disk();
    test_messages();
    test_configuration();
    test_fragments();
    ok_error(h2k_manifest_load("/nowhere/m.json", NULL) == NULL, H2K_E_USAGE,
             "Manifest not found: /nowhere/m.json");
    h2k_problems_free(problems);
    return tap_done();
}
