/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "manifest/scalar.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool
is_one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

static size_t
digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* What follows the whole part: a fraction (with DIGITS at least) and an
 * exponent.  True when TEXT ends there. */
static bool
is_number_tail(const char *text, bool need_fraction)
{
    if (*text == '.') {
        size_t n = digits(++text);
        if (n == 0 && need_fraction)
            return false;
        text += n;
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        if (*text == '+' || *text == '-')
            text++;
        size_t n = digits(text);
        if (n == 0)
            return false;
        text += n;
    }
    return *text == '\0';
}

bool
h2k_scalar_is_json_number(const char *text)
{
    if (*text == '-')
        text++;
    size_t n = digits(text);
    if (n == 0 || (*text == '0' && n > 1))
        return false;
    return is_number_tail(text + n, true);
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool
is_core_number(const char *text)
{
    if (*text == '-' || *text == '+')
        text++;
    size_t n = digits(text);
    return is_number_tail(text + n, n == 0) && (n > 0 || *text == '.');
}

/* A number of the core schema as JSON writes it: +1 is 1, 007 is 7, .5 is
 * 0.5, 1. is 1.0; the digits stay as they are. */
static char *
to_json_number(const char *text)
{
    const char *sign = *text == '-' ? "-" : "";
    char *result = NULL;
    if (*text == '-' || *text == '+')
        text++;
    text += strspn(text, "0");
    size_t n = digits(text);
    const char *whole = n == 0 ? "0" : text, *tail = text + n;
    const char *zero = "";
    if (*tail == '.' && digits(tail + 1) == 0)
        zero = "0";
    int point = *tail == '.' ? 1 + (int)digits(tail + 1) : 0;
    if (asprintf(&result, "%s%.*s%.*s%s%s", sign, n == 0 ? 1 : (int)n, whole,
                 point, tail, zero, tail + point) < 0)
        return NULL;
    return result;
}

/* 0x… and 0o…; NULL beyond 64 bits. */
static char *
from_based_number(const char *text)
{
    char *result = NULL, *end;
    errno = 0;
    uint64_t value = strtoull(text + 2, &end, text[1] == 'x' ? 16 : 8);
    if (errno != 0 || asprintf(&result, "%" PRIu64, value) < 0)
        return NULL;
    return result;
}

static bool
is_based_number(const char *text)
{
    const char *set = strncmp(text, "0x", 2) == 0   ? "0123456789abcdefABCDEF"
                      : strncmp(text, "0o", 2) == 0 ? "01234567"
                                                    : NULL;
    return set != NULL && text[2] != '\0' &&
           text[2 + strspn(text + 2, set)] == '\0';
}

enum h2k_node_kind
h2k_scalar_resolve(const char *text, char **number)
{
    static const char *const nulls[] = {
        "", "~", "null", "Null", "NULL", NULL
    };
    static const char *const bools[] = { "true",  "True",  "TRUE", "false",
                                         "False", "FALSE", NULL };
    static const char *const specials[] = { ".inf",  ".Inf",  ".INF",  "+.inf",
                                            "+.Inf", "+.INF", "-.inf", "-.Inf",
                                            "-.INF", ".nan",  ".NaN",  ".NAN",
                                            NULL };
    *number = NULL;
    if (is_one_of(text, nulls))
        return H2K_NODE_NULL;
    if (is_one_of(text, bools))
        return H2K_NODE_BOOL;
    if (is_one_of(text, specials))
        return H2K_NODE_NUMBER;
    if (is_based_number(text)) {
        *number = from_based_number(text);
        return H2K_NODE_NUMBER;
    }
    if (is_core_number(text)) {
        *number = to_json_number(text);
        return H2K_NODE_NUMBER;
    }
    return H2K_NODE_STRING;
}

bool
h2k_scalar_is_plain(const char *text)
{
    static const char *const words[] = {
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", NULL
    };
    static const char first[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ/_";
    static const char inner[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ/_"
                                "0123456789.- ";
    size_t size = strlen(text);
    if (size == 0 || size > 200 || strchr(first, text[0]) == NULL ||
        text[strspn(text, inner)] != '\0' || text[size - 1] == ' ')
        return false;
    for (const char *const *word = words; *word != NULL; word++)
        if (strcasecmp(text, *word) == 0)
            return false;
    return true;
}

/* strtod as in the C locale, whatever the program's. */
static double
to_double(const char *text)
{
    locale_t c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    double number = c == (locale_t)0 ? NAN : strtod_l(text, NULL, c);
    if (c != (locale_t)0)
        freelocale(c);
    return number;
}

bool
h2k_node_bool(const struct h2k_node *node, bool *out)
{
    if (node == NULL || node->kind != H2K_NODE_BOOL)
        return false;
    *out = strcmp(node->text, "true") == 0;
    return true;
}

bool
h2k_node_integer(const struct h2k_node *node, int64_t *out)
{
    if (node == NULL || node->kind != H2K_NODE_NUMBER)
        return false;
    char *end;
    errno = 0;
    long long value = strtoll(node->text, &end, 10);
    if (*end == '\0') {
        if (errno != 0)
            return false;
        *out = value;
        return true;
    }
    /* 8.0 or 1e3: whole, and small enough to be exact in a double. */
    double number = to_double(node->text);
    if (!(fabs(number) <= 9007199254740992.0) || number != floor(number))
        return false;
    *out = (int64_t)number;
    return true;
}

bool
h2k_node_number(const struct h2k_node *node, double *out)
{
    if (node == NULL || node->kind != H2K_NODE_NUMBER)
        return false;
    double number = to_double(node->text);
    if (!isfinite(number))
        return false;
    *out = number;
    return true;
}

bool
h2k_node_string(const struct h2k_node *node, const char **out)
{
    if (node == NULL || node->kind != H2K_NODE_STRING)
        return false;
    *out = node->text;
    return true;
}

const char *
h2k_node_kind_name(enum h2k_node_kind kind)
{
    static const char *const names[] = {
        [H2K_NODE_NULL] = "null",       [H2K_NODE_BOOL] = "true or false",
        [H2K_NODE_NUMBER] = "a number", [H2K_NODE_STRING] = "a string",
        [H2K_NODE_LIST] = "a list",     [H2K_NODE_MAP] = "a map",
    };
    return names[kind];
}
