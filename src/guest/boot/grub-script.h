/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What boots in a text of GRUB's script language (GRUB manual, "Writing full
 * configuration files directly"): its commands one after another, as they
 * are written.  Nothing is run, and variables stay as they are.
 */
#ifndef H2K_GUEST_GRUB_SCRIPT_H
#define H2K_GUEST_GRUB_SCRIPT_H

#include "guest/text/shell-words.h"

enum h2k_grub_event {
    H2K_GRUB_KERNEL,   /* a command that takes a kernel's command line */
    H2K_GRUB_MODULE,   /* so does this, and an initrd is a module too */
    H2K_GRUB_INITRD,   /* a command that takes files */
    H2K_GRUB_PROGRAM,  /* a command that starts an EFI program */
    H2K_GRUB_ENTRIES,  /* "blscfg": the boot loader entries of bls.h */
    H2K_GRUB_ENTRY,    /* "menuentry", "submenu" */
    H2K_GRUB_SET,      /* "set"; an assignment without it is its argument */
    H2K_GRUB_ARGUMENT, /* a word of the last of these, in `shell` */
    H2K_GRUB_OPEN,     /* { */
    H2K_GRUB_CLOSE,    /* } */
    H2K_GRUB_END,
};

/* Start from H2K_GRUB_SCRIPT; free with h2k_grub_script_free. */
struct h2k_grub_script {
    struct h2k_shell shell;
    enum h2k_grub_event command; /* whose arguments follow; OPEN: nobody's */
    bool at_command;
    bool assigns; /* the word is the next event too */
    bool broken;  /* it ended in a quote that is never closed */
};
#define H2K_GRUB_SCRIPT(bytes, count)                                \
    {                                                                \
        .shell = { .text = (bytes), .size = (count), .grub = true }, \
        .command = H2K_GRUB_OPEN, .at_command = true,                \
    }

void h2k_grub_script_free(struct h2k_grub_script *script);
#define H2K_AUTO_GRUB_SCRIPT \
    __attribute__((cleanup(h2k_grub_script_free))) struct h2k_grub_script

/* The next event, END for ever at the end; or -1 with H2K_E_NOMEM. */
int h2k_grub_script_next(struct h2k_grub_script *script,
                         enum h2k_grub_event *event);

#endif
