/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * An NFC lease for an export (vSphere Web Services API, HttpNfcLease):
 * initializing, then ready; the files are fetched; complete or abort.
 */
#include "provider/vsphere/lease-files.h"
#include "provider/vsphere/lease-keeper.h"
#include "provider/vsphere/lease-manifest.h"
#include "provider/vsphere/subject.h"

#include "base/interrupt.h"
#include "base/log.h"
#include "net/url.h"

#include <string.h>

#define COOKIE "vmware_soap_session="

struct h2k_vsphere_lease {
    struct h2k_vsphere *vs;
    char *id;
    struct h2k_vsphere_subject subject;
    struct h2k_lease_files files;
    struct h2k_lease_keeper keeper;
    unsigned generation; /* of the session whose cookie was lent */
    bool completed;
};

/* ---- The session's cookie for other hosts ---- */

/* "vmware_soap_session=…; Secure" of the session that there is, or NULL. */
static char *
session_cookie(struct h2k_vsphere *vs)
{
    h2k_autofree char *all = h2k_http_cookies(vs->http, vs->endpoint);
    char *one = all == NULL ? NULL : strstr(all, COOKIE);
    char *cookie = NULL;
    if (one == NULL)
        return NULL;
    if (asprintf(&cookie, "%.*s; Secure", (int)strcspn(one, ";"), one) < 0)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return cookie;
}

/* A host that is not the connection's gets the cookie for the folders of the
 * lease's files, over TLS; h2k_lease_files_read saw to that. */
static void
lend_cookie(struct h2k_vsphere_lease *lease)
{
    struct h2k_vsphere *vs = lease->vs;
    h2k_autofree char *cookie = session_cookie(vs);
    for (size_t i = 0; cookie != NULL && i < lease->files.count; i++) {
        const char *url = lease->files.items[i].url;
        if (h2k_lease_url_is_foreign(url, vs->origin) &&
            h2k_http_lend_cookie(vs->http, url, cookie) < 0)
            h2k_log(H2K_LOG_VERBOSE, "%s: %s", lease->subject.text,
                    h2k_errmsg());
    }
}

/* After a beat: a session that was renewed has another cookie. */
static void
lease_beaten(void *opaque)
{
    struct h2k_vsphere_lease *lease = opaque;
    unsigned now = h2k_vsphere_generation(lease->vs);
    if (now == lease->generation)
        return;
    lease->generation = now;
    lend_cookie(lease);
}

/* Hosts of a vCenter have certificates of their own, which it tells. */
static int
trust_foreign(struct h2k_vsphere_lease *lease)
{
    struct h2k_vsphere *vs = lease->vs;
    for (size_t i = 0; i < lease->files.count; i++) {
        const struct h2k_vsphere_lease_file *file = &lease->files.items[i];
        H2K_AUTO_URL url = { 0 };
        if (!h2k_lease_url_is_foreign(file->url, vs->origin))
            continue;
        if (h2k_url_parse(file->url, &url) < 0)
            return -1;
        h2k_log(H2K_LOG_VERBOSE, "%s: %s is served by %s", lease->subject.text,
                file->name, url.host);
        if (file->thumbprint != NULL &&
            h2k_http_trust_host(vs->http, file->url, file->thumbprint) < 0)
            return -1;
    }
    return 0;
}

/* ---- Getting one ---- */

/* The call that makes it is not given up in the middle: a lease that nobody
 * knows would stay until its timeout. */
