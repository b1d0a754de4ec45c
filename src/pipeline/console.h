/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a guest's serial console says about how it came up.
 *
 * Fed with bytes as they come; escape sequences are taken out, and each
 * line, also one that is not ended yet (a prompt), is looked at.
 */
#ifndef H2K_PIPELINE_CONSOLE_H
#define H2K_PIPELINE_CONSOLE_H

#include "pipeline/testboot.h"

struct h2k_console {
    char line[1024]; /* the current one, without escape sequences */
    size_t length;
    int escape; /* inside an escape sequence: how far */
    enum h2k_boot_evidence evidence;
    char quote[256]; /* the line that said so */
    bool quoting;    /* that is the current line, and may grow */
};

void h2k_console_feed(struct h2k_console *console, const char *bytes,
                      size_t count);

#endif
