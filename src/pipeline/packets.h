/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Packets that a guest sent, in the file that QEMU's filter-dump writes. */
#ifndef H2K_PIPELINE_PACKETS_H
#define H2K_PIPELINE_PACKETS_H

#include <stdbool.h>
#include <stddef.h>

/* Is there a DHCP, ARP or neighbour packet from MAC ("52:54:…")?  QUOTE, of
 * SIZE bytes, says which.  PATH is a classic pcap file, perhaps still being
 * written; only its first MiB is looked at. */
bool h2k_packets_from(const char *path, const char *mac, char *quote,
                      size_t size);

#endif
