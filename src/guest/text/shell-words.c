/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/text/shell-words.h"

#include "base/checked.h"
#include "base/error.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void
h2k_shell_free(struct h2k_shell *shell)
{
    h2k_buffer_free(&shell->bytes);
    free(shell->places);
    shell->places = NULL;
    shell->room = 0;
}

/* GRUB drops carriage returns when it reads a line, so they are blanks. */
static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool
is_separator(char c)
{
    return c == '\n' || c == ';' || c == '&' || c == '|';
}

/* The byte at the current place is part of the word. */
static int
keep(struct h2k_shell *shell)
{
    if (shell->bytes.size == shell->room) {
        size_t room = shell->room == 0 ? 128 : shell->room * 2;
        size_t *places =
            reallocarray(shell->places, room, sizeof(*shell->places));
        if (places == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        shell->places = places;
        shell->room = room;
    }
    shell->places[shell->bytes.size] = shell->at;
    h2k_buffer_addc(&shell->bytes, shell->text[shell->at++]);
    return h2k_buffer_check(&shell->bytes);
}

/* Behind a backslash: a newline is a continuation and goes. */
static int
keep_escaped(struct h2k_shell *shell)
{
    if (shell->at < shell->size && shell->text[shell->at] == '\r' &&
        shell->at + 1 < shell->size && shell->text[shell->at + 1] == '\n')
        shell->at++;
    if (shell->at == shell->size)
        return 0;
    if (shell->text[shell->at] != '\n')
        return keep(shell);
    shell->at++;
    return 0;
}

/* Up to the closing QUOTE.  1, 0 when there is none, -1. */
static int
take_quoted(struct h2k_shell *shell, char quote)
{
    while (shell->at < shell->size) {
        char c = shell->text[shell->at];
        char next =
            shell->at + 1 < shell->size ? shell->text[shell->at + 1] : '\0';
        if (c == quote) {
            shell->at++;
            return 1;
        }
        bool escape = quote == '"' && c == '\\' && next != '\0' &&
                      strchr("$`\"\\\n", next) != NULL;
        shell->at += escape;
        if ((escape ? keep_escaped(shell) : keep(shell)) < 0)
            return -1;
    }
    return 0;
}

/* GRUB's "${name}", whose braces are no words. */
static int
take_expansion(struct h2k_shell *shell)
{
    while (shell->at < shell->size) {
        char c = shell->text[shell->at];
        if (c == '\n')
            return 0;
        if (keep(shell) < 0)
            return -1;
        if (c == '}')
            return 0;
    }
    return 0;
}

static bool
is_brace(const struct h2k_shell *shell)
{
    char c = shell->text[shell->at];
    return shell->grub && (c == '{' || c == '}');
}

static bool
is_expansion(const struct h2k_shell *shell)
{
    return shell->grub && shell->size - shell->at >= 2 &&
           memcmp(shell->text + shell->at, "${", 2) == 0;
}

/* 1, 0 when a quote is never closed, -1. */
static int
take_word(struct h2k_shell *shell)
{
    shell->start = shell->at;
    shell->bytes.size = 0;
    if (is_brace(shell)) {
        shell->end = shell->at + 1;
        return keep(shell) < 0 ? -1 : 1;
    }
    while (shell->at < shell->size) {
        char c = shell->text[shell->at];
        int rc = 1;
        if (is_blank(c) || is_separator(c) || is_brace(shell))
            break;
        if (is_expansion(shell)) {
            rc = take_expansion(shell) < 0 ? -1 : 1;
        } else if (c == '\'' || c == '"') {
            shell->at++;
            rc = take_quoted(shell, c);
        } else if (c == '\\') {
            shell->at++;
            rc = keep_escaped(shell) < 0 ? -1 : 1;
        } else if (keep(shell) < 0) {
            rc = -1;
        }
        if (rc <= 0)
            return rc;
    }
    shell->end = shell->at;
    return 1;
}

/* Blanks, comments and continued lines before a token. */
static void
skip(struct h2k_shell *shell)
{
    while (shell->at < shell->size) {
        const char *at = shell->text + shell->at;
        size_t left = shell->size - shell->at;
        if (is_blank(*at)) {
            shell->at++;
        } else if (*at == '#') {
            const char *newline = memchr(at, '\n', left);
            shell->at += newline == NULL ? left : (size_t)(newline - at);
        } else if (left >= 2 && memcmp(at, "\\\n", 2) == 0) {
            shell->at += 2;
        } else if (left >= 3 && memcmp(at, "\\\r\n", 3) == 0) {
            shell->at += 3;
        } else {
            break;
        }
    }
}

int
h2k_shell_next(struct h2k_shell *shell, enum h2k_token *token)
{
    skip(shell);
    if (shell->at == shell->size) {
        *token = H2K_TOKEN_END;
        return 0;
    }
    if (is_separator(shell->text[shell->at])) {
        shell->at++;
        *token = H2K_TOKEN_SEPARATOR;
        return 0;
    }
    int rc = take_word(shell);
    *token = rc == 1 ? H2K_TOKEN_WORD : H2K_TOKEN_BROKEN;
    return rc < 0 ? -1 : 0;
}

bool
h2k_shell_is(const struct h2k_shell *shell, const char *word)
{
    size_t length = strlen(word);
    return shell->end - shell->start == length &&
           memcmp(shell->text + shell->start, word, length) == 0;
}

bool
h2k_shell_assigns(const struct h2k_shell *shell, size_t *name, size_t *value)
{
    const char *bytes = shell->bytes.data;
    size_t size = shell->bytes.size, n = 0;
    while (n < size && (isalnum((unsigned char)bytes[n]) || bytes[n] == '_'))
        n++;
    /* A quote in the name makes the word a command. */
    if (n == 0 || shell->places[n - 1] != shell->start + n - 1 ||
        isdigit((unsigned char)bytes[0]))
        return false;
    *name = n;
    if (n < size && bytes[n] == '+')
        n++;
    *value = n + 1;
    return n < size && bytes[n] == '=' && shell->places[n] == shell->start + n;
}

bool
h2k_shell_is_plain(const struct h2k_shell *shell, size_t at)
{
    size_t size = shell->bytes.size;
    return at < size &&
           shell->places[size - 1] == shell->places[at] + size - 1 - at;
}
