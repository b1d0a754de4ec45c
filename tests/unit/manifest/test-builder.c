/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Manifests made and changed by a program, written, and read again. */
#include <hyper2kvm/manifest.h>

#include "tap.h"

#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/h2k-test-XXXXXX";

static const char *
in_directory(const char *name)
{
    static char path[32][200];
    static unsigned next;
    char *p = path[next++ % 32];
    snprintf(p, sizeof(path[0]), "%s/%s", directory, name);
    return p;
}

static void
put_file(const char *name, const char *text)
{
    FILE *file = fopen(in_directory(name), "w");
    fputs(text, file);
    fclose(file);
}

static char *
get_file(const char *path)
{
    static char text[8192];
    FILE *file = fopen(path, "r");
    size_t n = file == NULL ? 0 : fread(text, 1, sizeof(text) - 1, file);
    text[n] = '\0';
    if (file != NULL)
        fclose(file);
    return text;
}

static struct h2k_manifest_builder *
make_artifact(void)
{
    struct h2k_manifest_builder *b =
        h2k_manifest_builder_new(H2K_MANIFEST_ARTIFACT);
    int rc = h2k_manifest_builder_set_source(
        b, &(struct h2k_manifest_source){
               .provider = "vsphere", .vm_name = "wéb \"1\"", .vm_id = "8" });
    rc |= h2k_manifest_builder_set_vm(
        b, &(struct h2k_manifest_vm){
               .cpu = 2, .mem_gb = 0.1, .firmware = H2K_FIRMWARE_UEFI });
    rc |= h2k_manifest_builder_add_disk(
        b, &(struct h2k_manifest_disk){ .id = "disk-0",
                                        .source_format = "vmdk",
                                        .bytes = 1099511627776,
                                        .local_path = "a.vmdk" });
    rc |= h2k_manifest_builder_add_disk_hashed(
        b,
        &(struct h2k_manifest_disk){ .id = "disk-1",
                                     .source_format = "raw",
                                     .local_path = "b.raw",
                                     .boot_order_hint = 7,
                                     .disk_type = H2K_DISK_DATA },
        directory, NULL);
    rc |= h2k_manifest_builder_add_nic(
        b, &(struct h2k_manifest_nic){ .id = "nic-0",
                                       .mac = "00:50:56:aa:bb:01" });
    rc |=
        h2k_manifest_builder_set_pipeline(b, &h2k_manifest_pipeline_defaults);
    rc |= h2k_manifest_builder_set_output(
        b, &(struct h2k_manifest_output){ .format = "qcow2" });
    rc |= h2k_manifest_builder_set_metadata(
        b, &(struct h2k_manifest_metadata){ .job_id = "yes" });
    rc |= h2k_manifest_builder_add_tag(b, "env", "prod");
    rc |= h2k_manifest_builder_add_tag(b, "env", "test");
    rc |= h2k_manifest_builder_add_note(b, "a note");
    rc |= h2k_manifest_builder_add_warning(
        b, &(struct h2k_manifest_remark){ .stage = "export", .message = "w" });
    ok(rc == 0, "a document is made");
    ok_error(h2k_manifest_builder_add_tag(b, NULL, "x") < 0, H2K_E_RANGE,
             "metadata.tags is a map");
    return b;
}

static void
test_made(void)
{
    struct h2k_problems *problems = h2k_problems_new();
    struct h2k_manifest_builder *b = make_artifact();
    struct h2k_manifest *m =
        h2k_manifest_builder_build(b, directory, problems);
    ok(m != NULL && h2k_problems_count(problems) == 0, "and is right");
    h2k_problems_free(problems);
    const struct h2k_manifest_disk *disk = h2k_manifest_disk(m, 1);
    ok_string(disk->checksum,
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9c"
              "b410ff61f20015ad");
    ok(disk->bytes == 3 && disk->boot_order_hint == 7,
       "its size is the file's");
    ok(h2k_manifest_disk(m, 0)->boot_order_hint == 0 &&
           h2k_manifest_boot_disk(m) == h2k_manifest_disk(m, 0),
       "a hint of 0 is written");
    ok_string(h2k_manifest_tag(m, 0)->value, "test");
    char *text = h2k_manifest_to_text(m, H2K_MANIFEST_JSON);
    ok(strstr(text, "\"mem_gb\": 0.1,") != NULL &&
           strstr(text, "\"secure_boot\": false") != NULL &&
           strstr(text, "\"bytes\": 1099511627776") != NULL,
       "numbers are exact and false is there");
    free(text);

    static const char *const names[] = { "m.json", "m.yaml", "m.YML" };
    for (size_t i = 0; i < 3; i++) {
        const char *path = in_directory(names[i]);
        ok(h2k_manifest_write(m, path) == 0, "written as %s", names[i]);
        char first = get_file(path)[0];
        ok((first == '{') == (i == 0), "in its own language");
        struct h2k_manifest *again = h2k_manifest_load(path, NULL);
        ok(again != NULL && h2k_manifest_equal(m, again), "and read again");
        ok_string(h2k_manifest_metadata(again)->job_id, "yes");
        ok_string(h2k_manifest_source(again)->vm_id, "8");
        h2k_manifest_free(again);
        unlink(path);
    }
    h2k_manifest_free(m);
    h2k_manifest_builder_free(b);
}

