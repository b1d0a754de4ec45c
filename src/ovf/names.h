/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The namespaces of an OVF (DSP0243 1.1.0), and our limits on one. */
#ifndef H2K_OVF_NAMES_H
#define H2K_OVF_NAMES_H

#define OVF_NAMESPACE "http://schemas.dmtf.org/ovf/envelope/1"
#define OVF_NAMESPACE_2 "http://schemas.dmtf.org/ovf/envelope/2"
#define OVF_CIM "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
#define OVF_RASD_NAMESPACE OVF_CIM "CIM_ResourceAllocationSettingData"
#define OVF_VSSD_NAMESPACE OVF_CIM "CIM_VirtualSystemSettingData"
#define OVF_VMW_NAMESPACE "http://www.vmware.com/schema/ovf"

#define H2K_OVF_MAX_SIZE (1u << 20) /* bytes of the XML */
#define H2K_OVF_MAX_DEPTH 64        /* elements in each other */

#endif
