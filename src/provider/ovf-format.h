/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names that the files about OVF share (DSP0243 1.1.0). */
#ifndef H2K_PROVIDER_OVF_FORMAT_H
#define H2K_PROVIDER_OVF_FORMAT_H

#include "provider/ovf.h"

#define OVF_NAMESPACE "http://schemas.dmtf.org/ovf/envelope/1"
#define OVF_CIM "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
#define OVF_RASD_NAMESPACE OVF_CIM "CIM_ResourceAllocationSettingData"
#define OVF_VSSD_NAMESPACE OVF_CIM "CIM_VirtualSystemSettingData"
#define OVF_VMW_NAMESPACE "http://www.vmware.com/schema/ovf"

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
