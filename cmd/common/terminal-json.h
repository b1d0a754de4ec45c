/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A report's words on a terminal: names in it came from disk images. */
#ifndef H2K_CMD_TERMINAL_JSON_H
#define H2K_CMD_TERMINAL_JSON_H

#include <jansson.h>

/* A copy of VALUE whose keys and strings are as terminal_safe makes them, but
 * that line ends stay.  The caller's, by json_decref; what there was no memory
 * for is missing in it.  A report is a few levels deep. */
json_t *terminal_safe_json(const json_t *value);

#endif
