/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * vim25 as data: writing requests and reading replies.
 *
 * SOAP 1.1, document/literal, as the vSphere Web Services SDK's vim.wsdl has
 * it.  Of a reply only namespaces and local names count, never prefixes;
 * whatever is missing reads as NULL, and every reader takes NULL, so that a
 * path through a structure needs no checks on the way.
 */
#ifndef H2K_PROVIDER_VSPHERE_SOAP_H
#define H2K_PROVIDER_VSPHERE_SOAP_H

#include "base/buffer.h"
#include "base/cleanup.h"

#include <libxml/tree.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- Requests ---- */

/*
 * One call of a method.  Initialise with { 0 }, h2k_soap_begin first, then
 * the arguments in the order of the WSDL (their order counts).  Running out
 * of memory is remembered until it is sent.  It may be sent several times.
 */
struct h2k_soap_request {
    struct h2k_buffer xml;
    const char *method; /* static: "PowerOffVM_Task" */
    bool secret;        /* has a password: wiped when freed */
    bool undo;       /* cleans up: goes on after an interruption, for 30 s */
    bool repeatable; /* only reads: tried again when the network fails */
    const atomic_bool *stop; /* given up when it becomes true; or NULL */
    unsigned timeout_ms;     /* for the call; 0: no limit, or 30 s with undo */
};
void h2k_soap_request_clear(struct h2k_soap_request *request);
#define H2K_AUTO_REQUEST \
    __attribute__((cleanup(h2k_soap_request_clear))) struct h2k_soap_request

/* METHOD of the managed object ID, of TYPE ("VirtualMachine", "vm-42"). */
void h2k_soap_begin(struct h2k_soap_request *request, const char *method,
                    const char *type, const char *id);
/* <NAME>…</NAME> around what comes next; with an xsi:type where TYPE is not
 * NULL, as a value of a derived type needs. */
void h2k_soap_open(struct h2k_soap_request *request, const char *name,
                   const char *type);
void h2k_soap_close(struct h2k_soap_request *request, const char *name);
/* Escaped; what XML cannot carry becomes U+FFFD.  NULL writes nothing: an
 * optional argument that is not set. */
void h2k_soap_text(struct h2k_soap_request *request, const char *name,
                   const char *text);
void h2k_soap_number(struct h2k_soap_request *request, const char *name,
                     int64_t number);
void h2k_soap_bool(struct h2k_soap_request *request, const char *name,
                   bool value);
/* A reference to a managed object; an ID of NULL writes nothing. */
void h2k_soap_ref(struct h2k_soap_request *request, const char *name,
                  const char *type, const char *id);
/* The envelope is complete.  0, or -1 with H2K_E_NOMEM.  By whoever sends;
 * it does nothing the second time. */
int h2k_soap_end(struct h2k_soap_request *request);

/* ---- Replies ---- */

#define H2K_VIM_NS "urn:vim25"

struct h2k_soap_reply {
    xmlDoc *doc;
    const xmlNode *result; /* the method's response; NULL after a fault */
    const xmlNode *fault;  /* the fault's detail, with a type; else NULL */
};
void h2k_soap_reply_clear(struct h2k_soap_reply *reply);
#define H2K_AUTO_SOAP \
    __attribute__((cleanup(h2k_soap_reply_clear))) struct h2k_soap_reply

/*
 * XML of a server: UTF-8, well formed, without a document type (so without
 * entities), at most a million elements, 256 deep, texts of at most 10 MB
 * (libxml2's own limits); the network and files are never touched.  Comments
 * and processing instructions are left out.  NULL with H2K_E_CORRUPT.
 */
xmlDoc *h2k_soap_parse(const char *xml, size_t size);
/* The same with the items of h2k_soap_read_each. */
xmlDoc *h2k_soap_parse_each(const char *xml, size_t size, const char *name,
                            int (*each)(void *opaque, const xmlNode *item),
                            void *opaque);

