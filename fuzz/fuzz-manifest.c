/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Any text is a document or it is not; what is one is written and read again
 * as the same, in both languages, and so is a manifest after a builder. */
#include "manifest/document.h"
#include "manifest/problems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 loses a buffer, of a size bounded by the text's, when a
 * single-quoted scalar has more than four '' in a row. */
const char *
__lsan_default_suppressions(void)
{
    return "leak:libfyaml.so";
}

static void
need(int good, const char *what, const char *text)
{
    if (good)
        return;
    fprintf(stderr, "%s:\n%s\n", what, text);
    abort();
}

static void
fuzz_document(const char *text, size_t size)
{
    static const enum h2k_manifest_format formats[] = { H2K_MANIFEST_JSON,
                                                        H2K_MANIFEST_YAML };
    H2K_AUTO(h2k_problems) problems = h2k_problems_new();
    H2K_AUTO(h2k_document)
    doc =
        h2k_document_parse(text, size, "in", H2K_MANIFEST_MAX_DEPTH, problems);
    need(doc != NULL || h2k_problems_count(problems) > 0, "no reason", text);
    if (doc == NULL || h2k_problems_count(problems) > 0)
        return;
    for (int i = 0; i < 2; i++) {
        h2k_autofree char *out = h2k_node_to_text(doc->root, formats[i]);
        H2K_AUTO(h2k_document)
        again = h2k_document_parse(out, strlen(out), "out",
                                   H2K_MANIFEST_MAX_DEPTH, problems);
        need(again != NULL && h2k_problems_count(problems) == 0,
             "what was written is not read", out);
        need(h2k_node_equal(doc->root, again->root), "not the same", out);
    }
}

/* All the options of the stages that are there, as text. */
static char *
pipeline_text(const struct h2k_manifest *m)
{
    struct h2k_manifest_builder *b =
        h2k_manifest_builder_new(H2K_MANIFEST_FRAGMENT);
    h2k_manifest_builder_set_pipeline(b, h2k_manifest_pipeline(m));
    struct h2k_manifest *part = h2k_manifest_builder_build(b, "/b", NULL);
    char *text = part == NULL ? strdup(h2k_errmsg())
                              : h2k_manifest_to_text(part, H2K_MANIFEST_JSON);
    h2k_manifest_free(part);
    h2k_manifest_builder_free(b);
    return text;
}

static void
fuzz_manifest(const char *text, size_t size)
{
    H2K_AUTO(h2k_problems) problems = h2k_problems_new();
    struct h2k_manifest *m =
        h2k_manifest_parse(text, size, "in", "/b", problems);
    for (size_t i = 0; i < h2k_problems_count(problems); i++)
        free(h2k_problem_format(h2k_problems_get(problems, i)));
    if (m == NULL) {
        need(h2k_problems_count_of(problems, H2K_PROBLEM_ERROR) > 0,
             "no reason", "");
        return;
    }
    for (size_t i = 0; i < h2k_manifest_disk_count(m); i++)
        free(h2k_manifest_output_name(m, i, h2k_manifest_disk_count(m)));
    h2k_manifest_boot_disk(m);
    h2k_manifest_data_disk(m, 0);

    /* Today's names, which the builder changes to, mean the same. */
    struct h2k_manifest_builder *b = h2k_manifest_builder_from(m);
    h2k_manifest_builder_set_integer(b, "options.verbose", 0);
    struct h2k_manifest *other = h2k_manifest_builder_build(b, "/b", NULL);
    need(other != NULL, "cannot be built again", h2k_errmsg());
    h2k_autofree char *before = pipeline_text(m);
    h2k_autofree char *after = pipeline_text(other);
    need(strcmp(before, after) == 0, "another pipeline", after);
    need(strcmp(h2k_manifest_output(m)->directory,
                h2k_manifest_output(other)->directory) == 0,
         "another directory", "");
    h2k_manifest_builder_free(b);
    h2k_manifest_free(other);
    h2k_manifest_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    if (size > 1 << 16)
        return 0;
    fuzz_document(text, size);
    fuzz_manifest(text, size);
    struct h2k_manifest *part =
        h2k_manifest_parse_fragment(text, size, NULL, "configuration", NULL);
    h2k_manifest_free(part);
    return 0;
}
