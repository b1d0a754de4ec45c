/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A guest's databases of accounts: passwd(5), shadow(5), group(5),
 * gshadow(5), subuid(5): a record a line, fields between colons.  Lines that
 * are no record (broken ones, comments, NIS's "+::::::") stay as they are and
 * where they are.  A password never comes into the report: "(a hash)".
 */
#ifndef H2K_GUEST_DATABASE_H
#define H2K_GUEST_DATABASE_H

#include "guest/configure/line-file.h"

#define H2K_RECORD_FIELDS 9

/* Which fields a record of each kind has. */
struct h2k_database_kind {
    const char *path;
    const char *of;     /* what a record is about: "user", "group" */
    size_t least, most; /* fields; those that are missing are empty */
    bool has_password;  /* in its second field */
    const char *names[H2K_RECORD_FIELDS]; /* "shell"; of the first: unused */
};

enum h2k_passwd_field {
    H2K_PASSWD_NAME,
    H2K_PASSWD_PASSWORD,
    H2K_PASSWD_UID,
    H2K_PASSWD_GID,
    H2K_PASSWD_COMMENT,
    H2K_PASSWD_HOME,
    H2K_PASSWD_SHELL,
};
enum h2k_shadow_field {
    H2K_SHADOW_NAME,
    H2K_SHADOW_PASSWORD,
    H2K_SHADOW_CHANGED, /* days since 1970, as all that follow */
    H2K_SHADOW_MINIMUM,
    H2K_SHADOW_MAXIMUM,
    H2K_SHADOW_WARNING,
    H2K_SHADOW_INACTIVE,
    H2K_SHADOW_EXPIRES,
    H2K_SHADOW_FLAG,
};
enum h2k_group_field {
    H2K_GROUP_NAME,
    H2K_GROUP_PASSWORD,
    H2K_GROUP_GID, /* in gshadow the administrators */
    H2K_GROUP_MEMBERS,
};

extern const struct h2k_database_kind h2k_passwd_kind, h2k_shadow_kind,
    h2k_group_kind, h2k_gshadow_kind, h2k_subuid_kind, h2k_subgid_kind;

/* Initialise with { .kind = … }. */
struct h2k_database {
    const struct h2k_database_kind *kind;
    struct h2k_line_file file;
};

/* A record as it stands, until its line is changed. */
struct h2k_record {
    size_t line;
    struct {
        const char *text; /* not ended by a NUL */
        size_t size;
    } fields[H2K_RECORD_FIELDS];
};

/* The kind's own file, or PATH where it is not NULL. */
int h2k_database_read(struct h2k_database *db, struct h2k_fix *fix,
                      const char *path);
void h2k_database_free(struct h2k_database *db);

/* The next record from line *CURSOR, from 0.  False at the end. */
bool h2k_database_next(const struct h2k_database *db, size_t *cursor,
                       struct h2k_record *record);
/* The first record of NAME. */
bool h2k_database_find(const struct h2k_database *db, const char *name,
                       struct h2k_record *record);
/* The first record whose field FIELD is the number VALUE. */
bool h2k_database_find_id(const struct h2k_database *db, size_t field,
                          uint32_t value, struct h2k_record *record);
/* How many lines are neither a record nor empty, a comment or NIS's; *FIRST
 * is the first one's number, from 1. */
size_t h2k_database_broken(const struct h2k_database *db, size_t *first);

bool h2k_record_is(const struct h2k_record *record, size_t field,
                   const char *text);
/* A number of 32 bits without sign. */
bool h2k_record_id(const struct h2k_record *record, size_t field,
                   uint32_t *out);
char *h2k_record_copy(const struct h2k_record *record, size_t field);
/* Is NAME in the list between commas? */
bool h2k_record_lists(const struct h2k_record *record, size_t field,
                      const char *name);

/* Each change is recorded.  VALUE has neither colon nor line end.  RECORD is
 * read again from its line. */
int h2k_database_set(struct h2k_database *db, struct h2k_fix *fix,
                     struct h2k_record *record, size_t field,
                     const char *value);
/* NAME into a list, or out of it; no change where it is so already. */
int h2k_database_list(struct h2k_database *db, struct h2k_fix *fix,
                      struct h2k_record *record, size_t field,
                      const char *name, bool in);
/* LINE behind the last record, before what NIS adds. */
int h2k_database_add(struct h2k_database *db, struct h2k_fix *fix,
                     const char *line);
int h2k_database_remove(struct h2k_database *db, struct h2k_fix *fix,
                        const struct h2k_record *record);

#endif
