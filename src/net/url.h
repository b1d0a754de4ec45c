/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The parts of an http or https URL. */
#ifndef H2K_NET_URL_H
#define H2K_NET_URL_H

#include <stdbool.h>

struct h2k_url {
    char *origin; /* "https://host:443" */
    char *host;
    char *path;
    char *shown; /* for messages: without user, password and query */
    bool secure; /* https */
};
/* H2K_E_USAGE when it is no http or https URL; the message does not have
 * it. */
int h2k_url_parse(const char *text, struct h2k_url *url);
void h2k_url_clear(struct h2k_url *url);
#define H2K_AUTO_URL __attribute__((cleanup(h2k_url_clear))) struct h2k_url

#endif
