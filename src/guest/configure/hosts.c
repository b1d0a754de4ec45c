/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/configure/hosts.h"

#include "base/buffer.h"
#include "base/error.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define BLANKS " \t\r"
/* A longer line is left alone. */
#define LINE_MAX_SIZE 4096

/* A line: its words, and the comment behind them. */
struct entry {
    struct h2k_strings words; /* the address, then names */
    char *comment;            /* from its '#'; or NULL; owned */
};

static void
entry_free(struct entry *entry)
{
    h2k_strings_clear(&entry->words);
    free(entry->comment);
}
#define AUTO_ENTRY __attribute__((cleanup(entry_free))) struct entry

static int
add_words(struct h2k_strings *words, const char *text)
{
    for (text += strspn(text, BLANKS); *text != '\0';
         text += strspn(text, BLANKS)) {
        size_t size = strcspn(text, BLANKS);
        if (h2k_strings_addn(words, text, size) < 0)
            return -1;
        text += size;
    }
    return 0;
}

/* Line I; no words for a comment, or for what has a NUL in it. */
static int
entry_read(const struct h2k_line_file *file, size_t i, struct entry *entry)
{
    const struct h2k_text_line *line = &file->lines[i];
    if (line->size == 0 || line->size > LINE_MAX_SIZE ||
        memchr(line->text, '\0', line->size) != NULL)
        return 0;
    h2k_autofree char *text = h2k_line_file_copy(file, i);
    if (text == NULL)
        return -1;
    char *comment = strchr(text, '#');
    if (comment != NULL) {
        entry->comment = strdup(comment);
        if (entry->comment == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        *comment = '\0';
    }
    return add_words(&entry->words, text);
}

/* Line I is to be ENTRY; a line without names goes.  What was there has to
 * be another line. */
static int
entry_write(struct h2k_line_file *file, struct h2k_fix *fix, size_t i,
            const struct entry *entry)
{
    H2K_AUTO_BUFFER text = { 0 };
    h2k_autofree char *before = h2k_line_file_copy(file, i);
    if (before == NULL)
        return -1;
    if (entry->words.count < 2) {
        h2k_line_file_remove(file, i);
        return h2k_fix_record(fix, file->path, "an address and its names",
                              before, NULL);
    }
    for (size_t w = 0; w < entry->words.count; w++)
        h2k_buffer_addf(&text, "%s%s",
                        w == 0   ? ""
                        : w == 1 ? "\t"
                                 : " ",
                        entry->words.items[w]);
    if (entry->comment != NULL)
        h2k_buffer_addf(&text, " %s", entry->comment);
    if (h2k_buffer_check(&text) < 0 ||
        h2k_line_file_set(file, i, h2k_buffer_text(&text)) < 0)
        return -1;
    return h2k_fix_record(fix, file->path, "an address and its names", before,
                          h2k_buffer_text(&text));
}

struct address {
    int family;
    unsigned char bytes[16];
};

static bool
read_address(const char *text, struct address *out)
{
    *out = (struct address){ .family = AF_INET };
    if (inet_pton(AF_INET, text, out->bytes) == 1)
        return true;
    out->family = AF_INET6;
    return inet_pton(AF_INET6, text, out->bytes) == 1;
}

static bool
is_loopback(const struct address *a)
{
    static const unsigned char one[16] = { [15] = 1 };
    return a->family == AF_INET ? a->bytes[0] == 127
                                : memcmp(a->bytes, one, 16) == 0;
}

/* The address of an entry; false where it has none that can be read. */
static bool
address_of(const struct entry *entry, struct address *out)
{
    return entry->words.count >= 2 && read_address(entry->words.items[0], out);
}

static void
remove_word(struct h2k_strings *words, size_t at)
{
    free(words->items[at]);
    memmove(&words->items[at], &words->items[at + 1],
            (words->count - at - 1) * sizeof(*words->items));
    words->count--;
}

/* Names compare without regard to case: RFC 4343. */
static size_t
find_word(const struct h2k_strings *words, const char *name)
{
    for (size_t i = 1; i < words->count; i++)
        if (strcasecmp(words->items[i], name) == 0)
            return i;
    return 0;
}

bool
h2k_hosts_have(const struct h2k_line_file *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++) {
        AUTO_ENTRY entry = { 0 };
        struct address address;
        if (entry_read(file, i, &entry) == 0 && address_of(&entry, &address) &&
            find_word(&entry.words, name) > 0)
            return true;
    }
    return false;
}

/* Every one of NAMES into ENTRY; true where one was missing, -1. */
static int
complete(struct entry *entry, const struct h2k_strings *names)
{
    int changed = 0;
    for (size_t i = 0; i < names->count; i++) {
        if (find_word(&entry->words, names->items[i]) > 0)
            continue;
        if (h2k_strings_add(&entry->words, names->items[i]) < 0)
            return -1;
        changed = 1;
    }
    return changed;
}

static bool
take_out(struct entry *entry, const struct h2k_strings *names)
{
    bool changed = false;
    for (size_t i = 0; i < names->count; i++)
        for (size_t at; (at = find_word(&entry->words, names->items[i])) > 0;
             changed = true)
            remove_word(&entry->words, at);
    return changed;
}

