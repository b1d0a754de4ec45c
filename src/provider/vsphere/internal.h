/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of the vSphere client share. */
#ifndef H2K_PROVIDER_VSPHERE_INTERNAL_H
#define H2K_PROVIDER_VSPHERE_INTERNAL_H

#include "provider/vsphere/soap.h"
#include "provider/vsphere/vsphere.h"

#include <pthread.h>
#include <stdatomic.h>

#define H2K_VSPHERE_UNDO_MS 30000

/* The managed objects that a server has one of; NULL where it has none. */
struct h2k_vsphere_service {
    char *root_folder;
    char *property_collector;
    char *view_manager;
    char *session_manager;
    char *search_index;
    char *ovf_manager;
    char *custom_fields;
};

/* All but the last part is fixed once it is connected. */
struct h2k_vsphere {
    struct h2k_http *http;
    char *origin;   /* "https://host:port", as it was given */
    char *endpoint; /* origin and path: "https://host/sdk" */
    char *username;
    struct h2k_secret *password;
    char *datacenter; /* for relative names; or NULL */
    char action[32];  /* the SOAPAction: "urn:vim25/8.0.2.0" */
    char *product;
    bool is_vcenter;
    struct h2k_vsphere_service service;

    /* The session (session.c). */
    bool logged_in;
    pthread_mutex_t session_lock; /* held while logging in; then only `lock`
                                     may be taken */
    unsigned generation;          /* how often it was renewed */
    pthread_mutex_t lock;         /* of what follows */
    pthread_cond_t wake;          /* ending */
    pthread_t keeper;
    bool keeper_runs;
    atomic_bool ending;
    uint64_t used_ms;      /* h2k_clock_ms of the last call */
    unsigned keepalive_ms; /* idle for so long: say something */
};

/* ---- Calls (call.c) ---- */

/*
 * Send REQUEST, which is completed; REPLY is { 0 } or is cleared first.  A
 * session that has ended is renewed and the call repeated, once.  -1 with
 * "METHOD: FAULT: text" (METHOD without "_Task"), and REPLY->fault.
 */
int h2k_vsphere_call(struct h2k_vsphere *vs, struct h2k_soap_request *request,
                     struct h2k_soap_reply *reply);
/* The same without renewing: for logging in and out. */
int h2k_vsphere_call_once(struct h2k_vsphere *vs,
                          struct h2k_soap_request *request,
                          struct h2k_soap_reply *reply);
/* The reply's bytes, unparsed, for one that may be large; HTTP is cleared by
 * the caller.  Faults are handled as above. */
int h2k_vsphere_call_raw(struct h2k_vsphere *vs,
                         struct h2k_soap_request *request,
                         struct h2k_http_reply *http);

/* ---- The session (session.c) ---- */

/* Log in again unless another thread did since GENERATION. */
int h2k_vsphere_renew(struct h2k_vsphere *vs, unsigned generation);
unsigned h2k_vsphere_generation(struct h2k_vsphere *vs);
/* When the connection was idle for so long (0: never) the session is checked.
 * Not while other threads use it. */
int h2k_vsphere_keep_alive(struct h2k_vsphere *vs, unsigned idle_ms);

/* ---- Properties (property.c) ---- */

/* An object with some of its properties; lives as long as its reply. */
struct h2k_object {
    const char *type; /* "VirtualMachine" */
    const char *id;   /* "vm-42" */
    const xmlNode *node;
};
/* The value of the property that was asked for as PATH, or of what is below
 * such a one ("config.hardware" was asked for, "config.hardware.device" is
 * wanted); NULL where it is not set or may not be read.  An array is an
 * element with its items as children. */
const xmlNode *h2k_object_get(const struct h2k_object *object,
                              const char *path);
/* Its text, or NULL. */
const char *h2k_object_text(const struct h2k_object *object, const char *path);

/* What to read of objects of a type; PATHS end with NULL. */
struct h2k_property_spec {
    const char *type;
    const char *const *paths;
};

/* The request for PATHS of one object, and what its reply holds. */
void h2k_property_ask(struct h2k_soap_request *request,
                      const struct h2k_vsphere *vs, const char *type,
                      const char *id, const char *const *paths);
int h2k_property_one(const struct h2k_soap_reply *reply,
                     struct h2k_object *object);

/* One object.  H2K_E_NOENT when there is none (any more). */
int h2k_vsphere_get(struct h2k_vsphere *vs, const char *type, const char *id,
                    const char *const *paths, struct h2k_soap_reply *reply,
                    struct h2k_object *object);

/*
 * Everything below a container (a folder or a datacenter) that is of one of
 * the types of SPECS, object by object as the pages come.  START before the
 * first, and again where the session ended on the way and all is read anew;
 * EACH gives -1 with an error to end it.
 */
struct h2k_vsphere_walk {
    const char *container_type, *container_id;
    const struct h2k_property_spec *specs;
    size_t count;
    void (*start)(void *opaque);
    int (*each)(void *opaque, const struct h2k_object *object);
    void *opaque;
};
int h2k_vsphere_walk(struct h2k_vsphere *vs,
                     const struct h2k_vsphere_walk *walk);

/* What a page of properties holds (the bytes of METHOD's reply): EACH for each
 * object, and the token of the next page, which the caller frees, or NULL. */
int h2k_property_page(const char *method, const char *xml, size_t size,
                      int (*each)(void *opaque,
                                  const struct h2k_object *object),
                      void *opaque, char **token);

/*
 * Read PATHS of an object again and again, soon at first and later once a
 * second, until DONE gives 1; its -1 and error end it, 0 goes on.  UNDO: goes
 * on after an interruption.  LIMIT_MS: H2K_E_FAILED when it lasts longer; 0:
 * no limit.
 */
struct h2k_vsphere_wait {
    const char *type, *id;
    const char *const *paths;
    int (*done)(void *opaque, const struct h2k_object *object);
    void *opaque;
    unsigned limit_ms;
    bool undo;
};
int h2k_vsphere_wait_property(struct h2k_vsphere *vs,
                              const struct h2k_vsphere_wait *wait);

/* ---- The inventory (tree.c) ---- */

/* The name as a human means it: "%2f", "%5c" and "%25" decoded, as the server
 * encodes them in names.  The caller frees it. */
char *h2k_vsphere_name(const char *encoded);

#endif
