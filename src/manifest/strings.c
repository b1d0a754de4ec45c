/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What strings of a manifest have to look like. */
#include "manifest/rules.h"

#include <ctype.h>
#include <string.h>

static const char alphanumeric[] = "abcdefghijklmnopqrstuvwxyz"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
static const char lower_hex[] = "0123456789abcdef";

void
h2k_check_id(const struct h2k_node *node, struct h2k_problems *problems)
{
    size_t size = strlen(node->text);
    if (size == 0 || node->text[strspn(node->text, alphanumeric)] != '\0')
        h2k_report(problems, H2K_PROBLEM_ERROR, node, NULL,
                   "'%s' is no id: only letters, digits, _ and - are allowed",
                   node->text);
    else if (size > 200) /* it becomes a file name, of 255 bytes at most */
        h2k_report(problems, H2K_PROBLEM_ERROR, node, NULL,
                   "the id is longer than 200 characters");
}

bool
h2k_checksum_is_elided(const char *text)
{
    if (strncmp(text, "sha256:", 7) != 0)
        return false;
    text += 7;
    return strcmp(text + strspn(text, lower_hex), "...") == 0;
}

bool
h2k_checksum_is_whole(const char *text)
{
    return strncmp(text, "sha256:", 7) == 0 && strlen(text) == 7 + 64 &&
           strspn(text + 7, lower_hex) == 64;
}

void
h2k_check_checksum(const struct h2k_node *node, struct h2k_problems *problems)
{
    const char *text = node->text;
    if (h2k_checksum_is_elided(text)) {
        h2k_report(problems, H2K_PROBLEM_WARNING, node, NULL,
                   "the checksum is elided (...): nothing is verified for "
                   "this disk");
        return;
    }
    if (h2k_checksum_is_whole(text))
        return;
    h2k_report(problems, H2K_PROBLEM_ERROR, node, NULL,
               "'%s' is no checksum: it is sha256: and 64 hexadecimal digits "
               "in lower case",
               text);
}

/* Does TEXT begin with PATTERN, in which 0 stands for any digit?  NULL, or
 * what follows. */
static const char *
match_digits(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; pattern++, text++)
        if (*pattern == '0' ? !isdigit((unsigned char)*text)
                            : toupper((unsigned char)*text) != *pattern)
            return NULL;
    return text;
}

static int
two_digits(const char *text)
{
    return 10 * (text[0] - '0') + (text[1] - '0');
}

/* RFC 3339, section 5.6; *ZONE says whether its offset is there.  */
static bool
is_timestamp(const char *text, bool *zone)
{
    const char *rest = match_digits(text, "0000-00-00T00:00:00");
    if (rest == NULL || two_digits(text + 5) < 1 ||
        two_digits(text + 5) > 12 || two_digits(text + 8) < 1 ||
        two_digits(text + 8) > 31 || two_digits(text + 11) > 23 ||
        two_digits(text + 14) > 59 || two_digits(text + 17) > 60)
        return false;
    if (*rest == '.') {
        size_t digits = strspn(rest + 1, "0123456789");
        if (digits == 0)
            return false;
        rest += 1 + digits;
    }
    *zone = *rest != '\0';
    if (strcasecmp(rest, "z") == 0 || *rest == '\0')
        return true;
    if (*rest != '+' && *rest != '-')
        return false;
    const char *end = match_digits(rest + 1, "00:00");
    return end != NULL && *end == '\0' && two_digits(rest + 1) <= 23 &&
           two_digits(rest + 4) <= 59;
}

void
h2k_check_timestamp(const struct h2k_node *node, struct h2k_problems *problems)
{
    bool zone = false;
    if (!is_timestamp(node->text, &zone))
        h2k_report(problems, H2K_PROBLEM_ERROR, node, NULL,
                   "'%s' is no time by RFC 3339, such as "
                   "2026-01-22T10:30:00Z",
                   node->text);
    else if (!zone)
        h2k_report(problems, H2K_PROBLEM_WARNING, node, "UTC ends with Z",
                   "the time has no zone");
}

void
h2k_check_mac(const struct h2k_node *node, struct h2k_problems *problems)
{
    const char *text = node->text;
    char separator = strlen(text) == 17 ? text[2] : '\0';
    bool good = separator == ':' || separator == '-';
    for (size_t i = 0; good && i < 17; i++)
        good = i % 3 == 2 ? text[i] == separator
                          : isxdigit((unsigned char)text[i]) != 0;
    if (!good)
        h2k_report(problems, H2K_PROBLEM_ERROR, node, NULL,
                   "'%s' is no MAC address, such as 00:50:56:aa:bb:01", text);
}

void
h2k_check_file_name(const struct h2k_node *node, struct h2k_problems *problems)
{
    const char *text = node->text, *wrong = NULL;
    if (*text == '\0')
        wrong = "is empty";
    else if (strchr(text, '/') != NULL)
        wrong = "is a file name, so it cannot have a '/'";
    else if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        wrong = "names a directory";
    else if (strlen(text) > 240) /* 255, less what a temporary adds */
        wrong = "is longer than 240 bytes";
    if (wrong != NULL)
        h2k_report(problems, H2K_PROBLEM_ERROR, node, NULL, "%s", wrong);
}

void
h2k_check_provider(const struct h2k_node *node, struct h2k_problems *problems)
{
    static const char *const known[] = { "vsphere", "aws",   "azure", "gcp",
                                         "hyperv",  "local", NULL };
    for (size_t i = 0; known[i] != NULL; i++)
        if (strcmp(node->text, known[i]) == 0)
            return;
    h2k_report(problems, H2K_PROBLEM_WARNING, node,
               "known are vsphere, aws, azure, gcp, hyperv and local",
               "unknown provider '%s'", node->text);
}

void
h2k_check_source_type(const struct h2k_node *node,
                      struct h2k_problems *problems)
{
    static const char *const known[] = { "vmdk", "ova",   "ovf", "vhd", "vhdx",
                                         "vdi",  "qcow2", "raw", NULL };
    for (size_t i = 0; known[i] != NULL; i++)
        if (strcmp(node->text, known[i]) == 0)
            return;
    h2k_report(problems, H2K_PROBLEM_ERROR, node,
               "it is one of vmdk, ova, ovf, vhd, vhdx, vdi, qcow2, raw",
               "Unsupported source type: %s", node->text);
}
