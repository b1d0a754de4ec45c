/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The manifest that a command line means. */
#include "app.h"

#include "common/command.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "block/file.h"
#include "image/image.h"

#include <ctype.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

H2K_DEFINE_AUTO(h2k_manifest_builder, h2k_manifest_builder_free)
H2K_DEFINE_AUTO(h2k_manifest, h2k_manifest_free)
H2K_DEFINE_AUTO(h2k_problems, h2k_problems_free)

void
app_print_problems(const struct app *app, const struct h2k_problems *problems)
{
    command_print_problems(problems, app->quiet, false);
}

/* The problems were printed one by one; this is the last line. */
static struct h2k_manifest *
not_valid(const char *name, const struct h2k_problems *problems)
{
    size_t errors = h2k_problems_count_of(problems, H2K_PROBLEM_ERROR);
    if (errors == 0)
        return NULL;
    return h2k_fail_null(h2k_errcode(), "%s: %zu error%s, nothing was done",
                         name, errors, errors == 1 ? "" : "s");
}

/* A flag that was given, as a key of the manifest. */
struct flag {
    bool given;
    const char *key;
    bool value;
};

static int
set_flags(const struct app *a, struct h2k_manifest_builder *b)
{
    const struct flag flags[] = {
        { a->dry_run_given, "options.dry_run", a->dry_run },
        { a->compress_given, "pipeline.convert.compress", a->compress },
        { a->update_grub_given, "pipeline.fix.update_grub", a->update_grub },
        { a->regen_initramfs_given, "pipeline.fix.regen_initramfs",
          a->regen_initramfs },
        { a->remove_vmware_tools_given, "pipeline.fix.remove_vmware_tools",
          a->remove_vmware_tools },
        { a->backup_given, "pipeline.fix.backup", a->backup },
        { a->print_fstab_given, "pipeline.fix.print_fstab", a->print_fstab },
        { a->test_boot_given, "pipeline.validate.test_boot", a->test_boot },
    };
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (flags[i].given &&
            h2k_manifest_builder_set_bool(b, flags[i].key, flags[i].value) < 0)
            return -1;
    return 0;
}

/* A path of the command line is relative to where we are, not to the
 * manifest. */
static int
set_path(struct h2k_manifest_builder *b, const char *key, const char *path)
{
    h2k_autofree char *here = NULL, *absolute = NULL;
    if (path[0] == '/')
        return h2k_manifest_builder_set_string(b, key, path);
    here = getcwd(NULL, 0);
    if (here == NULL || asprintf(&absolute, "%s/%s", here, path) < 0) {
        absolute = NULL;
        return h2k_fail_errno(H2K_E_FAILED, "the current directory");
    }
    return h2k_manifest_builder_set_string(b, key, absolute);
}

static int
set_level(const struct app *a, struct h2k_manifest_builder *b)
{
    char *end;
    long level = strtol(a->compress_level, &end, 10);
    if (*end != '\0' || level < 1 || level > 9)
        return h2k_fail(H2K_E_USAGE, "--compress-level is 1 to 9, not '%s'",
                        a->compress_level);
    if (h2k_manifest_builder_set_bool(b, "pipeline.convert.compress", true) <
        0)
        return -1;
    return h2k_manifest_builder_set_integer(
        b, "pipeline.convert.compress_level", level);
}

int
app_compression(const struct app *a, enum h2k_writer_compression *out)
{
    *out = H2K_COMPRESS_NONE;
    if (a->compression == NULL)
        return 0;
    if (strcmp(a->compression, "zlib") != 0 &&
        strcmp(a->compression, "zstd") != 0)
        return h2k_fail(H2K_E_USAGE, "--compression is zlib or zstd, not '%s'",
                        a->compression);
    *out = a->compression[1] == 'l' ? H2K_COMPRESS_ZLIB : H2K_COMPRESS_ZSTD;
    return 0;
}

static int
set_options(const struct app *a, struct h2k_manifest_builder *b)
{
    if (set_flags(a, b) < 0 ||
        (a->compression != NULL &&
         h2k_manifest_builder_set_bool(b, "pipeline.convert.compress", true) <
             0) ||
        (a->output_dir != NULL &&
         set_path(b, "output.directory", a->output_dir) < 0) ||
        (a->out_format != NULL &&
         h2k_manifest_builder_set_string(b, "output.format", a->out_format) <
             0) ||
        (a->fstab_mode != NULL &&
         h2k_manifest_builder_set_string(b, "pipeline.fix.fstab_mode",
                                         a->fstab_mode) < 0) ||
        (a->report != NULL &&
         set_path(b, "options.report.path", a->report) < 0) ||
        (a->compress_level != NULL && set_level(a, b) < 0))
        return -1;
    return 0;
}

