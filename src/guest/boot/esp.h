/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * EFI system partitions and the boot loaders on them (UEFI specification,
 * 3.5.1.1 "Removable Media Boot Behavior", 13.3.1 "File system format").
 */
#ifndef H2K_GUEST_ESP_H
#define H2K_GUEST_ESP_H

#include "guest/guest.h"

/* A machine type as loaders are named: the suffix of "grubx64.efi". */
#define H2K_EFI_ARCH 12

/* Is this the partition type, GPT's or MBR's, of a system partition? */
bool h2k_esp_type(const char *type);

/* What machine an EFI program is for, by its header (PE format, "COFF File
 * Header", Machine): "x64", "aa64", …; NULL when it is none. */
const char *h2k_efi_arch(const void *program, size_t size);

/*
 * The name below EFI of the directory with the loader that this guest starts
 * with, in ROOT, which is the system partition's own tree.  DISTRO is
 * os-release's ID, or NULL.  "EFI/BOOT", which any machine starts from,
 * never counts.  1, 0 where there is none, -1 with H2K_E_UNSUPPORTED and
 * their names where there are several and none is DISTRO's.
 */
int h2k_esp_vendor(struct h2k_root *root, const char *distro,
                   char vendor[H2K_NAME_MAX + 1]);

/* The loader of VENDOR to start with: a shim, else grub, systemd-boot, or the
 * only program there is.  ARCH gets its machine.  1, 0, -1. */
int h2k_esp_loader(struct h2k_root *root, const char *vendor,
                   char name[H2K_NAME_MAX + 1], char arch[H2K_EFI_ARCH]);

/* NAME in DIRECTORY as it is written there, whatever its case: the names of
 * FAT have none.  False when it is not there. */
bool h2k_esp_find(struct h2k_root *root, const char *directory,
                  const char *name, char found[H2K_NAME_MAX + 1]);

/* Loaders are no larger: a unified kernel image with everything in it. */
#define H2K_EFI_PROGRAM_MAX ((size_t)256 << 20)

#endif
