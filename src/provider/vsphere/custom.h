/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Custom attributes, as tags: "name:value".  (Tags proper are no part of the
 * Web Services API.)
 */
#ifndef H2K_PROVIDER_VSPHERE_CUSTOM_H
#define H2K_PROVIDER_VSPHERE_CUSTOM_H

#include "provider/vsphere/internal.h"

/* What attributes a vCenter has defined: a reply that is kept, and in it the
 * definitions (CustomFieldDef). */
struct h2k_custom {
    struct h2k_soap_reply reply;
    const xmlNode *fields; /* NULL: none */
};
/* A server without them (a single host) has none. */
int h2k_custom_read(struct h2k_vsphere *vs, struct h2k_custom *custom);
void h2k_custom_clear(struct h2k_custom *custom);
#define H2K_AUTO_CUSTOM \
    __attribute__((cleanup(h2k_custom_clear))) struct h2k_custom

/* The values of VM ("customValue" was asked for), ended by NULL, by name.
 * The caller frees each and the list. */
char **h2k_custom_tags(const xmlNode *fields, const struct h2k_object *vm,
                       size_t *count);
void h2k_custom_free_tags(char **tags); /* NULL is fine */

#endif
