/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/grub.h"

#include "base/error.h"
#include "guest/boot/grub-script.h"
#include "guest/fix/grub-variables.h"

#include <string.h>

static bool
is_kernel(enum h2k_grub_event event)
{
    return event == H2K_GRUB_KERNEL || event == H2K_GRUB_MODULE;
}

/* Who reads the command line of each kernel in turn: one byte for each, of
 * enum h2k_spec_reader.  An initrd belongs to the kernel before it within
 * the same braces. */
static int
find_readers(const struct h2k_rewrite *rewrite, struct h2k_buffer *readers)
{
    H2K_AUTO_GRUB_SCRIPT script =
        H2K_GRUB_SCRIPT(rewrite->text, rewrite->size);
    size_t depth = 0, kernel_depth = 0;
    bool pending = false; /* a kernel that an initrd could belong to */
    enum h2k_grub_event event = H2K_GRUB_OPEN;
    while (event != H2K_GRUB_END) {
        if (h2k_grub_script_next(&script, &event) < 0)
            return -1;
        if (is_kernel(event)) {
            pending = true;
            kernel_depth = depth;
            h2k_buffer_addc(readers, event == H2K_GRUB_KERNEL
                                         ? H2K_READER_KERNEL
                                         : H2K_READER_USERLAND);
            if (h2k_buffer_check(readers) < 0)
                return -1;
        } else if (event == H2K_GRUB_INITRD && pending) {
            readers->data[readers->size - 1] = H2K_READER_USERLAND;
        } else if (event == H2K_GRUB_OPEN) {
            depth++;
        } else if (event == H2K_GRUB_CLOSE) {
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

/* The variables that kernels' command lines take in. */
static int
find_variables(const struct h2k_rewrite *rewrite,
               const struct h2k_buffer *readers,
               struct h2k_grub_variables *variables)
{
    H2K_AUTO_GRUB_SCRIPT script =
        H2K_GRUB_SCRIPT(rewrite->text, rewrite->size);
    size_t kernel = 0;
    enum h2k_grub_event event = H2K_GRUB_OPEN;
    while (event != H2K_GRUB_END) {
        if (h2k_grub_script_next(&script, &event) < 0)
            return -1;
        kernel += is_kernel(event);
        if (event == H2K_GRUB_ARGUMENT && is_kernel(script.command) &&
            h2k_grub_variables_note(
                variables, &script.shell,
                (enum h2k_spec_reader)readers->data[kernel - 1]) < 0)
            return -1;
    }
    return 0;
}

int
h2k_grub_cfg_rewrite(struct h2k_rewrite *rewrite, struct h2k_grub_seen *seen)
{
    H2K_AUTO_BUFFER readers = { 0 };
    H2K_AUTO_GRUB_VARIABLES variables = { 0 };
    H2K_AUTO_GRUB_SCRIPT script =
        H2K_GRUB_SCRIPT(rewrite->text, rewrite->size);
    size_t kernel = 0, argument = 0;
    enum h2k_grub_event event = H2K_GRUB_OPEN;
    if (find_readers(rewrite, &readers) < 0 ||
        find_variables(rewrite, &readers, &variables) < 0)
        return -1;
    while (event != H2K_GRUB_END) {
        if (h2k_grub_script_next(&script, &event) < 0)
            return -1;
        kernel += is_kernel(event);
        argument = event == H2K_GRUB_ARGUMENT ? argument + 1 : 0;
        if (argument > 0 && is_kernel(script.command) &&
            rewrite_argument(rewrite, &script.shell,
                             (enum h2k_spec_reader)readers.data[kernel - 1],
                             seen) < 0)
            return -1;
        /* "set" reads one. */
        if (argument == 1 && script.command == H2K_GRUB_SET &&
            h2k_grub_variables_rewrite(&variables, rewrite, &script.shell,
                                       &seen->roots) < 0)
            return -1;
    }
    if (script.broken)
        return h2k_rewrite_warn(rewrite, script.shell.start,
                                "a quote is never closed: GRUB cannot read "
                                "what follows, and nothing there was changed");
    return 0;
}
