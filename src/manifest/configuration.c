/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * `configuration`: what is put into the guest.  Whatever goes into a file of
 * the guest that has lines and colons may not bring its own.
 */
#include "manifest/rules.h"

#include "base/crypt-hash.h"

#include <arpa/inet.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool
only(const char *text, const char *set)
{
    return text[strspn(text, set)] == '\0';
}

static void
report(const struct h2k_node *node, struct h2k_problems *problems,
       const char *what)
{
    h2k_report(problems, H2K_PROBLEM_ERROR, node, NULL, "'%s' %s", node->text,
               what);
}

/* A user or group, as shadow-utils takes it with dots and capitals. */
static void
check_name(const struct h2k_node *node, struct h2k_problems *problems)
{
    size_t size = strlen(node->text);
    bool good =
        size >= 1 && size <= 32 && strchr(LETTERS "_", node->text[0]) != NULL;
    size_t dollar = good && node->text[size - 1] == '$' && size > 1;
    good = good && strspn(node->text, LETTERS DIGITS "_.-") == size - dollar;
    if (!good)
        report(node, problems, "is no name of a user or group");
}

static void
check_field(const struct h2k_node *node, struct h2k_problems *problems)
{
    if (strpbrk(node->text, ":\n") != NULL)
        report(node, problems, "cannot have a colon or a line end");
}

static void
check_line(const struct h2k_node *node, struct h2k_problems *problems)
{
    if (strchr(node->text, '\n') != NULL)
        report(node, problems, "cannot have a line end");
}

static void
check_absolute(const struct h2k_node *node, struct h2k_problems *problems)
{
    if (node->text[0] != '/' || strpbrk(node->text, ":\n") != NULL)
        report(node, problems,
               "is no absolute path without a colon or a line end");
}

static void
check_password(const struct h2k_node *node, struct h2k_problems *problems)
{
    if (strpbrk(node->text, ":\n") != NULL)
        h2k_report(problems, H2K_PROBLEM_ERROR, node, NULL,
                   "cannot have a colon or a line end");
    else if (!h2k_crypt_hash_is_whole(
                 node->text)) /* never quoted: it is a secret */
        h2k_report(problems, H2K_PROBLEM_WARNING, node,
                   "`openssl passwd -6` makes one; plain text belongs under "
                   "password_plain",
                   "is no whole hash of crypt(5), and will be refused when "
                   "the user is made");
}

static void
check_secret_line(const struct h2k_node *node, struct h2k_problems *problems)
{
    if (strchr(node->text, '\n') != NULL || *node->text == '\0')
        h2k_report(problems, H2K_PROBLEM_ERROR, node, NULL,
                   "is empty or has a line end");
}

static void
check_unit(const struct h2k_node *node, struct h2k_problems *problems)
{
    size_t size = strlen(node->text);
    if (size == 0 || size > 255 ||
        !only(node->text, LETTERS DIGITS ":_.\\@-") || node->text[0] == '.')
        report(node, problems, "is no name of a unit");
}

static bool
is_host_name(const char *text)
{
    size_t size = strlen(text);
    if (size == 0 || size > 253)
        return false;
    for (;;) {
        size_t label = strspn(text, LETTERS DIGITS "-");
        if (label == 0 || label > 63 || *text == '-' || text[label - 1] == '-')
            return false;
        text += label;
        if (*text == '\0')
            return true;
        if (*text++ != '.')
            return false;
    }
}

static void
check_host_name(const struct h2k_node *node, struct h2k_problems *problems)
{
    if (!is_host_name(node->text))
        report(node, problems, "is no host name");
}

/* One or more names, as after the address in /etc/hosts. */
static void
check_host_names(const struct h2k_node *node, struct h2k_problems *problems)
{
    const char *text = node->text;
    size_t size;
    for (; (size = strcspn(text, " \t")) > 0; text += size) {
        if (strspn(text, LETTERS DIGITS "._-") != size)
            break;
        if (text[size] == '\0')
            return;
        size += strspn(text + size, " \t");
    }
    report(node, problems, "are no host names with blanks between them");
}

