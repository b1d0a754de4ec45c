/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the user should know of cards' names: those that are not kept, and
 * configuration that is idle on KVM. */
#include "base/buffer.h"
#include "base/error.h"
#include "guest/fix/cards-search.h"

#include <fnmatch.h>
#include <string.h>

static int
warn_left(const struct h2k_card_search *s)
{
    H2K_AUTO_BUFFER names = { 0 };
    const char *file = NULL;
    for (size_t i = 0; i < s->out->count; i++) {
        if (!h2k_card_is_left(&s->out->items[i]))
            continue;
        h2k_buffer_addf(&names, "%s%s", names.size == 0 ? "" : ", ",
                        s->out->items[i].name);
        if (file == NULL)
            file = s->out->items[i].file;
    }
    if (names.size == 0)
        return h2k_buffer_check(&names);
    if (h2k_buffer_check(&names) < 0)
        return -1;
    return h2k_fix_warn(
        s->fix,
        "%s: which NIC has the name %s is not known, so it is not kept; put "
        "the machine's NICs into the manifest's `nics`, each with its `mac`, "
        "and with its name in the guest as its `id`",
        file, h2k_buffer_text(&names));
}

/* Configuration that wants a MAC which no NIC has is going to be idle, and of
 * NICs that are not known, whoever makes the machine has to know it. */
static int
warn_macs(const struct h2k_card_search *s)
{
    const char *who = s->nic_count == 0
                          ? "and the manifest has no `nics`"
                          : "which none of the manifest's `nics` has";
    for (size_t i = 0; i < s->network->count; i++) {
        const struct h2k_interface *item = &s->network->items[i];
        if (item->mac == NULL || item->off ||
            (s->nic_count > 0 && !s->macs_known) ||
            h2k_card_search_nic(s, item->mac) != H2K_NO_NIC)
            continue;
        if (h2k_fix_warn(s->fix,
                         "%s: it is for the MAC %s, %s: give the NIC that "
                         "MAC, or correct the file",
                         item->file, item->mac, who) < 0)
            return -1;
    }
    return 0;
}

/* udev no longer exchanges the kernel's own names (systemd's NEWS, "CHANGES
 * WITH 197"): they hold where the NICs come in their order. */
static int
warn_order(const struct h2k_card_search *s)
{
    for (size_t i = 0; i < s->out->count; i++) {
        const struct h2k_card *card = &s->out->items[i];
        int number = h2k_kernel_name_number(card->name);
        if (card->nic != H2K_NO_NIC && number >= 0 && s->udev->link_files &&
            s->nic_count > 1 && (size_t)number != card->nic)
            return h2k_fix_warn(
                s->fix,
                "%s: %s is NIC %zu of the manifest, and udev does not "
                "exchange names of the kernel's own: give the machine its "
                "NICs in the order of their names",
                card->file, card->name, card->nic + 1);
    }
    return 0;
}

/* ---- Patterns ---- */

/* Does a card of FILE's configuration, by name or pattern, have the name? */
static bool
is_meant(const struct h2k_card_search *s, const struct h2k_interface *like,
         const char *name)
{
    for (size_t i = 0; i < s->network->count; i++) {
        const struct h2k_interface *item = &s->network->items[i];
        if (item->type == H2K_INTERFACE_PHYSICAL &&
            strcmp(item->source, like->source) == 0 &&
            strcmp(item->file, like->file) == 0 &&
            (item->pattern ? fnmatch(item->name, name, 0) == 0
                           : strcmp(item->name, name) == 0))
            return true;
    }
    return false;
}

bool
h2k_card_pattern_is_narrow(const struct h2k_card_search *s,
                           const struct h2k_interface *item)
{
    /* Of slots, buses and boards there; and of a root port and of a slot
     * that libvirt gives out. */
    static const char *const there[] = { "ens33",  "ens160",  "ens192",
                                         "ens224", "ens256",  "enp2s1",
                                         "enp3s0", "enp11s0", "eno16777736" };
    static const char *const here[] = { "enp1s0", "ens3" };
    bool fits = false, idle = false;
    if (!item->pattern || item->type != H2K_INTERFACE_PHYSICAL ||
        !s->udev->present || s->udev->kernel_names)
        return false;
    for (size_t i = 0; i < sizeof(there) / sizeof(*there); i++)
        fits = fits || fnmatch(item->name, there[i], 0) == 0;
    for (size_t i = 0; fits && i < sizeof(here) / sizeof(*here); i++)
        idle = idle || !is_meant(s, item, here[i]);
    return idle;
}

/* Is there a card that has such a name, and keeps it? */
static bool
has_card(const struct h2k_card_search *s, const char *pattern)
{
    for (size_t i = 0; i < s->out->count; i++)
        if (s->out->items[i].state != H2K_CARD_UNKNOWN &&
            fnmatch(pattern, s->out->items[i].name, 0) == 0)
            return true;
    return false;
}

static int
warn_patterns(const struct h2k_card_search *s)
{
    for (size_t i = 0; i < s->network->count; i++) {
        const struct h2k_interface *item = &s->network->items[i];
        if (item->off || !h2k_card_pattern_is_narrow(s, item) ||
            has_card(s, item->name))
            continue;
        if (h2k_fix_warn(s->fix,
                         "%s: it is for cards with names like %s, which they "
                         "have on VMware, and may not have on KVM: widen it "
                         "to en*, or put the machine's NICs into the "
                         "manifest's `nics`, each with its `mac`, and with "
                         "its name in the guest as its `id`",
                         item->file, item->name) < 0)
            return -1;
    }
    return 0;
}

int
h2k_cards_warn(const struct h2k_card_search *s)
{
    if (s->udev->present && warn_left(s) < 0)
        return -1;
    if (warn_macs(s) < 0 || warn_order(s) < 0)
        return -1;
    return warn_patterns(s);
}
