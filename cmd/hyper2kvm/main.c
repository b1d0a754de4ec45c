/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* hyper2kvm: makes disks that boot on KVM. */
#include "app.h"

#include "common/command.h"

#include "base/error.h"
#include "fs/guestfs/appliance.h"
#include "qemu/qemu.h"

#include <locale.h>
#include <string.h>

static const struct app_command commands[] = {
    { NULL, "hyper2kvm --manifest FILE [options]",
      "run the pipeline on a manifest", app_run },
    { NULL, "hyper2kvm FILE.json|DISK|OVA|OVF [options]",
      "the same, or a manifest made up from the options", app_run },
    { "inspect", "hyper2kvm inspect DISK|OVA|OVF|MANIFEST [--json]",
      "what is in there: disk, volumes, system, kernels", app_inspect },
    { "validate", "hyper2kvm validate MANIFEST [--strict]",
      "check a manifest and its files", app_validate },
    { "convert", "hyper2kvm convert IN OUT [-O FORMAT] [--compress]",
      "a disk image into another, nothing else", app_convert },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
print_help(bool all)
{
    puts("hyper2kvm makes disks that boot on KVM from those of a VMware "
         "guest.\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %s\n      %s\n", commands[i].usage, commands[i].help);
    if (!all)
        puts("\nOptions:");
    options_print(app_options, all, stdout);
    if (!all)
        puts("\nSee hyper2kvm(1), and --help-all for every option.");
}

static void
print_version(void)
{
    char text[300];
    printf("hyper2kvm %s\n", H2K_VERSION);
    h2k_appliance_version(text, sizeof(text));
    printf("other filesystems: %s\n", text);
    printf("test boot: %s\n", h2k_qemu_program() != NULL
                                  ? h2k_qemu_program()
                                  : "QEMU is not installed");
}

/* Files of --config first, then the command line over them. */
static int
parse(int argc, char **argv, struct app *app, struct text_list *words)
{
    if (options_parse(app_options, argc, argv, app, words) < 0)
        return -1;
    if (app->configs.count == 0)
        return 0;
    const struct text_list configs = app->configs;
    *app = (struct app){ 0 };
    *words = (struct text_list){ 0 };
    if (app_read_configs(app, &configs) < 0)
        return -1;
    return options_parse(app_options, argc, argv, app, words);
}

static int
dispatch(const struct app *app, struct text_list *words)
{
    for (size_t i = 0; i < COMMANDS && words->count > 0; i++) {
        if (commands[i].name == NULL ||
            strcmp(commands[i].name, words->items[0]) != 0)
            continue;
        words->count--;
        memmove(words->items, words->items + 1,
                words->count * sizeof(words->items[0]));
        return commands[i].run(app, words);
    }
    return app_run(app, words);
}

static int
run(int argc, char **argv, struct app *app)
{
    struct text_list words = { 0 };
    if (parse(argc, argv, app, &words) < 0)
        return app_fail();
    if (app->help || app->help_all) {
        print_help(app->help_all);
        return 0;
    }
    if (app->version) {
        print_version();
        return 0;
    }
    if (argc == 1) {
        print_help(false);
        return H2K_E_USAGE;
    }
    if (app_read_keys(app) < 0)
        return app_fail();
    command_catch_signals();
    return dispatch(app, &words);
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