static void
check_address(const struct h2k_node *node, struct h2k_problems *problems)
{
    unsigned char address[16];
    if (inet_pton(AF_INET, node->text, address) != 1 &&
        inet_pton(AF_INET6, node->text, address) != 1)
        report(node, problems, "is no IPv4 or IPv6 address");
}

static void
check_guest_file(const struct h2k_node *node, struct h2k_problems *problems)
{
    size_t size = strlen(node->text);
    if (size == 0 || size > 240 || strpbrk(node->text, "/\n") != NULL ||
        strstr(node->text, "..") != NULL || strcmp(node->text, ".") == 0)
        report(node, problems, "is no file name without / and ..");
}

/* clang-format off */
#define END { .key = NULL }

static const struct h2k_rule user_rules[] = {
    { "name", H2K_RULE_STRING, .required = true, .check = check_name },
    { "uid", H2K_RULE_INTEGER, .least = 0, .most = UINT32_MAX - 1 },
    { "gid", H2K_RULE_INTEGER, .least = 0, .most = UINT32_MAX - 1 },
    { "groups", H2K_RULE_LIST, .check = check_name },
    { "comment", H2K_RULE_STRING, .check = check_field },
    { "home", H2K_RULE_STRING, .check = check_absolute },
    { "shell", H2K_RULE_STRING, .check = check_absolute },
    { "password", H2K_RULE_STRING, .check = check_password },
    { "password_plain", H2K_RULE_STRING, .check = check_secret_line },
    { "ssh_authorized_keys", H2K_RULE_LIST, .check = check_line },
    { "sudo", H2K_RULE_STRING, .check = check_line },
    { "lock", H2K_RULE_BOOL },
    END
};
static const struct h2k_section user_section = { user_rules };

static const struct h2k_rule users_rules[] = {
    { "create", H2K_RULE_LIST_OF_MAPS, .section = &user_section },
    { "disable", H2K_RULE_LIST, .check = check_name },
    { "delete", H2K_RULE_LIST, .check = check_name },
    END
};
static const struct h2k_section users_section = { users_rules };

static const struct h2k_rule services_rules[] = {
    { "enable", H2K_RULE_LIST, .check = check_unit },
    { "disable", H2K_RULE_LIST, .check = check_unit },
    { "mask", H2K_RULE_LIST, .check = check_unit },
    END
};
static const struct h2k_section services_section = { services_rules };

static const struct h2k_rule host_rules[] = {
    { "ip", H2K_RULE_STRING, .required = true, .check = check_address },
    { "hostname", H2K_RULE_STRING, .required = true,
      .check = check_host_names },
    END
};
static const struct h2k_section host_section = { host_rules };

static const struct h2k_rule hostname_rules[] = {
    { "hostname", H2K_RULE_STRING, .check = check_host_name },
    { "domain", H2K_RULE_STRING, .check = check_host_name },
    { "hosts", H2K_RULE_LIST_OF_MAPS, .section = &host_section },
    END
};
static const struct h2k_section hostname_section = { hostname_rules };

static const struct h2k_rule file_rules[] = {
    { "filename", H2K_RULE_STRING, .required = true,
      .check = check_guest_file },
    { "content", H2K_RULE_STRING, .required = true },
    END
};
static const struct h2k_section file_section = { file_rules };

static const struct h2k_rule network_rules[] = {
    { "systemd_networkd", H2K_RULE_LIST_OF_MAPS, .section = &file_section },
    { "netplan", H2K_RULE_LIST_OF_MAPS, .section = &file_section },
    { "networkmanager", H2K_RULE_LIST_OF_MAPS, .section = &file_section },
    { "interfaces", H2K_RULE_LIST_OF_MAPS, .section = &file_section },
    { "ifcfg", H2K_RULE_LIST_OF_MAPS, .section = &file_section },
    END
};
static const struct h2k_section network_section = { network_rules };

static const struct h2k_rule configuration_rules[] = {
    { "users", H2K_RULE_MAP, .section = &users_section },
    { "services", H2K_RULE_MAP, .section = &services_section },
    { "hostname", H2K_RULE_MAP, .section = &hostname_section },
    { "network", H2K_RULE_MAP, .section = &network_section },
    END
};
const struct h2k_section h2k_configuration_section = { configuration_rules };
/* clang-format on */
