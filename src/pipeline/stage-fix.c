/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* FIX: the guest's edits, made in the overlays. */
#include "base/error.h"
#include "guest/fix/fix.h"
#include "pipeline/job.h"
#include "pipeline/json.h"

#include <string.h>

static struct h2k_fix_options
fix_options(const struct h2k_manifest *manifest)
{
    const struct h2k_manifest_fix *asked =
        &h2k_manifest_pipeline(manifest)->fix;
    struct h2k_fix_options options = h2k_fix_defaults();
    options.backup = asked->backup;
    options.print_fstab = asked->print_fstab;
    options.update_grub = asked->update_grub;
    options.regen_initramfs = asked->regen_initramfs;
    options.remove_vmware_tools = asked->remove_vmware_tools;
    options.configuration = h2k_manifest_configuration(manifest);
    options.dry_run = h2k_manifest_options(manifest)->dry_run;
    switch (asked->fstab_mode) {
    case H2K_FSTAB_STABILIZE_ALL:
        options.fstab_mode = H2K_FIX_FSTAB_STABILIZE_ALL;
        break;
    case H2K_FSTAB_BYPATH_ONLY:
        options.fstab_mode = H2K_FIX_FSTAB_BYPATH_ONLY;
        break;
    case H2K_FSTAB_NOOP:
        options.fstab_mode = H2K_FIX_FSTAB_NOOP;
        break;
    }
    return options;
}

/* The machine's network cards, in the manifest's order. */
static struct h2k_fix_nic *
list_nics(const struct h2k_manifest *manifest)
{
    size_t count = h2k_manifest_nic_count(manifest);
    struct h2k_fix_nic *nics = calloc(count + 1, sizeof(*nics));
    if (nics == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct h2k_manifest_nic *nic = h2k_manifest_nic(manifest, i);
        nics[i] = (struct h2k_fix_nic){ .id = nic->id, .mac = nic->mac };
    }
    return nics;
}

static json_t *
name_json(const struct h2k_fixed_name *name)
{
    json_t *object = json_object();
    json_object_set_new(object, "name", h2k_json_text(name->name));
    if (name->mac != NULL)
        json_object_set_new(object, "mac", h2k_json_text(name->mac));
    json_object_set_new(object, "by", json_string(name->by));
    if (name->file != NULL)
        json_object_set_new(object, "file", h2k_json_text(name->file));
    return object;
}

static void
describe(const struct h2k_fix_result *fixed, json_t *result)
{
    json_t *names = json_array();
    for (size_t i = 0; i < fixed->name_count; i++)
        json_array_append_new(names, name_json(&fixed->names[i]));
    json_object_set_new(result, "network", names);
    json_t *fstab = json_object();
    json_object_set_new(fstab, "entries",
                        json_integer((json_int_t)fixed->fstab_entries));
    json_object_set_new(fstab, "changed",
                        h2k_json_strings(&fixed->fstab_changed));
    if (fixed->fstab_before != NULL)
        json_object_set_new(fstab, "before",
                            h2k_json_text(fixed->fstab_before));
    if (fixed->fstab_after != NULL)
        json_object_set_new(fstab, "after", h2k_json_text(fixed->fstab_after));
    json_object_set_new(result, "drivers_injected",
                        h2k_json_strings(&fixed->drivers_injected));
    json_object_set_new(result, "kernels", h2k_json_strings(&fixed->kernels));
    json_object_set_new(result, "boot_updated",
                        json_boolean(fixed->boot_updated));
    json_object_set_new(result, "fstab", fstab);
    json_object_set_new(result, "backups", h2k_json_strings(&fixed->backups));
    json_object_set_new(result, "changes",
                        json_integer((json_int_t)(fixed->change_count +
                                                  fixed->changes_left_out)));
}

static void
report_changes(struct h2k_job *job, const struct h2k_fix_result *fixed, int rc)
{
    for (size_t i = 0; i < fixed->change_count; i++) {
        const struct h2k_change *c = &fixed->changes[i];
        h2k_report_change(job->report, c->file, c->what, c->before, c->after);
    }
    for (size_t i = 0; i < fixed->warnings.count; i++)
        h2k_report_warning(job->report, fixed->warnings.items[i]);
    if (rc == 0 && fixed->change_count == 0)
        h2k_report_note(job->report,
                        "fix: nothing to change, the guest is ready for KVM "
                        "as it is");
    job->guest_changed = fixed->change_count > 0;
}

/* Which volumes were not our own drivers' alone. */
static json_t *
volumes_there(const struct h2k_guest *guest)
{
    json_t *names = json_array();
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *volume = &guest->volumes[i];
        char name[H2K_VOLUME_NAME];
        if (volume->fs == NULL ||
            strstr(h2k_fs_driver(volume->fs), "libguestfs") == NULL)
            continue;
        h2k_guest_volume_name(guest, volume, name);
        json_array_append_new(names, h2k_json_text(name));
    }
    return names;
}

static void
describe_appliance(const struct h2k_guest *guest, json_t *result)
{
    if (guest->appliance == NULL ||
        !h2k_appliance_info(guest->appliance)->started)
        return;
    const struct h2k_appliance_info *info =
        h2k_appliance_info(guest->appliance);
    json_t *object = json_object();
    json_object_set_new(object, "start_seconds", json_real(info->seconds));
    json_object_set_new(object, "accelerator",
                        json_string(info->emulated ? "tcg" : "kvm"));
    if (info->kvm_problem[0] != '\0')
        json_object_set_new(object, "kvm_problem",
                            h2k_json_text(info->kvm_problem));
    json_object_set_new(object, "filesystems", volumes_there(guest));
    json_object_set_new(result, "libguestfs", object);
}

/* What is wrong with the guest is what keeps it from being fixed. */
static int
unfixable(void)
{
    return h2k_error_is_content() ? h2k_recode(H2K_E_UNFIXABLE) : -1;
}

int
h2k_job_run_fix(struct h2k_job *job, struct h2k_fix_result *fixed)
{
    h2k_autofree struct h2k_fix_nic *nics = list_nics(job->manifest);
    if (nics == NULL)
        return -1;
    struct h2k_fix_options options = fix_options(job->manifest);
    options.nics = nics;
    options.nic_count = h2k_manifest_nic_count(job->manifest);
    options.guest_agents = job->settings->guest_agents;
    options.guest_agent_count = job->settings->guest_agent_count;
    return h2k_fix_run(job->guest, &options, fixed);
}

int
h2k_stage_fix(struct h2k_job *job, json_t *result)
{
    if (h2k_job_open_guest(job) < 0)
        return unfixable();
    struct h2k_fix_result fixed = { 0 };
    int rc = h2k_job_run_fix(job, &fixed);
    describe(&fixed, result);
    describe_appliance(job->guest, result);
    report_changes(job, &fixed, rc);
    h2k_fix_result_free(&fixed);
    return rc < 0 ? unfixable() : 0;
}
