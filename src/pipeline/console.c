/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/console.h"

#include <stdio.h>
#include <string.h>

struct sign {
    const char *all[3]; /* pieces that the line has, in this order */
    enum h2k_boot_evidence evidence;
};

/* Failures first: a guest that panics after its login prompt has failed. */
static const struct sign signs[] = {
    { { "Kernel panic - not syncing" }, H2K_BOOT_FAILED },
    { { "ALERT!", "does not exist" }, H2K_BOOT_FAILED },
    { { "Cannot open root device" }, H2K_BOOT_FAILED },
    { { "Dropping to a shell" }, H2K_BOOT_FAILED },
    { { "(initramfs)" }, H2K_BOOT_FAILED },
    { { "Entering emergency mode" }, H2K_BOOT_FAILED },
    { { "You are in emergency mode" }, H2K_BOOT_FAILED },
    { { "Give root password for maintenance" }, H2K_BOOT_FAILED },
    { { "Press Enter for maintenance" }, H2K_BOOT_FAILED },
    { { "dracut:/#" }, H2K_BOOT_FAILED },
    { { "Warning: /dev/", "does not exist" }, H2K_BOOT_FAILED },
    { { "grub rescue>" }, H2K_BOOT_FAILED },
    { { "No bootable device" }, H2K_BOOT_FAILED },
    { { " login: " }, H2K_BOOT_LOGIN },
    { { "Reached target", "multi-user.target" }, H2K_BOOT_MULTI_USER },
    { { "Reached target", "Multi-User System" }, H2K_BOOT_MULTI_USER },
    { { "Reached target", "graphical.target" }, H2K_BOOT_MULTI_USER },
};

static bool
has(const struct sign *sign, const char *line)
{
    for (size_t i = 0; i < 3 && sign->all[i] != NULL; i++) {
        const char *at = strstr(line, sign->all[i]);
        if (at == NULL)
            return false;
        line = at + strlen(sign->all[i]);
    }
    return true;
}

static void
look(struct h2k_console *c)
{
    c->line[c->length] = '\0';
    if (c->quoting) /* the line that was quoted has grown */
        snprintf(c->quote, sizeof(c->quote), "%.250s", c->line);
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (signs[i].evidence <= c->evidence || !has(&signs[i], c->line))
            continue;
        c->evidence = signs[i].evidence;
        c->quoting = true;
        snprintf(c->quote, sizeof(c->quote), "%.250s", c->line);
        return;
    }
}

/* ECMA-48: ESC [ … final byte, or ESC and one more.  True while inside. */
static bool
skip_escape(struct h2k_console *c, unsigned char byte)
{
    if (c->escape == 0) {
        c->escape = byte == 0x1b;
        return c->escape;
    }
    if (c->escape == 1)
        c->escape = byte == '[' ? 2 : 0;
    else if (byte >= 0x40 && byte <= 0x7e)
        c->escape = 0;
    return true;
}

void
h2k_console_feed(struct h2k_console *c, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (skip_escape(c, byte))
            continue;
        if (byte == '\n' || byte == '\r') {
            look(c);
            c->length = 0;
            c->quoting = false;
        } else if (c->length + 1 < sizeof(c->line)) {
            c->line[c->length++] = byte < 0x20 || byte == 0x7f ? '?'
                                                               : (char)byte;
        }
    }
    look(c);
}
