/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "volume/luks/luks.h"

#include "base/error.h"
#include "volume/luks/cipher.h"
#include "volume/luks/header.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
h2k_luks_refuse(struct h2k_luks *luks, const char *format, ...)
{
    va_list ap;
    if (luks->problem[0] != '\0')
        return;
    va_start(ap, format);
    vsnprintf(luks->problem, sizeof(luks->problem), format, ap);
    va_end(ap);
}

struct h2k_luks_slot *
h2k_luks_add_slot(struct h2k_luks *luks, int number)
{
    if (luks->slot_count == H2K_LUKS_SLOTS_MAX)
        return NULL;
    struct h2k_luks_slot *slot = &luks->slots[luks->slot_count++];
    *slot = (struct h2k_luks_slot){ .number = number };
    return slot;
}

void
h2k_luks_slot_cost(struct h2k_luks_slot *slot, uint64_t iterations,
                   uint64_t memory)
{
    slot->cost = iterations > 0 ? iterations : 1;
    bool too_long = (memory > 0 && ckd_mul(&slot->cost, iterations, memory)) ||
                    slot->cost > H2K_LUKS_SLOT_COST;
    if (memory > H2K_LUKS_MEMORY_MAX)
        snprintf(slot->problem, sizeof(slot->problem),
                 "opening it would take %" PRIu64 " MiB of memory, %" PRIu64
                 " are allowed",
                 memory / 1024, H2K_LUKS_MEMORY_MAX / 1024);
    else if (too_long && memory > 0)
        snprintf(slot->problem, sizeof(slot->problem),
                 "opening it would take too long: %" PRIu64
                 " passes over %" PRIu64 " KiB",
                 iterations, memory);
    else if (too_long)
        snprintf(slot->problem, sizeof(slot->problem),
                 "opening it would take too long: %" PRIu64 " iterations",
                 iterations);
}

void
h2k_luks_check_cost(struct h2k_luks *luks, uint64_t iterations)
{
    luks->check_cost = iterations;
    if (iterations > H2K_LUKS_SLOT_COST)
        h2k_luks_refuse(
            luks, "checking a key would take too long: %" PRIu64 " iterations",
            iterations);
}

int
h2k_luks_read(struct h2k_block *container, struct h2k_luks *luks)
{
    *luks = (struct h2k_luks){ 0 };
    int rc = h2k_luks_read_1(container, luks);
    if (rc < 0 && h2k_errcode() == H2K_E_NOENT) {
        *luks = (struct h2k_luks){ 0 };
        rc = h2k_luks_read_2(container, luks);
    }
    if (rc < 0)
        return -1;
    if (!h2k_luks_cipher_known(luks->cipher))
        h2k_luks_refuse(luks, "its cipher %s is not read yet", luks->cipher);
    return 0;
}

int
h2k_luks_open(const struct h2k_luks *luks, struct h2k_block *container,
              const void *key, size_t size, uint64_t *budget,
              struct h2k_block **out)
{
    H2K_AUTO(h2k_secret) volume_key = NULL;
    *out = NULL;
    if (luks->problem[0] != '\0')
        return h2k_fail(H2K_E_UNSUPPORTED, "%s", luks->problem);
    int rc = h2k_luks_unlock(luks, container, key, size, budget, &volume_key);
    if (rc <= 0)
        return rc;
    struct h2k_luks_cipher *cipher =
        h2k_luks_cipher_new(luks->cipher, h2k_secret_text(volume_key),
                            h2k_secret_size(volume_key));
    if (cipher == NULL)
        return -1;
    *out = h2k_luks_block_new(luks, container, cipher);
    return *out == NULL ? -1 : 1;
}
