/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/cards-search.h"

#include "base/error.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool
h2k_is_interface_name(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n > 15 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) &&
            (name[i] == '\0' || strchr("._-", name[i]) == NULL))
            return false;
    return name[0] != '-';
}

int
h2k_kernel_name_number(const char *name)
{
    size_t n = strlen(name);
    if (n < 4 || n > 6 || strncmp(name, "eth", 3) != 0 ||
        strspn(name + 3, "0123456789") != n - 3 || (name[3] == '0' && n > 4))
        return -1;
    return atoi(name + 3);
}

size_t
h2k_card_search_nic(const struct h2k_card_search *s, const char *mac)
{
    for (size_t i = 0; i < s->nic_count && mac != NULL; i++)
        if (s->nics[i].mac != NULL && strcasecmp(s->nics[i].mac, mac) == 0)
            return i;
    return H2K_NO_NIC;
}

/* ---- Which names there are ---- */

static void
add_card(struct h2k_card_search *s, const char *name, const char *file,
         const char *mac, bool on)
{
    struct h2k_cards *out = s->out;
    for (size_t i = 0; i < out->count; i++) {
        struct h2k_card *card = &out->items[i];
        if (strcmp(card->name, name) != 0)
            continue;
        if (card->wanted_mac == NULL)
            card->wanted_mac = mac;
        card->on = card->on || on;
        return;
    }
    if (out->count == H2K_CARDS_MAX || !h2k_is_interface_name(name))
        return;
    out->items[out->count++] = (struct h2k_card){ .name = name,
                                                  .file = file,
                                                  .wanted_mac = mac,
                                                  .on = on,
                                                  .nic = H2K_NO_NIC };
}

static const struct h2k_interface *
find_named(const struct h2k_card_search *s, const char *source,
           const char *name)
{
    for (size_t i = 0; i < s->network->count; i++)
        if (strcmp(s->network->items[i].source, source) == 0 &&
            strcmp(s->network->items[i].name, name) == 0)
            return &s->network->items[i];
    return NULL;
}

/* Is NAME what the configuration calls one whose name it leaves to others,
 * as netplan's ids are? */
static bool
is_id(const struct h2k_card_search *s, const char *source, const char *name)
{
    for (size_t i = 0; i < s->network->count; i++)
        if (strcmp(s->network->items[i].source, source) == 0 &&
            s->network->items[i].id != NULL &&
            strcmp(s->network->items[i].id, name) == 0)
            return true;
    return false;
}

static bool
is_card(const struct h2k_interface *item)
{
    return item->type == H2K_INTERFACE_PHYSICAL && !item->pattern &&
           !item->renamed && item->name[0] != '\0';
}

/* What an interface stands on is brought up with it, and need not be
 * configured itself. */
static void
add_lower(struct h2k_card_search *s, const struct h2k_interface *upper)
{
    for (size_t i = 0; i < upper->lower.count; i++) {
        const char *name = upper->lower.items[i];
        const struct h2k_interface *item = find_named(s, upper->source, name);
        bool physical = item != NULL ? is_card(item)
                                     : !is_id(s, upper->source, name) &&
                                           h2k_interface_type_of_name(name) ==
                                               H2K_INTERFACE_PHYSICAL;
        if (physical)
            add_card(s, name, upper->file, item == NULL ? NULL : item->mac,
                     !upper->off);
    }
}

/* A pattern that was for VMware's names has no card on KVM, but those whose
 * names the manifest tells. */
static void
add_matching(struct h2k_card_search *s, const struct h2k_interface *item)
{
    for (size_t i = 0; i < s->nic_count; i++)
        if (s->nics[i].id != NULL && h2k_is_interface_name(s->nics[i].id) &&
            fnmatch(item->name, s->nics[i].id, 0) == 0)
            add_card(s, s->nics[i].id, item->file, NULL, !item->off);
}

static void
add_cards(struct h2k_card_search *s)
{
    for (size_t i = 0; i < s->network->count; i++) {
        const struct h2k_interface *item = &s->network->items[i];
        if (is_card(item))
            add_card(s, item->name, item->file, item->mac, !item->off);
        else if (h2k_card_pattern_is_narrow(s, item))
            add_matching(s, item);
    }
    for (size_t i = 0; i < s->network->count; i++)
        add_lower(s, &s->network->items[i]);
}

/* ---- Which card has a name ---- */

