/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What may follow a user in sudoers(5), "SUDOERS FILE FORMAT", User
 * specification:
 *
 *     hosts = [(runas)] [option=value …] [TAG: …] command, … [: hosts = …]
 *
 * One file that sudo cannot read ends all of sudo in older versions, so that
 * what is not surely right is refused.
 */
#include "guest/configure/accounts.h"

#include <string.h>

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD_OF_ALIAS UPPER "0123456789_"

static const char *const tags[] = {
    "EXEC",      "NOEXEC",      "FOLLOW",     "NOFOLLOW",
    "LOG_INPUT", "NOLOG_INPUT", "LOG_OUTPUT", "NOLOG_OUTPUT",
    "MAIL",      "NOMAIL",      "INTERCEPT",  "NOINTERCEPT",
    "PASSWD",    "NOPASSWD",    "SETENV",     "NOSETENV",
};
static const char *const options[] = { "ROLE",      "TYPE",
                                       "NOTBEFORE", "NOTAFTER",
                                       "TIMEOUT",   "CWD",
                                       "CHROOT",    "APPARMOR_PROFILE" };

static const char *
skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

static bool
is_one_of(const char *text, size_t size, const char *const *words,
          size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(words[i]) == size && strncmp(text, words[i], size) == 0)
            return true;
    return false;
}

/* Words with commas between, up to the "=". */
static const char *
read_hosts(const char **at)
{
    const char *p = *at;
    for (;;) {
        p = skip_blanks(p);
        p += strspn(p, "!");
        size_t word = strcspn(p, " \t,=:()\"\\#!");
        if (word == 0)
            return "has no list of hosts before its \"=\" (ALL, mostly)";
        p = skip_blanks(p + word);
        if (*p != ',')
            break;
        p++;
    }
    if (*p != '=')
        return "has no \"=\" behind its hosts";
    *at = p + 1;
    return NULL;
}

/* "(ALL : ALL)", where it is there. */
static const char *
read_runas(const char **at)
{
    const char *p = skip_blanks(*at);
    *at = p;
    if (*p != '(')
        return NULL;
    p += 1 + strspn(p + 1, " \t");
    unsigned colons = 0;
    bool word = false; /* a name was read, and no comma behind it */
    for (; *p != ')'; p = skip_blanks(p)) {
        size_t size = strcspn(p, " \t,=:()\"\\");
        if (*p == ':' && colons++ == 0)
            word = false, p++;
        else if (*p == ',' && word)
            word = false, p++;
        else if (size > 0 && !word)
            word = true, p += size;
        else
            return "has something else than users and groups between ( and )";
    }
    *at = p + 1;
    return NULL;
}

/* "NOPASSWD:" and "CWD=/srv", as many as there are. */
static const char *
read_tags(const char **at)
{
    for (;;) {
        const char *p = skip_blanks(*at);
        size_t size = strspn(p, WORD_OF_ALIAS);
        const char *behind = skip_blanks(p + size);
        if (size > 0 && *behind == ':') {
            if (!is_one_of(p, size, tags, sizeof(tags) / sizeof(*tags)))
                return "has a tag that sudo does not know";
            *at = behind + 1;
        } else if (size > 0 && *behind == '=') {
            if (!is_one_of(p, size, options,
                           sizeof(options) / sizeof(*options)))
                return "has an option that sudo does not know";
            behind = skip_blanks(behind + 1);
            *at = behind + strcspn(behind, " \t,:=()\"\\");
            if (*at == behind)
                return "has an option without a value";
        } else {
            *at = p;
            return NULL;
        }
    }
}

/* ALL, an alias, or a path with its arguments. */
static const char *
read_command(const char **at)
{
    const char *p = skip_blanks(*at);
    p = skip_blanks(p + strspn(p, "!"));
    size_t alias = strspn(p, WORD_OF_ALIAS);
    if (alias > 0 && strchr(UPPER, *p) != NULL) {
        *at = skip_blanks(p + alias);
        return **at == '\0' || **at == ',' || **at == ':'
                   ? NULL
                   : "has something behind ALL, or behind an alias";
    }
    if (*p != '/' && !(strncmp(p, "sudoedit", 8) == 0 &&
                       strchr(" \t", p[8]) != NULL && p[8] != '\0'))
        return "has a command that is no absolute path";
    for (; *p != '\0' && *p != ',' && *p != ':'; p++) {
        if (*p == '=' || *p == '"' || *p == '#' || *p == '(' || *p == ')')
            return "has a sign in a command that needs a backslash before it";
        if (*p == '\\' && *++p == '\0')
            return "ends with a backslash";
    }
    *at = p;
    return NULL;
}

static const char *
read_commands(const char **at)
{
    for (;;) {
        const char *problem = read_runas(at);
        if (problem == NULL)
            problem = read_tags(at);
        if (problem == NULL)
            problem = read_command(at);
        if (problem != NULL || **at != ',')
            return problem;
        ++*at;
    }
}

const char *
h2k_sudo_rule_problem(const char *rule)
{
    for (const char *p = rule; *p != '\0'; p++)
        if ((unsigned char)*p < ' ' && *p != '\t')
            return "has a control character";
    for (;;) {
        const char *problem = read_hosts(&rule);
        if (problem == NULL)
            problem = read_commands(&rule);
        if (problem != NULL || *rule != ':')
            return problem;
        rule++;
    }
}
