/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Errors are set here, by h2k_fail, and EIO is returned: what libext2fs
 * hands up as EIO already has its message.
 *
 * libext2fs asks for the same few blocks again and again: a directory's
 * blocks for each name, an inode table's block for each inode in it, an
 * extent tree's nodes for each block of a file.  Below us such a block may
 * cost the decoding of a compressed cluster, so single blocks are cached.
 * Writes go through.
 */
#include "fs/ext/io.h"

#include "base/checked.h"
#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SLOTS 256

struct ext_io {
    struct h2k_block *block;
    uint64_t size;
    bool writable;
    unsigned depth; /* of h2k_ext_io_begin */
    uint64_t budget;
    uint64_t requests;
    uint64_t numbers[SLOTS]; /* block number + 1; 0: empty */
    uint8_t *blocks;         /* SLOTS of them, or NULL */
};

static struct ext_io *
io_of(io_channel channel)
{
    return channel->private_data;
}

static void
forget(struct ext_io *io)
{
    memset(io->numbers, 0, sizeof(io->numbers));
}

static errcode_t
ext_io_close(io_channel channel)
{
    if (--channel->refcount > 0)
        return 0;
    struct ext_io *io = io_of(channel);
    h2k_block_unref(io->block);
    free(io->blocks);
    free(io);
    free(channel->name);
    free(channel);
    return 0;
}

static errcode_t
ext_io_set_blksize(io_channel channel, int size)
{
    struct ext_io *io = io_of(channel);
    if (size == channel->block_size && io->blocks != NULL)
        return 0;
    if (size < 1024 || size > 65536)
        return EXT2_ET_INVALID_ARGUMENT;
    uint8_t *blocks = calloc(SLOTS, (size_t)size);
    if (blocks == NULL)
        return EXT2_ET_NO_MEMORY;
    free(io->blocks);
    io->blocks = blocks;
    channel->block_size = size;
    forget(io);
    return 0;
}

static errcode_t
ext_io_open(const char *name, int flags, io_channel *out)
{
    void *pointer = NULL;
    if (sscanf(name, "%p", &pointer) != 1 || pointer == NULL)
        return EXT2_ET_BAD_DEVICE_NAME;
    struct h2k_block *block = pointer;
    struct struct_io_channel *channel = calloc(1, sizeof(*channel));
    struct ext_io *io = calloc(1, sizeof(*io));
    char *copy = strdup(name);
    if (channel == NULL || io == NULL || copy == NULL) {
        free(channel);
        free(io);
        free(copy);
        return EXT2_ET_NO_MEMORY;
    }
    io->block = h2k_block_ref(block);
    io->size = h2k_block_size(block);
    io->writable = (flags & IO_FLAG_RW) != 0 && h2k_block_writable(block);
    channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    channel->manager = h2k_ext_io_manager();
    channel->name = copy;
    channel->refcount = 1;
    channel->private_data = io;
    errcode_t err = ext_io_set_blksize(channel, 1024);
    if (err != 0) {
        ext_io_close(channel);
        return err;
    }
    *out = channel;
    return 0;
}

/* COUNT as libext2fs gives it, blocks or (negative) bytes, at BLOCK, in
 * bytes.  What is outside was computed from damaged metadata. */
static errcode_t
check_place(io_channel channel, uint64_t block, int count, uint64_t *offset,
            uint64_t *length)
{
    uint64_t block_size = (uint64_t)channel->block_size;
    *length =
        count < 0 ? (uint64_t) - (int64_t)count : (uint64_t)count * block_size;
    if (!ckd_mul(offset, block, block_size) &&
        h2k_range_inside(*offset, *length, io_of(channel)->size))
        return 0;
    h2k_fail(H2K_E_CORRUPT,
             "block %" PRIu64 " lies beyond the volume's end; run e2fsck on "
             "it first",
             block);
    return EIO;
}

static errcode_t
spend(struct ext_io *io)
{
    if (io->depth == 0 || io->budget-- > 0)
        return 0;
    io->budget = 0;
    h2k_fail(H2K_E_CORRUPT, "the filesystem's metadata goes in circles; run "
                            "e2fsck on it first");
    return EIO;
}

static errcode_t
ext_io_read_blk64(io_channel channel, unsigned long long block, int count,
                  void *data)
{
    struct ext_io *io = io_of(channel);
    uint64_t offset = 0, length = 0;
    if (check_place(channel, block, count, &offset, &length) != 0 ||
        spend(io) != 0)
        return EIO;
    if (count != 1) {
        io->requests++;
        return h2k_block_pread(io->block, data, length, offset) < 0 ? EIO : 0;
    }
    uint8_t *slot = io->blocks + block % SLOTS * length;
    uint64_t *number = &io->numbers[block % SLOTS];
    if (*number != block + 1) {
        *number = 0;
        io->requests++;
        if (h2k_block_pread(io->block, slot, length, offset) < 0)
            return EIO;
        *number = block + 1;
    }
    memcpy(data, slot, length);
    return 0;
}