static void
take(struct h2k_card_search *s, struct h2k_card *card, size_t nic,
     const char *mac, const char *why)
{
    card->state = H2K_CARD_NAMED;
    card->mac = mac;
    card->nic = nic;
    card->why = why;
    if (nic != H2K_NO_NIC)
        s->taken[nic] = true;
}

static bool
is_free(const struct h2k_card_search *s, size_t nic)
{
    return nic != H2K_NO_NIC && !s->taken[nic];
}

static bool
is_mac_used(const struct h2k_card_search *s, const char *mac)
{
    for (size_t i = 0; i < s->out->count; i++)
        if (s->out->items[i].mac != NULL &&
            strcasecmp(s->out->items[i].mac, mac) == 0)
            return true;
    return false;
}

/* A NIC of the manifest whose id is the name. */
static void
by_id(struct h2k_card_search *s, struct h2k_card *card)
{
    for (size_t i = 0; i < s->nic_count; i++)
        if (s->nics[i].id != NULL && s->nics[i].mac != NULL &&
            strcmp(s->nics[i].id, card->name) == 0 && !s->taken[i]) {
            take(s, card, i, s->nics[i].mac, "the id of the manifest's NIC");
            return;
        }
}

/* MAC is what something in the guest has for the name.  With the manifest's
 * known, it must be one of them; without, it is as good as any. */
static void
by_mac(struct h2k_card_search *s, struct h2k_card *card, const char *mac,
       const char *why)
{
    size_t nic = h2k_card_search_nic(s, mac);
    if (card->state != H2K_CARD_UNKNOWN || mac == NULL)
        return;
    if (nic == H2K_NO_NIC ? !s->macs_known && !is_mac_used(s, mac)
                          : is_free(s, nic))
        take(s, card, nic, mac, why);
}

static void
by_namings(struct h2k_card_search *s, struct h2k_card *card, bool leases)
{
    for (size_t i = 0; i < s->network->naming_count; i++) {
        const struct h2k_naming *n = &s->network->namings[i];
        if ((n->by == H2K_NAMING_LEASE) == leases &&
            strcmp(n->name, card->name) == 0)
            by_mac(s, card, n->mac, n->file);
    }
}

static void
by_what_is_there(struct h2k_card_search *s)
{
    struct h2k_cards *out = s->out;
    for (size_t i = 0; i < out->count; i++)
        by_id(s, &out->items[i]);
    for (size_t i = 0; i < out->count; i++)
        by_namings(s, &out->items[i], false);
    for (size_t i = 0; i < out->count; i++)
        by_mac(s, &out->items[i], out->items[i].wanted_mac,
               out->items[i].file);
    for (size_t i = 0; i < out->count; i++)
        by_namings(s, &out->items[i], true);
}

/* ---- What is left ---- */

bool
h2k_card_is_left(const struct h2k_card *card)
{
    return card->state == H2K_CARD_UNKNOWN && !card->dropped;
}

static size_t
count_left(const struct h2k_card_search *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->out->count; i++)
        count += h2k_card_is_left(&s->out->items[i]);
    return count;
}

static size_t
count_free(const struct h2k_card_search *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->nic_count; i++)
        count += !s->taken[i];
    return count;
}

/* Leave out names for which BAD holds, where others stay. */
static void
drop(struct h2k_card_search *s,
     bool (*bad)(const struct h2k_card_search *s, const struct h2k_card *card))
{
    size_t left = count_left(s), count = 0;
    for (size_t i = 0; i < s->out->count; i++)
        count +=
            h2k_card_is_left(&s->out->items[i]) && bad(s, &s->out->items[i]);
    for (size_t i = 0; i < s->out->count && count < left; i++)
        if (h2k_card_is_left(&s->out->items[i]) && bad(s, &s->out->items[i]))
            s->out->items[i].dropped = true;
}

/* A name that this guest's udev did not give. */
static bool
is_of_other_naming(const struct h2k_card_search *s,
                   const struct h2k_card *card)
{
    for (size_t i = 0; i < s->network->naming_count; i++)
        if (strcmp(s->network->namings[i].name, card->name) == 0)
            return false;
    return (h2k_kernel_name_number(card->name) >= 0) != s->udev->kernel_names;
}

static bool
is_off(const struct h2k_card_search *s, const struct h2k_card *card)
{
    (void)s;
    return !card->on;
}

/* More names than NICs: some are of cards that are no more. */
static void
drop_stale(struct h2k_card_search *s)
{
    size_t room = s->nic_count == 0 ? 1 : count_free(s);
    if (count_left(s) > room)
        drop(s, is_of_other_naming);
    if (count_left(s) > room && s->nic_count > 0)
        drop(s, is_off);
}

