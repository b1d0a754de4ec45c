/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* All VMs that pass a filter. */
#ifndef H2K_PROVIDER_VSPHERE_LISTING_H
#define H2K_PROVIDER_VSPHERE_LISTING_H

#include "provider/vsphere/custom.h"
#include "provider/vsphere/row.h"

/* Initialise with the filter and (empty) rows. */
struct h2k_listing {
    const struct h2k_vsphere_filter *filter;
    struct h2k_vsphere_rows *rows; /* the caller's */
    struct h2k_tree tree;
    struct h2k_custom custom;
    char *datacenter; /* the path of the connection's, or NULL */
    bool wants_tags;
};
void h2k_listing_clear(struct h2k_listing *listing);
#define H2K_AUTO_LISTING \
    __attribute__((cleanup(h2k_listing_clear))) struct h2k_listing

/* Fills in the rest; rows by path.  After an error the rows are anything. */
int h2k_listing_read(struct h2k_vsphere *vs, struct h2k_listing *listing);

#endif
