/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "block/fault.h"

#include "base/checked.h"
#include "base/error.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <unistd.h>

struct fault {
    struct h2k_block *parent;
    struct h2k_fault_plan plan;
    atomic_uint_fast64_t reads;
    atomic_uint_fast64_t writes;
};

static void
fault_close(void *state)
{
    struct fault *fault = state;
    h2k_block_unref(fault->parent);
    free(fault);
}

static bool
touches_bad(const struct h2k_fault_plan *plan, uint64_t offset,
            uint64_t length)
{
    return plan->bad_length > 0 &&
           offset < plan->bad_offset + plan->bad_length &&
           plan->bad_offset < offset + length;
}

static int
injected(const char *what, uint64_t offset)
{
    return h2k_fail(H2K_E_IO, "injected %s error at byte %" PRIu64, what,
                    offset);
}

static int
fault_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    struct fault *fault = state;
    const struct h2k_fault_plan *plan = &fault->plan;
    if (plan->delay_us > 0)
        usleep(plan->delay_us);
    uint64_t before = atomic_fetch_add(&fault->reads, 1);
    if ((plan->on_read && touches_bad(plan, offset, count)) ||
        (plan->reads_before_failure > 0 &&
         before >= plan->reads_before_failure))
        return injected("read", offset);
    if (plan->short_at > 0 && offset + count > plan->short_at) {
        uint64_t there = offset < plan->short_at ? plan->short_at - offset : 0;
        if (h2k_block_pread(fault->parent, buffer, (size_t)there, offset) < 0)
            return -1;
        return injected("short-read", offset + there);
    }
    return h2k_block_pread(fault->parent, buffer, count, offset);
}

static int
fault_pwrite(void *state, const void *buffer, size_t count, uint64_t offset)
{
    struct fault *fault = state;
    const struct h2k_fault_plan *plan = &fault->plan;
    if (plan->delay_us > 0)
        usleep(plan->delay_us);
    uint64_t before = atomic_fetch_add(&fault->writes, 1);
    if ((plan->on_write && touches_bad(plan, offset, count)) ||
        (plan->writes_before_failure > 0 &&
         before >= plan->writes_before_failure))
        return injected("write", offset);
    return h2k_block_pwrite(fault->parent, buffer, count, offset);
}

static int
fault_extent(void *state, uint64_t offset, uint64_t length,
             struct h2k_extent *out)
{
    struct fault *fault = state;
    return h2k_block_extent(fault->parent, offset, length, out);
}

static int
fault_flush(void *state)
{
    struct fault *fault = state;
    return h2k_block_flush(fault->parent);
}

static const struct h2k_block_ops fault_ops = {
    .name = "fault",
    .close = fault_close,
    .pread = fault_pread,
    .pwrite = fault_pwrite,
    .extent = fault_extent,
    .flush = fault_flush,
};

struct h2k_block *
h2k_fault_new(struct h2k_block *parent, const struct h2k_fault_plan *plan)
{
    struct fault *fault = malloc(sizeof(*fault));
    if (fault == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    *fault = (struct fault){ .parent = h2k_block_ref(parent), .plan = *plan };
    return h2k_block_new(&fault_ops, fault, h2k_block_size(parent),
                         h2k_block_writable(parent));
}
