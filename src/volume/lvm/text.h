/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * LVM2's text: the language of lvm.conf(5) and of a volume group's metadata,
 * as vgcfgbackup(8) shows it.  A section is a name and { entries }; an entry
 * is another section or NAME = VALUE; a value is a whole number, a "string"
 * with \" and \\, an [array] of those, or, in lvm.conf(5) only, a bare word,
 * 1.5 or 'text'.  '#' begins a comment.
 *
 * What is read is bounded: its size, its number of entries and how deep its
 * sections are.
 */
#ifndef H2K_VOLUME_LVM_TEXT_H
#define H2K_VOLUME_LVM_TEXT_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Metadata of real groups is 1 MiB at the most (the area that pvcreate(8)
 * makes); vgcreate --metadatasize allows more. */
#define H2K_LVM_TEXT_MAX (UINT32_C(16) << 20)
#define H2K_LVM_NODES_MAX (UINT32_C(1) << 19)
#define H2K_LVM_DEPTH_MAX 8

enum h2k_lvm_kind {
    H2K_LVM_SECTION,
    H2K_LVM_NUMBER,
    H2K_LVM_STRING,
    H2K_LVM_ARRAY,
    H2K_LVM_WORD, /* neither number nor "string": its text is not kept */
};

/* Nodes are known by their index; 0 is the whole text, a section, and means
 * "none" in the links. */
struct h2k_lvm_node {
    enum h2k_lvm_kind kind;
    const char *key; /* into the text; "" for an array's element */
    union {
        const char *string;
        int64_t number;
    };
    uint32_t child; /* the first, of a section or an array */
    uint32_t next;  /* the next of the same parent */
};

struct h2k_lvm_text {
    char *text;                 /* owned; the strings stand in it */
    struct h2k_lvm_node *nodes; /* owned */
    uint32_t count;
};

/* The SIZE bytes of TEXT, to a first NUL if there is one.  NULL with
 * H2K_E_CORRUPT and the line. */
struct h2k_lvm_text *h2k_lvm_text_parse(const char *text, size_t size);
void h2k_lvm_text_free(struct h2k_lvm_text *text);
H2K_DEFINE_AUTO(h2k_lvm_text, h2k_lvm_text_free)

/* The entry KEY of the section PARENT, of this kind; 0: there is none.  Of
 * several the first counts. */
uint32_t h2k_lvm_find(const struct h2k_lvm_text *text, uint32_t parent,
                      const char *key, enum h2k_lvm_kind kind);

/* Its first section, or the next section after NODE; 0: no more. */
uint32_t h2k_lvm_first_section(const struct h2k_lvm_text *text,
                               uint32_t parent);
uint32_t h2k_lvm_next_section(const struct h2k_lvm_text *text, uint32_t node);

/* The number KEY of PARENT, from 0 to MAX.  H2K_E_CORRUPT when it is not
 * there, not a number or out of that. */
int h2k_lvm_number(const struct h2k_lvm_text *text, uint32_t parent,
                   const char *key, uint64_t max, uint64_t *out);

/* The string KEY of PARENT, the text's; NULL: there is none. */
const char *h2k_lvm_string(const struct h2k_lvm_text *text, uint32_t parent,
                           const char *key);

/* Does the array KEY of PARENT (["READ", "WRITE"]) have VALUE? */
bool h2k_lvm_has(const struct h2k_lvm_text *text, uint32_t parent,
                 const char *key, const char *value);

#endif
