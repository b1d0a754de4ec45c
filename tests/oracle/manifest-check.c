/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What tests in shell ask of the manifest layer.
 *
 *   manifest-check [--strict] [--checksums] [--notes] FILE
 *       says all its problems on standard error; the exit status is that of
 *       the first error
 *   manifest-check --structure FILE...
 *       "valid FILE" or "invalid FILE" for each, without a look at its disks
 *   manifest-check --fragment AT FILE
 *   manifest-check --write OUT FILE
 */
#include <hyper2kvm/manifest.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
print_problems(const struct h2k_problems *problems, bool notes)
{
    for (size_t i = 0; i < h2k_problems_count(problems); i++) {
        const struct h2k_problem *p = h2k_problems_get(problems, i);
        if (p->severity == H2K_PROBLEM_NOTE && !notes)
            continue;
        char *text = h2k_problem_format(p);
        fprintf(stderr, "%s\n", text == NULL ? "out of memory" : text);
        free(text);
    }
}

static int
status(bool failed)
{
    return failed ? h2k_exit_code(h2k_errcode()) : 0;
}

static int
check_structures(char **files)
{
    for (; *files != NULL; files++) {
        struct h2k_manifest *m = h2k_manifest_load(*files, NULL);
        printf("%s %s\n", m != NULL ? "valid" : "invalid", *files);
        h2k_manifest_free(m);
    }
    return 0;
}

static int
check_fragment(const char *at, const char *file)
{
    struct h2k_problems *problems = h2k_problems_new();
    struct h2k_manifest *m = h2k_manifest_load_fragment(file, at, problems);
    int rc = status(m == NULL);
    print_problems(problems, false);
    h2k_problems_free(problems);
    h2k_manifest_free(m);
    return rc;
}

static int
write_other(const char *out, const char *file)
{
    struct h2k_manifest *m = h2k_manifest_load(file, NULL);
    int rc = status(m == NULL || h2k_manifest_write(m, out) < 0);
    if (rc != 0)
        fprintf(stderr, "%s\n", h2k_errmsg());
    h2k_manifest_free(m);
    return rc;
}

int
main(int argc, char **argv)
{
    struct h2k_manifest_checks checks = { 0 };
    bool strict = false, notes = false;
    int i = 1;
    if (argc > 2 && strcmp(argv[1], "--structure") == 0)
        return check_structures(argv + 2);
    if (argc == 4 && strcmp(argv[1], "--fragment") == 0)
        return check_fragment(argv[2], argv[3]);
    if (argc == 4 && strcmp(argv[1], "--write") == 0)
        return write_other(argv[2], argv[3]);
    for (; i < argc - 1; i++) {
        strict |= strcmp(argv[i], "--strict") == 0;
        notes |= strcmp(argv[i], "--notes") == 0;
        checks.checksums |= strcmp(argv[i], "--checksums") == 0;
    }
    if (i != argc - 1)
        return 64;
    struct h2k_problems *problems = h2k_problems_new();
    int rc = status(
        h2k_manifest_validate_file(argv[i], &checks, strict, problems) < 0);
    print_problems(problems, notes);
    h2k_problems_free(problems);
    return rc;
}
