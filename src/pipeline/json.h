/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Making JSON of what guests hold. */
#ifndef H2K_PIPELINE_JSON_H
#define H2K_PIPELINE_JSON_H

#include "base/strings.h"

#include <jansson.h>

/* TEXT as a JSON string: where it is not UTF-8, bytes beyond ASCII show as
 * '?'.  NULL is null. */
json_t *h2k_json_text(const char *text);
json_t *h2k_json_strings(const struct h2k_strings *list);

#endif
