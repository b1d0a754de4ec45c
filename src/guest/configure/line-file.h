/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A guest's file as a list of lines, of which some are replaced, added or
 * taken out.  All others stay byte for byte, whatever is in them, and so does
 * the lack of a newline at the end.
 */
#ifndef H2K_GUEST_LINE_FILE_H
#define H2K_GUEST_LINE_FILE_H

#include "guest/fix/fix.h"

struct h2k_text_line {
    char *own;        /* a line of ours; NULL: a part of the file's text */
    const char *text; /* without its end; not ended by a NUL */
    size_t size;
    bool ended; /* with a newline */
    bool gone;  /* taken out; it reads as an empty one */
};

/* A file of more is refused with H2K_E_UNFIXABLE. */
#define H2K_LINES_MAX (1u << 18)

/* Initialise with { 0 }. */
struct h2k_line_file {
    char *path; /* owned */
    bool there; /* the guest has it */
    bool changed;
    char *text; /* as it was read; owned */
    struct h2k_text_line *lines;
    size_t count, room;
};

void h2k_line_file_free(struct h2k_line_file *file); /* empties it */
#define H2K_AUTO_LINE_FILE \
    __attribute__((cleanup(h2k_line_file_free))) struct h2k_line_file

/* PATH as it is in the guest; no lines where there is no such file. */
int h2k_line_file_read(struct h2k_line_file *file, struct h2k_fix *fix,
                       const char *path);
/* The same with the text given, which is copied. */
int h2k_line_file_parse(struct h2k_line_file *file, const char *text,
                        size_t size);

/* TEXT, without a newline, in place of line I; the same text is no change. */
int h2k_line_file_set(struct h2k_line_file *file, size_t i, const char *text);
/* Before line I, or behind the last. */
int h2k_line_file_insert(struct h2k_line_file *file, size_t i,
                         const char *text);
int h2k_line_file_append(struct h2k_line_file *file, const char *text);
/* Line I keeps its number, so that a loop over the lines may call this. */
void h2k_line_file_remove(struct h2k_line_file *file, size_t i);
/* A copy of line I, ended by a NUL; cut off at one that is in it. */
char *h2k_line_file_copy(const struct h2k_line_file *file, size_t i);

/* The whole text, the caller's to free. */
char *h2k_line_file_text(const struct h2k_line_file *file, size_t *size);
/* Where it was changed, into the guest, after its backup; new with MODE and
 * OWNER (NULL: root).  Record the changes yourself. */
int h2k_line_file_store(struct h2k_line_file *file, struct h2k_fix *fix,
                        uint32_t mode, const struct h2k_owner *owner);

#endif
