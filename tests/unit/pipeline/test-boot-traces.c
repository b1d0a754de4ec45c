/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a boot leaves on a guest's disks. */
#include "base/endian.h"
#include "fs/memory.h"
#include "fs/root.h"
#include "pipeline/boot-traces.h"

#include "memtree.h"
#include "tap.h"

#define SINCE 1700000000

static void
add_wtmp(struct h2k_fs *fs, uint16_t type, uint32_t when, size_t size)
{
    uint8_t records[3 * 384] = { 0 };
    h2k_put_le16(records + 384, type);
    h2k_put_le32(records + 384 + 340, when);
    memtree_bytes(fs, "/var/log/wtmp", 0664, records, size);
}

static void
add_journal(struct h2k_fs *fs, const char *magic, uint64_t when, size_t size)
{
    uint8_t header[256] = { 0 };
    memcpy(header, magic, 8);
    h2k_put_le64(header + 192, when * 1000000);
    memtree_bytes(fs, "/var/log/journal/0123/system.journal", 0640, header,
                  size);
}

static int
look(struct h2k_fs *fs, char quote[256])
{
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    return h2k_boot_traces_in(root, SINCE, quote);
}

static void
test_wtmp(void)
{
    char quote[256] = "";
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 20);
    ok(look(fs, quote) == 0, "an empty tree tells nothing");
    add_wtmp(fs, 2, SINCE - 1, 3 * 384);
    ok(look(fs, quote) == 0, "nor does an older boot");
    add_wtmp(fs, 7, SINCE + 30, 3 * 384);
    ok(look(fs, quote) == 0, "nor a login");
    add_wtmp(fs, 2, SINCE + 30, 2 * 384 - 1);
    ok(look(fs, quote) == 0, "nor a record that is cut off");
    add_wtmp(fs, 2, SINCE + 30, 2 * 384 + 1);
    ok(look(fs, quote) == 1, "a boot since then does");
    ok_string(quote,
              "/var/log/wtmp: a boot is recorded at 2023-11-14T22:13:50Z");
    add_wtmp(fs, 2, UINT32_MAX, 3 * 384);
    ok(look(fs, quote) == 0, "one in the far future does not");
}

static void
test_journal(void)
{
    char quote[256] = "";
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 20);
    memtree_file(fs, "/var/log/journal/a-file", 0644, "not a directory");
    add_journal(fs, "LPKSHHRH", SINCE - 60, 256);
    ok(look(fs, quote) == 0, "an older journal tells nothing");
    add_journal(fs, "LPKSHHRX", SINCE + 60, 256);
    ok(look(fs, quote) == 0, "nor does a file of another kind");
    add_journal(fs, "LPKSHHRH", SINCE + 60, 207);
    ok(look(fs, quote) == 0, "nor one that is cut off");
    add_journal(fs, "LPKSHHRH", SINCE + 60, 256);
    ok(look(fs, quote) == 1, "newer entries do");
    ok_string(quote, "/var/log/journal/0123/system.journal: the newest entry "
                     "was made at 2023-11-14T22:14:20Z");
}

int
main(void)
{
    test_wtmp();
    test_journal();
    return tap_done();
}
