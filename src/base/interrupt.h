/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A user's wish to stop, which long loops ask for. */
#ifndef H2K_BASE_INTERRUPT_H
#define H2K_BASE_INTERRUPT_H

#include <stdbool.h>

/* Asked for by a signal handler or another thread; async-signal-safe. */
void h2k_interrupt(void);
bool h2k_interrupted(void);
/* 0, or -1 with H2K_E_INTERRUPTED. */
int h2k_check_interrupt(void);

#endif
