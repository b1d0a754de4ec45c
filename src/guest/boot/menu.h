/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The menus of boot loaders: which kernels they start with which initramfs,
 * and which of them by default.
 */
#ifndef H2K_GUEST_MENU_H
#define H2K_GUEST_MENU_H

#include "base/cleanup.h"
#include "base/strings.h"
#include "fs/root.h"
#include "guest/boot/menu-line.h"

/* Bounds on what a guest may have; more is left out. */
#define H2K_MENU_ENTRIES_MAX 512
#define H2K_MENU_SIZE_MAX                                            \
    (4u << 20)                  /* bytes of a file, or of those that \
                                   make one menu */
#define H2K_MENU_FILES_MAX 256  /* of one kind */
#define H2K_MENU_INITRDS_MAX 16 /* of one entry */

/* Kinds of files with menus. */
enum h2k_menu_kind {
    H2K_MENU_GRUB2,       /* grub.cfg */
    H2K_MENU_GRUB_LEGACY, /* menu.lst, grub.conf */
    H2K_MENU_SYSLINUX,    /* extlinux.conf, syslinux.cfg and what they
                             include */
    H2K_MENU_LIMINE,      /* limine.conf */
    H2K_MENU_REFIND,      /* refind_linux.conf, refind.conf */
    H2K_MENU_KINDS,
    H2K_MENU_GRUBENV = H2K_MENU_KINDS, /* no menu, but beside one: grub's
                                          variables */
    H2K_MENU_FILES,
};

/* Each file of KIND in ROOT, links resolved, every file once, those that
 * start the machine first.  On system partitions too. */
int h2k_menu_files(struct h2k_root *root, enum h2k_menu_kind kind,
                   struct h2k_strings *paths);

/* One entry that starts a kernel, as it is written; all owned. */
struct h2k_menu_entry {
    char *place;  /* by GRUB: "2" or "1>0" */
    char *title;  /* or label; "" for none */
    char *id;     /* GRUB's; "" for none */
    char *kernel; /* a path as the loader has it, of an EFI program too;
                     never empty */
    struct h2k_strings initrds;
    bool has_initrd; /* also where only the loader knows which: "$initrd" */
    bool selected;   /* the menu says that it is the default */
};

struct h2k_menu {
    char *directory; /* owned: of the file, "/boot/grub" */
    struct h2k_menu_entry *items;
    size_t count;
    bool asks_saved;  /* GRUB's environment may say which is the default */
    bool has_entries; /* those of bls.h are among its own */
    char *chosen;     /* owned: what the menu says of its default, as written;
                         NULL for nothing */
};

/* The entries of TEXT, a GRUB 2 menu that stands in DIRECTORY. */
struct h2k_menu *h2k_menu_parse_grub(const char *directory, const char *text,
                                     size_t size);
/* The same of one that is written in lines. */
struct h2k_menu *h2k_menu_parse_lines(const char *directory,
                                      const struct h2k_menu_syntax *syntax,
                                      const char *text, size_t size);
void h2k_menu_free(struct h2k_menu *menu);
H2K_DEFINE_AUTO(h2k_menu, h2k_menu_free)

/* The entry that MENU starts when nobody chooses, where its default is
 * CHOSEN (a number, a place, a title, a label, an id; NULL: menu->chosen):
 * an index, or menu->count. */
size_t h2k_menu_default(const struct h2k_menu *menu, const char *chosen);

/*
 * What PATH of an entry means in ROOT: below the directory of the menu, the
 * filesystem with it, the root, or another filesystem that loaders read.  The
 * path of what is there, links resolved, the caller's to free; NULL where
 * nothing is.
 */
char *h2k_menu_resolve(struct h2k_root *root, const struct h2k_menu *menu,
                       const char *path);

/* How many initrds may be unpacked to find the main ones, of all entries
 * together: what real menus never come near.  Counted down. */
#define H2K_MENU_LOOKS 32

/* The kernel of ENTRY, and the main one of its initrds that are there (or
 * NULL), by h2k_menu_resolve; the caller's to free.  1; 0 where there is no
 * such kernel; -1. */
int h2k_menu_entry_files(struct h2k_root *root, const struct h2k_menu *menu,
                         const struct h2k_menu_entry *entry, unsigned *looks,
                         char **kernel, char **initrd);

/* The initramfs of several files that the kernel is given together: the last
 * with an init in it, so neither microcode nor what somebody adds; an index,
 * COUNT for none.  Where LOOKS is 0, the last that is no microcode. */
size_t h2k_menu_main_initrd(struct h2k_root *root, char *const *paths,
                            size_t count, unsigned *looks);

/* Each menu of KIND in ROOT to FN, until it returns other than 0, which is
 * the result.  Files that include each other are one menu. */
typedef int (*h2k_menu_fn)(void *opaque, const struct h2k_menu *menu);
int h2k_menu_each(struct h2k_root *root, enum h2k_menu_kind kind,
                  h2k_menu_fn fn, void *opaque);

/* ---- For parsers ---- */

/* Another entry, zero; NULL with H2K_E_NOMEM.  Only a parser that saw no
 * kernel in it takes it back. */
struct h2k_menu_entry *h2k_menu_add(struct h2k_menu *menu);
void h2k_menu_drop_last(struct h2k_menu *menu);
struct h2k_menu *h2k_menu_new(const char *directory);

#endif
