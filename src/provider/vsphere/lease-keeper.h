/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The thread that keeps a lease alive: HttpNfcLeaseProgress three times in
 * its timeout, and soon after the per cent changed.  It runs on after an
 * interruption, until it is stopped: what undoes needs the lease too.
 */
#ifndef H2K_PROVIDER_VSPHERE_LEASE_KEEPER_H
#define H2K_PROVIDER_VSPHERE_LEASE_KEEPER_H

#include "provider/vsphere/internal.h"

#include "base/error.h"

struct h2k_lease_keeper {
    struct h2k_vsphere *vs;
    const char *id; /* of the HttpNfcLease */
    unsigned timeout_ms;
    /* After every beat; may be NULL. */
    void (*beaten)(void *opaque);
    void *opaque;

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_bool stop; /* ends a call that is under way, too */
    bool ready;       /* lock and wake are */
    bool runs;
    unsigned percent, told;
    bool dead;
    struct h2k_saved_error why;
};

/* -1 with H2K_E_FAILED where there can be no thread. */
int h2k_lease_keeper_start(struct h2k_lease_keeper *keeper,
                           struct h2k_vsphere *vs, const char *id,
                           unsigned timeout_ms);
void h2k_lease_keeper_tell(struct h2k_lease_keeper *keeper, unsigned percent);
/* 0; -1 with the fault that the lease ended with. */
int h2k_lease_keeper_check(struct h2k_lease_keeper *keeper);
/* At once; not started or stopped already is fine.  It can still be
 * checked. */
void h2k_lease_keeper_stop(struct h2k_lease_keeper *keeper);
void h2k_lease_keeper_clear(struct h2k_lease_keeper *keeper);

/* The state of a lease and, where it ended by itself, why: 0 while it can be
 * used, 1 when it was completed, -1 with its error.  *ANSWERED: it is not for
 * want of an answer. */
int h2k_lease_state(struct h2k_vsphere *vs, const char *id, bool *answered);
/* The same of what was read of it ("state" and "error"); 2: initializing. */
int h2k_lease_state_read(const struct h2k_object *lease);

#endif
