/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A connection's life: logged in, kept alive, renewed, logged out. */
#include "provider/vsphere/address.h"
#include "provider/vsphere/internal.h"
#include "provider/vsphere/service.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"

#include <string.h>
#include <time.h>

/* A vCenter ends a session after 30 idle minutes, an administrator may have
 * set less; downloads need it though they are no calls. */
#define KEEPALIVE_MS (4 * 60 * 1000)

/* ---- In and out ---- */

static int
log_in(struct h2k_vsphere *vs)
{
    /* After an interruption only what undoes still calls. */
    H2K_AUTO_REQUEST request = { .secret = true, .undo = h2k_interrupted() };
    H2K_AUTO_SOAP reply = { 0 };
    h2k_soap_begin(&request, "Login", "SessionManager",
                   vs->service.session_manager);
    h2k_soap_text(&request, "userName", vs->username);
    h2k_soap_text(&request, "password", h2k_secret_text(vs->password));
    if (h2k_vsphere_call_once(vs, &request, &reply) == 0)
        return 0;
    if (h2k_soap_fault_is(&reply, "InvalidLogin"))
        return h2k_fail(H2K_E_USAGE,
                        "%s: the user name '%s' or its password is wrong",
                        vs->origin, vs->username);
    return h2k_prefix("%s: ", vs->origin);
}

static void
log_out(struct h2k_vsphere *vs)
{
    struct h2k_saved_error saved;
    H2K_AUTO_REQUEST request = { .undo = true };
    H2K_AUTO_SOAP reply = { 0 };
    h2k_error_save(&saved);
    h2k_soap_begin(&request, "Logout", "SessionManager",
                   vs->service.session_manager);
    if (h2k_vsphere_call_once(vs, &request, &reply) < 0 &&
        !h2k_soap_fault_is(&reply, "NotAuthenticated"))
        h2k_log(H2K_LOG_INFO, "%s: %s", vs->origin, h2k_errmsg());
    h2k_error_restore(&saved);
}

unsigned
h2k_vsphere_generation(struct h2k_vsphere *vs)
{
    pthread_mutex_lock(&vs->session_lock);
    unsigned generation = vs->generation;
    pthread_mutex_unlock(&vs->session_lock);
    return generation;
}

int
h2k_vsphere_renew(struct h2k_vsphere *vs, unsigned generation)
{
    int rc = 0;
    pthread_mutex_lock(&vs->session_lock);
    if (vs->generation == generation) {
        h2k_log(H2K_LOG_INFO, "%s: the session has ended; logging in again",
                vs->origin);
        rc = log_in(vs);
        vs->generation += rc == 0;
    }
    pthread_mutex_unlock(&vs->session_lock);
    return rc;
}

/* ---- Alive ---- */

/* Asked for as a property, since that needs a session everywhere. */
static int
check(struct h2k_vsphere *vs, const atomic_bool *stop)
{
    static const char *const paths[] = { "currentSession", NULL };
    unsigned generation = h2k_vsphere_generation(vs);
    H2K_AUTO_REQUEST request = { .repeatable = true, .stop = stop };
    H2K_AUTO_SOAP reply = { 0 };
    struct h2k_object manager;
    h2k_property_ask(&request, vs, "SessionManager",
                     vs->service.session_manager, paths);
    if (h2k_vsphere_call(vs, &request, &reply) < 0 ||
        h2k_property_one(&reply, &manager) < 0)
        return -1;
    return h2k_object_get(&manager, "currentSession") != NULL
               ? 0
               : h2k_vsphere_renew(vs, generation);
}

int
h2k_vsphere_check(struct h2k_vsphere *vs)
{
    return check(vs, NULL);
}

static uint64_t
idle_ms(const struct h2k_vsphere *vs)
{
    uint64_t now = h2k_clock_ms();
    return now > vs->used_ms ? now - vs->used_ms : 0;
}

static void
wait_for_end(struct h2k_vsphere *vs, uint64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&vs->wake, &vs->lock, &until);
}

/* What goes wrong here goes wrong again where somebody waits for it. */
static void *
keep_alive(void *opaque)
{
    struct h2k_vsphere *vs = opaque;
    pthread_mutex_lock(&vs->lock);
    while (!vs->ending) {
        uint64_t idle = idle_ms(vs);
        if (idle < vs->keepalive_ms) {
            wait_for_end(vs, vs->keepalive_ms - idle);
            continue;
        }
        vs->used_ms = h2k_clock_ms();
        pthread_mutex_unlock(&vs->lock);
        if (check(vs, &vs->ending) < 0)
            h2k_log(H2K_LOG_INFO, "keeping the session: %s", h2k_errmsg());
        pthread_mutex_lock(&vs->lock);
    }
    pthread_mutex_unlock(&vs->lock);
    return NULL;
}

