/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Words of a shell's text, as sh and GRUB's script language cut them, each
 * byte of a word with the place where it is written: POSIX.1-2017, Shell
 * Command Language, 2.2 Quoting and 2.3 Token Recognition; GRUB manual,
 * "Writing full configuration files directly".  Expansions stay as written.
 */
#ifndef H2K_GUEST_SHELL_WORDS_H
#define H2K_GUEST_SHELL_WORDS_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

enum h2k_token {
    H2K_TOKEN_WORD,
    H2K_TOKEN_SEPARATOR, /* newline, ; & or |: a command may follow */
    H2K_TOKEN_END,
    H2K_TOKEN_BROKEN, /* a quote is never closed; the end */
};

/* Start from { .text = text, .size = size, .grub = … }. */
struct h2k_shell {
    const char *text;
    size_t size;
    bool grub; /* GRUB's language: a brace is a word of its own anywhere */
    size_t at; /* the next byte to read */

    /* The last word. */
    size_t start, end;       /* as written, with its quotes */
    struct h2k_buffer bytes; /* with quotes and escapes undone */
    size_t *places;          /* of each of BYTES in the text */
    size_t room;
};

void h2k_shell_free(struct h2k_shell *shell);
#define H2K_AUTO_SHELL \
    __attribute__((cleanup(h2k_shell_free))) struct h2k_shell

/* The next token, or -1 with H2K_E_NOMEM. */
int h2k_shell_next(struct h2k_shell *shell, enum h2k_token *token);

/* Is the last word WORD, written without quotes? */
bool h2k_shell_is(const struct h2k_shell *shell, const char *word);

/* Is the last word an assignment, "NAME=value" or "NAME+=value"?  *NAME is
 * the name's length and *VALUE where the value starts in BYTES. */
bool h2k_shell_assigns(const struct h2k_shell *shell, size_t *name,
                       size_t *value);

/* Are the last word's BYTES from AT on, of which there are some, written in
 * one piece, without quotes or escapes between them? */
bool h2k_shell_is_plain(const struct h2k_shell *shell, size_t at);

#endif