/* The files of --user-config-inject and so on over what the manifest has. */
static int
inject(const struct app *a, struct h2k_manifest_builder *b)
{
    const struct {
        const char *path, *key;
    } files[] = { { a->inject_users, "configuration.users" },
                  { a->inject_services, "configuration.services" },
                  { a->inject_hostname, "configuration.hostname" },
                  { a->inject_network, "configuration.network" } };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (files[i].path == NULL)
            continue;
        H2K_AUTO(h2k_problems) problems = h2k_problems_new();
        if (problems == NULL)
            return -1;
        H2K_AUTO(h2k_manifest)
        part = h2k_manifest_load_fragment(files[i].path, files[i].key,
                                          problems);
        app_print_problems(a, problems);
        if (part == NULL) {
            not_valid(files[i].path, problems);
            return -1;
        }
        if (h2k_manifest_builder_merge(b, part) < 0)
            return -1;
    }
    return 0;
}

static struct h2k_manifest *
with_options(const struct app *app, struct h2k_manifest_builder *builder,
             const char *base_dir)
{
    H2K_AUTO(h2k_problems) problems = h2k_problems_new();
    if (problems == NULL || set_options(app, builder) < 0 ||
        inject(app, builder) < 0)
        return NULL;
    struct h2k_manifest *m =
        h2k_manifest_builder_build(builder, base_dir, problems);
    app_print_problems(app, problems);
    return m != NULL ? m : not_valid("the options", problems);
}

static char *
directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static struct h2k_manifest *
from_file(const struct app *app, const char *path)
{
    H2K_AUTO(h2k_problems) problems = h2k_problems_new();
    H2K_AUTO(h2k_manifest) m = h2k_manifest_load(path, problems);
    H2K_AUTO(h2k_manifest_builder) builder = NULL;
    h2k_autofree char *base_dir = directory_of(path);
    app_print_problems(app, problems);
    if (m == NULL || base_dir == NULL)
        return not_valid(path, problems);
    builder = h2k_manifest_builder_from(m);
    return builder == NULL ? NULL : with_options(app, builder, base_dir);
}

static bool
ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), n = strlen(end);
    return size >= n && strcasecmp(text + size - n, end) == 0;
}

/* XML begins with a '<', after a byte order mark and white space. */
static bool
is_xml(const unsigned char *head, size_t size)
{
    size_t i = size >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (i < size && isspace(head[i]))
        i++;
    return i < size && head[i] == '<';
}

const char *
app_source_type(const char *path)
{
    unsigned char head[64];
    H2K_AUTO(h2k_block) file = h2k_file_open(path);
    if (file == NULL && h2k_errcode() == H2K_E_NOENT)
        return h2k_fail_null(H2K_E_SOURCE, "Source path not found: %s", path);
    if (file == NULL)
        return NULL;
    if (ends_with(path, ".ova"))
        return "ova";
    if (ends_with(path, ".ovf"))
        return "ovf";
    const char *name = h2k_image_probe(file)->name;
    size_t size = h2k_block_size(file) < sizeof(head)
                      ? (size_t)h2k_block_size(file)
                      : sizeof(head);
    if (strcmp(name, "raw") == 0 && size > 0 &&
        h2k_block_pread(file, head, size, 0) == 0 && is_xml(head, size))
        return "ovf";
    return name;
}

struct h2k_manifest *
app_source_manifest(const struct app *app, const char *path, const char *type)
{
    const struct h2k_manifest_source source = { .type = type, .path = path };
    H2K_AUTO(h2k_manifest_builder)
    builder = h2k_manifest_builder_new(H2K_MANIFEST_MIGRATION);
    if (builder == NULL ||
        h2k_manifest_builder_set_source(builder, &source) < 0 ||
        h2k_manifest_builder_set_bool(builder, "pipeline.inspect.enabled",
                                      true) < 0 ||
        h2k_manifest_builder_set_string(builder, "output.directory",
                                        "output") < 0)
        return NULL;
    return with_options(app, builder, ".");
}

/* A source: its type by what it is, unless an option says it. */
static struct h2k_manifest *
from_source(const struct app *app, const char *path, const char *type)
{
    const char *found = app_source_type(path);
    return found == NULL
               ? NULL
               : app_source_manifest(app, path, type != NULL ? type : found);
}

/* Does the file begin like a JSON or YAML document?  Images have NULs and
 * magics; a text that is a VMDK's descriptor begins with '#', and an OVF is
 * XML. */
