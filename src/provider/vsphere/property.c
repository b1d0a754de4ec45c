/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The PropertyCollector: properties of one object or of all below a folder,
 * and waiting for one to change. */
#include "provider/vsphere/internal.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"

#include <string.h>
#include <time.h>

#define PAGE_OBJECTS 500
#define PAGES_MAX 100000
#define LOOK_MS 100      /* how soon an interruption is noticed */
#define POLL_FIRST_MS 50 /* and twice as long each time */
#define POLL_LAST_MS 1000

/* ---- What an object holds ---- */

/* Is ASKED, the path of a property in a reply, PATH or above it?  What is
 * left of PATH then. */
static const char *
path_below(const char *asked, const char *path)
{
    size_t length = strlen(asked);
    if (strncmp(asked, path, length) != 0)
        return NULL;
    if (path[length] == '\0')
        return path + length;
    return path[length] == '.' ? path + length + 1 : NULL;
}

const xmlNode *
h2k_object_get(const struct h2k_object *object, const char *path)
{
    h2k_soap_each (property, object->node, "propSet") {
        const char *asked = h2k_soap_get_at(property, "name");
        const char *rest = asked == NULL ? NULL : path_below(asked, path);
        if (rest != NULL)
            return h2k_soap_at(h2k_soap_child(property, "val"), rest);
    }
    return NULL;
}

const char *
h2k_object_text(const struct h2k_object *object, const char *path)
{
    return h2k_soap_get(h2k_object_get(object, path));
}

/* An ObjectContent: obj, propSet[], and missingSet[] with what could not be
 * read (a privilege lacks, a host is away): it reads as not set. */
static int
read_object(const xmlNode *node, struct h2k_object *object)
{
    const xmlNode *ref = h2k_soap_child(node, "obj");
    *object = (struct h2k_object){
        .type = h2k_soap_ref_type(ref),
        .id = h2k_soap_get(ref),
        .node = node,
    };
    if (object->type == NULL || object->id == NULL || *object->id == '\0')
        return h2k_fail(H2K_E_CORRUPT, "an object without a reference");
    return 0;
}

/* ---- Asking ---- */

static void
add_spec(struct h2k_soap_request *r, const struct h2k_property_spec *spec)
{
    h2k_soap_open(r, "propSet", NULL);
    h2k_soap_text(r, "type", spec->type);
    h2k_soap_bool(r, "all", false);
    for (const char *const *path = spec->paths; *path != NULL; path++)
        h2k_soap_text(r, "pathSet", *path);
    h2k_soap_close(r, "propSet");
}

static void
begin(struct h2k_soap_request *r, const struct h2k_vsphere *vs,
      const struct h2k_property_spec *specs, size_t count)
{
    r->repeatable = true;
    h2k_soap_begin(r, "RetrievePropertiesEx", "PropertyCollector",
                   vs->service.property_collector);
    h2k_soap_open(r, "specSet", NULL);
    for (size_t i = 0; i < count; i++)
        add_spec(r, &specs[i]);
    h2k_soap_open(r, "objectSet", NULL);
}

static void
end(struct h2k_soap_request *r, int page)
{
    h2k_soap_close(r, "objectSet");
    h2k_soap_close(r, "specSet");
    h2k_soap_open(r, "options", NULL);
    if (page > 0)
        h2k_soap_number(r, "maxObjects", page);
    h2k_soap_close(r, "options");
}

/* ---- One object ---- */

void
h2k_property_ask(struct h2k_soap_request *request,
                 const struct h2k_vsphere *vs, const char *type,
                 const char *id, const char *const *paths)
{
    const struct h2k_property_spec spec = { .type = type, .paths = paths };
    begin(request, vs, &spec, 1);
    h2k_soap_ref(request, "obj", type, id);
    h2k_soap_bool(request, "skip", false);
    end(request, 0);
}

/* Without a session servers give objects whose properties are all missing
 * for that reason. */
static bool
lacks_session(const struct h2k_object *object)
{
    h2k_soap_each (missing, object->node, "missingSet") {
        const xmlNode *fault = h2k_soap_at(missing, "fault.fault");
        if (strcmp(h2k_soap_fault_name(fault), "NotAuthenticated") == 0)
            return true;
    }
    return false;
}

