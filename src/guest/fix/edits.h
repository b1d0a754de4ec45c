/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every edit, each from its own file; edits.c has their order. */
#ifndef H2K_GUEST_EDITS_H
#define H2K_GUEST_EDITS_H

#include "guest/fix/fix.h"

extern const struct h2k_edit h2k_edit_initramfs;      /* initramfs.c */
extern const struct h2k_edit h2k_edit_fstab;          /* fstab.c */
extern const struct h2k_edit h2k_edit_crypttab;       /* crypttab.c */
extern const struct h2k_edit h2k_edit_grub;           /* grub.c */
extern const struct h2k_edit h2k_edit_vmware_tools;   /* vmware-tools.c */
extern const struct h2k_edit h2k_edit_resume;         /* resume.c */
extern const struct h2k_edit h2k_edit_modprobe;       /* modprobe.c */
extern const struct h2k_edit h2k_edit_xorg;           /* xorg.c */
extern const struct h2k_edit h2k_edit_lvm;            /* lvm-config.c */
extern const struct h2k_edit h2k_edit_loader_entries; /* loader-entries.c */
extern const struct h2k_edit h2k_edit_menus;          /* menus.c */
extern const struct h2k_edit h2k_edit_guest_agent;    /* guest-agent.c */
extern const struct h2k_edit h2k_edit_network;        /* network.c */
extern const struct h2k_edit h2k_edit_unified;        /* unified.c */
extern const struct h2k_edit h2k_edit_uefi;           /* uefi.c */

/* guest/configure/: what the manifest's `configuration` asks for. */
extern const struct h2k_edit h2k_edit_image_based;   /* image-based.c */
extern const struct h2k_edit h2k_edit_users;         /* users.c */
extern const struct h2k_edit h2k_edit_services;      /* services.c */
extern const struct h2k_edit h2k_edit_hostname;      /* hostname.c */
extern const struct h2k_edit h2k_edit_network_files; /* network-files.c */

#endif
