/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/interrupt.h"

#include "base/error.h"

#include <stdatomic.h>

static atomic_bool interrupted;

void
h2k_interrupt(void)
{
    atomic_store_explicit(&interrupted, true, memory_order_relaxed);
}

bool
h2k_interrupted(void)
{
    return atomic_load_explicit(&interrupted, memory_order_relaxed);
}

int
h2k_check_interrupt(void)
{
    return h2k_interrupted() ? h2k_fail(H2K_E_INTERRUPTED, "interrupted") : 0;
}
