/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which format an image has, and inflating. */
#include "block/memory.h"
#include "image/image.h"
#include "image/inflate.h"

#include "tap.h"

#include <libdeflate.h>

static uint8_t bytes[4096];

static const char *
format_with(uint64_t offset, const char *magic, size_t size)
{
    memset(bytes, 0, sizeof(bytes));
    memcpy(bytes + offset, magic, size);
    H2K_AUTO(h2k_block) file = h2k_memory_view(bytes, sizeof(bytes));
    return h2k_image_probe(file)->name;
}

static void
test_probe(void)
{
    ok_string(format_with(0, "KDMV", 4), "vmdk");
    ok_string(format_with(0, "COWD", 4), "vmdk");
    ok_string(format_with(0, "# Disk DescriptorFile\n", 22), "vmdk");
    ok_string(format_with(0, "QFI\xfb", 4), "qcow2");
    ok_string(format_with(0, "vhdxfile", 8), "vhdx");
    ok_string(format_with(0, "conectix", 8), "vhd");
    ok_string(format_with(4096 - 512, "conectix", 8), "vhd");
    ok_string(format_with(0x40, "\x7f\x10\xda\xbe", 4), "vdi");
    ok_string(format_with(257, "ustar\0", 6), "ova");
    ok_string(format_with(510, "\x55\xaa", 2), "raw");
    H2K_AUTO(h2k_block) empty = h2k_memory_view("", 0);
    ok_string(h2k_image_probe(empty)->name, "raw");
    H2K_AUTO(h2k_block) tiny = h2k_memory_view("KDM", 3);
    ok_string(h2k_image_probe(tiny)->name, "raw");
}

static bool
opens(const char *magic, const char *format)
{
    memset(bytes, 0, sizeof(bytes));
    memcpy(bytes, magic, strlen(magic));
    H2K_AUTO(h2k_block) file = h2k_memory_view(bytes, sizeof(bytes));
    H2K_AUTO(h2k_block)
    disk = h2k_image_open_block(file, format, NULL, NULL);
    return disk != NULL && h2k_block_size(disk) == sizeof(bytes);
}

static void
test_open(void)
{
    ok(opens("", NULL) && opens("", "raw"), "raw");
    H2K_AUTO(h2k_block) empty = h2k_memory_view(bytes, 0);
    ok_error(h2k_image_open_block(empty, NULL, NULL, NULL) == NULL,
             H2K_E_SOURCE, "is empty: export or copy");
    ok(opens("KDMV", "raw"), "what is said to be raw is raw");
    ok_error(!opens("QFI\xfb", "vmdk"), H2K_E_SOURCE,
             "is qcow2, not vmdk; name the format that it has");
    ok_error(!opens("", "vmdk"), H2K_E_SOURCE,
             "is not vmdk: it has the marks of no image format");
    ok_error(!opens("vhdxfile", NULL), H2K_E_UNSUPPORTED, "is vhdx, which");
    ok_error(!opens("vhdxfile", "vhdx"), H2K_E_UNSUPPORTED, "is vhdx, which");
    ok_error(!opens("COWD", NULL), H2K_E_UNSUPPORTED, "COWD");
    ok_error(!opens("", "qed"), H2K_E_UNSUPPORTED, "'qed' is not a disk");
    format_with(257, "ustar\0", 6);
    H2K_AUTO(h2k_block) tar = h2k_memory_view(bytes, sizeof(bytes));
    ok_error(h2k_image_open_block(tar, NULL, NULL, NULL) == NULL,
             H2K_E_UNSUPPORTED, "is an OVA");
    ok_error(h2k_image_open("/nonexistent/x", NULL, NULL, NULL, NULL) == NULL,
             H2K_E_NOENT, "/nonexistent/x");
}

static void
test_inflate(void)
{
    static const char text[] = "grain grain grain grain grain grain";
    uint8_t stored[100], out[100];
    size_t produced = 0;
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t size = libdeflate_zlib_compress(c, text, sizeof(text), stored, 90);
    memset(stored + size, 0xaa, 10);
    ok(h2k_inflate(H2K_INFLATE_ZLIB, stored, size + 10, out, sizeof(text),
                   &produced) == 0 &&
           produced == sizeof(text) && memcmp(out, text, produced) == 0,
       "zlib, with bytes behind it");
    ok(h2k_inflate(H2K_INFLATE_RAW, stored + 2, size - 6, out, 100,
                   &produced) == 0 &&
           produced == sizeof(text),
       "raw");
    ok_error(h2k_inflate(H2K_INFLATE_ZLIB, stored, size, out, 35, &produced) <
                 0,
             H2K_E_CORRUPT, "inflates to more than 35 bytes");
    ok_error(h2k_inflate(H2K_INFLATE_ZLIB, stored, size - 1, out, 100,
                         &produced) < 0,
             H2K_E_CORRUPT, "ends before its checksum");
    ok_error(h2k_inflate(H2K_INFLATE_ZLIB, stored, size - 8, out, 100,
                         &produced) < 0,
             H2K_E_CORRUPT, "invalid or ends early");
    ok_error(h2k_inflate(H2K_INFLATE_ZLIB, stored, 1, out, 100, &produced) < 0,
             H2K_E_CORRUPT, "header");
    stored[size - 1] ^= 1;
    ok_error(h2k_inflate(H2K_INFLATE_ZLIB, stored, size, out, 100, &produced) <
                 0,
             H2K_E_CORRUPT, "does not match its checksum");
    stored[1] ^= 0x20;
    ok_error(h2k_inflate(H2K_INFLATE_ZLIB, stored, size, out, 100, &produced) <
                 0,
             H2K_E_CORRUPT, "header");
    libdeflate_free_compressor(c);
}

int
main(void)
{
    test_probe();
    test_open();
    test_inflate();
    return tap_done();
}
