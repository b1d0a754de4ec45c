/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Any text as a profile, as a configuration file and as a batch: it is
 * refused with a reason, or every value in it is one that its option takes,
 * and what a password key has is in no message. */
#include "hyperexport/app.h"
#include "hyperexport/batch-file.h"
#include "hyperexport/settings-file.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* As in fuzz-manifest: libfyaml 0.7.12 loses a buffer. */
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
    fprintf(stderr, "%s: %s\n", what, text);
    abort();
}

static void
fuzz_settings(const char *text, size_t size, enum settings_kind kind)
{
    H2K_AUTO(h2k_problems) problems = h2k_problems_new();
    struct settings_file file = { 0 };
    struct app app = { 0 };
    int rc = settings_file_parse(text, size, "in", kind, problems, &file);
    size_t errors = h2k_problems_count_of(problems, H2K_PROBLEM_ERROR);
    need((rc < 0) == (errors > 0), "no reason, or one too many", h2k_errmsg());
    for (size_t i = 0; i < h2k_problems_count(problems); i++)
        free(h2k_problem_format(h2k_problems_get(problems, i)));
    need(rc == 0 || file.count == 0, "values of a file that is wrong", "");
    for (size_t i = 0; i < file.count; i++)
        need(options_set(app_options, file.values[i].option,
                         file.values[i].text, &app) == 0,
             "a value that its option does not take", h2k_errmsg());
    settings_file_clear(&file);
}

static int
on_vm(void *opaque, const char *vm)
{
    size_t size = strlen(vm);
    *(size_t *)opaque += 1;
    need(size > 0 && vm[0] != '#' && vm[0] != ' ' && vm[size - 1] != ' ' &&
             strchr(vm, '\n') == NULL,
         "not a name", vm);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    size_t count = 0;
    if (size > 1 << 16)
        return 0;
    fuzz_settings(text, size, SETTINGS_PROFILE);
    fuzz_settings(text, size, SETTINGS_CONFIG);
    int rc = batch_parse(text, size, "in", on_vm, &count);
    need(rc == 0 || strncmp(h2k_errmsg(), "in:", 3) == 0, "no place",
         h2k_errmsg());
    return 0;
}
