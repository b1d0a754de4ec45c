/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local struct h2k_saved_error last;

enum h2k_errcode
h2k_errcode(void)
{
    return last.code;
}

const char *
h2k_errmsg(void)
{
    return last.message;
}

int
h2k_exit_code(enum h2k_errcode code)
{
    switch (code) {
    case H2K_OK:
    case H2K_E_FAILED:
    case H2K_E_USAGE:
    case H2K_E_SOURCE:
    case H2K_E_CHECKSUM:
    case H2K_E_UNFIXABLE:
    case H2K_E_OUTPUT:
    case H2K_E_VALIDATION:
    case H2K_E_COMPONENT:
    case H2K_E_INTERRUPTED:
        return (int)code;
    case H2K_E_CORRUPT:
    case H2K_E_UNSUPPORTED:
    case H2K_E_IO:
    case H2K_E_NOENT:
    case H2K_E_NOTDIR:
    case H2K_E_ISDIR:
    case H2K_E_LOOP:
        return H2K_E_SOURCE;
    case H2K_E_NOSPACE:
        return H2K_E_UNFIXABLE;
    case H2K_E_NOMEM:
    case H2K_E_EXIST:
    case H2K_E_READONLY:
    case H2K_E_RANGE:
        return H2K_E_FAILED;
    }
    return H2K_E_FAILED;
}

static void
set(enum h2k_errcode code, int err, const char *format, va_list ap)
{
    /* Formatted aside first: the old message may be among the arguments. */
    char text[sizeof(last.message)];
    int n = vsnprintf(text, sizeof(text), format, ap);
    if (err != 0 && n >= 0 && (size_t)n < sizeof(text))
        snprintf(text + n, sizeof(text) - (size_t)n, ": %s", strerror(err));
    last.code = code;
    memcpy(last.message, text, sizeof(text));
}

int
h2k_fail(enum h2k_errcode code, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    set(code, 0, format, ap);
    va_end(ap);
    return -1;
}

void *
h2k_fail_null(enum h2k_errcode code, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    set(code, 0, format, ap);
    va_end(ap);
    return NULL;
}

int
h2k_fail_errno(enum h2k_errcode code, const char *format, ...)
{
    int err = errno;
    va_list ap;
    va_start(ap, format);
    set(code, err, format, ap);
    va_end(ap);
    return -1;
}

int
h2k_prefix(const char *format, ...)
{
    if (last.code == H2K_E_INTERRUPTED)
        return -1; /* it has no place */
    char text[sizeof(last.message)];
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof(text))
        snprintf(text + n, sizeof(text) - (size_t)n, "%s", last.message);
    memcpy(last.message, text, sizeof(text));
    return -1;
}

int
h2k_recode(enum h2k_errcode code)
{
    if (last.code != H2K_E_INTERRUPTED)
        last.code = code;
    return -1;
}

bool
h2k_error_is_content(void)
{
    return last.code >= H2K_E_CORRUPT && last.code != H2K_E_IO &&
           last.code != H2K_E_NOMEM;
}

void
h2k_error_save(struct h2k_saved_error *saved)
{
    *saved = last;
}

int
h2k_error_restore(const struct h2k_saved_error *saved)
{
    last = *saved;
    return -1;
}
