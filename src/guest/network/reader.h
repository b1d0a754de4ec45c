/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* For the readers of single formats. */
#ifndef H2K_GUEST_NETWORK_READER_H
#define H2K_GUEST_NETWORK_READER_H

#include "guest/network/network.h"

#define H2K_NETWORK_FILE_MAX (256u << 10) /* bytes */
/* Bytes of all files, names of one list, warnings: the rest is left out, so
 * that no configuration takes long to read. */
#define H2K_NETWORK_BYTES_MAX (4u << 20)
#define H2K_NETWORK_LIST_MAX 1024
#define H2K_NETWORK_WARNINGS_MAX 128

/* Start from the first three, the rest 0. */
struct h2k_network_reading {
    struct h2k_root *root;
    struct h2k_network *out;
    struct h2k_strings *warnings;
    size_t bytes;  /* of text read so far */
    size_t warned; /* how many warnings */
};

/* "FILE: what it is, and what to do", unless there were too many. */
int h2k_network_warn(struct h2k_network_reading *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* PATH as text that the caller frees; 1, 0 when there is none that can be
 * read (which a warning says), -1. */
int h2k_network_text(struct h2k_network_reading *r, const char *path,
                     char **text, size_t *size);

/* One file, of the reader of its format. */
struct h2k_network_file {
    const char *path, *name; /* the name is the path's last part */
    const char *text;        /* ended by a NUL; it may have others in it */
    size_t size;             /* bytes */
};
typedef int (*h2k_network_file_fn)(struct h2k_network_reading *r,
                                   const struct h2k_network_file *file,
                                   void *opaque);
/* FN for each regular file of DIRECTORY whose name begins and ends so, in
 * order; a directory that is not there has none. */
int h2k_network_each_file(struct h2k_network_reading *r, const char *directory,
                          const char *beginning, const char *ending,
                          h2k_network_file_fn fn, void *opaque);
/* FN for the drop-ins of a unit of systemd's, FILE.d/NAME.conf, which count
 * as if they stood behind it. */
int h2k_network_each_drop_in(struct h2k_network_reading *r,
                             const struct h2k_network_file *file,
                             h2k_network_file_fn fn, void *opaque);

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
/* In FILE it is OFF; it is off where all of its files say so. */
void h2k_interface_set_off(struct h2k_interface *item, const char *file,
                           bool off);
/* TEXT once, unless LIST is full. */
int h2k_network_add_once(struct h2k_strings *list, const char *text);
/* Each of WORDS, which any of SEPARATORS separate, once. */
int h2k_network_add_words(struct h2k_strings *list, const char *words,
                          const char *separators);
/* ADDRESS, with MASK ("255.255.255.0" or "24"; "" for none) as its prefix
 * where it has none of its own; "" is passed over. */
int h2k_interface_add_address(struct h2k_interface *item, const char *address,
                              const char *mask);

/* Addresses and masks that files give apart, by what follows a key:
 * "IPADDR1" and "NETMASK1".  Keys and values by turns. */
struct h2k_masked_addresses {
    struct h2k_strings addresses, masks;
};
void h2k_masked_clear(struct h2k_masked_addresses *masked);
/* One more in either of the lists. */
int h2k_masked_add(struct h2k_strings *list, const char *key,
                   const char *value);
int h2k_interface_add_masked(struct h2k_interface *item,
                             const struct h2k_masked_addresses *masked);

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
int h2k_wicked_read(struct h2k_network_reading *r);
int h2k_link_files_read(struct h2k_network_reading *r);
int h2k_udev_rules_read(struct h2k_network_reading *r);
int h2k_leases_read(struct h2k_network_reading *r);

#endif
