/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* An OVA in one pass; tests/oracle/test-ova.sh has others read it. */
#include "provider/ova.h"

#include "base/endian.h"
#include "provider/tar-header.h"
#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test-ova.XXXXXX";
static const char *const names[] = { "vm-disk1.vmdk", "vm-disk2.vmdk" };

static struct h2k_vm_disk disks[2] = {
    { .bus = H2K_VM_BUS_SCSI, .capacity = 1024 },
    { .bus = H2K_VM_BUS_SCSI, .unit = 1, .capacity = 2048 },
};
static struct h2k_vm vm = {
    .name = (char *)"vm",
    .cpus = 1,
    .memory_mib = 512,
    .disks = disks,
    .disk_count = 2,
};

static bool
file_holds(const char *path, uint64_t offset, const void *bytes, size_t size)
{
    char got[64] = "";
    int fd = open(path, O_RDONLY);
    bool same = fd >= 0 && size <= sizeof(got) &&
                pread(fd, got, size, (off_t)offset) == (ssize_t)size &&
                memcmp(got, bytes, size) == 0;
    if (fd >= 0)
        close(fd);
    return same;
}

static void
test_whole(void)
{
    static const char ovf[] = "<Envelope/>\n";
    struct h2k_ovf_file first = { 0 }, second = { 0 };
    H2K_AUTO(h2k_ova) ova = h2k_ova_new("vm.ova", &vm, "vm", names, 2);
    ok(ova != NULL && h2k_ova_begin_file(ova) == 0 &&
           h2k_ova_data(ova, "wrong, and too long by far", 26) == 0 &&
           h2k_ova_restart_file(ova) == 0 && h2k_ova_data(ova, "ab", 2) == 0 &&
           h2k_ova_data(ova, "c", 1) == 0 &&
           h2k_ova_end_file(ova, &first) == 0,
       "a file that starts again");
    ok(first.size == 3, "has the size of the second start");
    ok_string(first.sha256, "ba7816bf8f01cfea414140de5dae2223"
                            "b00361a396177a9cb410ff61f20015ad");
    ok(h2k_ova_begin_file(ova) == 0 && h2k_ova_end_file(ova, &second) == 0 &&
           second.size == 0,
       "an empty file");
    ok(access("vm.ova", F_OK) < 0, "there is no OVA before its end");
    ok(h2k_ova_finish(ova, ovf) == 0, "finished");
    ok(file_holds("vm.ova", H2K_TAR_BLOCK, ovf, sizeof(ovf) - 1),
       "the OVF is first");
    uint64_t at = h2k_ova_file_offset(ova, 0);
    ok(file_holds("vm.ova", at, "abc\0\0\0\0\0", 8),
       "nothing of the first start is left");
    struct stat st;
    ok(stat("vm.ova", &st) == 0 && st.st_size % H2K_TAR_BLOCK == 0 &&
           (uint64_t)st.st_size == at + 4 * H2K_TAR_BLOCK,
       "two blocks end it");
}

static void
test_order(void)
{
    struct h2k_ova *ova = h2k_ova_new("other.ova", &vm, "vm", names, 1);
    ok_error(h2k_ova_data(ova, "x", 1) < 0, H2K_E_RANGE, "no file has begun");
    ok_error(h2k_ova_restart_file(ova) < 0, H2K_E_RANGE, "no file has begun");
    ok_error(h2k_ova_end_file(ova, NULL) < 0, H2K_E_RANGE,
             "no file has begun");
    ok_error(h2k_ova_finish(ova, "") < 0, H2K_E_RANGE, "not all files");
    ok(h2k_ova_begin_file(ova) == 0, "one begins");
    ok_error(h2k_ova_begin_file(ova) < 0, H2K_E_RANGE, "no file is to begin");
    ok_error(h2k_ova_finish(ova, "") < 0, H2K_E_RANGE, "not all files");
    ok(h2k_ova_end_file(ova, NULL) == 0, "and ends");
    ok_error(h2k_ova_begin_file(ova) < 0, H2K_E_RANGE, "no file is to begin");
    size_t room = h2k_ova_ovf_room(ova);
    char *text = malloc(room + 2);
    memset(text, ' ', room + 2);
    text[room + 1] = '\0';
    ok_error(h2k_ova_finish(ova, text) < 0, H2K_E_RANGE, "and room for");
    h2k_ova_free(ova);
    ok(access("other.ova", F_OK) < 0 &&
           access("other.ova.hyper2kvm-partial", F_OK) < 0,
       "given up, nothing is left");
    ova = h2k_ova_new("other.ova", &vm, "vm", names, 0);
    text[room] = '\0';
    ok(h2k_ova_ovf_room(ova) <= room && h2k_ova_finish(ova, "x") == 0,
       "an OVF alone");
    h2k_ova_free(ova);
    free(text);
}

static void
test_refused(void)
{
    const char *const bad[] = { "../evil" };
    ok_error(h2k_ova_new("bad.ova", &vm, "vm", bad, 1) == NULL, H2K_E_RANGE,
             "cannot stand");
    ok_error(h2k_ova_new("bad.ova", &vm, "a/b", names, 1) == NULL, H2K_E_RANGE,
             "cannot stand");
    ok_error(h2k_ova_new("nowhere/bad.ova", &vm, "vm", names, 1) == NULL,
             H2K_E_OUTPUT, "nowhere");
    ok(access("bad.ova", F_OK) < 0, "and nothing is made");
}

/* A limit on files stands for a full filesystem. */
static void
test_full(void)
{
    static const char block[65536];
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 128 << 10;
    signal(SIGXFSZ, SIG_IGN);
    struct h2k_ova *ova = h2k_ova_new("full.ova", &vm, "vm", names, 1);
    setrlimit(RLIMIT_FSIZE, &small);
    int result = h2k_ova_begin_file(ova);
    for (int i = 0; i < 4 && result == 0; i++)
        result = h2k_ova_data(ova, block, sizeof(block));
    ok_error(result < 0, H2K_E_OUTPUT, "full.ova: cannot write");
    setrlimit(RLIMIT_FSIZE, &before);
    h2k_ova_free(ova);
    ok(access("full.ova.hyper2kvm-partial", F_OK) < 0, "nothing is left");
}

static void
test_header(void)
{
    uint8_t header[H2K_TAR_BLOCK];
    char name[101];
    memset(name, 'n', 100);
    name[100] = '\0';
    h2k_tar_header(header, name, (UINT64_C(1) << 33) - 1, 1);
    ok(memcmp(header + 124, "77777777777", 12) == 0, "8 GiB - 1 in octal");
    ok(header[99] == 'n' && memcmp(header + 100, "0000644", 8) == 0,
       "a name of 100 bytes");
    h2k_tar_header(header, name, UINT64_C(1) << 33, 1);
    ok(header[124] == 0x80 && h2k_get_be64(header + 128) == UINT64_C(1) << 33,
       "8 GiB in base 256");
    unsigned sum = 0;
    for (size_t i = 0; i < H2K_TAR_BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : header[i];
    ok(strtoul((char *)header + 148, NULL, 8) == sum, "the checksum");
}

int
main(void)
{
    if (mkdtemp(dir) == NULL || chdir(dir) < 0)
        return 1;
    test_whole();
    test_order();
    test_refused();
    test_full();
    test_header();
    unlink("vm.ova");
    unlink("other.ova");
    if (chdir("/") < 0 || rmdir(dir) < 0)
        return 1;
    return tap_done();
}
