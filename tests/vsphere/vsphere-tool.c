/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * vsphere-tool [-d DATACENTER] [-c CA] [-k MS] [-v] URL USER PASSWORD-FILE
 * COMMAND [ARGUMENT...]: the vSphere client by hand, for tests.  -k: how long
 * the session may be idle.  Ends with the error's exit code.
 */
#include "vsphere-tool.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "provider/vsphere/internal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static void
say(void *opaque, enum h2k_log_level level, const char *message)
{
    (void)opaque;
    (void)level;
    fprintf(stderr, "%s\n", message);
}

static void
stop(int number)
{
    (void)number;
    h2k_interrupt();
}

static const struct tool_command *
find_command(const char *name)
{
    for (const struct tool_command *c = tool_inventory; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static int
usage(void)
{
    fprintf(stderr,
            "usage: vsphere-tool [-d DATACENTER] [-c CA] [-k MS] [-v] URL "
            "USER PASSWORD-FILE COMMAND [ARGUMENT...]\n");
    for (const struct tool_command *c = tool_inventory; c->name != NULL; c++)
        fprintf(stderr, "  %s %s\n", c->name, c->usage);
    return 2;
}

static int
run(const struct h2k_vsphere_login *login, unsigned idle_ms,
    const struct tool_command *command, char **args)
{
    H2K_AUTO(h2k_vsphere) vs = h2k_vsphere_connect(login);
    if (vs == NULL ||
        (idle_ms != 0 && h2k_vsphere_keep_alive(vs, idle_ms) < 0))
        return -1;
    return command->run(vs, args);
}

int
main(int argc, char **argv)
{
    struct h2k_vsphere_login login = { 0 };
    unsigned idle_ms = 0;
    int option;
    while ((option = getopt(argc, argv, "+d:c:k:v")) != -1) {
        if (option == 'd')
            login.datacenter = optarg;
        else if (option == 'c')
            login.http.trust.ca_file = optarg;
        else if (option == 'k')
            idle_ms = (unsigned)atoi(optarg);
        else if (option == 'v')
            h2k_log_set(say, NULL, H2K_LOG_DEBUG);
        else
            return usage();
    }
    const struct tool_command *command =
        argc - optind < 4 ? NULL : find_command(argv[optind + 3]);
    if (command == NULL)
        return usage();
    sigaction(SIGINT, &(struct sigaction){ .sa_handler = stop }, NULL);
    H2K_AUTO(h2k_secret) password = h2k_secret_from_file(argv[optind + 2]);
    login.url = argv[optind];
    login.username = argv[optind + 1];
    login.password = password;
    if (password != NULL &&
        run(&login, idle_ms, command, argv + optind + 4) == 0)
        return 0;
    fprintf(stderr, "vsphere-tool: %s\n", h2k_errmsg());
    return h2k_exit_code(h2k_errcode());
}
