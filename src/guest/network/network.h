/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The network interfaces that a guest's configuration names. */
#ifndef H2K_GUEST_NETWORK_H
#define H2K_GUEST_NETWORK_H

#include "fs/root.h"
#include "base/strings.h"

#define H2K_INTERFACES_MAX 256

struct h2k_interface {
    char *name;   /* owned: "ens192"; "" when only a MAC is given */
    char *mac;    /* owned: as written, or NULL */
    char *method; /* owned: "static", "dhcp", …, or NULL */
    struct h2k_strings addresses; /* "10.0.2.15/24" */
    const char *kind;             /* "ifupdown", "networkd", "netplan",
                                     "NetworkManager", "ifcfg" */
    char *file; /* owned: where it stands, the first of them */
};

struct h2k_interfaces {
    struct h2k_interface *items;
    size_t count;
};

/* Every interface configured by ifupdown, systemd-networkd, netplan,
 * NetworkManager's keyfiles or ifcfg files, loopback left out.  Files that
 * cannot be understood add to WARNINGS. */
int h2k_interfaces_read(struct h2k_root *root, struct h2k_interfaces *out,
                        struct h2k_strings *warnings);
void h2k_interfaces_free(struct h2k_interfaces *interfaces); /* empties it */

/* ---- For the readers of single formats ---- */

#define H2K_NETWORK_FILE_MAX (256u << 10)

/* The interface of this KIND and NAME (or MAC where NAME is ""), made if
 * need be.  NULL with H2K_E_NOMEM, or H2K_E_CORRUPT for too many. */
struct h2k_interface *h2k_interfaces_get(struct h2k_interfaces *list,
                                         const char *kind, const char *name,
                                         const char *mac, const char *file);
/* Set *FIELD to a copy of VALUE unless it is set. */
int h2k_interface_set(char **field, const char *value);

/* netplan.c */
int h2k_netplan_read(const char *file, const char *text, size_t size,
                     struct h2k_interfaces *out, struct h2k_strings *warnings);

#endif