static void
test_writing(void)
{
    struct h2k_manifest_builder *b = make_artifact();
    struct h2k_manifest *m = h2k_manifest_builder_build(b, directory, NULL);
    const char *path = in_directory("m.json");
    put_file("m.json", "old");
    put_file("m.json.partial", "left behind");
    chmod(path, 0600);
    struct stat st;
    ok(h2k_manifest_write(m, path) == 0 && stat(path, &st) == 0 &&
           (st.st_mode & 0777) == 0600,
       "a file that is replaced keeps its mode");
    ok(access(in_directory("m.json.partial"), F_OK) < 0, "no temporary stays");
    unlink(path);
    ok_error(h2k_manifest_write(m, "/nowhere/m.json") < 0, H2K_E_OUTPUT,
             "/nowhere/m.json: cannot be written");
    mkdir(path, 0700);
    ok_error(h2k_manifest_write(m, path) < 0, H2K_E_OUTPUT,
             "cannot be written");
    ok(access(in_directory("m.json.partial"), F_OK) < 0,
       "no temporary stays after a failure");
    rmdir(path);
    h2k_manifest_free(m);

    ok(h2k_manifest_builder_set_string(b, "source.vm_name", "\xff") == 0,
       "anything can be set");
    ok_error(h2k_manifest_builder_build(b, NULL, NULL) == NULL, H2K_E_USAGE,
             "is not UTF-8");
    h2k_manifest_builder_free(b);
    b = h2k_manifest_builder_new(H2K_MANIFEST_ARTIFACT);
    ok_error(h2k_manifest_builder_build(b, NULL, NULL) == NULL, H2K_E_USAGE,
             "disks: is missing");
    ok_error(h2k_manifest_builder_add_disk_hashed(
                 b,
                 &(struct h2k_manifest_disk){ .id = "x",
                                              .source_format = "raw",
                                              .local_path = "nothing" },
                 directory, NULL) < 0,
             H2K_E_SOURCE, "Source path not found");
    h2k_manifest_builder_free(b);
}

static const char migration[] =
    "version: '1.0'\nx-unknown: {kept: [0, false, '', null, 8.0]}\n"
    "source: {type: vmdk, path: d.vmdk}\noutput: {directory: o}\n"
    "pipeline: {fix: {enabled: true, fix_grub: true}}\n";

static struct h2k_manifest_builder *
from_text(const char *text)
{
    struct h2k_manifest *m =
        h2k_manifest_parse(text, strlen(text), NULL, NULL, NULL);
    struct h2k_manifest_builder *b = h2k_manifest_builder_from(m);
    h2k_manifest_free(m);
    return b;
}

static void
test_unknown_keys(void)
{
    struct h2k_manifest_builder *b = from_text(migration);
    struct h2k_manifest *m = h2k_manifest_builder_build(b, NULL, NULL);
    char *text = h2k_manifest_to_text(m, H2K_MANIFEST_YAML);
    static const char expected[] =
        "version: \"1.0\"\nx-unknown:\n  kept:\n    - 0\n    - false\n"
        "    - \"\"\n    - null\n    - 8.0\nsource:\n  type: vmdk\n"
        "  path: d.vmdk\noutput:\n  directory: o\npipeline:\n  fix:\n"
        "    enabled: true\n    fix_grub: true\n";
    ok(strcmp(text, expected) == 0,
       "all keys are kept, with their order and values");
    free(text);
    h2k_manifest_free(m);
    h2k_manifest_builder_free(b);
}

