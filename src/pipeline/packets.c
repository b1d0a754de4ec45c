/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * pcap (draft-ietf-opsawg-pcap, sections 4 and 5): a header of 24 bytes, then
 * records of 16 bytes and the packet.  QEMU writes it in the host's order.
 */
#include "pipeline/packets.h"

#include "base/cleanup.h"
#include "base/view.h"

#include <fcntl.h>
#include <stdio.h>

#define LOOK_AT (1u << 20)
#define FILE_HEADER 24u
#define RECORD_HEADER 16u

static bool
parse_mac(const char *text, uint8_t mac[6])
{
    unsigned b[6];
    if (sscanf(text, "%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x",
               &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6)
        return false;
    for (int i = 0; i < 6; i++)
        mac[i] = (uint8_t)b[i];
    return true;
}

/* What kind of packet an Ethernet frame holds, if it is one of ours. */
static const char *
kind_of(struct h2k_view frame)
{
    uint16_t type = h2k_view_be16(frame, 12);
    if (type == 0x0806)
        return "ARP";
    if (type == 0x0800 && h2k_view_u8(frame, 23) == 17) {
        uint64_t udp = 14 + (uint64_t)(h2k_view_u8(frame, 14) & 15) * 4;
        return h2k_view_be16(frame, udp) == 68 ? "DHCP" : NULL;
    }
    if (type == 0x86dd && h2k_view_u8(frame, 20) == 58) {
        uint8_t icmp = h2k_view_u8(frame, 54);
        return icmp >= 133 && icmp <= 136 ? "IPv6 neighbour" : NULL;
    }
    return NULL;
}

bool
h2k_packets_from(const char *path, const char *mac_text, char *quote,
                 size_t size)
{
    uint8_t mac[6];
    h2k_autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
    h2k_autofree uint8_t *bytes = malloc(LOOK_AT);
    ssize_t n = fd < 0 || bytes == NULL ? -1 : read(fd, bytes, LOOK_AT);
    if (n < 0 || !parse_mac(mac_text, mac))
        return false;
    struct h2k_view file = h2k_view_of(bytes, (size_t)n), frame;
    uint64_t at = FILE_HEADER;
    while (h2k_view_has(file, at, RECORD_HEADER)) {
        uint32_t length;
        memcpy(&length, file.data + at + 8, sizeof(length));
        if (!h2k_view_slice(file, at + RECORD_HEADER, length, &frame))
            return false;
        const char *kind = kind_of(frame);
        if (kind != NULL && h2k_view_equal(frame, 6, mac, sizeof(mac))) {
            snprintf(quote, size, "%s packet from %s", kind, mac_text);
            return true;
        }
        at += RECORD_HEADER + (uint64_t)length;
    }
    return false;
}
