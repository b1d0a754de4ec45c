/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "common/terminal.h"

#include "base/buffer.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

static bool
window(FILE *out, struct winsize *size)
{
    const char *term = getenv("TERM");
    if (!isatty(fileno(out)) || (term != NULL && strcmp(term, "dumb") == 0))
        return false;
    if (ioctl(fileno(out), TIOCGWINSZ, size) < 0)
        *size = (struct winsize){ 0 };
    return true;
}

unsigned
terminal_columns(FILE *out)
{
    struct winsize size;
    if (!window(out, &size))
        return 0;
    return size.ws_col > 0 ? size.ws_col : 80;
}

unsigned
terminal_rows(FILE *out)
{
    struct winsize size;
    return window(out, &size) && size.ws_row > 0 ? size.ws_row : 24;
}

/* A character's columns; 0 for what has to be shown as \xNN: controls (C1
 * too), and the marks that turn the direction of text around. */
static unsigned
character_width(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
        (c >= 0x2066 && c <= 0x2069))
        return 0;
    int width = wcwidth((wchar_t)c);
    return width > 1 ? 2 : 1;
}

/* The character at TEXT as it is shown, in *SHOWN (of 16 bytes), and its
 * columns.  The bytes that it takes of TEXT. */
static size_t
show(const char *text, char shown[16], unsigned *columns)
{
    uint32_t c = 0;
    size_t size = h2k_utf8_decode(text, strlen(text), &c);
    *columns = size == 0 ? 0 : character_width(c);
    if (*columns > 0) {
        memcpy(shown, text, size);
        shown[size] = '\0';
        return size;
    }
    size = size == 0 ? 1 : size;
    for (size_t i = 0; i < size && i < 3; i++)
        snprintf(shown + 4 * i, 5, "\\x%02x", (unsigned char)text[i]);
    *columns = (unsigned)strlen(shown);
    return size;
}

unsigned
terminal_width(const char *text)
{
    char shown[16];
    unsigned width = 0, columns;
    while (*text != '\0') {
        text += show(text, shown, &columns);
        width += columns;
    }
    return width;
}

char *
terminal_safe(const char *text, unsigned columns)
{
    H2K_AUTO_BUFFER b = { 0 };
    char shown[16];
    bool cut = columns > 0 && terminal_width(text) > columns;
    unsigned width = 0, next;
    while (*text != '\0') {
        size_t size = show(text, shown, &next);
        if (cut && width + next > columns - 1)
            break;
        h2k_buffer_adds(&b, shown);
        width += next;
        text += size;
    }
    if (cut)
        h2k_buffer_adds(&b, MB_CUR_MAX > 1 ? "\u2026" : "~");
    return b.failed ? NULL : h2k_buffer_steal(&b);
}
