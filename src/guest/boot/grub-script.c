/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/boot/grub-script.h"

static const struct command {
    const char *name;
    enum h2k_grub_event event;
} commands[] = {
    { "linux", H2K_GRUB_KERNEL },     { "linux16", H2K_GRUB_KERNEL },
    { "linuxefi", H2K_GRUB_KERNEL },  { "module", H2K_GRUB_MODULE },
    { "module2", H2K_GRUB_MODULE },   { "xen_module", H2K_GRUB_MODULE },
    { "initrd", H2K_GRUB_INITRD },    { "initrd16", H2K_GRUB_INITRD },
    { "initrdefi", H2K_GRUB_INITRD }, { "chainloader", H2K_GRUB_PROGRAM },
    { "blscfg", H2K_GRUB_ENTRIES },   { "menuentry", H2K_GRUB_ENTRY },
    { "submenu", H2K_GRUB_ENTRY },    { "set", H2K_GRUB_SET },
    { "}", H2K_GRUB_CLOSE },
};

/* Words behind which another command starts on the same line. */
static const char *const openers[] = { "then", "do",    "else",  "if",
                                       "elif", "while", "until", "!" };

void
h2k_grub_script_free(struct h2k_grub_script *script)
{
    h2k_shell_free(&script->shell);
}

static bool
is_opener(const struct h2k_shell *shell)
{
    for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++)
        if (h2k_shell_is(shell, openers[i]))
            return true;
    return false;
}

/* What a word means where it stands, or nothing: false. */
static bool
classify(struct h2k_grub_script *script, enum h2k_grub_event *event)
{
    if (h2k_shell_is(&script->shell, "{")) {
        script->at_command = true;
        script->command = H2K_GRUB_OPEN;
        *event = H2K_GRUB_OPEN;
        return true;
    }
    if (!script->at_command) {
        *event = H2K_GRUB_ARGUMENT;
        return script->command != H2K_GRUB_OPEN;
    }
    script->at_command = is_opener(&script->shell);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (!h2k_shell_is(&script->shell, commands[i].name))
            continue;
        *event = commands[i].event;
        script->at_command = *event == H2K_GRUB_CLOSE;
        script->command = script->at_command ? H2K_GRUB_OPEN : *event;
        return true;
    }
    size_t name, value;
    if (script->at_command ||
        !h2k_shell_assigns(&script->shell, &name, &value))
        return false;
    script->command = *event = H2K_GRUB_SET;
    script->assigns = true;
    return true;
}

int
h2k_grub_script_next(struct h2k_grub_script *script,
                     enum h2k_grub_event *event)
{
    enum h2k_token token;
    if (script->assigns) {
        script->assigns = false;
        *event = H2K_GRUB_ARGUMENT;
        return 0;
    }
    for (;;) {
        if (h2k_shell_next(&script->shell, &token) < 0)
            return -1;
        switch (token) {
        case H2K_TOKEN_SEPARATOR:
            script->at_command = true;
            script->command = H2K_GRUB_OPEN;
            break;
        case H2K_TOKEN_WORD:
            if (classify(script, event))
                return 0;
            break;
        case H2K_TOKEN_BROKEN:
        case H2K_TOKEN_END:
            script->broken = token == H2K_TOKEN_BROKEN;
            *event = H2K_GRUB_END;
            return 0;
        }
    }
}
