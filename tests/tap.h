/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* TAP, the Test Anything Protocol (version 12), for tests in C. */
#ifndef H2K_TESTS_TAP_H
#define H2K_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hyper2kvm/error.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 4, 5), unused)) static bool
tap_result(bool good, const char *file, int line, const char *format, ...)
{
    va_list ap;
    printf("%sok %d - ", good ? "" : "not ", ++tap_count);
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    putchar('\n');
    if (!good) {
        tap_failed++;
        printf("# at %s:%d; last error %d: %s\n", file, line,
               (int)h2k_errcode(), h2k_errmsg());
    }
    fflush(stdout);
    return good;
}

/* ok(condition, "what is true then") */
#define ok(condition, ...) tap_result((condition), __FILE__, __LINE__, __VA_ARGS__)

/* The call failed (its value is true) with this code and these words. */
#define ok_error(failed, code, words)                                          \
    tap_result((failed) && h2k_errcode() == (code) &&                          \
                   strstr(h2k_errmsg(), (words)) != NULL,                      \
               __FILE__, __LINE__, "%s: says '%s'", #failed, (words))

/* Strings, with both shown when they differ. */
#define ok_string(got, expected)                                               \
    do {                                                                       \
        const char *tap_got = (got), *tap_expected = (expected);               \
        if (!tap_result(tap_got != NULL &&                                     \
                            strcmp(tap_got, tap_expected) == 0,                \
                        __FILE__, __LINE__, "%s is \"%.60s\"", #got,           \
                        tap_expected))                                         \
            printf("# got: %s\n", tap_got == NULL ? "(null)" : tap_got);       \
    } while (0)

/* A test whose tool or file is missing: skipped for a user, failed where
 * H2K_REQUIRE_ORACLES is set, as in CI. */
__attribute__((unused)) static void
tap_skip(const char *why)
{
    bool required = getenv("H2K_REQUIRE_ORACLES") != NULL;
    printf("%sok %d # SKIP %s\n", required ? "not " : "", ++tap_count, why);
    tap_failed += required;
}

/* return tap_done(); ends main. */
__attribute__((unused)) static int
tap_done(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed == 0 ? 0 : 1;
}

#endif
