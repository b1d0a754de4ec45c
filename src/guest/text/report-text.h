/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Bytes of guest files as text that a report can carry. */
#ifndef H2K_GUEST_REPORT_TEXT_H
#define H2K_GUEST_REPORT_TEXT_H

#include <stddef.h>

/* BYTES as valid UTF-8 (RFC 3629) of at most LIMIT bytes, the caller's to
 * free: control characters but tab and newline, and what is no UTF-8, as
 * \xNN; the rest of a longer text cut off behind "…".  NULL with
 * H2K_E_NOMEM. */
char *h2k_report_text(const char *bytes, size_t size, size_t limit);

#endif
