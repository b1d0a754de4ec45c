/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What INSPECT found, as JSON: the report's inspect result. */
#ifndef H2K_PIPELINE_INSPECTION_JSON_H
#define H2K_PIPELINE_INSPECTION_JSON_H

#include "guest/inspect/inspect.h"

#include <jansson.h>

/* Put what was found into OBJECT: what the system is, and with FULL every
 * kernel, filesystem, mount and interface.  What was not found is null. */
void h2k_inspection_to_json(const struct h2k_inspection *found, bool full,
                            json_t *object);

#endif
