/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a lease sent: from the first byte to the last a VMDK? */
#include "base/endian.h"
#include "provider/vsphere/vmdk-frame.h"

#include "tap.h"

#define CAPACITY (UINT64_C(40) << 20)
#define SIZE 10240

/* A header, something between, and the end. */
static void
make(uint8_t bytes[SIZE])
{
    memset(bytes, 0x55, SIZE);
    memset(bytes, 0, 512);
    memcpy(bytes, "KDMV", 4);
    h2k_put_le64(bytes + 12, CAPACITY / 512);
    h2k_put_le64(bytes + 56, UINT64_MAX);
    uint8_t *end = bytes + SIZE - 1536;
    memset(end, 0, 1536);
    h2k_put_le32(end + 12, 3);
    memcpy(end + 512, "KDMV", 4);
}

static int
check(const uint8_t *bytes, size_t size, size_t piece)
{
    struct h2k_vmdk_frame frame = { 0 };
    for (size_t at = 0; at < size; at += piece)
        h2k_vmdk_frame_add(&frame, bytes + at,
                           piece < size - at ? piece : size - at);
    return h2k_vmdk_frame_check(&frame, CAPACITY);
}

int
main(void)
{
    static const size_t pieces[] = { 1, 7, 511, 512, 1537, 9000, SIZE };
    uint8_t bytes[SIZE];
    make(bytes);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
        ok(check(bytes, SIZE, pieces[i]) == 0, "whole, by pieces of %zu",
           pieces[i]);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
        ok_error(check(bytes, SIZE - 512, pieces[i]) < 0, H2K_E_CORRUPT,
                 "no end-of-stream marker");
    ok_error(check(bytes, 100, 100) < 0, H2K_E_CORRUPT, "too few");
    bytes[SIZE - 3] = 1;
    ok_error(check(bytes, SIZE, 999) < 0, H2K_E_CORRUPT,
             "no end-of-stream marker");
    h2k_put_le64(bytes + 56, 1);
    /* Tables in sectors 1 to 3, the last grain in sector 8. */
    h2k_put_le64(bytes + 64, 4);
    memset(bytes + 512, 0, 3 * 512);
    h2k_put_le32(bytes + 1200, 4);
    h2k_put_le32(bytes + 1204, 8);
    h2k_put_le32(bytes + 8 * 512 + 8, 300);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        ok(check(bytes, SIZE, pieces[i]) == 0 &&
               check(bytes, 8 * 512 + 312, pieces[i]) == 0,
           "one with its tables in front, by pieces of %zu", pieces[i]);
        ok_error(check(bytes, 8 * 512 + 311, pieces[i]) < 0, H2K_E_CORRUPT,
                 "its last grain ends at byte 4408, and 4407 came");
        ok_error(check(bytes, 7 * 512, pieces[i]) < 0, H2K_E_CORRUPT,
                 "cut off");
    }
    h2k_put_le64(bytes + 12, CAPACITY / 256);
    ok_error(check(bytes, SIZE, 999) < 0, H2K_E_CORRUPT,
             "a VMDK of 163840 sectors, and the VM's disk has 81920");
    h2k_put_le64(bytes + 12, UINT64_MAX);
    ok_error(check(bytes, SIZE, 999) < 0, H2K_E_CORRUPT, "sectors");
    bytes[0] = '<';
    ok_error(check(bytes, SIZE, 999) < 0, H2K_E_CORRUPT,
             "does not begin as one");
    return tap_done();
}
