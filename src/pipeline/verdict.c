/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The verdict: does the guest boot on KVM as it is, what would FIX do, or why
 * can it not.  It is FIX itself, run in the overlay that is thrown away, and
 * no second set of rules.
 *
 * Where libguestfs writes a filesystem, the verdict starts its appliance too.
 * Edits kept in memory over the native reader would save those seconds, and
 * be a verdict on a filesystem that nobody is going to write: whether
 * libguestfs is there and works, what room it finds and what it refuses are
 * reasons that this is asked for.
 */
#include "base/error.h"
#include "pipeline/job.h"
#include "pipeline/json.h"

static int
add_verdict(json_t *result, const char *state, json_t *reasons,
            json_t *changes)
{
    json_object_set_new(result, "verdict",
                        json_pack("{s:s, s:o, s:o}", "state", state, "reasons",
                                  reasons, "changes", changes));
    return 0;
}

int
h2k_job_cannot(json_t *result)
{
    json_t *reasons = json_array();
    json_array_append_new(reasons, h2k_json_text(h2k_errmsg()));
    return add_verdict(result, "unfixable", reasons, json_array());
}

/* As the report's changes. */
static json_t *
change_json(const struct h2k_change *change)
{
    json_t *object = json_object();
    json_object_set_new(object, "file", h2k_json_text(change->file));
    json_object_set_new(object, "what", h2k_json_text(change->what));
    json_object_set_new(object, "before", h2k_json_text(change->before));
    json_object_set_new(object, "after", h2k_json_text(change->after));
    return object;
}

static int
describe(const struct h2k_fix_result *fixed, json_t *result)
{
    json_t *changes = json_array();
    for (size_t i = 0; i < fixed->change_count; i++)
        json_array_append_new(changes, change_json(&fixed->changes[i]));
    return add_verdict(result, fixed->change_count == 0 ? "ready" : "fixable",
                       h2k_json_strings(&fixed->warnings), changes);
}

int
h2k_job_verdict(struct h2k_job *job, json_t *result)
{
    struct h2k_fix_result fixed = { 0 };
    int rc = h2k_job_run_fix(job, &fixed);
    if (rc == 0)
        rc = describe(&fixed, result);
    else if (h2k_error_is_content() || h2k_errcode() == H2K_E_UNFIXABLE ||
             h2k_errcode() == H2K_E_COMPONENT)
        rc = h2k_job_cannot(result);
    h2k_fix_result_free(&fixed);
    return rc;
}
