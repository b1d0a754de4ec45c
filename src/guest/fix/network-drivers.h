/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef H2K_GUEST_NETWORK_DRIVERS_H
#define H2K_GUEST_NETWORK_DRIVERS_H

#include "guest/fix/fix.h"

/* Where the configuration of networks finds a card by the driver that it had
 * on VMware, it is virtio_net from now on.  0 or -1. */
int h2k_network_drivers(struct h2k_fix *fix);

#endif
