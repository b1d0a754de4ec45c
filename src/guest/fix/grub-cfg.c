/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/grub.h"

#include "base/error.h"
#include "guest/text/shell-words.h"

#include <string.h>

enum event {
    EVENT_KERNEL,   /* a command that takes a kernel's command line */
    EVENT_MODULE,   /* so does this, and an initrd is a module too */
    EVENT_ARGUMENT, /* a word of either */
    EVENT_INITRD,
    EVENT_OPEN,  /* { */
    EVENT_CLOSE, /* } */
    EVENT_END,
};

static const struct command {
    const char *name;
    enum event event;
} commands[] = {
    { "linux", EVENT_KERNEL },     { "linux16", EVENT_KERNEL },
    { "linuxefi", EVENT_KERNEL },  { "module", EVENT_MODULE },
    { "module2", EVENT_MODULE },   { "xen_module", EVENT_MODULE },
    { "initrd", EVENT_INITRD },    { "initrd16", EVENT_INITRD },
    { "initrdefi", EVENT_INITRD }, { "}", EVENT_CLOSE },
};

/* Words behind which another command starts on the same line. */
static const char *const openers[] = { "then", "do",    "else",  "if",
                                       "elif", "while", "until", "!" };

struct script {
    struct h2k_shell shell;
    bool at_command;
    bool in_kernel; /* the words that follow are a kernel's */
    bool broken;    /* ended in a quote that is never closed */
};

static void
script_free(struct script *script)
{
    h2k_shell_free(&script->shell);
}

#define AUTO_SCRIPT __attribute__((cleanup(script_free))) struct script

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
classify(struct script *script, enum event *event)
{
    if (h2k_shell_is(&script->shell, "{")) {
        script->at_command = true;
        script->in_kernel = false;
        *event = EVENT_OPEN;
        return true;
    }
    if (!script->at_command) {
        *event = EVENT_ARGUMENT;
        return script->in_kernel;
    }
    script->at_command = is_opener(&script->shell);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (!h2k_shell_is(&script->shell, commands[i].name))
            continue;
        *event = commands[i].event;
        script->in_kernel = *event == EVENT_KERNEL || *event == EVENT_MODULE;
        script->at_command = *event == EVENT_CLOSE;
        return true;
    }
    return false;
}

static int
next_event(struct script *script, enum event *event)
{
    enum h2k_token token;
    for (;;) {
        if (h2k_shell_next(&script->shell, &token) < 0)
            return -1;
        switch (token) {
        case H2K_TOKEN_SEPARATOR:
            script->at_command = true;
            script->in_kernel = false;
            break;
        case H2K_TOKEN_WORD:
            if (classify(script, event))
                return 0;
            break;
        case H2K_TOKEN_BROKEN:
        case H2K_TOKEN_END:
            script->broken = token == H2K_TOKEN_BROKEN;
            *event = EVENT_END;
            return 0;
        }
    }
}

/* Who reads the command line of each kernel in turn: one byte for each, of
 * enum h2k_spec_reader.  An initrd belongs to the kernel before it within
 * the same braces. */
static int
find_readers(const struct h2k_rewrite *rewrite, struct h2k_buffer *readers)
{
    AUTO_SCRIPT script = {
        .shell = { .text = rewrite->text,
                   .size = rewrite->size,
                   .grub = true },
        .at_command = true,
    };
    size_t depth = 0, kernel_depth = 0;
    bool pending = false; /* a kernel that an initrd could belong to */
    enum event event = EVENT_OPEN;
    while (event != EVENT_END) {
        if (next_event(&script, &event) < 0)
            return -1;
        if (event == EVENT_KERNEL || event == EVENT_MODULE) {
            pending = true;
            kernel_depth = depth;
            h2k_buffer_addc(readers, event == EVENT_KERNEL
                                         ? H2K_READER_KERNEL
                                         : H2K_READER_USERLAND);
            if (h2k_buffer_check(readers) < 0)
                return -1;
        } else if (event == EVENT_INITRD && pending) {
            readers->data[readers->size - 1] = H2K_READER_USERLAND;
        } else if (event == EVENT_OPEN) {
            depth++;
        } else if (event == EVENT_CLOSE) {
            depth -= depth > 0;
            pending = pending && depth >= kernel_depth;
        }
    }
    return 0;
}

static int
rewrite_argument(struct h2k_rewrite *rewrite, const struct h2k_shell *shell,
                 enum h2k_spec_reader reader, struct h2k_grub_seen *seen)
{
    size_t before = seen->roots.good + seen->roots.lost;
    if (h2k_cmdline_rewrite(rewrite, h2k_buffer_text(&shell->bytes),
                            shell->bytes.size, shell->places, 0, reader,
                            &seen->roots) < 0)
        return -1;
    if (reader == H2K_READER_KERNEL &&
        seen->roots.good + seen->roots.lost > before)
        seen->bare_kernel = true;
    return 0;
}

int
h2k_grub_cfg_rewrite(struct h2k_rewrite *rewrite, struct h2k_grub_seen *seen)
{
    H2K_AUTO_BUFFER readers = { 0 };
    AUTO_SCRIPT script = {
        .shell = { .text = rewrite->text,
                   .size = rewrite->size,
                   .grub = true },
        .at_command = true,
    };
    enum h2k_spec_reader reader = H2K_READER_USERLAND;
    size_t kernel = 0;
    enum event event = EVENT_OPEN;
    if (find_readers(rewrite, &readers) < 0)
        return -1;
    while (event != EVENT_END) {
        if (next_event(&script, &event) < 0)
            return -1;
        if (event == EVENT_KERNEL || event == EVENT_MODULE)
            reader = (enum h2k_spec_reader)readers.data[kernel++];
        else if (event == EVENT_ARGUMENT &&
                 rewrite_argument(rewrite, &script.shell, reader, seen) < 0)
            return -1;
    }
    if (script.broken)
        return h2k_rewrite_warn(rewrite, script.shell.start,
                                "a quote is never closed: GRUB cannot read "
                                "what follows, and nothing there was changed");
    return 0;
}
