/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a guest's configuration says of its network: interfaces, and what
 * tells udev their names.  One format a file; reader.h is what they share.
 * Nothing in those files is run, and what cannot be understood is said.
 */
#ifndef H2K_GUEST_NETWORK_H
#define H2K_GUEST_NETWORK_H

#include "base/strings.h"
#include "fs/root.h"

#define H2K_INTERFACES_MAX 4096
#define H2K_NAMINGS_MAX 1024

#define H2K_MAC_TEXT 18 /* "00:50:56:aa:bb:01" and the NUL */

/* TEXT as six pairs of lower-case hex digits with ':' between; ':', '-' or
 * dots as in "0050.56aa.bb01" are read.  False for what is no MAC of six
 * bytes. */
bool h2k_mac_parse(const char *text, char mac[H2K_MAC_TEXT]);

enum h2k_interface_type {
    H2K_INTERFACE_PHYSICAL, /* a card, as far as the configuration tells */
    H2K_INTERFACE_BOND,
    H2K_INTERFACE_BRIDGE,
    H2K_INTERFACE_TEAM,
    H2K_INTERFACE_VLAN,
    H2K_INTERFACE_VIRTUAL, /* any other that is no card: dummy, tunnel, … */
};
/* "physical", "bond", … */
const char *h2k_interface_type_name(enum h2k_interface_type type);
/* By what such names usually mean: "bond0", "eth0.5", "wg0".  A card where
 * nothing says otherwise. */
enum h2k_interface_type h2k_interface_type_of_name(const char *name);

struct h2k_interface {
    char *name; /* owned: "ens192"; "" when something else chooses it */
    char *id;   /* owned: what others of the same configuration call it, a
                   netplan id or a connection's UUID; or NULL */
    enum h2k_interface_type type;
    bool pattern;    /* the name is a shell pattern: "en*" */
    bool renamed;    /* the configuration itself gives the name to the card */
    bool off;        /* not brought up at boot */
    char *mac;       /* owned: of the card that is meant; or NULL */
    char *given_mac; /* owned: that it is given, instead of its own; or NULL */
    char *driver;    /* owned: of the card that is meant; or NULL */
    char *method;    /* owned: "static", "dhcp", …, or NULL */
    struct h2k_strings addresses; /* "10.0.2.15/24" */
    struct h2k_strings lower; /* names of the interfaces that it stands on */
    const char *source;       /* "ifupdown", "networkd", "netplan",
                                 "NetworkManager", "ifcfg", "wicked" */
    char *file;               /* owned: where it stands, the first of them */
};

enum h2k_naming_by {
    H2K_NAMING_LINK,  /* systemd.link(5) */
    H2K_NAMING_RULE,  /* udev(7) */
    H2K_NAMING_LEASE, /* a DHCP lease: it was so once */
};

/* Something that says which name a card gets, or that settings of a .link
 * file apply to it. */
struct h2k_naming {
    enum h2k_naming_by by;
    char *name;      /* owned; "" where only settings apply */
    char *mac;       /* owned: of the card; NULL: it is found otherwise */
    bool any_virtio; /* it is found by its driver, virtio_net, alone */
    bool settings;   /* a .link file with more in it than names */
    char *file;      /* owned */
};

/* Initialise with { 0 }. */
struct h2k_network {
    struct h2k_interface *items;
    size_t count;
    struct h2k_naming *namings;
    size_t naming_count;
};

/* All of ROOT's, loopback left out.  Files that cannot be understood add to
 * WARNINGS.  -1 only when the disk cannot be read, memory runs out, or the
 * limits above are passed. */
int h2k_network_read(struct h2k_root *root, struct h2k_network *out,
                     struct h2k_strings *warnings);
void h2k_network_free(struct h2k_network *network); /* empties it */
#define H2K_AUTO_NETWORK \
    __attribute__((cleanup(h2k_network_free))) struct h2k_network

#endif