/* As many names as NICs, in an order that the names tell. */
static bool
by_order(struct h2k_card_search *s)
{
    struct h2k_card *cards[H2K_CARDS_MAX];
    size_t count = 0, next = 0;
    for (size_t i = 0; i < s->out->count; i++)
        if (h2k_card_is_left(&s->out->items[i]))
            cards[count++] = &s->out->items[i];
    if (count == 0 || !s->macs_known || count != count_free(s) ||
        (count > 1 && !h2k_cards_sort(cards, count, s->nic_count)))
        return false;
    for (size_t i = 0; i < count; i++) {
        while (s->taken[next])
            next++;
        take(s, cards[i], next, s->nics[next].mac,
             count == 1 ? "the manifest's NIC"
                        : "the order of the manifest's NICs");
    }
    return true;
}

static struct h2k_card *
only_card(struct h2k_card_search *s)
{
    struct h2k_card *only = NULL;
    for (size_t i = 0; i < s->out->count; i++) {
        if (s->out->items[i].dropped)
            continue;
        if (only != NULL)
            return NULL;
        only = &s->out->items[i];
    }
    return only;
}

/* One name, one NIC, whatever its MAC is going to be. */
static bool
by_driver(struct h2k_card_search *s)
{
    struct h2k_card *card = only_card(s);
    if (card == NULL || s->nic_count > 1 || s->macs_known)
        return false;
    take(s, card, H2K_NO_NIC, NULL, "the only NIC");
    return true;
}

/* ---- What needs nothing ---- */

static const struct h2k_naming *
naming_of(const struct h2k_card_search *s, const struct h2k_card *card)
{
    for (size_t i = 0; i < s->network->naming_count; i++) {
        const struct h2k_naming *n = &s->network->namings[i];
        if (n->by == H2K_NAMING_LEASE || strcmp(n->name, card->name) != 0)
            continue;
        if (card->mac == NULL
                ? n->any_virtio
                : n->mac != NULL && strcasecmp(n->mac, card->mac) == 0)
            return n;
    }
    return NULL;
}

/* Does the kernel give the name by itself? */
static bool
is_the_kernels(const struct h2k_card_search *s, const struct h2k_card *card)
{
    if (!s->udev->present)
        return true;
    return s->udev->kernel_names && !s->udev->generator && s->nic_count <= 1 &&
           h2k_kernel_name_number(card->name) == 0;
}

static void
find_kept(struct h2k_card_search *s)
{
    for (size_t i = 0; i < s->out->count; i++) {
        struct h2k_card *card = &s->out->items[i];
        const struct h2k_naming *n = naming_of(s, card);
        if (card->state != H2K_CARD_NAMED)
            continue;
        if (n != NULL) {
            card->state = H2K_CARD_KEPT;
            card->kept_by = n->file;
        } else if (is_the_kernels(s, card)) {
            card->state = H2K_CARD_UNCHANGED;
        }
    }
}

/* Cards that the kernel counts, and nothing else names. */
static void
leave_to_kernel(struct h2k_card_search *s)
{
    for (size_t i = 0; i < s->out->count; i++)
        if (h2k_card_is_left(&s->out->items[i]) && s->udev->kernel_names &&
            !s->udev->generator &&
            h2k_kernel_name_number(s->out->items[i].name) >= 0)
            s->out->items[i].state = H2K_CARD_UNCHANGED;
}

static int
decide(struct h2k_card_search *s)
{
    add_cards(s);
    if (s->nic_count <= 1 && !s->macs_known)
        drop_stale(s);
    if (!by_driver(s))
        by_what_is_there(s);
    if (count_left(s) > 0)
        drop_stale(s);
    if (!by_order(s))
        leave_to_kernel(s);
    find_kept(s);
    return h2k_cards_warn(s);
}

int
h2k_cards_find(struct h2k_fix *fix, const struct h2k_network *network,
               const struct h2k_udev *udev, struct h2k_cards *out)
{
    struct h2k_card_search s = {
        .fix = fix,
        .network = network,
        .udev = udev,
        .nics = fix->options->nics,
        .nic_count = fix->options->nic_count,
        .macs_known = fix->options->nic_count > 0,
        .out = out,
    };
    for (size_t i = 0; i < s.nic_count; i++)
        s.macs_known = s.macs_known && s.nics[i].mac != NULL;
    s.taken = calloc(s.nic_count + 1, sizeof(*s.taken));
    if (s.taken == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    int rc = decide(&s);
    free(s.taken);
    return rc;
}
