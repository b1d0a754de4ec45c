/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * rpm's NDB, which SUSE has and Debian's librpm is built without: where the
 * packages' headers are, which librpm then reads.  Packages.db, of little
 * endian numbers:
 *
 *   0x00 "RpmP"  0x04 version, 0  0x08 generation  0x0c pages of slots
 *   0x20 slots of 16 bytes, up to the end of their pages of 4096: "Slot",
 *        number of the package, first block, count of blocks; 0 blocks: free
 *
 * A block has 16 bytes.  A package: "BlbS", its number, generation, length of
 * the header, the header.
 */
#include "rpm-packages.h"

#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096u
#define SLOT 16u
#define BLOCK 16u

struct file {
    const uint8_t *bytes;
    uint64_t size;
};

static uint32_t
number(const struct file *f, uint64_t at)
{
    uint32_t value;
    memcpy(&value, f->bytes + at, sizeof(value));
    return le32toh(value);
}

static int
has_magic(const struct file *f, uint64_t at, const char *magic)
{
    return memcmp(f->bytes + at, magic, 4) == 0;
}

/* The package of the slot AT. */
static int
list_slot(const struct file *f, uint64_t at)
{
    if (!has_magic(f, at, "Slot"))
        return fail("Packages.db: a slot is damaged");
    uint64_t blob = (uint64_t)number(f, at + 8) * BLOCK;
    uint64_t size = (uint64_t)number(f, at + 12) * BLOCK;
    if (blob == 0)
        return 0;
    if (size < 16 || blob > f->size || size > f->size - blob ||
        !has_magic(f, blob, "BlbS") ||
        number(f, blob + 4) != number(f, at + 4) ||
        number(f, blob + 12) > size - 16)
        return fail("Packages.db: a package is damaged");
    Header header = headerImport((void *)(uintptr_t)(f->bytes + blob + 16),
                                 number(f, blob + 12), HEADERIMPORT_COPY);
    if (header == NULL)
        return fail("Packages.db: a package's header is damaged");
    say_package(header);
    headerFree(header);
    return 0;
}

static int
list_slots(const struct file *f)
{
    if (f->size < PAGE || !has_magic(f, 0, "RpmP") || number(f, 4) != 0)
        return fail("Packages.db is no NDB database");
    uint64_t end = (uint64_t)number(f, 12) * PAGE;
    if (end > f->size)
        return fail("Packages.db is shorter than its slots");
    int rc = 0;
    for (uint64_t at = 2 * SLOT; at < end && rc == 0; at += SLOT)
        rc = list_slot(f, at);
    return rc;
}

int
list_ndb(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0)
        return fail("Packages.db cannot be read");
    void *bytes =
        mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED)
        return fail("Packages.db cannot be read");
    const struct file f = { bytes, (uint64_t)st.st_size };
    return list_slots(&f);
}
