/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/buffer.h"
#include "base/checked.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/view.h"

#include "tap.h"

static void
test_errors(void)
{
    ok(h2k_fail(H2K_E_CORRUPT, "grain %d", 7) == -1, "h2k_fail gives -1");
    ok_string(h2k_errmsg(), "grain 7");
    h2k_prefix("%s: ", "disk.vmdk");
    ok_string(h2k_errmsg(), "disk.vmdk: grain 7");
    ok(h2k_exit_code(h2k_errcode()) == 3, "corrupt exits with 3");
    h2k_fail(H2K_E_OUTPUT, "again: %s", h2k_errmsg());
    ok_string(h2k_errmsg(), "again: disk.vmdk: grain 7");
}

static void
test_view(void)
{
    const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    struct h2k_view v = h2k_view_of(bytes, sizeof(bytes)), s;
    ok(h2k_view_le32(v, 0) == 0x04030201, "le32");
    ok(h2k_view_be16(v, 6) == 0x0708, "be16 at the end");
    ok(h2k_view_le32(v, 5) == 0, "a value that leaves the view is 0");
    ok(h2k_view_le64(v, UINT64_MAX) == 0, "so is one far outside");
    ok(h2k_view_slice(v, 8, 0, &s) && s.size == 0, "empty slice at the end");
    ok(!h2k_view_slice(v, 7, 2, &s), "no slice beyond the end");
    ok(!h2k_view_slice(v, 1, UINT64_MAX, &s), "no slice by overflow");
}

static void
test_buffer(void)
{
    H2K_AUTO_BUFFER b = { 0 };
    ok_string(h2k_buffer_text(&b), "");
    for (int i = 0; i < 1000; i++)
        h2k_buffer_addf(&b, "%d,", i % 10);
    h2k_buffer_add_zeros(&b, 3);
    ok(b.size == 2003 && memcmp(b.data, "0,1,2,", 6) == 0, "it grows");
    h2k_buffer_add(&b, b.data, SIZE_MAX);
    ok_error(h2k_buffer_check(&b) < 0, H2K_E_NOMEM, "out of memory");
}

static void
test_hash(void)
{
    /* FIPS 180-4's example: "abc". */
    H2K_AUTO(h2k_sha256) h = h2k_sha256_new();
    uint8_t digest[H2K_SHA256_SIZE];
    char hex[H2K_SHA256_HEX_SIZE];
    h2k_sha256_update(h, "abc", 3);
    h2k_sha256_finish(h, digest);
    h2k_sha256_hex(digest, hex);
    ok_string(hex, "ba7816bf8f01cfea414140de5dae2223"
                   "b00361a396177a9cb410ff61f20015ad");
}

static void
test_crc32c(void)
{
    /* RFC 3720, B.4: 32 bytes of zeros, and 0 to 31. */
    uint8_t bytes[32] = { 0 };
    ok(h2k_crc32c(0, bytes, 32) == 0x8a9136aa, "CRC-32C of zeros");
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = i;
    ok(h2k_crc32c(0, bytes, 32) == 0x46dd794e, "CRC-32C of a sequence");
    ok(h2k_crc32c(h2k_crc32c(0, bytes, 13), bytes + 13, 19) == 0x46dd794e,
       "CRC-32C in two pieces");
}

int
main(void)
{
    test_errors();
    test_view();
    test_buffer();
    test_hash();
    test_crc32c();
    ok(h2k_div_up(UINT64_MAX, 2) == (UINT64_C(1) << 63), "div_up at the edge");
    return tap_done();
}
