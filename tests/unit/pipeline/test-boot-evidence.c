/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a console and a packet dump say about how a guest came up. */
#include "pipeline/console.h"
#include "pipeline/packets.h"
#include "qemu/qemu.h"

#include "tap.h"

#include <fcntl.h>
#include <unistd.h>

static struct h2k_console
feed(const char *text, size_t step)
{
    struct h2k_console c = { 0 };
    size_t size = strlen(text);
    for (size_t at = 0; at < size; at += step)
        h2k_console_feed(&c, text + at, size - at < step ? size - at : step);
    return c;
}

static void
test_signs(void)
{
    static const struct {
        const char *text;
        enum h2k_boot_evidence evidence;
        const char *quote;
    } cases[] = {
        { "[  OK  ] Reached target \033[0;1;39mmulti-user.target\033[0m.\r\n",
          H2K_BOOT_MULTI_USER, "[  OK  ] Reached target multi-user.target." },
        { "\r\nDebian GNU/Linux 12 web ttyS0\r\n\r\nweb login: ",
          H2K_BOOT_LOGIN, "web login: " },
        { "ALERT!  /dev/sda4 does not exist.  Dropping to a shell!\n",
          H2K_BOOT_FAILED,
          "ALERT!  /dev/sda4 does not exist.  Dropping to a shell!" },
        { "[    1.2] Kernel panic - not syncing: VFS: Unable to mount root\n",
          H2K_BOOT_FAILED,
          "[    1.2] Kernel panic - not syncing: VFS: Unable to mount root" },
        { "web login: \n[ 9] Kernel panic - not syncing: x\n",
          H2K_BOOT_FAILED, "[ 9] Kernel panic - not syncing: x" },
        { "Last login: Mon\nReached target basic.target\n", H2K_BOOT_LOGIN,
          "Last login: Mon" },
        { "[  OK  ] Reached target basic.target.\n", H2K_BOOT_NONE, "" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t step = 1; step < 200; step += 98) {
            struct h2k_console c = feed(cases[i].text, step);
            ok(c.evidence == cases[i].evidence, "%.40s: %s", cases[i].quote,
               h2k_boot_evidence_name(c.evidence));
            ok_string(c.quote, cases[i].quote);
        }
    }
}

static void
test_long_line(void)
{
    struct h2k_console c = { 0 };
    char noise[5000];
    memset(noise, 'x', sizeof(noise));
    h2k_console_feed(&c, noise, sizeof(noise));
    h2k_console_feed(&c, "\nweb login: ", 12);
    ok(c.evidence == H2K_BOOT_LOGIN, "a line without end is survived");
}

/* A pcap file with one Ethernet frame. */
static void
write_pcap(const char *path, const uint8_t *frame, uint32_t size,
           uint32_t declared)
{
    uint8_t header[24] = { 0xd4, 0xc3, 0xb2, 0xa1 }, record[16] = { 0 };
    memcpy(record + 8, &declared, 4);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (write(fd, header, 24) != 24 || write(fd, record, 16) != 16 ||
        write(fd, frame, size) != (ssize_t)size)
        abort();
    close(fd);
}

static void
test_packets(void)
{
    char path[] = "/tmp/test-packets.XXXXXX", quote[100];
    close(mkstemp(path));
    static const uint8_t mac[] = { 0x00, 0x50, 0x56, 0xaa, 0xbb, 0x01 };
    uint8_t frame[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    memcpy(frame + 6, mac, 6);
    frame[12] = 8; /* IPv4 */
    frame[14] = 0x45;
    frame[23] = 17;
    frame[35] = 68;
    write_pcap(path, frame, sizeof(frame), sizeof(frame));
    ok(h2k_packets_from(path, "00:50:56:AA:bb:01", quote, sizeof(quote)),
       "a DHCP packet from its MAC");
    ok_string(quote, "DHCP packet from 00:50:56:AA:bb:01");
    ok(!h2k_packets_from(path, "00:50:56:aa:bb:02", quote, sizeof(quote)),
       "but not from another's");
    write_pcap(path, frame, sizeof(frame), UINT32_MAX);
    ok(!h2k_packets_from(path, "00:50:56:aa:bb:01", quote, sizeof(quote)),
       "a length that lies ends the file");
    frame[35] = 80;
    write_pcap(path, frame, sizeof(frame), sizeof(frame));
    ok(!h2k_packets_from(path, "00:50:56:aa:bb:01", quote, sizeof(quote)),
       "other packets say nothing");
    unlink(path);
}

static void
test_args(void)
{
    h2k_autofree char *escaped = h2k_qemu_escape("/a,b,,c");
    ok_string(escaped, "/a,,b,,,,c");
}

int
main(void)
{
    test_signs();
    test_long_line();
    test_packets();
    test_args();
    return tap_done();
}
