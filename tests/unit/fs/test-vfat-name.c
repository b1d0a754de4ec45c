/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names of vfat: short ones, long ones, and how they belong together. */
#include "base/error.h"
#include "fs/vfat/name.h"

#include "tap.h"

#include <string.h>

/* NAME's basis is BASIS (11 characters), and fits so. */
static void
basis(const char *name, const char *expected, enum h2k_vfat_fit fit)
{
    uint8_t bytes[H2K_VFAT_SHORT + 1] = { 0 };
    ok(h2k_vfat_basis(name, bytes) == fit, "'%s' fits as expected", name);
    ok_string((const char *)bytes, expected);
}

static void
test_basis(void)
{
    basis("GRUB.EFI", "GRUB    EFI", H2K_VFAT_FIT_EXACT);
    basis("BOOT", "BOOT       ", H2K_VFAT_FIT_EXACT);
    basis("grubx64.efi", "GRUBX64 EFI", H2K_VFAT_FIT_CASE);
    basis("grubx64-2.efi", "GRUBX64-EFI", H2K_VFAT_FIT_TAIL);
    basis("loader.conf", "LOADER  CON", H2K_VFAT_FIT_TAIL);
    basis("a b.txt", "AB      TXT", H2K_VFAT_FIT_TAIL);
    basis("a.b.c", "AB      C  ", H2K_VFAT_FIT_TAIL);
    basis(".hidden", "HIDDEN     ", H2K_VFAT_FIT_TAIL);
    basis("a+b", "A_B        ", H2K_VFAT_FIT_TAIL);
    basis("Gr\xc3\xbc\xc3\x9f"
          "e",
          "GR__E      ", H2K_VFAT_FIT_TAIL);
    basis(".\xf0\x9f\x98\x80", "_          ", H2K_VFAT_FIT_TAIL);
    basis("...", "_          ", H2K_VFAT_FIT_TAIL);
}

static void
tail(const char *from, uint32_t number, const char *expected)
{
    uint8_t bytes[H2K_VFAT_SHORT + 1] = { 0 };
    h2k_vfat_tail((const uint8_t *)from, number, bytes);
    ok_string((const char *)bytes, expected);
    ok(h2k_vfat_tail_of(bytes) == number, "%u is read back", number);
}

static void
test_tails(void)
{
    tail("GRUBX64 EFI", 1, "GRUBX6~1EFI");
    tail("GRUBX64 EFI", 999999, "G~999999EFI");
    tail("AB      C  ", 10, "AB~10   C  ");
    ok(h2k_vfat_tail_of((const uint8_t *)"NONE    EFI") == 0, "no tail");
    ok(h2k_vfat_tail_of((const uint8_t *)"A~01    EFI") == 0, "none of ours");
    ok(h2k_vfat_tail_of((const uint8_t *)"A~      EFI") == 0, "no number");
    ok(h2k_vfat_tail_of((const uint8_t *)"12345678EFI") == 0, "digits alone");
}

/* As mtools writes it. */
static void
test_checksum(void)
{
    ok(h2k_vfat_checksum((const uint8_t *)"ALONGN~1TXT") == 0x42,
       "the checksum of a short name");
}

static void
short_text(const char *name, uint8_t casing, const char *expected)
{
    char text[48];
    bool is = h2k_vfat_short_text((const uint8_t *)name, casing, text);
    ok(is == (expected != NULL), "%.11s is a name or not", name);
    if (is && expected != NULL)
        ok_string(text, expected);
}

static void
test_short_text(void)
{
    short_text("GRUBX64 EFI", 0, "GRUBX64.EFI");
    short_text("GRUBX64 EFI", 0x08, "grubx64.EFI");
    short_text("GRUBX64 EFI", 0x18, "grubx64.efi");
    short_text("BOOT       ", 0, "BOOT");
    short_text("\x9a\x81      TXT", 0, "\xc3\x9c\xc3\xbc.TXT");
    short_text("\005X         ", 0, "\xcf\x83X"); /* stands for 0xe5 */
    short_text("A/B        ", 0, NULL);
    short_text("           ", 0, NULL);
    short_text("A\001         ", 0, NULL);
    short_text(".          ", 0, NULL);
    short_text("..         ", 0, NULL);
}

