/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The first and last bytes of what a lease sent.  In pieces or at once, the
 * verdict is the same. */
#include "provider/vsphere/vmdk-frame.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 9)
        return 0;
    size_t piece = (size_t)data[0] * 8 + 1;
    uint64_t capacity = (uint64_t)data[1] << 20;
    data += 2;
    size -= 2;
    struct h2k_vmdk_frame whole = { 0 }, parts = { 0 };
    h2k_vmdk_frame_add(&whole, data, size);
    for (size_t at = 0; at < size; at += piece)
        h2k_vmdk_frame_add(&parts, data + at,
                           piece < size - at ? piece : size - at);
    if (h2k_vmdk_frame_check(&whole, capacity) !=
        h2k_vmdk_frame_check(&parts, capacity))
        abort();
    return 0;
}
