/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a plain scalar means: YAML 1.2's core schema (10.3.2). */
#ifndef H2K_MANIFEST_SCALAR_H
#define H2K_MANIFEST_SCALAR_H

#include "manifest/document.h"

/* The kind of plain TEXT.  For a number, *NUMBER receives its JSON form,
 * from malloc; it is NULL where JSON has none (.inf, .nan, an integer in
 * hexadecimal or octal beyond 64 bits). */
enum h2k_node_kind h2k_scalar_resolve(const char *text, char **number);

/* Is TEXT a number in JSON's grammar (RFC 8259, section 6)? */
bool h2k_scalar_is_json_number(const char *text);

/* May TEXT stand in YAML without quotes and still be a string, also for a
 * reader of YAML 1.1? */
bool h2k_scalar_is_plain(const char *text);

#endif
