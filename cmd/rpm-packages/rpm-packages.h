/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef H2K_RPM_PACKAGES_H
#define H2K_RPM_PACKAGES_H

#include <rpm/header.h>

/* A package's records. */
void say_package(Header header);
/* The record X; 1. */
int fail(const char *message);

/* The packages in the NDB database at PATH: 0, or 1 after `fail`. */
int list_ndb(const char *path);

#endif
