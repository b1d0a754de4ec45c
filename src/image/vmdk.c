/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "image/vmdk.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/log.h"
#include "image/image.h"

#include <inttypes.h>
#include <string.h>

static int
check_embedded(const struct h2k_vmdk_header *header,
               const struct h2k_vmdk_descriptor *d)
{
    if (d == NULL && header->compressed)
        return 0; /* a stream is a disk of its own */
    if (d == NULL)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "is only a part of a disk: give the descriptor, the "
                        "small .vmdk beside it, whose parts are numbered");
    if (d->extent_count != 1 || d->extents[0].type != H2K_VMDK_SPARSE)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "its embedded descriptor names extents in other "
                        "files");
    if (d->sectors != header->capacity)
        h2k_log(H2K_LOG_WARNING,
                "vmdk: the descriptor says %" PRIu64
                " sectors, the header %" PRIu64 ": believing the header",
                d->sectors, header->capacity);
    return 0;
}

int
h2k_vmdk_embedded_parse(const struct h2k_vmdk_header *header, const char *text,
                        size_t size, struct h2k_vmdk_descriptor **out)
{
    H2K_AUTO(h2k_vmdk_descriptor) d = NULL;
    *out = NULL;
    if (size > 0 && text[0] != '\0' &&
        (d = h2k_vmdk_descriptor_parse(text, size)) == NULL)
        return -1;
    if (check_embedded(header, d) < 0)
        return -1;
    *out = h2k_steal(d);
    return 0;
}

static int
read_embedded(struct h2k_block *file, const struct h2k_vmdk_header *header,
              struct h2k_vmdk_descriptor **out)
{
    uint64_t size = header->descriptor_size * H2K_VMDK_SECTOR;
    if (header->descriptor_offset == 0 || size == 0)
        return h2k_vmdk_embedded_parse(header, NULL, 0, out);
    h2k_autofree char *text = h2k_block_read_alloc(
        file, header->descriptor_offset * H2K_VMDK_SECTOR, size,
        H2K_VMDK_DESCRIPTOR_MAX, "embedded descriptor");
    return text == NULL
               ? -1
               : h2k_vmdk_embedded_parse(header, text, (size_t)size, out);
}

static struct h2k_block *
open_embedded(struct h2k_block *file, struct h2k_image_info *info)
{
    struct h2k_vmdk_header header;
    H2K_AUTO(h2k_vmdk_descriptor) d = NULL;
    if (h2k_vmdk_header_read(file, &header) < 0 ||
        read_embedded(file, &header, &d) < 0)
        return NULL;
    info->variant = d == NULL ? "streamOptimized" : d->create_type;
    info->file_size = h2k_block_size(file);
    info->granularity = (uint32_t)header.grain_size * H2K_VMDK_SECTOR;
    info->compressed = header.compressed;
    return h2k_vmdk_sparse_open(file, &header);
}

static struct h2k_block *
open_described(struct h2k_block *file, const struct h2k_image_options *options,
               struct h2k_image_info *info)
{
    uint64_t size = h2k_block_size(file);
    h2k_autofree char *text = h2k_block_read_alloc(
        file, 0, size, H2K_VMDK_DESCRIPTOR_MAX, "descriptor");
    if (text == NULL)
        return NULL;
    H2K_AUTO(h2k_vmdk_descriptor)
    d = h2k_vmdk_descriptor_parse(text, (size_t)size);
    if (d == NULL)
        return NULL;
    info->variant = d->create_type;
    struct h2k_block *disk = h2k_vmdk_span_open(
        d, options, &info->file_size, &info->granularity, &info->compressed);
    info->file_size += size;
    return disk;
}

static struct h2k_block *
vmdk_open(struct h2k_block *file, const struct h2k_image_options *options,
          struct h2k_image_info *info)
{
    char magic[4] = "";
    *info = (struct h2k_image_info){ .format = "vmdk", .variant = "" };
    if (h2k_block_size(file) >= sizeof(magic) &&
        h2k_block_pread(file, magic, sizeof(magic), 0) < 0)
        return NULL;
    if (memcmp(magic, "COWD", 4) == 0)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "is a copy-on-write disk of ESXi (COWD), which "
                             "cannot be read: export the VM instead of "
                             "copying its files");
    struct h2k_block *disk = memcmp(magic, "KDMV", 4) == 0
                                 ? open_embedded(file, info)
                                 : open_described(file, options, info);
    if (disk != NULL)
        info->virtual_size = h2k_block_size(disk);
    return disk;
}

const struct h2k_image_format h2k_image_vmdk = {
    .name = "vmdk",
    .magic = { { 0, 4, "KDMV" },
               { 0, 21, "# Disk DescriptorFile" },
               { 0, 4, "COWD" } },
    .open = vmdk_open,
};
