/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* hyper2kvm-rpm-packages, which has librpm. */
#ifndef H2K_GUEST_PACKAGES_RPM_RUN_H
#define H2K_GUEST_PACKAGES_RPM_RUN_H

#include "base/buffer.h"
#include "guest/packages/packages.h"

/* The program's path, in TEXT: $HYPER2KVM_RPM_PACKAGES, or beside the program
 * that runs, or in its directory of the installation.  NULL with
 * H2K_E_COMPONENT. */
#define H2K_RPM_PROGRAM 4096
const char *h2k_rpm_program(char text[H2K_RPM_PROGRAM]);

/* Run it on the database in DIRECTORY; what it says, of bounded size, is in
 * SAID, also where it ended early.  -1 where it cannot be run, or takes too
 * long. */
int h2k_rpm_run(const char *directory, struct h2k_buffer *said);

/* rpm.c: what it said of packages into OUT. */
int h2k_rpm_parse(const char *said, size_t size, struct h2k_packages *out);

#endif