static errcode_t
check_write(io_channel channel)
{
    if (io_of(channel)->writable)
        return 0;
    h2k_fail(H2K_E_READONLY, "the volume is open for reading only");
    return EIO;
}

/* Cached blocks in [first, first + count) are no longer what is on disk. */
static void
forget_range(struct ext_io *io, uint64_t first, uint64_t count)
{
    if (count >= SLOTS) {
        forget(io);
        return;
    }
    for (uint64_t i = first; i < first + count; i++)
        if (io->numbers[i % SLOTS] == i + 1)
            io->numbers[i % SLOTS] = 0;
}

static errcode_t
ext_io_write_blk64(io_channel channel, unsigned long long block, int count,
                   const void *data)
{
    struct ext_io *io = io_of(channel);
    uint64_t offset = 0, length = 0;
    if (check_place(channel, block, count, &offset, &length) != 0 ||
        check_write(channel) != 0)
        return EIO;
    uint64_t block_size = (uint64_t)channel->block_size;
    forget_range(io, block, h2k_div_up(length, block_size));
    io->requests++;
    if (h2k_block_pwrite(io->block, data, length, offset) < 0)
        return EIO;
    if (count == 1) {
        memcpy(io->blocks + block % SLOTS * block_size, data, block_size);
        io->numbers[block % SLOTS] = block + 1;
    }
    return 0;
}

static errcode_t
ext_io_read_blk(io_channel channel, unsigned long block, int count, void *data)
{
    return ext_io_read_blk64(channel, block, count, data);
}

static errcode_t
ext_io_write_blk(io_channel channel, unsigned long block, int count,
                 const void *data)
{
    return ext_io_write_blk64(channel, block, count, data);
}

static errcode_t
ext_io_write_byte(io_channel channel, unsigned long offset, int count,
                  const void *data)
{
    struct ext_io *io = io_of(channel);
    if (count < 0)
        return EXT2_ET_INVALID_ARGUMENT;
    if (check_write(channel) != 0)
        return EIO;
    forget(io);
    io->requests++;
    return h2k_block_pwrite(io->block, data, (size_t)count, offset) < 0 ? EIO
                                                                        : 0;
}

static errcode_t
ext_io_zeroout(io_channel channel, unsigned long long block,
               unsigned long long count)
{
    struct ext_io *io = io_of(channel);
    uint64_t block_size = (uint64_t)channel->block_size, offset, length;
    if (check_write(channel) != 0)
        return EIO;
    if (ckd_mul(&offset, (uint64_t)block, block_size) ||
        ckd_mul(&length, (uint64_t)count, block_size))
        return EXT2_ET_INVALID_ARGUMENT;
    forget_range(io, block, count);
    io->requests++;
    return h2k_block_zero(io->block, offset, length) < 0 ? EIO : 0;
}

static errcode_t
ext_io_flush(io_channel channel)
{
    return h2k_block_flush(io_of(channel)->block) < 0 ? EIO : 0;
}

static const struct struct_io_manager manager = {
    .magic = EXT2_ET_MAGIC_IO_MANAGER,
    .name = "hyper2kvm",
    .open = ext_io_open,
    .close = ext_io_close,
    .set_blksize = ext_io_set_blksize,
    .read_blk = ext_io_read_blk,
    .write_blk = ext_io_write_blk,
    .flush = ext_io_flush,
    .write_byte = ext_io_write_byte,
    .read_blk64 = ext_io_read_blk64,
    .write_blk64 = ext_io_write_blk64,
    .zeroout = ext_io_zeroout,
};

io_manager
h2k_ext_io_manager(void)
{
    /* libext2fs only reads it. */
    return (io_manager)(uintptr_t)&manager;
}

void
h2k_ext_io_name(struct h2k_block *block, char name[H2K_EXT_IO_NAME])
{
    snprintf(name, H2K_EXT_IO_NAME, "%p", (void *)block);
}

void
h2k_ext_io_begin(io_channel channel)
{
    struct ext_io *io = io_of(channel);
    if (io->depth++ == 0)
        io->budget = 4096 + 4 * (io->size / (uint64_t)channel->block_size);
}

void
h2k_ext_io_allow(io_channel channel, uint64_t more)
{
    struct ext_io *io = io_of(channel);
    if (io->depth > 0 && ckd_add(&io->budget, io->budget, more))
        io->budget = UINT64_MAX;
}

void
h2k_ext_io_end(io_channel channel)
{
    io_of(channel)->depth--;
}

uint64_t
h2k_ext_io_requests(io_channel channel)
{
    return io_of(channel)->requests;
}
