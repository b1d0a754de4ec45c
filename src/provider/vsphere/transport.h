/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the transports over HTTPS share. */
#ifndef H2K_PROVIDER_VSPHERE_TRANSPORT_H
#define H2K_PROVIDER_VSPHERE_TRANSPORT_H

#include "net/retry.h"
#include "provider/export-job.h"

struct h2k_transport_retry {
    struct h2k_retry retry;
    bool renewed; /* the session, since the last progress */
};
#define H2K_TRANSPORT_RETRY   \
    {                         \
        .retry = H2K_RETRY(5) \
    }

/* After a failed download: may another attempt help?  Where the session was
 * over (401, 403) it is renewed first, once.  It has waited when it returns
 * true; the thread's error stays. */
bool h2k_transport_again(struct h2k_export_job *job,
                         struct h2k_transport_retry *retry,
                         const struct h2k_http_reply *reply);

#endif