static bool
looks_like_manifest(const char *path)
{
    unsigned char head[512];
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return false;
    size_t n = fread(head, 1, sizeof(head), file);
    fclose(file);
    if ((n >= 21 && memcmp(head, "# Disk DescriptorFile", 21) == 0) ||
        is_xml(head, n) || ends_with(path, ".ova") || ends_with(path, ".ovf"))
        return false;
    for (size_t i = 0; i < n; i++)
        if (head[i] < 0x20 && !isspace(head[i]))
            return false;
    return true;
}

struct h2k_manifest *
app_manifest(const struct app *app, const struct text_list *words)
{
    const struct {
        const char *path, *format;
    } named[] = { { app->vmdk, "vmdk" },
                  { app->qcow2, "qcow2" },
                  { app->raw, "raw" },
                  { app->ova, "ova" },
                  { app->ovf, "ovf" } };
    const size_t kinds = sizeof(named) / sizeof(named[0]);
    size_t given = words->count + (app->manifest != NULL);
    for (size_t i = 0; i < kinds; i++)
        given += named[i].path != NULL;
    if (given != 1)
        return h2k_fail_null(
            H2K_E_USAGE, given == 0 ? "no manifest and no source; see --help"
                                    : "one manifest or one source at a "
                                      "time; see --help");
    if (app->manifest != NULL)
        return from_file(app, app->manifest);
    for (size_t i = 0; i < kinds; i++)
        if (named[i].path != NULL)
            return from_source(app, named[i].path, named[i].format);
    return looks_like_manifest(words->items[0])
               ? from_file(app, words->items[0])
               : from_source(app, words->items[0], NULL);
}

const char *
app_manifest_path(const struct app *app, const struct text_list *words)
{
    if (app->manifest != NULL)
        return app->manifest;
    return words->count == 1 && looks_like_manifest(words->items[0])
               ? words->items[0]
               : NULL;
}

void
app_clear(struct app *app)
{
    text_keep_clear(&app->keep);
    h2k_keys_clear(&app->keys);
}

int
app_read_keys(struct app *app)
{
    for (size_t i = 0; i < app->key_texts.count; i++)
        if (h2k_keys_add(&app->keys, app->key_texts.items[i]) < 0)
            return h2k_prefix("--key: ");
    return 0;
}

static int
set_from_file(struct app *app, const char *name, const char *text)
{
    if (name == NULL || text == NULL)
        return h2k_fail(H2K_E_USAGE, "an option has one name and one value");
    const char *kept = text_keep_add(&app->keep, text);
    return kept == NULL ? -1 : options_set(app_options, name, kept, app);
}

/* Text, or several for an option that is repeatable. */
static int
set_from_node(struct app *app, const char *name, struct fy_node *value)
{
    if (!fy_node_is_sequence(value))
        return set_from_file(
            app, name,
            fy_node_is_scalar(value) ? fy_node_get_scalar0(value) : NULL);
    void *iterator = NULL;
    struct fy_node *item;
    while ((item = fy_node_sequence_iterate(value, &iterator)) != NULL)
        if (set_from_file(app, name,
                          fy_node_is_scalar(item) ? fy_node_get_scalar0(item)
                                                  : NULL) < 0)
            return -1;
    return 0;
}

static int
read_config(struct app *app, const char *path)
{
    struct fy_document *document = fy_document_build_from_file(NULL, path);
    struct fy_node *root =
        document == NULL ? NULL : fy_document_root(document);
    if (root == NULL || !fy_node_is_mapping(root)) {
        fy_document_destroy(document);
        return h2k_fail(H2K_E_USAGE,
                        "%s: cannot be read as a map of options, as in "
                        "'output-dir: /srv/kvm'",
                        path);
    }
    int rc = 0;
    void *iterator = NULL;
    struct fy_node_pair *pair;
    while (rc == 0 && (pair = fy_node_mapping_iterate(root, &iterator))) {
        struct fy_node *key = fy_node_pair_key(pair);
        struct fy_node *value = fy_node_pair_value(pair);
        const char *name =
            fy_node_is_scalar(key) ? fy_node_get_scalar0(key) : NULL;
        rc = set_from_node(app, name, value);
    }
    fy_document_destroy(document);
    return rc < 0 ? h2k_prefix("%s: ", path) : 0;
}

int
app_read_configs(struct app *app, const struct text_list *configs)
{
    for (size_t i = 0; i < configs->count; i++)
        if (read_config(app, configs->items[i]) < 0)
            return -1;
    return 0;
}
