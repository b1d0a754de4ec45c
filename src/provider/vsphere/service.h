/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is at the other end: ServiceInstance and its content. */
#ifndef H2K_PROVIDER_VSPHERE_SERVICE_H
#define H2K_PROVIDER_VSPHERE_SERVICE_H

#include "provider/vsphere/internal.h"

/* Fills in the service, product, version and kind of a connection that has
 * its endpoint; needs no session.  H2K_E_SOURCE where no vSphere answers. */
int h2k_vsphere_service_read(struct h2k_vsphere *vs);
/* The same out of a ServiceContent that came. */
int h2k_vsphere_service_take(struct h2k_vsphere *vs, const xmlNode *content);
void h2k_vsphere_service_clear(struct h2k_vsphere_service *service);

#endif
