/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The network cards that a guest's configuration means by name, and which
 * card of the machine each is: what the edit "network" decides, apart from
 * the files in which it is written down.
 */
#ifndef H2K_GUEST_CARDS_H
#define H2K_GUEST_CARDS_H

#include "guest/fix/fix.h"
#include "guest/network/network.h"
#include "guest/network/udev.h"

enum h2k_card_state {
    H2K_CARD_UNKNOWN,   /* which it is, nothing tells */
    H2K_CARD_UNCHANGED, /* the kernel gives it this name */
    H2K_CARD_KEPT,      /* something in the guest gives it already */
    H2K_CARD_NAMED,     /* it is to be named so */
};

struct h2k_card {
    const char *name;       /* the model's: "ens192" */
    const char *file;       /* that uses it, the model's */
    const char *wanted_mac; /* what configuration tells, the model's; NULL */
    bool on;                /* it is brought up at boot */
    bool dropped;           /* it is stale */
    enum h2k_card_state state;
    const char *mac;     /* the card's, of the model or the options; NULL: the
                            only virtio card */
    const char *why;     /* how that is known, for the report */
    const char *kept_by; /* the file that gives the name, with KEPT */
    size_t nic;          /* index into the options' nics, or SIZE_MAX */
};

/* A machine of VMware has ten at most; others are stale. */
#define H2K_CARDS_MAX 256

struct h2k_cards {
    struct h2k_card items[H2K_CARDS_MAX];
    size_t count;
};

/* Is it a name that an interface can have, and that means nothing else in a
 * file? */
bool h2k_is_interface_name(const char *name);
/* The number of "eth3", or -1. */
int h2k_kernel_name_number(const char *name);

/* Fill OUT (initialise it with { 0 }); what the user should know becomes a
 * warning of FIX.  Everything that OUT points at lives as long as NETWORK
 * and the options. */
int h2k_cards_find(struct h2k_fix *fix, const struct h2k_network *network,
                   const struct h2k_udev *udev, struct h2k_cards *out);

/* ---- For cards.c ---- */

/* cards-order.c: sort CARDS as VMware's slots, and so the NICs of a manifest,
 * are in order.  False where their names do not tell; NICS is how many the
 * machine has. */
bool h2k_cards_sort(struct h2k_card **cards, size_t count, size_t nics);

#endif