static void
test_setters(void)
{
    struct h2k_manifest_builder *b = from_text(migration);
    int rc =
        h2k_manifest_builder_set_bool(b, "pipeline.fix.update_grub", false);
    rc |= h2k_manifest_builder_set_bool(b, "pipeline.convert.compress", true);
    rc |= h2k_manifest_builder_set_integer(b, "options.verbose", 3);
    rc |= h2k_manifest_builder_set_string(b, "output.directory", "/out");
    rc |= h2k_manifest_builder_set_number(b, "x-unknown.number", 0.25);
    rc |= h2k_manifest_builder_remove(b, "x-unknown.kept");
    rc |= h2k_manifest_builder_remove(b, "nothing.here");
    ok(rc == 0, "keys are set by their path");
    struct h2k_manifest *m = h2k_manifest_builder_build(b, NULL, NULL);
    const struct h2k_manifest_pipeline *p = h2k_manifest_pipeline(m);
    ok(!p->fix.update_grub, "an older name does not win over what is set");
    ok(p->convert.present && !p->convert.enabled && p->convert.compress,
       "a stage that was absent stays off");
    ok(h2k_manifest_options(m)->verbose == 3, "a section is made");
    ok_string(h2k_manifest_output(m)->directory, "/out");
    char *text = h2k_manifest_to_text(m, H2K_MANIFEST_YAML);
    ok(strstr(text, "x-unknown:\n  number: 0.25\n") != NULL,
       "and unknown keys");
    free(text);
    h2k_manifest_free(m);
    static const char *const wrong[] = {
        "", ".", "a.", ".a", "a..b", "a.b.c.d.e.f.g.h.i.j.k"
    };
    for (size_t i = 0; i < 6; i++)
        ok_error(h2k_manifest_builder_set_bool(b, wrong[i], true) < 0,
                 H2K_E_RANGE, "is no key of a manifest");
    ok_error(h2k_manifest_builder_set_number(b, "vm.mem_gb", 1e308 * 10) < 0,
             H2K_E_RANGE, "not a number");
    h2k_manifest_builder_free(b);

    b = make_artifact();
    h2k_manifest_builder_remove(b, "pipeline");
    h2k_manifest_builder_set_string(b, "pipeline.fix.fstab_mode", "noop");
    m = h2k_manifest_builder_build(b, directory, NULL);
    p = h2k_manifest_pipeline(m);
    ok(p->inspect.enabled && p->fix.enabled && p->convert.enabled &&
           p->validate.enabled && p->fix.fstab_mode == H2K_FSTAB_NOOP,
       "without a pipeline, all stages stay on");
    h2k_manifest_free(m);
    h2k_manifest_builder_free(b);
}

static void
test_merge(void)
{
    static const char users[] = "create: [{name: a}, {name: b}]";
    static const char parts[] =
        "pipeline: {fix: {update_grub: false}, validate: {enabled: true}}\n"
        "options: {dry_run: true}\n"
        "configuration: {hostname: {hostname: web}}\n";
    struct h2k_manifest_builder *b = from_text(migration);
    struct h2k_manifest *one = h2k_manifest_parse_fragment(
        users, strlen(users), NULL, "configuration.users", NULL);
    struct h2k_manifest *two =
        h2k_manifest_parse_fragment(parts, strlen(parts), NULL, "", NULL);
    ok(one != NULL && two != NULL && h2k_manifest_builder_merge(b, one) == 0 &&
           h2k_manifest_builder_merge(b, two) == 0,
       "two parts are laid over a manifest");
    h2k_manifest_free(one);
    h2k_manifest_free(two);
    struct h2k_manifest *m = h2k_manifest_builder_build(b, NULL, NULL);
    const struct h2k_manifest_pipeline *p = h2k_manifest_pipeline(m);
    ok(p->fix.enabled && !p->fix.update_grub && p->validate.enabled &&
           !p->convert.present && h2k_manifest_options(m)->dry_run,
       "their stages and options");
    char *text = h2k_manifest_to_text(m, H2K_MANIFEST_YAML);
    ok(strstr(text, "- name: a\n      - name: b\n") != NULL &&
           strstr(text, "hostname: web") != NULL &&
           strstr(text, "kept:") != NULL,
       "their configuration, beside what was there");
    free(text);
    h2k_manifest_free(m);
    h2k_manifest_builder_free(b);
}

int
main(void)
{
    if (mkdtemp(directory) == NULL)
        return 99;
    put_file("b.raw", "abc");
    test_made();
    test_writing();
    test_unknown_keys();
    test_setters();
    test_merge();
    unlink(in_directory("b.raw"));
    ok(rmdir(directory) == 0, "nothing else was written");
    return tap_done();
}