int
h2k_property_one(const struct h2k_soap_reply *reply, struct h2k_object *object)
{
    const xmlNode *found = h2k_soap_at(reply->result, "returnval.objects");
    if (found == NULL)
        return h2k_fail(H2K_E_NOENT, "the object is not there (any more)");
    return read_object(found, object);
}

static int
get(struct h2k_vsphere *vs, struct h2k_soap_request *request,
    struct h2k_soap_reply *reply, struct h2k_object *object)
{
    unsigned generation = h2k_vsphere_generation(vs);
    if (h2k_vsphere_call(vs, request, reply) < 0 ||
        h2k_property_one(reply, object) < 0)
        return -1;
    if (!lacks_session(object))
        return 0;
    if (h2k_vsphere_renew(vs, generation) < 0 ||
        h2k_vsphere_call(vs, request, reply) < 0)
        return -1;
    return h2k_property_one(reply, object);
}

int
h2k_vsphere_get(struct h2k_vsphere *vs, const char *type, const char *id,
                const char *const *paths, struct h2k_soap_reply *reply,
                struct h2k_object *object)
{
    H2K_AUTO_REQUEST request = { 0 };
    h2k_property_ask(&request, vs, type, id, paths);
    return get(vs, &request, reply, object);
}

/* ---- All objects below a folder ---- */

struct page {
    int (*each)(void *opaque, const struct h2k_object *object);
    void *opaque;
};

static int
page_item(void *opaque, const xmlNode *item)
{
    struct page *page = opaque;
    struct h2k_object object;
    if (read_object(item, &object) < 0)
        return -1;
    return page->each(page->opaque, &object);
}

int
h2k_property_page(const char *method, const char *xml, size_t size,
                  int (*each)(void *opaque, const struct h2k_object *object),
                  void *opaque, char **token)
{
    struct page page = { .each = each, .opaque = opaque };
    H2K_AUTO_SOAP reply = { 0 };
    *token = NULL;
    if (h2k_soap_read_each(xml, size, "objects", page_item, &page, &reply) <
            0 ||
        h2k_soap_expect(&reply, method) < 0)
        return h2k_prefix("%s: ", method);
    return h2k_soap_copy_at(reply.result, "returnval.token", token);
}

/* One page: *TOKEN is that of the page to read (NULL: the first), and then
 * that of the next. */
static int
read_page(struct h2k_vsphere *vs, struct h2k_soap_request *request,
          const struct page *page, char **token)
{
    H2K_AUTO_REPLY http = { 0 };
    free(h2k_steal(*token));
    if (h2k_vsphere_call_raw(vs, request, &http) < 0)
        return -1;
    return h2k_property_page(request->method, http.body, http.size, page->each,
                             page->opaque, token);
}

/* A server whose pages never end must not keep us. */
static int
read_pages(struct h2k_vsphere *vs, struct h2k_soap_request *first,
           const struct page *page)
{
    h2k_autofree char *token = NULL;
    int rc = read_page(vs, first, page, &token);
    for (unsigned n = 1; rc == 0 && token != NULL; n++) {
        H2K_AUTO_REQUEST next = { 0 };
        if (n >= PAGES_MAX)
            return h2k_fail(H2K_E_CORRUPT, "more than %d pages", PAGES_MAX);
        h2k_soap_begin(&next, "ContinueRetrievePropertiesEx",
                       "PropertyCollector", vs->service.property_collector);
        h2k_soap_text(&next, "token", token);
        rc = read_page(vs, &next, page, &token);
    }
    return rc;
}

static int
create_view(struct h2k_vsphere *vs, const struct h2k_vsphere_walk *walk,
            char **view)
{
    H2K_AUTO_REQUEST request = { 0 };
    H2K_AUTO_SOAP reply = { 0 };
    h2k_soap_begin(&request, "CreateContainerView", "ViewManager",
                   vs->service.view_manager);
    h2k_soap_ref(&request, "container", walk->container_type,
                 walk->container_id);
    for (size_t i = 0; i < walk->count; i++)
        h2k_soap_text(&request, "type", walk->specs[i].type);
    h2k_soap_bool(&request, "recursive", true);
    if (h2k_vsphere_call(vs, &request, &reply) < 0 ||
        h2k_soap_copy_at(reply.result, "returnval", view) < 0)
        return -1;
    return *view != NULL ? 0
                         : h2k_fail(H2K_E_CORRUPT,
                                    "CreateContainerView: an empty reply");
}

