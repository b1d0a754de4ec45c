/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a unit's [Install] section asks for: systemd.unit(5), "[INSTALL]
 * SECTION OPTIONS". */
#ifndef H2K_GUEST_INSTALL_SECTION_H
#define H2K_GUEST_INSTALL_SECTION_H

#include "base/strings.h"

/* Initialise with { 0 }.  Words as they are written. */
struct h2k_install {
    struct h2k_strings alias, wanted_by, required_by, upheld_by, also;
    char *default_instance; /* owned; or NULL */
};
void h2k_install_free(struct h2k_install *install); /* empties it */
#define H2K_AUTO_INSTALL \
    __attribute__((cleanup(h2k_install_free))) struct h2k_install

/* Words that one section may have: more are left out. */
#define H2K_INSTALL_WORDS_MAX 256

/* Add what TEXT says; an empty value takes back what was said before it. */
int h2k_install_parse(struct h2k_install *install, const char *text);

/*
 * WORD of the unit NAME with its specifiers filled in: %n %N %p %i %j %%.  The
 * caller frees it.  NULL without an error for another specifier, and for
 * what is no unit's name.
 */
int h2k_install_expand(const char *word, const char *name, char **out);

/* Names of units: systemd.unit(5), "DESCRIPTION". */
bool h2k_unit_is_name(const char *name);     /* with a type: "ssh.service" */
bool h2k_unit_is_template(const char *name); /* "getty@.service" */
bool h2k_unit_is_instance(const char *name); /* "getty@tty1.service" */
/* "getty@.service" of "getty@tty1.service", INSTANCE put in or NULL for
 * none.  The caller frees it; NULL with H2K_E_NOMEM. */
char *h2k_unit_with_instance(const char *name, const char *instance);

#endif
