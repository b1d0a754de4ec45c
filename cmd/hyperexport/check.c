/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What options mean, and which do not go together. */
#include "hyperexport/app.h"

#include "base/error.h"
#include "image/writer.h"

#include <math.h>
#include <string.h>

#define MOST_PARALLEL 64

/* The place of VALUE in WORDS. */
static int
one_of(const char *option, const char *value, const char *const *words,
       size_t *out)
{
    for (size_t i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], value) == 0) {
            *out = i;
            return 0;
        }
    char known[80] = "";
    for (size_t i = 0; words[i] != NULL; i++)
        snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
                 i == 0                 ? ""
                 : words[i + 1] == NULL ? " or "
                                        : ", ",
                 words[i]);
    return h2k_fail(H2K_E_USAGE, "--%s is %s, not '%s'", option, known, value);
}

static int
check_words(const struct app *app, struct app_checked *out)
{
    static const char *const formats[] = { "ovf", "ova", NULL };
    static const char *const targets[] = { "qcow2", "raw", "vdi", NULL };
    static const char *const transports[] = { "auto", "lease", "datastore",
                                              "nbd", NULL };
    static const enum h2k_export_transport kinds[] = { H2K_TRANSPORT_AUTO,
                                                       H2K_TRANSPORT_LEASE,
                                                       H2K_TRANSPORT_DATASTORE,
                                                       H2K_TRANSPORT_NBD };
    size_t format, target, transport;
    if (one_of("format", app->format, formats, &format) < 0 ||
        one_of("manifest-target", app->manifest_target, targets, &target) <
            0 ||
        one_of("transport", app->transport, transports, &transport) < 0)
        return -1;
    out->format = format == 0 ? H2K_EXPORT_OVF : H2K_EXPORT_OVA;
    out->transport = kinds[transport];
    return 0;
}

static int
check_numbers(const struct app *app, struct app_checked *out)
{
    char *end;
    errno = 0;
    unsigned long parallel = strtoul(app->parallel, &end, 10);
    if (errno != 0 || *end != '\0' || parallel < 1 ||
        parallel > MOST_PARALLEL || strchr(app->parallel, '-') != NULL)
        return h2k_fail(H2K_E_USAGE, "--parallel is 1 to %d, not '%s'",
                        MOST_PARALLEL, app->parallel);
    out->parallel = (unsigned)parallel;
    if (app->bandwidth_limit == NULL)
        return 0;
    double limit = strtod(app->bandwidth_limit, &end);
    if (end == app->bandwidth_limit || *end != '\0' || !isfinite(limit) ||
        limit < 0.001 || limit > 1e6)
        return h2k_fail(H2K_E_USAGE,
                        "--bandwidth-limit is a number of megabytes a second "
                        "above 0, such as 50 or 0.5, not '%s'",
                        app->bandwidth_limit);
    out->bytes_per_second = (uint64_t)(limit * 1e6);
    return 0;
}

static int
check_provider(const char *provider)
{
    static const char *const later[] = { "aws", "azure", "gcp", "hyperv" };
    if (strcmp(provider, "vsphere") == 0)
        return 0;
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
        if (strcmp(provider, later[i]) == 0)
            return h2k_fail(H2K_E_USAGE,
                            "--provider %s is not there yet; vsphere is",
                            provider);
    return h2k_fail(H2K_E_USAGE, "--provider is vsphere, not '%s'", provider);
}

/* Two of these were asked for by name. */
static int
exclude(const struct app *app, const char *a, const char *b, const char *why)
{
    const bool *first =
        (const bool *)((const char *)app + app_options[app_option(a)].offset);
    const bool *second =
        (const bool *)((const char *)app + app_options[app_option(b)].offset);
    return *first && *second
               ? h2k_fail(H2K_E_USAGE, "--%s and --%s: %s", a, b, why)
               : 0;
}

static int
check_pairs(const struct app *app)
{
    static const struct {
        const char *a, *b, *why;
    } pairs[] = {
        { "power-off", "snapshot",
          "shut it down, or export it running; choose one" },
        { "force", "resume",
          "replace what is there, or go on with it; choose one" },
        { "list", "vm-info", "choose one" },
        { "list", "dry-run", "choose one" },
        { "list", "validate-only", "choose one" },
        { "vm-info", "dry-run", "choose one" },
        { "vm-info", "validate-only", "choose one" },
        { "dry-run", "validate-only", "choose one" },
        { "convert-only", "verify",
          "no VMDK is kept that could be read again; what is converted is "
          "verified in any case" },
        { "convert-only", "resume",
          "nothing is kept that it could go on with" },
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (exclude(app, pairs[i].a, pairs[i].b, pairs[i].why) < 0)
            return -1;
    return 0;
}

/* What is converted must be of a format that we write. */
static int
check_conversion(const struct app *app)
{
    if (!app->convert && !app->convert_only)
        return 0;
    const struct h2k_image_writer_ops *format =
        h2k_writer_find(app->manifest_target);
    if (format == NULL)
        return h2k_fail(H2K_E_USAGE,
                        "--convert cannot write %s; --manifest-target qcow2 "
                        "or raw",
                        app->manifest_target);
    return app->compress && !format->can_compress
               ? h2k_fail(H2K_E_USAGE, "--compress: %s cannot be compressed",
                          format->name)
               : 0;
}

static int
check_together(const struct app *app, struct app_checked *out)
{
    bool nbd = out->transport == H2K_TRANSPORT_NBD;
    if (app->convert_only && out->format == H2K_EXPORT_OVA)
        return h2k_fail(H2K_E_USAGE, "--convert-only keeps no VMDK, so there "
                                     "is no OVA; use --convert with "
                                     "--format ova");
    if (app->batch != NULL && strcmp(app->batch, "-") == 0 &&
        app->password_file != NULL && strcmp(app->password_file, "-") == 0)
        return h2k_fail(H2K_E_USAGE, "--batch and --password-file cannot "
                                     "both be standard input");
    if (nbd && app->nbd_uri.count == 0)
        return h2k_fail(H2K_E_USAGE, "--transport nbd needs --nbd-uri, once "
                                     "for each disk in the VM's order");
    if (app->nbd_uri.count > 0 && out->transport == H2K_TRANSPORT_AUTO)
        out->transport = H2K_TRANSPORT_NBD;
    else if (app->nbd_uri.count > 0 && !nbd)
        return h2k_fail(H2K_E_USAGE,
                        "--nbd-uri is for --transport nbd, not "
                        "for %s",
                        app->transport);
    if (app->nbd_uri.count > 0 && (app->vm.count != 1 || app->batch != NULL))
        return h2k_fail(H2K_E_USAGE,
                        "--nbd-uri names the disks of one VM; name it with "
                        "one --vm");
    return 0;
}

int
app_check(const struct app *app, struct app_checked *out)
{
    *out = (struct app_checked){ 0 };
    if (check_words(app, out) < 0 || check_numbers(app, out) < 0 ||
        check_provider(app->provider) < 0 || check_pairs(app) < 0)
        return -1;
    return check_conversion(app) < 0 ? -1 : check_together(app, out);
}
