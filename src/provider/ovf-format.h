/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files that write OVFs share (DSP0243 1.1.0). */
#ifndef H2K_PROVIDER_OVF_FORMAT_H
#define H2K_PROVIDER_OVF_FORMAT_H

#include "ovf/names.h"
#include "provider/ovf.h"

/* What a disk's ovf:format says. */
static inline const char *
ovf_format_uri(enum h2k_ovf_format format)
{
    return format == H2K_OVF_VMDK_STREAM
               ? "http://www.vmware.com/interfaces/specifications/"
                 "vmdk.html#streamOptimized"
               : "http://www.vmware.com/interfaces/specifications/"
                 "vmdk.html#monolithicFlat";
}

#endif