static int
lease_ask(struct h2k_vsphere_lease *lease, const char *snapshot_id)
{
    H2K_AUTO_REQUEST request = { .undo = true };
    H2K_AUTO_SOAP reply = { 0 };
    if (h2k_check_interrupt() < 0)
        return -1;
    if (snapshot_id == NULL)
        h2k_soap_begin(&request, "ExportVm", "VirtualMachine",
                       lease->subject.id);
    else
        h2k_soap_begin(&request, "ExportSnapshot", "VirtualMachineSnapshot",
                       snapshot_id);
    if (h2k_vsphere_call(lease->vs, &request, &reply) < 0) {
        if (h2k_soap_fault_is(&reply, "MethodNotFound"))
            h2k_recode(H2K_E_UNSUPPORTED);
        return -1;
    }
    if (h2k_soap_copy_at(reply.result, "returnval", &lease->id) < 0)
        return -1;
    return lease->id == NULL || *lease->id == '\0'
               ? h2k_fail(H2K_E_CORRUPT, "the server gave no lease")
               : 0;
}

static int
lease_look(void *opaque, const struct h2k_object *object)
{
    int64_t *told = opaque, percent = 0;
    int state = h2k_lease_state_read(object);
    if (state < 0)
        return -1;
    if (state == 1)
        return h2k_fail(H2K_E_SOURCE, "the lease was over before it began");
    h2k_soap_get_i64(h2k_object_get(object, "initializeProgress"), 0, 100,
                     &percent);
    if (percent / 10 != *told / 10)
        h2k_log(H2K_LOG_VERBOSE, "the server prepares the lease: %d %%",
                (int)percent);
    *told = percent;
    return state == 0;
}

static int
lease_wait(struct h2k_vsphere_lease *lease)
{
    static const char *const paths[] = { "state", "error",
                                         "initializeProgress", NULL };
    int64_t told = 0;
    const struct h2k_vsphere_wait wait = {
        .type = "HttpNfcLease",
        .id = lease->id,
        .paths = paths,
        .done = lease_look,
        .opaque = &told,
    };
    return h2k_vsphere_wait_property(lease->vs, &wait);
}

static int
lease_files(struct h2k_vsphere_lease *lease, bool snapshot)
{
    static const char *const paths[] = { "info", NULL };
    H2K_AUTO(h2k_vm) vm = h2k_vsphere_vm(lease->vs, lease->subject.id);
    H2K_AUTO_SOAP reply = { 0 };
    struct h2k_object object;
    if (vm == NULL || h2k_vsphere_get(lease->vs, "HttpNfcLease", lease->id,
                                      paths, &reply, &object) < 0)
        return -1;
    const xmlNode *info = h2k_object_get(&object, "info");
    if (info == NULL)
        return h2k_fail(H2K_E_CORRUPT, "the lease has no info");
    return h2k_lease_files_read(info, lease->vs->origin, vm, snapshot,
                                &lease->files);
}

static int
lease_open(struct h2k_vsphere_lease *lease, const char *vm_id,
           const char *snapshot_id)
{
    if (h2k_vsphere_subject(lease->vs, vm_id, &lease->subject) < 0)
        return -1;
    if (lease_ask(lease, snapshot_id) < 0 || lease_wait(lease) < 0 ||
        lease_files(lease, snapshot_id != NULL) < 0 ||
        trust_foreign(lease) < 0)
        return h2k_prefix("%s: ", lease->subject.text);
    lease->generation = h2k_vsphere_generation(lease->vs);
    lend_cookie(lease);
    lease->keeper.beaten = lease_beaten;
    lease->keeper.opaque = lease;
    return h2k_lease_keeper_start(&lease->keeper, lease->vs, lease->id,
                                  lease->files.timeout_ms);
}

