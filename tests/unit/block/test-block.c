/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "block/block.h"
#include "block/fault.h"
#include "block/file.h"
#include "block/memory.h"
#include "block/slice.h"

#include "tap.h"

#include <fcntl.h>
#include <unistd.h>

static void
test_ranges(void)
{
    H2K_AUTO(h2k_block) disk = h2k_memory_new("0123456789", 10);
    char buffer[16] = "";
    ok(h2k_block_pread(disk, buffer, 4, 6) == 0, "read up to the end");
    ok_string(buffer, "6789");
    ok_error(h2k_block_pread(disk, buffer, 5, 6) < 0, H2K_E_RANGE, "outside");
    ok_error(h2k_block_pread(disk, buffer, 1, UINT64_MAX) < 0, H2K_E_RANGE,
             "outside");
    ok(h2k_block_pread(disk, buffer, 0, 10) == 0, "nothing at the end");
    ok_error(h2k_block_read_alloc(disk, 4, 7, 100, "table") == NULL,
             H2K_E_CORRUPT, "table at byte 4");
    ok_error(h2k_block_read_alloc(disk, 0, UINT64_C(1) << 43, 100, "table") ==
                 NULL,
             H2K_E_CORRUPT, "larger than the 100 allowed");
    H2K_AUTO(h2k_block) view = h2k_memory_view("abc", 3);
    ok_error(h2k_block_pwrite(view, "x", 1, 0) < 0, H2K_E_READONLY,
             "read-only");
}

static void
test_slice(void)
{
    H2K_AUTO(h2k_block) disk = h2k_memory_new("0123456789", 10);
    H2K_AUTO(h2k_block) outer = h2k_slice_new(disk, 2, 6);
    H2K_AUTO(h2k_block) inner = h2k_slice_new(outer, 1, 3);
    char buffer[16] = "";
    ok(h2k_block_pread(inner, buffer, 3, 0) == 0, "read a slice of a slice");
    ok_string(buffer, "345");
    ok(h2k_block_pwrite(inner, "ab", 2, 1) == 0, "write through");
    h2k_block_pread(disk, buffer, 10, 0);
    ok_string(buffer, "0123ab6789");
    ok(h2k_block_zero(inner, 0, 1) == 0, "zero through");
    h2k_block_pread(disk, buffer, 10, 0);
    ok(buffer[3] == 0 && buffer[4] == 'a', "only there");
    ok_error(h2k_slice_new(disk, 8, 3) == NULL, H2K_E_RANGE, "outside");
    ok_error(h2k_slice_new(disk, UINT64_MAX, 2) == NULL, H2K_E_RANGE,
             "outside");
}

static void
test_file(void)
{
    char path[] = "/tmp/test-block.XXXXXX";
    int fd = mkstemp(path);
    ok(ftruncate(fd, 1 << 20) == 0 && pwrite(fd, "data", 4, 512 << 10) == 4,
       "a file with holes");
    close(fd);
    H2K_AUTO(h2k_block) file = h2k_file_open(path);
    struct h2k_extent e = { 0 };
    ok(h2k_block_size(file) == 1 << 20, "its size");
    ok(h2k_block_extent(file, 0, 1 << 20, &e) == 0 &&
           e.kind == H2K_EXTENT_ABSENT && e.length == 512 << 10,
       "the hole before the data is absent");
    ok(h2k_block_extent(file, 512 << 10, 1 << 19, &e) == 0 &&
           e.kind == H2K_EXTENT_DATA && e.length < 1 << 19,
       "the data is data");
    ok(truncate(path, 1000) == 0, "it becomes shorter");
    char buffer[8];
    ok_error(h2k_block_pread(file, buffer, 8, 996) < 0, H2K_E_IO,
             "became shorter");
    unlink(path);
    ok_error(h2k_file_open(path) == NULL, H2K_E_NOENT, "No such file");
    ok_error(h2k_file_open("/") == NULL, H2K_E_SOURCE, "directory");
    ok_error(h2k_file_open("/dev/null") == NULL, H2K_E_SOURCE, "neither");
    ok_error(h2k_file_open_beside(AT_FDCWD, "../x") == NULL, H2K_E_CORRUPT,
             "not a plain name");
}

static void
test_fault(void)
{
    H2K_AUTO(h2k_block) disk = h2k_memory_new(NULL, 100);
    char buffer[64];
    struct h2k_fault_plan bad = {
        .bad_offset = 10, .bad_length = 5, .on_read = true
    };
    H2K_AUTO(h2k_block) f = h2k_fault_new(disk, &bad);
    ok(h2k_block_pread(f, buffer, 10, 0) == 0, "before the bad range");
    ok_error(h2k_block_pread(f, buffer, 11, 0) < 0, H2K_E_IO, "injected read");
    ok(h2k_block_pread(f, buffer, 10, 15) == 0, "behind it");
    ok(h2k_block_pwrite(f, buffer, 10, 8) == 0, "writing there is fine");
    struct h2k_fault_plan cut = { .short_at = 20 };
    H2K_AUTO(h2k_block) g = h2k_fault_new(disk, &cut);
    ok_error(h2k_block_pread(g, buffer, 10, 15) < 0, H2K_E_IO, "byte 20");
    struct h2k_fault_plan late = { .writes_before_failure = 1 };
    H2K_AUTO(h2k_block) l = h2k_fault_new(disk, &late);
    ok(h2k_block_pwrite(l, buffer, 1, 0) == 0, "the first write");
    ok_error(h2k_block_pwrite(l, buffer, 1, 0) < 0, H2K_E_IO,
             "injected write");
}

int
main(void)
{
    test_ranges();
    test_slice();
    test_file();
    test_fault();
    return tap_done();
}
