/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* hyperexport: takes VMs out of vSphere. */
#include "hyperexport/export.h"
#include "hyperexport/profiles.h"

#include <libnbd.h>
#include <curl/curl.h>
#include <locale.h>
#include <string.h>

static void
print_help(bool all)
{
    puts("hyperexport takes virtual machines out of VMware vSphere.\n\n"
         "  hyperexport --vm VM [--output DIR] [--manifest] [--convert]\n"
         "      export it, and make disks that boot on KVM\n"
         "  hyperexport --batch FILE | --folder PATH | --filter KEY=VALUE\n"
         "      export many, each into its own directory\n"
         "  hyperexport --list | --vm-info --vm VM\n"
         "      look around");
    if (!all)
        puts("\nOptions:");
    options_print(app_options, all, stdout);
    if (!all)
        puts("\nSee hyperexport(1), and --help-all for every option.");
}

static void
print_version(void)
{
    struct nbd_handle *nbd = nbd_create();
    printf("hyperexport %s\n", H2K_VERSION);
    printf("https: %s\n", curl_version());
    printf("nbd: libnbd %s\n", nbd == NULL ? "?" : nbd_get_version(nbd));
    nbd_close(nbd);
}

/* ---- With a server ---- */

static int
with_server(const struct app *app, const struct app_checked *checked)
{
    H2K_AUTO(h2k_rate) rate = NULL;
    H2K_AUTO(progress) progress = app_progress(app);
    if (progress == NULL)
        return app_fail();
    if (checked->bytes_per_second > 0 &&
        (rate = h2k_rate_new(checked->bytes_per_second)) == NULL)
        return app_fail();
    H2K_AUTO(h2k_vsphere) vs = app_connect(app, rate);
    if (vs == NULL) {
        progress_end(progress);
        return app_fail();
    }
    if (app->compress && !app->convert && !app->convert_only && !app->list &&
        app_origin(app, "compress") == ORIGIN_COMMAND_LINE)
        progress_message(progress, false,
                         "--compress is for what --convert makes; VMDKs from "
                         "a lease are compressed already");
    return app->list ? app_list(app, vs)
                     : app_export(app, checked, vs, progress);
}

static int
need_a_vm(const struct app *app)
{
    if (app->list || targets_named(app))
        return 0;
    return h2k_fail(H2K_E_USAGE,
                    "which VM? name it with --vm, or many with --batch, "
                    "--folder or --filter; --list shows them");
}

static int
work(const struct app *app)
{
    struct app_checked checked;
    if (app_check(app, &checked) < 0)
        return app_fail();
    if (app->show_settings)
        return app_show_settings(app);
    if (app->save_profile != NULL) {
        if (profile_save(app) < 0)
            return app_fail();
        if (!targets_named(app))
            return 0;
    }
    if (need_a_vm(app) < 0)
        return app_fail();
    command_catch_signals();
    return with_server(app, &checked);
}

static int
run(int argc, char **argv, struct app *app)
{
    if (app_read(app, argc, argv) < 0)
        return app_fail();
    if (app->help || app->help_all || argc == 1) {
        print_help(app->help_all);
        return argc == 1 ? H2K_E_USAGE : 0;
    }
    if (app->version) {
        print_version();
        return 0;
    }
    if (app->list_profiles)
        return app_list_profiles(app);
    if (app->delete_profile != NULL)
        return profile_delete(app->delete_profile) < 0 ? app_fail() : 0;
    return work(app);
}

int
main(int argc, char **argv)
{
    struct app app = { 0 };
    setlocale(LC_CTYPE, "");
    int code = run(argc, argv, &app);
    app_clear(&app);
    return code;
}
