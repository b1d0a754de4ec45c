/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* For the readers of single formats. */
#ifndef H2K_GUEST_NETWORK_READER_H
#define H2K_GUEST_NETWORK_READER_H

#include "guest/network/network.h"

#define H2K_NETWORK_FILE_MAX (256u << 10)

struct h2k_network_reading {
    struct h2k_root *root;
    struct h2k_network *out;
    struct h2k_strings *warnings;
};

/* PATH as text that the caller frees; 1, 0 when there is none that can be
 * read (which a warning says), -1. */
int h2k_network_text(struct h2k_network_reading *r, const char *path,
                     char **text, size_t *size);

typedef int (*h2k_network_file_fn)(struct h2k_network_reading *r,
                                   const char *path, const char *name,
                                   const char *text, size_t size);
/* FN for each file of DIRECTORY whose name begins and ends so, in order; a
 * directory that is not there has none. */
int h2k_network_each_file(struct h2k_network_reading *r, const char *directory,
                          const char *beginning, const char *ending,
                          h2k_network_file_fn fn);

/* The interface of this SOURCE and NAME (or MAC where NAME is ""), made if
 * need be, of the type that its name tells.  The pointer is good until the
 * next call.  NULL with H2K_E_NOMEM, or H2K_E_CORRUPT for too many. */
struct h2k_interface *h2k_network_get(struct h2k_network_reading *r,
                                      const char *source, const char *name,
                                      const char *mac, const char *file);
struct h2k_interface *h2k_network_find(struct h2k_network *network,
                                       const char *source, const char *name);
/* The same by its id. */
struct h2k_interface *h2k_network_find_id(struct h2k_network *network,
                                          const char *source, const char *id);

/* Set *FIELD to a copy of VALUE unless it is set, or VALUE is "". */
int h2k_interface_set(char **field, const char *value);
/* The same with a MAC, in the usual form; what is none is passed over. */
int h2k_interface_set_mac(char **field, const char *value);
/* Each of WORDS, which any of SEPARATORS separate, once. */
int h2k_network_add_words(struct h2k_strings *list, const char *words,
                          const char *separators);
/* ADDRESS, with MASK ("255.255.255.0" or "24"; "" for none) as its prefix
 * where it has none of its own; "" is passed over. */
int h2k_interface_add_address(struct h2k_interface *item, const char *address,
                              const char *mask);

bool h2k_is_pattern(const char *text); /* for fnmatch(3) */

/* One more naming; NAME and FILE are copied, MAC may be NULL.  0 or -1. */
int h2k_network_add_naming(struct h2k_network_reading *r,
                           const struct h2k_naming *naming);

/* Each reader: 0, or -1. */
int h2k_ifupdown_read(struct h2k_network_reading *r);
int h2k_networkd_read(struct h2k_network_reading *r);
int h2k_netplan_read(struct h2k_network_reading *r);
int h2k_keyfiles_read(struct h2k_network_reading *r);
int h2k_ifcfg_read(struct h2k_network_reading *r);
int h2k_ifcfg_suse_read(struct h2k_network_reading *r);
int h2k_link_files_read(struct h2k_network_reading *r);
int h2k_udev_rules_read(struct h2k_network_reading *r);
int h2k_leases_read(struct h2k_network_reading *r);

#endif
