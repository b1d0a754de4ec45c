/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/text/report-text.h"

#include "base/buffer.h"
#include "base/view.h"

#define CUT_OFF "…"

/* How many bytes the well-formed character at AT has, 0 when there is none:
 * RFC 3629, section 4. */
static size_t
utf8_length(struct h2k_view v, size_t at)
{
    uint8_t lead = h2k_view_u8(v, at), low = 0x80, high = 0xbf;
    size_t length;
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < length; i++) {
        uint8_t c = h2k_view_u8(v, at + i);
        if (c < low || c > high)
            return 0;
        low = 0x80;
        high = 0xbf;
    }
    return length;
}

char *
h2k_report_text(const char *bytes, size_t size, size_t limit)
{
    struct h2k_view v = h2k_view_of(bytes, size);
    H2K_AUTO_BUFFER out = { 0 };
    size_t cut = 0; /* where "…" still fits */
    for (size_t at = 0; at < size && out.size <= limit;) {
        uint8_t c = v.data[at];
        size_t length = utf8_length(v, at);
        bool plain = length > 1 || c == '\t' || c == '\n' ||
                     (length == 1 && c >= ' ' && c != 0x7f);
        if (plain)
            h2k_buffer_add(&out, bytes + at, length);
        else
            h2k_buffer_addf(&out, "\\x%02x", c);
        at += plain ? length : 1;
        if (out.size + sizeof(CUT_OFF) - 1 <= limit)
            cut = out.size;
    }
    if (out.size > limit) {
        out.size = cut;
        h2k_buffer_adds(&out, CUT_OFF);
    }
    return h2k_buffer_steal(&out);
}
