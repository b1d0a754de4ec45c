/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The edit "network": a card keeps the name that the guest's configuration
 * has for it, and so its addresses.
 *
 * udev gives a card the name on VMware's bus (ens192), which on KVM's is
 * another.  It is told the old one by a file of ours: systemd.link(5), or
 * where that is not applied, or where something else would win over it, a
 * rule, whose assignment is final (udev(7), ":=").  Both are for cards alone:
 * a bond, a bridge or a VLAN that has a card's MAC is of another type, has no
 * MAC of its own, and no driver below it.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "guest/fix/cards.h"
#include "guest/fix/edits.h"
#include "guest/fix/network-drivers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Before netplan's (10-netplan-…) and systemd's own (99-default). */
#define LINK_PREFIX "10-hyper2kvm-"
static const char link_directory[] = "/etc/systemd/network";
/* Before 70-persistent-net.rules, 75-persistent-net-generator.rules and
 * 80-net-setup-link.rules. */
static const char rules_file[] = "/etc/udev/rules.d/70-hyper2kvm-net.rules";

static const char heading[] =
    "# Made by hyper2kvm: this card keeps the name that it had on VMware.\n";

struct run {
    struct h2k_fix *fix;
    const struct h2k_network *network;
    struct h2k_udev udev;
    struct h2k_cards cards;
    struct h2k_buffer rules; /* the lines of rules_file */
    bool new_rules;          /* some of them are not there yet */
};

/* ---- A link file, or a rule? ---- */

static bool
is_mac(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcasecmp(a, b) == 0;
}

/* Would NAMING have its way instead of a link file of ours for CARD, or lose
 * settings by one?  One of ours of an earlier run may, too. */
static bool
needs_rule(const struct h2k_naming *n, const struct h2k_card *card)
{
    const char *base = strrchr(n->file, '/') + 1;
    char ours[64];
    snprintf(ours, sizeof(ours), LINK_PREFIX "%s.link", card->name);
    bool may_match = n->mac == NULL || is_mac(n->mac, card->mac);
    if (n->by == H2K_NAMING_LEASE || !may_match)
        return false;
    if (n->by == H2K_NAMING_RULE)
        return strcmp(n->name, card->name) != 0 || n->mac == NULL;
    return n->settings || strcmp(base, ours) < 0;
}

static bool
is_by_rule(const struct run *run, const struct h2k_card *card)
{
    for (size_t i = 0; i < run->network->naming_count; i++)
        if (needs_rule(&run->network->namings[i], card))
            return true;
    return !run->udev.link_files;
}

/* ---- Writing it down ---- */

