/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef H2K_CMD_SUMMARY_H
#define H2K_CMD_SUMMARY_H

#include <jansson.h>

/* What a finished job found and did, for a person; from its report. */
void summary_print(const json_t *report);

#endif