static void
test_utf16(void)
{
    static const uint16_t lone[] = { 'a', 0xd83d, 'b' };
    static const uint16_t low[] = { 0xde00 };
    static const uint16_t cut[] = { 0xd83d };
    static const uint16_t slash[] = { 'a', '/', 'b' };
    uint16_t units[H2K_VFAT_UNITS_MAX];
    char text[256], longest[257];
    size_t n = h2k_vfat_to_utf16("a\xf0\x9f\x98\x80", units);
    ok(n == 3 && units[0] == 'a' && units[1] == 0xd83d && units[2] == 0xde00,
       "what is beyond 16 bits is a pair");
    ok(h2k_vfat_from_utf16(units, n, text, sizeof(text)), "and back");
    ok_string(text, "a\xf0\x9f\x98\x80");
    ok(!h2k_vfat_from_utf16(units, n, text, 5), "a buffer too small");
    ok(!h2k_vfat_from_utf16(lone, 3, text, sizeof(text)), "half a pair");
    ok(!h2k_vfat_from_utf16(low, 1, text, sizeof(text)), "the other half");
    ok(!h2k_vfat_from_utf16(cut, 1, text, sizeof(text)), "a pair cut off");
    ok(!h2k_vfat_from_utf16(slash, 3, text, sizeof(text)), "a slash");
    ok(!h2k_vfat_from_utf16(units, 0, text, sizeof(text)), "no name");
    ok(h2k_vfat_to_utf16("\xff", units) == 0, "what is not UTF-8");
    memset(longest, 'x', sizeof(longest));
    longest[255] = '\0';
    ok(h2k_vfat_to_utf16(longest, units) == 255, "255 units");
    ok(h2k_vfat_from_utf16(units, 255, text, sizeof(text)), "and back");
    longest[255] = 'x';
    longest[256] = '\0';
    ok(h2k_vfat_to_utf16(longest, units) == 0, "and not 256");
}

static void
test_pieces(void)
{
    uint16_t units[H2K_VFAT_UNITS_MAX], back[H2K_VFAT_PIECE];
    uint8_t raw[32];
    size_t n = h2k_vfat_to_utf16("fourteen chars", units);
    h2k_vfat_put_piece(raw, units, n, 1, 0x5a);
    ok(raw[0] == 1 && raw[11] == 0x0f && raw[13] == 0x5a, "the first piece");
    h2k_vfat_get_piece(raw, back);
    ok(memcmp(back, units, sizeof(back)) == 0, "has thirteen units");
    h2k_vfat_put_piece(raw, units, n, 2, 0x5a);
    h2k_vfat_get_piece(raw, back);
    ok(raw[0] == 0x42, "the last piece is marked");
    ok(back[0] == 's' && back[1] == 0 && back[2] == 0xffff,
       "and is padded behind its end");
    h2k_vfat_put_piece(raw, units, 13, 1, 0);
    h2k_vfat_get_piece(raw, back);
    ok(raw[0] == 0x41 && back[12] == 'r', "thirteen need no end");
}

static void
test_same(void)
{
    ok(h2k_vfat_same_name("GrubX64.efi", "GRUBX64.EFI"), "Latin letters");
    ok(h2k_vfat_same_name("gr\xc3\xbc", "GR\xc3\x9c"), "with umlauts");
    ok(h2k_vfat_same_name("\xce\xb1\xcf\x89", "\xce\x91\xce\xa9"), "Greek");
    ok(h2k_vfat_same_name("\xd0\xb6\xd1\x8f", "\xd0\x96\xd0\xaf"), "Cyrillic");
    ok(!h2k_vfat_same_name("a", "ab"), "a beginning is not the same");
    ok(!h2k_vfat_same_name("\xff", "\xff"), "what is no text is nothing");
    ok(!h2k_vfat_same_name("\xc3\xb7", "\xc3\x97"), "no letters");
}

static void
test_check(void)
{
    ok(h2k_vfat_check_name(".fstab.h2k-0000") == 0, "a name of ours");
    ok(h2k_vfat_check_name("a:b") < 0 && h2k_errcode() == H2K_E_RANGE,
       "a colon is refused");
    ok(h2k_vfat_check_name("a.") < 0, "a period at the end too");
    ok(h2k_vfat_check_name("a ") < 0, "and a blank");
    ok(h2k_vfat_check_name("a\tb") < 0, "and a control character");
    ok(h2k_vfat_check_name("\xff") < 0, "and what is not UTF-8");
}

static void
test_times(void)
{
    ok(h2k_vfat_unpack_time(h2k_vfat_pack_time(1700000000)) == 1700000000,
       "a time there and back");
    ok(h2k_vfat_unpack_time(h2k_vfat_pack_time(1700000001)) == 1700000000,
       "in steps of two seconds");
    ok(h2k_vfat_pack_time(0) == 0x00210000, "before 1980 it is 1980");
    ok(h2k_vfat_pack_time(INT64_MAX) == 0xff9fbf7d, "after 2107 it is 2107");
    ok(h2k_vfat_unpack_time(0) == 315532800, "no date is 1980");
}

int
main(void)
{
    test_basis();
    test_tails();
    test_checksum();
    test_short_text();
    test_utf16();
    test_pieces();
    test_same();
    test_check();
    test_times();
    return tap_done();
}
