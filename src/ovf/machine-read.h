/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What the files that read an envelope share.  Elements and attributes go by
 * their local names here: writers differ in which namespaces they give them,
 * and nobody gives one name two meanings.
 */
#ifndef H2K_OVF_MACHINE_READ_H
#define H2K_OVF_MACHINE_READ_H

#include "ovf/machine.h"
#include "ovf/xml.h"

/* CIM_ResourceAllocationSettingData.ResourceType. */
enum ovf_resource {
    OVF_RESOURCE_CPU = 3,
    OVF_RESOURCE_MEMORY = 4,
    OVF_RESOURCE_IDE = 5,
    OVF_RESOURCE_SCSI = 6,
    OVF_RESOURCE_ETHERNET = 10,
    OVF_RESOURCE_DISK = 17,
    OVF_RESOURCE_STORAGE = 20, /* SATA, NVMe */
};

struct ovf_envelope {
    xmlNode *root, *system;
    xmlNode *hardware;   /* NULL: none */
    char *configuration; /* the one that is deployed, or NULL */
    struct h2k_ovf_machine *machine;
};

/* NODE, or the first of its siblings after it, that is called NAME; the
 * first such child of PARENT, which may be NULL. */
xmlNode *ovf_find(xmlNode *node, const char *name);
xmlNode *ovf_child(const xmlNode *parent, const char *name);
/* The caller frees them; NULL where there is none. */
char *ovf_attribute(const xmlNode *node, const char *name);
char *ovf_child_text(const xmlNode *parent, const char *name);
/* A number that a child of ITEM holds, or OTHER. */
uint64_t ovf_child_number(const xmlNode *item, const char *name,
                          uint64_t other);

/* ITEM's device, or 0. */
unsigned ovf_resource_type(const xmlNode *item);
/* The next device of the hardware from NODE on (NODE included) that is in
 * the machine as it is deployed; NULL after the last. */
xmlNode *ovf_next_item(const struct ovf_envelope *e, xmlNode *node);
xmlNode *ovf_first_item(const struct ovf_envelope *e);

/* Fill in machine->disks. */
int ovf_read_disks(struct ovf_envelope *e);

#endif