static void
stop_keeper(struct h2k_vsphere *vs)
{
    if (!vs->keeper_runs)
        return;
    pthread_mutex_lock(&vs->lock);
    vs->ending = true;
    pthread_cond_broadcast(&vs->wake);
    pthread_mutex_unlock(&vs->lock);
    pthread_join(vs->keeper, NULL);
    vs->keeper_runs = false;
    vs->ending = false;
}

int
h2k_vsphere_keep_alive(struct h2k_vsphere *vs, unsigned idle)
{
    stop_keeper(vs);
    vs->keepalive_ms = idle;
    vs->used_ms = h2k_clock_ms();
    vs->keeper_runs =
        idle != 0 && pthread_create(&vs->keeper, NULL, keep_alive, vs) == 0;
    return vs->keeper_runs || idle == 0
               ? 0
               : h2k_fail(H2K_E_FAILED, "cannot start a thread");
}

/* ---- The whole ---- */

static struct h2k_vsphere *
new_connection(void)
{
    struct h2k_vsphere *vs = calloc(1, sizeof(*vs));
    pthread_condattr_t attributes;
    if (vs == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    pthread_mutex_init(&vs->lock, NULL);
    pthread_mutex_init(&vs->session_lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&vs->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    return vs;
}

static int
copy(const char *text, char **to)
{
    *to = text == NULL ? NULL : strdup(text);
    return text != NULL && *to == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory")
                                       : 0;
}

static int
set_login(struct h2k_vsphere *vs, const struct h2k_vsphere_login *login)
{
    H2K_AUTO_ADDRESS address = { 0 };
    if (h2k_vsphere_address_parse(login->url, &address) < 0)
        return -1;
    vs->origin = h2k_steal(address.origin);
    vs->endpoint = h2k_steal(address.endpoint);
    const char *user =
        login->username != NULL ? login->username : address.username;
    if (user == NULL || *user == '\0')
        return h2k_fail(H2K_E_USAGE, "%s: a user name is needed", vs->origin);
    if (login->password == NULL)
        return h2k_fail(H2K_E_USAGE, "%s: a password is needed", vs->origin);
    if (copy(user, &vs->username) < 0 ||
        copy(login->datacenter, &vs->datacenter) < 0)
        return -1;
    vs->password = h2k_secret_new(h2k_secret_text(login->password),
                                  h2k_secret_size(login->password));
    vs->http = h2k_http_new(&login->http);
    return vs->password == NULL || vs->http == NULL ? -1 : 0;
}

struct h2k_vsphere *
h2k_vsphere_connect(const struct h2k_vsphere_login *login)
{
    H2K_AUTO(h2k_vsphere) vs = new_connection();
    if (vs == NULL || set_login(vs, login) < 0 ||
        h2k_vsphere_service_read(vs) < 0 || log_in(vs) < 0)
        return NULL;
    vs->logged_in = true;
    if (h2k_vsphere_keep_alive(vs, KEEPALIVE_MS) < 0)
        return NULL;
    return h2k_steal(vs);
}

void
h2k_vsphere_free(struct h2k_vsphere *vs)
{
    if (vs == NULL)
        return;
    stop_keeper(vs);
    if (vs->logged_in)
        log_out(vs);
    h2k_vsphere_service_clear(&vs->service);
    h2k_http_free(vs->http);
    h2k_secret_free(vs->password);
    free(vs->origin);
    free(vs->endpoint);
    free(vs->username);
    free(vs->datacenter);
    free(vs->product);
    pthread_cond_destroy(&vs->wake);
    pthread_mutex_destroy(&vs->session_lock);
    pthread_mutex_destroy(&vs->lock);
    free(vs);
}

const char *
h2k_vsphere_product(const struct h2k_vsphere *vs)
{
    return vs->product;
}

bool
h2k_vsphere_is_vcenter(const struct h2k_vsphere *vs)
{
    return vs->is_vcenter;
}

struct h2k_http *
h2k_vsphere_http(struct h2k_vsphere *vs)
{
    return vs->http;
}
