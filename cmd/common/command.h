/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What every command does alike: stopping, failing, documents as output. */
#ifndef H2K_CMD_COMMAND_H
#define H2K_CMD_COMMAND_H

#include <hyper2kvm/manifest.h>
#include <jansson.h>
#include <stdbool.h>

/* The first SIGINT, SIGTERM or SIGHUP asks the work to stop and undo
 * (base/interrupt.h), a second one ends the process.  What whoever started
 * it wants ignored (nohup) stays ignored; SIGPIPE is. */
void command_catch_signals(void);

/* "PROGRAM: MESSAGE" on standard error, for the thread's error; its exit
 * code. */
int command_fail(const char *program);

/* What was found in a file, one a line on standard error: warnings and notes
 * unless QUIET, errors unless WITHOUT_ERRORS. */
void command_print_problems(const struct h2k_problems *problems, bool quiet,
                            bool without_errors);

/* A document on standard output.  -1 with H2K_E_OUTPUT. */
int command_print_json(const json_t *document);

#endif
