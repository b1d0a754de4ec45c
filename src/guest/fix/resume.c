/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit of initramfs-tools' configuration: the device to resume from,
 * and the root, where they are named there: initramfs.conf(5),
 * initramfs-tools(7). */
#include "guest/fix/edits.h"
#include "guest/fix/rewrite.h"
#include "guest/text/shell-words.h"

#include "base/error.h"

#include <string.h>

static const struct h2k_config_files config = {
    .files = { "/etc/initramfs-tools/initramfs.conf" },
    .directory = "/etc/initramfs-tools/conf.d",
    .suffix = "",
};

static int
rewrite_assignment(struct h2k_rewrite *rewrite, const struct h2k_shell *shell,
                   size_t name, size_t value)
{
    enum h2k_device_outcome outcome;
    const char *bytes = shell->bytes.data;
    size_t length = shell->bytes.size - value;
    bool resume = name == 6 && memcmp(bytes, "RESUME", 6) == 0;
    bool root = name == 4 && memcmp(bytes, "ROOT", 4) == 0;
    if ((!resume && !root) || length == 0)
        return 0;
    size_t first = shell->places[value];
    if (shell->places[shell->bytes.size - 1] != first + length - 1)
        return 0; /* with quotes inside: no device name */
    return h2k_rewrite_device(
        rewrite, first, length, H2K_READER_USERLAND,
        resume ? "the device to resume from" : "the root device",
        "the initramfs will wait for it: edit the line, then run "
        "update-initramfs in the guest",
        &outcome);
}

static int
fill(struct h2k_rewrite *rewrite, void *opaque)
{
    H2K_AUTO_SHELL shell = { .text = rewrite->text, .size = rewrite->size };
    enum h2k_token token = H2K_TOKEN_SEPARATOR;
    size_t name, value;
    (void)opaque;
    while (token != H2K_TOKEN_END && token != H2K_TOKEN_BROKEN) {
        bool at_command = token == H2K_TOKEN_SEPARATOR;
        if (h2k_shell_next(&shell, &token) < 0)
            return -1;
        if (token == H2K_TOKEN_WORD && at_command &&
            h2k_shell_assigns(&shell, &name, &value) &&
            rewrite_assignment(rewrite, &shell, name, value) < 0)
            return -1;
    }
    return 0;
}

static bool
applies(struct h2k_fix *fix)
{
    return h2k_config_exists(fix, &config);
}

static int
run(struct h2k_fix *fix)
{
    return h2k_config_rewrite(fix, &config, fill, NULL);
}

const struct h2k_edit h2k_edit_resume = {
    .name = "resume",
    .applies = applies,
    .run = run,
};