/*
 * An envelope into REPLY, which is { 0 }.  0 when it holds a response; else
 * -1: H2K_E_CORRUPT when it is no SOAP, or the fault as h2k_soap_fail_fault
 * tells it.
 */
int h2k_soap_read(const char *xml, size_t size, struct h2k_soap_reply *reply);

/*
 * The same for a reply that may be long: each child NAME of the returnval is
 * given to EACH when it is complete, and is then gone from the tree.  EACH
 * gives -1 with an error to end it.
 */
int h2k_soap_read_each(const char *xml, size_t size, const char *name,
                       int (*each)(void *opaque, const xmlNode *item),
                       void *opaque, struct h2k_soap_reply *reply);

/* Is it the response of METHOD?  -1 with H2K_E_CORRUPT. */
int h2k_soap_expect(const struct h2k_soap_reply *reply, const char *method);

/* The first child element NAME in vim25's namespace, or NULL. */
const xmlNode *h2k_soap_child(const xmlNode *node, const char *name);
/* The next element beside NODE with NODE's own name: how lists stand. */
const xmlNode *h2k_soap_next(const xmlNode *node);
/* The first child element of any name, and the next element of any name. */
const xmlNode *h2k_soap_first(const xmlNode *node);
const xmlNode *h2k_soap_sibling(const xmlNode *node);
/* Children of children: "config.hardware.device", '.' between. */
const xmlNode *h2k_soap_at(const xmlNode *node, const char *path);
bool h2k_soap_is(const xmlNode *node, const char *name);

/* A loop over every element NAME below PARENT: h2k_soap_each (disk, list,
 * "device") { … } */
#define h2k_soap_each(item, parent, name)                        \
    for (const xmlNode *item = h2k_soap_child((parent), (name)); \
         item != NULL; item = h2k_soap_next(item))

/* The text of an element, "" when it is empty; NULL for NULL.  Lives as long
 * as the reply. */
const char *h2k_soap_get(const xmlNode *node);
/* The text of the child, or NULL. */
const char *h2k_soap_get_at(const xmlNode *node, const char *path);
/* A copy of it, that the caller frees, into *COPY; NULL where it is missing.
 * -1 with H2K_E_NOMEM. */
int h2k_soap_copy_at(const xmlNode *node, const char *path, char **copy);
/* A decimal number without anything around it but white space, in the range;
 * false, with *NUMBER as it was, when it is missing or is not one. */
bool h2k_soap_get_i64(const xmlNode *node, int64_t least, int64_t most,
                      int64_t *number);
bool h2k_soap_get_bool(const xmlNode *node); /* missing: false */
/* The xsi:type without its prefix ("VirtualDisk"), whatever the prefix of
 * xsi; or NULL.  A server's `type` attribute of a reference is another thing:
 * h2k_soap_ref_type. */
const char *h2k_soap_type(const xmlNode *node);
const char *h2k_soap_ref_type(const xmlNode *node);

/* ---- Faults ---- */

/* The type of a fault ("InvalidPowerState"); "" for one without. */
const char *h2k_soap_fault_name(const xmlNode *fault);
/* Was REPLY's call refused with a fault of this type? */
bool h2k_soap_fault_is(const struct h2k_soap_reply *reply, const char *name);
/*
 * Set the error that FAULT (a fault's detail, typed) means, with the server's
 * TEXT, which may be NULL or empty; the messages and causes nested in it are
 * told as well.  "InvalidPowerState: …".  Returns -1: H2K_E_NOENT for an
 * object that is gone, H2K_E_UNSUPPORTED for what the server cannot do, else
 * H2K_E_SOURCE.
 */
int h2k_soap_fail_fault(const xmlNode *fault, const char *text);
/* The same for a LocalizedMethodFault: the error of a task or a lease. */
int h2k_soap_fail_method_fault(const xmlNode *error);

#endif