static void
destroy_view(struct h2k_vsphere *vs, const char *view)
{
    struct h2k_saved_error saved;
    H2K_AUTO_REQUEST request = { .undo = true };
    H2K_AUTO_SOAP reply = { 0 };
    h2k_error_save(&saved);
    h2k_soap_begin(&request, "DestroyView", "ContainerView", view);
    if (h2k_vsphere_call(vs, &request, &reply) < 0)
        h2k_log(H2K_LOG_VERBOSE, "%s", h2k_errmsg());
    h2k_error_restore(&saved);
}

static int
walk_once(struct h2k_vsphere *vs, const struct h2k_vsphere_walk *walk)
{
    const struct page page = { .each = walk->each, .opaque = walk->opaque };
    h2k_autofree char *view = NULL;
    H2K_AUTO_REQUEST request = { 0 };
    if (create_view(vs, walk, &view) < 0)
        return -1;
    begin(&request, vs, walk->specs, walk->count);
    h2k_soap_ref(&request, "obj", "ContainerView", view);
    h2k_soap_bool(&request, "skip", true);
    h2k_soap_open(&request, "selectSet", "TraversalSpec");
    h2k_soap_text(&request, "name", "view");
    h2k_soap_text(&request, "type", "ContainerView");
    h2k_soap_text(&request, "path", "view");
    h2k_soap_bool(&request, "skip", false);
    h2k_soap_close(&request, "selectSet");
    end(&request, PAGE_OBJECTS);
    int rc = read_pages(vs, &request, &page);
    destroy_view(vs, view);
    return rc;
}

/* With a session its views and pages are gone: what was read is not all. */
static bool
lost_session(struct h2k_vsphere *vs, unsigned generation)
{
    struct h2k_saved_error saved;
    if (h2k_vsphere_generation(vs) != generation)
        return true;
    if (h2k_errcode() != H2K_E_NOENT)
        return false;
    h2k_error_save(&saved);
    bool lost =
        h2k_vsphere_check(vs) == 0 && h2k_vsphere_generation(vs) != generation;
    h2k_error_restore(&saved);
    return lost;
}

int
h2k_vsphere_walk(struct h2k_vsphere *vs, const struct h2k_vsphere_walk *walk)
{
    unsigned generation = h2k_vsphere_generation(vs);
    walk->start(walk->opaque);
    int rc = walk_once(vs, walk);
    if (rc == 0 || !lost_session(vs, generation))
        return rc;
    walk->start(walk->opaque);
    return walk_once(vs, walk);
}

/* ---- Waiting ---- */

static int
pause_ms(uint64_t ms, bool undo)
{
    uint64_t now = h2k_clock_ms(), until = now + ms;
    for (; now < until; now = h2k_clock_ms()) {
        uint64_t left = until - now < LOOK_MS ? until - now : LOOK_MS;
        nanosleep(&(struct timespec){ .tv_nsec = (long)left * 1000000 }, NULL);
        if (!undo && h2k_check_interrupt() < 0)
            return -1;
    }
    return 0;
}

static int
look(struct h2k_vsphere *vs, const struct h2k_vsphere_wait *wait)
{
    H2K_AUTO_REQUEST request = { 0 };
    H2K_AUTO_SOAP reply = { 0 };
    struct h2k_object object;
    h2k_property_ask(&request, vs, wait->type, wait->id, wait->paths);
    request.undo = wait->undo;
    if (get(vs, &request, &reply, &object) < 0)
        return -1;
    return wait->done(wait->opaque, &object);
}

int
h2k_vsphere_wait_property(struct h2k_vsphere *vs,
                          const struct h2k_vsphere_wait *wait)
{
    uint64_t start = h2k_clock_ms(), step = POLL_FIRST_MS;
    for (;;) {
        int rc = look(vs, wait);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
        if (wait->limit_ms != 0 && h2k_clock_ms() - start >= wait->limit_ms)
            return h2k_fail(H2K_E_FAILED, "%s %s: nothing after %u s",
                            wait->type, wait->id, wait->limit_ms / 1000);
        if (pause_ms(step, wait->undo) < 0)
            return -1;
        step = step * 2 < POLL_LAST_MS ? step * 2 : POLL_LAST_MS;
    }
}
