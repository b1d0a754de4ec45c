/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/configure/sysv-header.h"

#include <stdio.h>
#include <string.h>

/* The levels among TEXT's words up to its line's end. */
static void
take_levels(const char *text, char out[16])
{
    size_t count = 0;
    for (; *text != '\0' && *text != '\n'; text++)
        if (strchr("0123456S", *text) != NULL && count < 15 &&
            memchr(out, *text, count) == NULL)
            out[count++] = *text;
    out[count] = '\0';
}

/* "# chkconfig: 2345 55 25", "# chkconfig: - 85 15" */
static void
take_chkconfig(const char *text, struct h2k_sysv_header *header)
{
    char line[64], on[16];
    int start, stop;
    /* sscanf() goes on behind line ends, and measures all of the text. */
    size_t size = strcspn(text, "\n");
    snprintf(line, sizeof(line), "%.*s",
             (int)(size < sizeof(line) ? size : sizeof(line) - 1), text);
    if (sscanf(line, " %15[-0-9] %2d %2d", on, &start, &stop) != 3 ||
        start < 0 || stop < 0)
        return;
    header->chkconfig = true;
    header->start = start;
    header->stop = stop;
    /* `chkconfig NAME on` means these, whatever is written there. */
    strcpy(header->levels_on, "2345");
    strcpy(header->levels_off, "016");
}

static const char *
behind(const char *line, const char *prefix)
{
    size_t size = strlen(prefix);
    return strncmp(line, prefix, size) == 0 ? line + size : NULL;
}

struct h2k_sysv_header
h2k_sysv_header_read(const char *text)
{
    struct h2k_sysv_header header = {
        .levels_on = "2345",
        .levels_off = "016",
        .start = 1,
        .stop = 1,
    };
    bool inside = false;
    const char *found;
    while (text != NULL && *text != '\0') {
        if (behind(text, "### BEGIN INIT INFO") != NULL)
            inside = true;
        else if (behind(text, "### END INIT INFO") != NULL)
            inside = false;
        else if (inside && !header.chkconfig &&
                 (found = behind(text, "# Default-Start:")) != NULL)
            take_levels(found, header.levels_on);
        else if (inside && !header.chkconfig &&
                 (found = behind(text, "# Default-Stop:")) != NULL)
            take_levels(found, header.levels_off);
        else if ((found = behind(text, "# chkconfig:")) != NULL)
            take_chkconfig(found, &header);
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return header;
}
