/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The order that names of cards on VMware imply.
 *
 * A VMX file has `ethernetN.pciSlotNumber`.  PCI Express slots are functions
 * of four root bridges: number = function × 1024 + bridge × 32, where bridge
 * is 5 to 8, given out in the order 160, 192, 224, 256, 1184, 1216, …  The
 * guest sees slot bridge × 32 + function, which is in the name: ens160,
 * ens192, ens224, ens256, ens161, ens193, …  So function counts first, then
 * bridge.  Slots of the old PCI bus (33, 34, …) are in plain order.  Names by
 * bus (enp3s0, enp11s0, enp19s0, enp27s0) are of the same slots, eight buses
 * to a bridge; the kernel's (eth0, …) follow the buses, and so the slots as
 * long as every bridge has one function.
 */
#include "guest/fix/cards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum naming {
    OTHER,
    SLOT_EXPRESS,
    SLOT_PCI,
    BUS_EXPRESS,
    BUS_PCI,
    BOARD,
    KERNEL
};

#define EXPRESS_SLOTS 160
#define EXPRESS_BUSES 3
#define KERNEL_ORDER_MAX 4

/* What NAME is named by, and its place in that order. */
static enum naming
order_of(const char *name, unsigned *place)
{
    unsigned a, b;
    int end = 0;
    if (sscanf(name, "ens%5u%n", &a, &end) == 1 && name[end] == '\0') {
        if (a < EXPRESS_SLOTS) {
            *place = a;
            return SLOT_PCI;
        }
        *place = (a % 32) * 1024 + a / 32;
        return SLOT_EXPRESS;
    }
    if (sscanf(name, "enp%3us%3u%n", &a, &b, &end) == 2 && name[end] == '\0') {
        if (a < EXPRESS_BUSES) {
            *place = a * 1024 + b;
            return BUS_PCI;
        }
        *place = (a - EXPRESS_BUSES) % 8 * 1024 + (a - EXPRESS_BUSES) / 8;
        return BUS_EXPRESS;
    }
    if (sscanf(name, "eno%10u%n", &a, &end) == 1 && name[end] == '\0') {
        *place = a;
        return BOARD;
    }
    if (h2k_kernel_name_number(name) >= 0) {
        *place = (unsigned)h2k_kernel_name_number(name);
        return KERNEL;
    }
    return OTHER;
}

static int
compare(const void *a, const void *b)
{
    unsigned x = 0, y = 0;
    order_of((*(struct h2k_card *const *)a)->name, &x);
    order_of((*(struct h2k_card *const *)b)->name, &y);
    return x < y ? -1 : x > y;
}

bool
h2k_cards_sort(struct h2k_card **cards, size_t count, size_t nics)
{
    unsigned place;
    if (count == 0)
        return false;
    enum naming naming = order_of(cards[0]->name, &place);
    for (size_t i = 1; i < count; i++)
        if (order_of(cards[i]->name, &place) != naming)
            return false;
    if (naming == OTHER)
        return false;
    qsort(cards, count, sizeof(*cards), compare);
    for (size_t i = 0; i < count && naming == KERNEL; i++)
        if (h2k_kernel_name_number(cards[i]->name) != (int)i)
            return false;
    return naming != KERNEL || nics <= KERNEL_ORDER_MAX;
}