static int
record_name(struct run *run, const struct h2k_card *card, const char *by,
            const char *file)
{
    struct h2k_fix_result *result = run->fix->result;
    struct h2k_fixed_name *names =
        reallocarray(result->names, result->name_count + 1, sizeof(*names));
    if (names == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    result->names = names;
    struct h2k_fixed_name *name = &names[result->name_count++];
    *name = (struct h2k_fixed_name){
        .name = strdup(card->name),
        .mac = card->mac == NULL ? NULL : strdup(card->mac),
        .by = by,
        .file = file == NULL ? NULL : strdup(file),
    };
    if (name->name == NULL || (card->mac != NULL && name->mac == NULL) ||
        (file != NULL && name->file == NULL))
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return 0;
}

static int
record_change(struct run *run, const struct h2k_card *card, const char *file)
{
    char what[64];
    H2K_AUTO_BUFFER after = { 0 };
    snprintf(what, sizeof(what), "the name of the card %s", card->name);
    h2k_buffer_addf(&after, "%s: %s, by %s",
                    card->mac == NULL ? "any virtio_net" : card->mac,
                    card->name, card->why);
    if (h2k_buffer_check(&after) < 0)
        return -1;
    return h2k_fix_record(run->fix, file, what, NULL, h2k_buffer_text(&after));
}

static int
write_link(struct run *run, const struct h2k_card *card)
{
    char path[128];
    H2K_AUTO_BUFFER text = { 0 };
    snprintf(path, sizeof(path), "%s/" LINK_PREFIX "%s.link", link_directory,
             card->name);
    h2k_buffer_adds(&text, heading);
    h2k_buffer_adds(&text, "[Match]\n");
    if (card->mac == NULL)
        h2k_buffer_adds(&text, "Driver=virtio_net\n");
    else
        h2k_buffer_addf(&text, "PermanentMACAddress=%s\n", card->mac);
    h2k_buffer_addf(&text, "Type=ether\n\n[Link]\nName=%s\n", card->name);
    if (h2k_buffer_check(&text) < 0 ||
        (h2k_root_exists(run->fix->root, path) &&
         h2k_fix_backup(run->fix, path) < 0) ||
        h2k_fix_create(run->fix, path, text.data, text.size, 0644) < 0 ||
        h2k_strings_add_once(&run->fix->initramfs_files, path) < 0 ||
        record_change(run, card, path) < 0)
        return -1;
    return record_name(run, card, "link file", path);
}

/* The line for CARD in our file of rules. */
static void
add_rule(struct run *run, const struct h2k_card *card)
{
    h2k_buffer_adds(&run->rules, "SUBSYSTEM==\"net\", ACTION==\"add\", ");
    if (card->mac == NULL)
        h2k_buffer_adds(&run->rules, "DRIVERS==\"virtio_net\", ");
    else
        h2k_buffer_addf(&run->rules,
                        "DRIVERS==\"?*\", ATTR{address}==\"%s\", ", card->mac);
    h2k_buffer_addf(&run->rules, "ATTR{type}==\"1\", NAME:=\"%s\"\n",
                    card->name);
}

static int
name_by_rule(struct run *run, const struct h2k_card *card)
{
    add_rule(run, card);
    run->new_rules = true;
    if (record_change(run, card, rules_file) < 0)
        return -1;
    return record_name(run, card, "udev rule", rules_file);
}

/* The whole file: a line of an earlier run that is for another card by now
 * would win over a new one. */
static int
write_rules(struct run *run)
{
    H2K_AUTO_BUFFER text = { 0 };
    if (!run->new_rules)
        return 0;
    h2k_buffer_addf(&text, "%s%s", heading, h2k_buffer_text(&run->rules));
    if (h2k_buffer_check(&run->rules) < 0 || h2k_buffer_check(&text) < 0 ||
        (h2k_root_exists(run->fix->root, rules_file) &&
         h2k_fix_backup(run->fix, rules_file) < 0) ||
        h2k_fix_create(run->fix, rules_file, text.data, text.size, 0644) < 0)
        return -1;
    return h2k_strings_add_once(&run->fix->initramfs_files, rules_file);
}

static int
keep_name(struct run *run, const struct h2k_card *card)
{
    switch (card->state) {
    case H2K_CARD_UNKNOWN:
        return card->dropped ? 0 : record_name(run, card, "nothing", NULL);
    case H2K_CARD_UNCHANGED:
        return record_name(run, card, "kernel", NULL);
    case H2K_CARD_KEPT:
        if (strcmp(card->kept_by, rules_file) == 0)
            add_rule(run, card);
        if (h2k_strings_add_once(&run->fix->initramfs_files, card->kept_by) <
            0)
            return -1;
        return record_name(run, card, "already", card->kept_by);
    case H2K_CARD_NAMED:
        break;
    }
    return is_by_rule(run, card) ? name_by_rule(run, card)
                                 : write_link(run, card);
}

static int
keep_names(struct run *run)
{
    if (h2k_udev_look(run->fix->root, &run->udev) < 0 ||
        h2k_cards_find(run->fix, run->network, &run->udev, &run->cards) < 0)
        return -1;
    for (size_t i = 0; i < run->cards.count; i++)
        if (keep_name(run, &run->cards.items[i]) < 0)
            return -1;
    return write_rules(run);
}

static bool
applies(struct h2k_fix *fix)
{
    (void)fix;
    return true; /* names are kept wherever one is configured */
}

static int
network_run(struct h2k_fix *fix)
{
    H2K_AUTO_NETWORK network = { 0 };
    H2K_AUTO_STRINGS warnings = { 0 };
    struct run run = { .fix = fix, .network = &network };
    if (h2k_network_drivers(fix) < 0)
        return -1;
    int rc = h2k_network_read(fix->root, &network, &warnings);
    for (size_t i = 0; i < warnings.count && rc == 0; i++)
        rc = h2k_fix_warn(fix, "%s", warnings.items[i]);
    if (rc == 0)
        rc = keep_names(&run);
    h2k_buffer_free(&run.rules);
    return rc;
}

const struct h2k_edit h2k_edit_network = {
    .name = "network",
    .applies = applies,
    .run = network_run,
};
