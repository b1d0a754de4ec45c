/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "common/command.h"

#include "common/terminal.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/interrupt.h"

#include <signal.h>
#include <stdio.h>

static void
on_signal(int number)
{
    (void)number;
    h2k_interrupt();
}

void
command_catch_signals(void)
{
    struct sigaction before;
    struct sigaction action = { .sa_handler = on_signal,
                                .sa_flags = (int)SA_RESETHAND };
    static const int caught[] = { SIGINT, SIGTERM, SIGHUP };
    for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
        if (sigaction(caught[i], NULL, &before) == 0 &&
            before.sa_handler != SIG_IGN)
            sigaction(caught[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int
command_fail(const char *program)
{
    fflush(stdout);
    h2k_autofree char *safe = terminal_safe(h2k_errmsg(), 0);
    fprintf(stderr, "%s: %s\n", program, safe == NULL ? h2k_errmsg() : safe);
    return h2k_exit_code(h2k_errcode());
}

void
command_print_problems(const struct h2k_problems *problems, bool quiet,
                       bool without_errors)
{
    for (size_t i = 0; i < h2k_problems_count(problems); i++) {
        const struct h2k_problem *p = h2k_problems_get(problems, i);
        bool error = p->severity == H2K_PROBLEM_ERROR;
        if (error ? without_errors : quiet)
            continue;
        h2k_autofree char *line = h2k_problem_format(p);
        fprintf(stderr, "%s\n", line == NULL ? p->message : line);
    }
}

int
command_print_json(const json_t *document)
{
    if (json_dumpf(document, stdout,
                   JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0 &&
        putchar('\n') != EOF && fflush(stdout) == 0)
        return 0;
    return h2k_fail_errno(H2K_E_OUTPUT, "standard output");
}