static int
append(struct h2k_line_file *file, struct h2k_fix *fix, const char *address,
       const struct h2k_strings *names)
{
    H2K_AUTO_BUFFER text = { 0 };
    h2k_buffer_adds(&text, address);
    for (size_t i = 0; i < names->count; i++)
        h2k_buffer_addf(&text, "%s%s", i == 0 ? "\t" : " ", names->items[i]);
    if (h2k_buffer_check(&text) < 0 ||
        h2k_line_file_append(file, h2k_buffer_text(&text)) < 0)
        return -1;
    return h2k_fix_record(fix, file->path, "an address and its names", NULL,
                          h2k_buffer_text(&text));
}

int
h2k_hosts_add(struct h2k_line_file *file, struct h2k_fix *fix,
              const char *address, const char *text)
{
    H2K_AUTO_STRINGS names = { 0 };
    struct address wanted, other;
    bool placed = false;
    if (!read_address(address, &wanted))
        return h2k_fail(H2K_E_UNFIXABLE, "%s is no address", address);
    if (add_words(&names, text) < 0)
        return -1;
    for (size_t i = 0; i < file->count; i++) {
        AUTO_ENTRY entry = { 0 };
        int changed = 0;
        if (entry_read(file, i, &entry) < 0)
            return -1;
        if (!address_of(&entry, &other) || other.family != wanted.family)
            continue;
        bool same = memcmp(other.bytes, wanted.bytes, 16) == 0;
        if (same && !placed)
            changed = complete(&entry, &names);
        else
            changed = take_out(&entry, &names);
        placed = placed || same;
        if (changed < 0 ||
            (changed > 0 && entry_write(file, fix, i, &entry) < 0))
            return -1;
    }
    return placed ? 0 : append(file, fix, address, &names);
}

/* ---- The machine's own name ---- */

static int
replace_word(struct h2k_strings *words, size_t at, const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    free(words->items[at]);
    words->items[at] = copy;
    return 0;
}

/* Is WORD the machine NAME, alone or with a domain? */
static bool
is_machine(const char *word, const char *name)
{
    size_t size = name == NULL ? 0 : strlen(name);
    return size > 0 && strncasecmp(word, name, size) == 0 &&
           (word[size] == '\0' || word[size] == '.');
}

/* What stands for WORD: "old" becomes the name; "old.domain", and the name
 * with another domain, the full one.  NULL in *OUT where it stays. */
static int
new_word(const struct h2k_host_name *host, const char *word, char **out)
{
    const char *dot = strchrnul(word, '.');
    bool old = is_machine(word, host->old);
    *out = NULL;
    if (!old && !is_machine(word, host->name))
        return 0;
    if (*dot == '.' && host->full != NULL)
        *out = strdup(host->full);
    else if (!old)
        return 0;
    else if (asprintf(out, "%s%s", host->name, dot) < 0)
        *out = NULL;
    return *out == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory") : 1;
}

/* 1 when a word of ENTRY was changed, 0, -1.  What is there twice then goes
 * once. */
static int
rename_words(struct entry *entry, const struct h2k_host_name *host)
{
    int changed = 0;
    for (size_t i = 1; i < entry->words.count; i++) {
        h2k_autofree char *word = NULL;
        if (new_word(host, entry->words.items[i], &word) < 0)
            return -1;
        if (word == NULL || strcasecmp(word, entry->words.items[i]) == 0)
            continue;
        size_t twin = find_word(&entry->words, word);
        changed = 1;
        if (twin > 0 && twin != i)
            remove_word(&entry->words, i--);
        else if (replace_word(&entry->words, i, word) < 0)
            return -1;
    }
    return changed;
}

/* The full name before the short one, in an entry that has that alone. */
static int
put_full(struct entry *entry, const struct h2k_host_name *host)
{
    size_t at = find_word(&entry->words, host->name);
    if (at == 0 || find_word(&entry->words, host->full) > 0)
        return 0;
    if (h2k_strings_add(&entry->words, host->full) < 0)
        return -1;
    char *full = entry->words.items[entry->words.count - 1];
    memmove(&entry->words.items[at + 1], &entry->words.items[at],
            (entry->words.count - 1 - at) * sizeof(char *));
    entry->words.items[at] = full;
    return 1;
}

int
h2k_hosts_rename(struct h2k_line_file *file, struct h2k_fix *fix,
                 const struct h2k_host_name *host)
{
    for (size_t i = 0; i < file->count; i++) {
        AUTO_ENTRY entry = { 0 };
        struct address address;
        if (entry_read(file, i, &entry) < 0)
            return -1;
        if (!address_of(&entry, &address) || !is_loopback(&address))
            continue;
        int renamed = rename_words(&entry, host);
        if (renamed < 0 ||
            (renamed > 0 && entry_write(file, fix, i, &entry) < 0))
            return -1;
    }
    return 0;
}

int
h2k_hosts_complete(struct h2k_line_file *file, struct h2k_fix *fix,
                   const struct h2k_host_name *host)
{
    if (h2k_hosts_have(file, host->full))
        return 0;
    for (size_t i = 0; i < file->count; i++) {
        AUTO_ENTRY entry = { 0 };
        struct address address;
        if (entry_read(file, i, &entry) < 0)
            return -1;
        if (!address_of(&entry, &address))
            continue;
        int filled = put_full(&entry, host);
        if (filled != 0)
            return filled < 0 ? -1 : entry_write(file, fix, i, &entry);
    }
    return 0;
}
