/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Between the files of cards.h: what is looked at, and what is decided. */
#ifndef H2K_GUEST_CARDS_SEARCH_H
#define H2K_GUEST_CARDS_SEARCH_H

#include "guest/fix/cards.h"

struct h2k_card_search {
    struct h2k_fix *fix;
    const struct h2k_network *network;
    const struct h2k_udev *udev;
    const struct h2k_fix_nic *nics;
    size_t nic_count;
    bool macs_known; /* of every NIC, and there is one */
    bool *taken;     /* NICs that have their name */
    struct h2k_cards *out;
};

#define H2K_NO_NIC SIZE_MAX

/* The NIC with this MAC (NULL: none), or H2K_NO_NIC. */
size_t h2k_card_search_nic(const struct h2k_card_search *s, const char *mac);
/* Which it is, nothing tells, and it may be there. */
bool h2k_card_is_left(const struct h2k_card *card);

/* ---- cards-warn.c ---- */

/* Is ITEM for cards by a pattern that fits names on VMware, and that neither
 * it nor anything else in its file fits on KVM? */
bool h2k_card_pattern_is_narrow(const struct h2k_card_search *s,
                                const struct h2k_interface *item);
/* What the user should know, when all is decided. */
int h2k_cards_warn(const struct h2k_card_search *s);

#endif
