/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/text/assignments.h"

#include <string.h>

void
h2k_assignments_free(struct h2k_assignments *from)
{
    h2k_shell_free(&from->shell);
}

/* Does the shell put something else in the word's place? */
static bool
is_computed(const struct h2k_shell *shell)
{
    const char *at = shell->text + shell->start;
    size_t left = shell->end - shell->start;
    bool single = false, twice = false;
    for (size_t i = 0; i < left; i++) {
        if (at[i] == '\'' && !twice)
            single = !single;
        else if (at[i] == '"' && !single)
            twice = !twice;
        else if (at[i] == '\\' && !single)
            i++;
        else if (!single && (at[i] == '$' || at[i] == '`'))
            return true;
    }
    return false;
}

/* The last word as an assignment; false when it is none that fits. */
static bool
take(const struct h2k_shell *shell, struct h2k_assignment *out)
{
    size_t name, value;
    if (!h2k_shell_assigns(shell, &name, &value) || name >= sizeof(out->key) ||
        shell->bytes.size - value >= sizeof(out->value))
        return false;
    memcpy(out->key, shell->bytes.data, name);
    out->key[name] = '\0';
    memcpy(out->value, shell->bytes.data + value, shell->bytes.size - value);
    out->value[shell->bytes.size - value] = '\0';
    out->computed = is_computed(shell);
    return true;
}

int
h2k_assignments_next(struct h2k_assignments *from, struct h2k_assignment *out)
{
    enum h2k_token token;
    size_t name, value;
    for (;;) {
        if (h2k_shell_next(&from->shell, &token) < 0)
            return -1;
        if (token == H2K_TOKEN_END || token == H2K_TOKEN_BROKEN)
            return 0;
        if (token == H2K_TOKEN_SEPARATOR) {
            from->inside = false;
            continue;
        }
        if (from->inside || h2k_shell_is(&from->shell, "export"))
            continue;
        if (take(&from->shell, out))
            return 1;
        from->inside = !h2k_shell_assigns(&from->shell, &name, &value);
    }
}