struct h2k_vsphere_lease *
h2k_vsphere_lease_export(struct h2k_vsphere *vs, const char *vm_id,
                         const char *snapshot_id)
{
    H2K_AUTO(h2k_vsphere_lease) lease = calloc(1, sizeof(*lease));
    if (lease == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    lease->vs = vs;
    if (lease_open(lease, vm_id, snapshot_id) < 0)
        return NULL;
    lease->subject.id = NULL; /* the caller's */
    return h2k_steal(lease);
}

size_t
h2k_vsphere_lease_file_count(const struct h2k_vsphere_lease *lease)
{
    return lease->files.count;
}

const struct h2k_vsphere_lease_file *
h2k_vsphere_lease_file(const struct h2k_vsphere_lease *lease, size_t i)
{
    return &lease->files.items[i];
}

void
h2k_vsphere_lease_progress(struct h2k_vsphere_lease *lease, unsigned percent)
{
    h2k_lease_keeper_tell(&lease->keeper, percent);
}

int
h2k_vsphere_lease_check(struct h2k_vsphere_lease *lease)
{
    if (h2k_lease_keeper_check(&lease->keeper) == 0)
        return 0;
    return h2k_prefix("%s: ", lease->subject.text);
}

int
h2k_vsphere_lease_manifest(struct h2k_vsphere_lease *lease,
                           struct h2k_vsphere_lease_sum **sums, size_t *count)
{
    H2K_AUTO_REQUEST request = { .repeatable = true };
    H2K_AUTO_SOAP reply = { 0 };
    h2k_soap_begin(&request, "HttpNfcLeaseGetManifest", "HttpNfcLease",
                   lease->id);
    int rc = h2k_vsphere_call(lease->vs, &request, &reply);
    if (rc < 0 && h2k_soap_fault_is(&reply, "MethodNotFound"))
        h2k_recode(H2K_E_UNSUPPORTED);
    if (rc == 0 && h2k_lease_manifest_read(reply.result, sums, count) < 0)
        rc = h2k_prefix("HttpNfcLeaseGetManifest: ");
    return rc == 0 ? 0 : h2k_prefix("%s: ", lease->subject.text);
}

/* ---- Ending one ---- */

int
h2k_vsphere_lease_complete(struct h2k_vsphere_lease *lease)
{
    H2K_AUTO_REQUEST request = { .undo = true };
    H2K_AUTO_SOAP reply = { 0 };
    struct h2k_saved_error why;
    bool answered;
    h2k_lease_keeper_stop(&lease->keeper);
    if (h2k_vsphere_lease_check(lease) < 0)
        return -1;
    h2k_soap_begin(&request, "HttpNfcLeaseComplete", "HttpNfcLease",
                   lease->id);
    int rc = h2k_vsphere_call(lease->vs, &request, &reply);
    if (rc < 0 && reply.fault == NULL) {
        /* The answer was lost; what it was can be asked. */
        h2k_error_save(&why);
        rc = h2k_lease_state(lease->vs, lease->id, &answered) == 1
                 ? 0
                 : h2k_error_restore(&why);
    }
    lease->completed = rc == 0;
    return rc == 0 ? 0 : h2k_prefix("%s: ", lease->subject.text);
}

static void
lease_abort(struct h2k_vsphere_lease *lease)
{
    H2K_AUTO_REQUEST request = { .undo = true };
    H2K_AUTO_SOAP reply = { 0 };
    h2k_soap_begin(&request, "HttpNfcLeaseAbort", "HttpNfcLease", lease->id);
    if (h2k_vsphere_call(lease->vs, &request, &reply) == 0 ||
        h2k_soap_fault_is(&reply, "InvalidState") ||
        h2k_soap_fault_is(&reply, "Timedout") ||
        h2k_soap_fault_is(&reply, "ManagedObjectNotFound"))
        return;
    h2k_log(H2K_LOG_WARNING,
            "%s: the lease could not be aborted, and blocks the VM until it "
            "times out: %s",
            lease->subject.text, h2k_errmsg());
}

void
h2k_vsphere_lease_free(struct h2k_vsphere_lease *lease)
{
    struct h2k_saved_error why;
    if (lease == NULL)
        return;
    h2k_error_save(&why);
    h2k_lease_keeper_clear(&lease->keeper);
    if (lease->id != NULL && *lease->id != '\0' && !lease->completed)
        lease_abort(lease);
    h2k_lease_files_clear(&lease->files);
    h2k_vsphere_subject_clear(&lease->subject);
    free(lease->id);
    free(lease);
    h2k_error_restore(&why);
}
