/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/transport.h"

#include "base/interrupt.h"

/* Any call of the API logs in again where the session is over. */
static bool
renew_session(struct h2k_export_job *job)
{
    struct h2k_saved_error error;
    h2k_error_save(&error);
    H2K_AUTO(h2k_vm) vm = h2k_vsphere_vm(job->vs, job->request->vm_id);
    h2k_error_restore(&error);
    return vm != NULL;
}

bool
h2k_transport_again(struct h2k_export_job *job,
                    struct h2k_transport_retry *retry,
                    const struct h2k_http_reply *reply)
{
    if (h2k_interrupted() || atomic_load(&job->cancelled))
        return false;
    if (reply->failure == H2K_HTTP_STATUS &&
        (reply->status == 401 || reply->status == 403) && !retry->renewed) {
        retry->renewed = true;
        return renew_session(job);
    }
    return h2k_retry_again(&retry->retry, reply);
}
