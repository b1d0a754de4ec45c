/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of this folder share about struct h2k_manifest. */
#ifndef H2K_MANIFEST_INTERNAL_H
#define H2K_MANIFEST_INTERNAL_H

#include "base/hash.h"
#include "manifest/document.h"
#include "manifest/problems.h"

struct h2k_manifest {
    struct h2k_document *doc; /* owned; its root as written.  Its arena holds
                                 all that stands below */
    const struct h2k_node *modern; /* the same by today's names */
    enum h2k_manifest_kind kind;
    const char *path;     /* as given; NULL when built */
    const char *base_dir; /* absolute */
    struct h2k_manifest_source source;
    struct h2k_manifest_vm vm;
    struct h2k_manifest_disk *disks;
    const struct h2k_node **disk_nodes; /* for problems; beside each disk */
    size_t disk_count;
    struct h2k_manifest_nic *nics;
    size_t nic_count;
    struct h2k_manifest_pipeline pipeline;
    struct h2k_manifest_output output;
    struct h2k_manifest_options options;
    struct h2k_manifest_metadata metadata;
    struct h2k_configuration configuration;
    struct h2k_manifest_tag *tags;
    size_t tag_count;
    struct h2k_manifest_remark *notes, *warnings;
    size_t note_count, warning_count;
};

H2K_DEFINE_AUTO(h2k_manifest, h2k_manifest_free)

/* Fill in all from m->modern, which may break rules: what does is left at
 * its default.  Needs doc, modern, kind and base_dir. */
void h2k_manifest_extract(struct h2k_manifest *m);
/* The part of it that is `configuration`. */
void h2k_manifest_extract_configuration(struct h2k_manifest *m);

/* Values of MAP's keys, or OTHERWISE where they are absent or of another
 * type. */
const char *h2k_extract_string(const struct h2k_node *map, const char *key,
                               const char *otherwise);
bool h2k_extract_bool(const struct h2k_node *map, const char *key,
                      bool otherwise);
/* A whole number from LEAST to MOST. */
int64_t h2k_extract_integer(const struct h2k_node *map, const char *key,
                            int64_t least, int64_t most, int64_t otherwise);

/* What depends on several keys. */
void h2k_manifest_check_consistency(const struct h2k_manifest *m,
                                    struct h2k_problems *problems);

/*
 * The manifest of DOC, which it takes over (also on failure), with whatever
 * breaks rules in PROBLEMS; NULL only where it is no manifest at all.  KIND
 * is H2K_MANIFEST_FRAGMENT, or else told by the version key.
 */
struct h2k_manifest *h2k_manifest_from_document(struct h2k_document *doc,
                                                bool fragment,
                                                const char *path,
                                                const char *base_dir,
                                                struct h2k_problems *problems);

/* The manifest in a file, as above: also one that breaks rules. */
struct h2k_manifest *h2k_manifest_load_any(const char *path,
                                           struct h2k_problems *problems);

/* The SHA-256 of a disk's file, and its size.  CHECKS may be NULL. */
int h2k_disk_hash(const struct h2k_manifest_disk *disk,
                  const struct h2k_manifest_checks *checks, uint64_t *size,
                  char hex[H2K_SHA256_HEX_SIZE]);

/* Where a public call's problems go: the caller's list, or one of its own.
 * Initialise with { 0 }. */
struct h2k_problem_scope {
    struct h2k_problems *own, *used;
    size_t start;
};
int h2k_scope_begin(struct h2k_problem_scope *scope,
                    struct h2k_problems *problems);
/* 0, or -1 where what was found since the beginning has an error in it,
 * which becomes the thread's.  With STRICT, a warning counts as one. */
int h2k_scope_end(struct h2k_problem_scope *scope, bool strict);
/* M, which may be NULL, where there is no error; else NULL. */
struct h2k_manifest *h2k_scope_end_with(struct h2k_problem_scope *scope,
                                        struct h2k_manifest *m);

/* PATH without empty and "." parts, made absolute from BASE_DIR (absolute
 * itself); in DOC's arena.  Symbolic links and ".." stay. */
const char *h2k_path_resolve(struct h2k_document *doc, const char *base_dir,
                             const char *path);
/* An absolute directory for what was given as one; NULL is the current
 * one.  From malloc. */
char *h2k_path_base(const char *base_dir);
/* The directory that the file PATH is in, as written.  From malloc. */
char *h2k_path_parent(const char *path);

#endif
