/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/configure/database.h"

#include "base/buffer.h"
#include "base/error.h"

#include <string.h>

const struct h2k_database_kind h2k_passwd_kind = {
    .path = "/etc/passwd",
    .of = "user",
    .least = 7,
    .most = 7,
    .has_password = true,
    .names = { "", "password", "number", "primary group", "comment", "home",
               "shell" },
};
const struct h2k_database_kind h2k_shadow_kind = {
    .path = "/etc/shadow",
    .of = "password of",
    .least = 2,
    .most = 9,
    .has_password = true,
    .names = { "", "password", "day of the last change", "least age",
               "greatest age", "days of warning", "days of grace",
               "day of expiry", "flag" },
};
const struct h2k_database_kind h2k_group_kind = {
    .path = "/etc/group",
    .of = "group",
    .least = 3,
    .most = 4,
    .has_password = true,
    .names = { "", "password", "number", "members" },
};
const struct h2k_database_kind h2k_gshadow_kind = {
    .path = "/etc/gshadow",
    .of = "group",
    .least = 4,
    .most = 4,
    .has_password = true,
    .names = { "", "password", "administrators", "members" },
};
const struct h2k_database_kind h2k_subuid_kind = {
    .path = "/etc/subuid",
    .of = "user numbers of",
    .least = 3,
    .most = 3,
    .names = { "", "start", "count" },
};
const struct h2k_database_kind h2k_subgid_kind = {
    .path = "/etc/subgid",
    .of = "group numbers of",
    .least = 3,
    .most = 3,
    .names = { "", "start", "count" },
};

int
h2k_database_read(struct h2k_database *db, struct h2k_fix *fix,
                  const char *path)
{
    return h2k_line_file_read(&db->file, fix,
                              path != NULL ? path : db->kind->path);
}

void
h2k_database_free(struct h2k_database *db)
{
    h2k_line_file_free(&db->file);
}

static bool
is_nis(const struct h2k_text_line *line)
{
    return line->size > 0 && (line->text[0] == '+' || line->text[0] == '-');
}

/* Line I as a record, unless it is none. */
static bool
read_record(const struct h2k_database *db, size_t i, struct h2k_record *record)
{
    const struct h2k_text_line *line = &db->file.lines[i];
    const char *at = line->text, *end = at + line->size;
    size_t count = 0;
    *record = (struct h2k_record){ .line = i };
    if (line->size == 0 || line->text[0] == '#' || is_nis(line) ||
        memchr(at, '\0', line->size) != NULL)
        return false;
    for (;; at++) {
        const char *colon = memchr(at, ':', (size_t)(end - at));
        if (count == db->kind->most)
            return false;
        record->fields[count].text = at;
        at = colon == NULL ? end : colon;
        record->fields[count].size = (size_t)(at - record->fields[count].text);
        count++;
        if (colon == NULL)
            break;
    }
    for (size_t i_empty = count; i_empty < H2K_RECORD_FIELDS; i_empty++)
        record->fields[i_empty].text = end;
    return count >= db->kind->least && record->fields[0].size > 0;
}

bool
h2k_database_next(const struct h2k_database *db, size_t *cursor,
                  struct h2k_record *record)
{
    while (*cursor < db->file.count)
        if (read_record(db, (*cursor)++, record))
            return true;
    return false;
}

bool
h2k_database_find(const struct h2k_database *db, const char *name,
                  struct h2k_record *record)
{
    for (size_t cursor = 0; h2k_database_next(db, &cursor, record);)
        if (h2k_record_is(record, 0, name))
            return true;
    return false;
}

bool
h2k_database_find_id(const struct h2k_database *db, size_t field,
                     uint32_t value, struct h2k_record *record)
{
    uint32_t id;
    for (size_t cursor = 0; h2k_database_next(db, &cursor, record);)
        if (h2k_record_id(record, field, &id) && id == value)
            return true;
    return false;
}

size_t
h2k_database_broken(const struct h2k_database *db, size_t *first)
{
    size_t broken = 0;
    struct h2k_record record;
    for (size_t i = 0; i < db->file.count; i++) {
        const struct h2k_text_line *line = &db->file.lines[i];
        if (line->size == 0 || line->text[0] == '#' || is_nis(line) ||
            read_record(db, i, &record))
            continue;
        if (broken++ == 0)
            *first = i + 1;
    }
    return broken;
}

bool
h2k_record_is(const struct h2k_record *record, size_t field, const char *text)
{
    return record->fields[field].size == strlen(text) &&
           memcmp(record->fields[field].text, text, strlen(text)) == 0;
}

bool
h2k_record_id(const struct h2k_record *record, size_t field, uint32_t *out)
{
    uint64_t value = 0;
    const char *text = record->fields[field].text;
    size_t size = record->fields[field].size;
    if (size == 0 || size > 10)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *out = (uint32_t)value;
    return value <= UINT32_MAX;
}

char *
h2k_record_copy(const struct h2k_record *record, size_t field)
{
    char *copy =
        strndup(record->fields[field].text, record->fields[field].size);
    return copy != NULL ? copy : h2k_fail_null(H2K_E_NOMEM, "out of memory");
}

/* The next part of a list between commas, from *AT, into PART. */
static bool
next_part(const char *text, size_t size, size_t *at, const char **part,
          size_t *length)
{
    if (*at >= size)
        return false;
    const char *comma = memchr(text + *at, ',', size - *at);
    *part = text + *at;
    *length = comma == NULL ? size - *at : (size_t)(comma - *part);
    *at += *length + 1;
    return true;
}

bool
h2k_record_lists(const struct h2k_record *record, size_t field,
                 const char *name)
{
    const char *part;
    size_t length, at = 0;
    while (next_part(record->fields[field].text, record->fields[field].size,
                     &at, &part, &length))
        if (length == strlen(name) && memcmp(part, name, length) == 0)
            return true;
    return false;
}

/* ---- Changes, and what the report says of them ---- */

/* Does a password field hold no secret: "x", "*", "!!" or nothing? */
static bool
is_plain(const char *password)
{
    password += strspn(password, "!");
    return *password == '\0' || strcmp(password, "x") == 0 ||
           strcmp(password, "*") == 0;
}

/* What stands for a password: "!(a hash)" when it is locked. */
static const char *
shown_password(const char *password, const char *before)
{
    const char *hash = password + strspn(password, "!");
    if (is_plain(password))
        return password;
    if (before != NULL && strcmp(hash, before + strspn(before, "!")) != 0)
        return hash == password ? "(a new hash)" : "!(a new hash)";
    return hash == password ? "(a hash)" : "!(a hash)";
}

/* The line with its secret left out; only a name where it has no second
 * field. */
static char *
shown_line(const struct h2k_database *db, const char *line, bool is_new)
{
    H2K_AUTO_BUFFER shown = { 0 };
    if (!db->kind->has_password)
        return strdup(line);
    size_t name = strcspn(line, ":");
    h2k_buffer_add(&shown, line, name);
    if (line[name] == ':') {
        size_t size = strcspn(line + name + 1, ":");
        h2k_autofree char *password = strndup(line + name + 1, size);
        if (password == NULL)
            return h2k_fail_null(H2K_E_NOMEM, "out of memory");
        h2k_buffer_addf(&shown, ":%s%s",
                        shown_password(password, is_new ? "" : NULL),
                        line + name + 1 + size);
    }
    return h2k_buffer_steal(&shown);
}

/* The line of RECORD with FIELD replaced, and every field that may stand
 * before it. */
static char *
joined(const struct h2k_database *db, const struct h2k_record *record,
       size_t field, const char *value)
{
    H2K_AUTO_BUFFER line = { 0 };
    for (size_t i = 0; i < db->kind->most; i++) {
        if (i > 0)
            h2k_buffer_addc(&line, ':');
        if (i == field)
            h2k_buffer_adds(&line, value);
        else
            h2k_buffer_add(&line, record->fields[i].text,
                           record->fields[i].size);
    }
    return h2k_buffer_steal(&line);
}

static int
record_field(struct h2k_database *db, struct h2k_fix *fix,
             const struct h2k_record *record, size_t field, const char *value)
{
    H2K_AUTO_BUFFER what = { 0 };
    h2k_autofree char *before = h2k_record_copy(record, field);
    const char *old = before;
    if (before == NULL)
        return -1;
    if (field == H2K_SHADOW_PASSWORD && db->kind->has_password) {
        old = shown_password(before, NULL);
        value = shown_password(value, before);
    }
    h2k_buffer_addf(&what, "the %s of the %s %.*s", db->kind->names[field],
                    strcmp(db->kind->of, "group") == 0 ? "group" : "user",
                    (int)record->fields[0].size, record->fields[0].text);
    if (h2k_buffer_check(&what) < 0)
        return -1;
    return h2k_fix_record(fix, db->file.path, h2k_buffer_text(&what),
                          *old == '\0' ? NULL : old,
                          *value == '\0' ? NULL : value);
}

int
h2k_database_set(struct h2k_database *db, struct h2k_fix *fix,
                 struct h2k_record *record, size_t field, const char *value)
{
    size_t line = record->line;
    if (h2k_record_is(record, field, value))
        return 0;
    h2k_autofree char *text = joined(db, record, field, value);
    if (text == NULL || record_field(db, fix, record, field, value) < 0 ||
        h2k_line_file_set(&db->file, line, text) < 0)
        return -1;
    read_record(db, line, record);
    return 0;
}

int
h2k_database_list(struct h2k_database *db, struct h2k_fix *fix,
                  struct h2k_record *record, size_t field, const char *name,
                  bool in)
{
    H2K_AUTO_BUFFER list = { 0 };
    const char *part;
    size_t length, at = 0;
    if (h2k_record_lists(record, field, name) == in)
        return 0;
    while (next_part(record->fields[field].text, record->fields[field].size,
                     &at, &part, &length)) {
        if (length == 0 ||
            (length == strlen(name) && memcmp(part, name, length) == 0))
            continue;
        h2k_buffer_adds(&list, list.size > 0 ? "," : "");
        h2k_buffer_add(&list, part, length);
    }
    if (in)
        h2k_buffer_addf(&list, "%s%s", list.size > 0 ? "," : "", name);
    if (h2k_buffer_check(&list) < 0)
        return -1;
    return h2k_database_set(db, fix, record, field, h2k_buffer_text(&list));
}

static int
record_line(struct h2k_database *db, struct h2k_fix *fix, const char *line,
            bool is_new)
{
    H2K_AUTO_BUFFER what = { 0 };
    h2k_autofree char *shown = shown_line(db, line, is_new);
    h2k_buffer_addf(&what, "the %s %.*s", db->kind->of,
                    (int)strcspn(line, ":"), line);
    if (shown == NULL || h2k_buffer_check(&what) < 0)
        return -1;
    return h2k_fix_record(fix, db->file.path, h2k_buffer_text(&what),
                          is_new ? NULL : shown, is_new ? shown : NULL);
}

int
h2k_database_add(struct h2k_database *db, struct h2k_fix *fix,
                 const char *line)
{
    size_t at = 0;
    while (at < db->file.count && !is_nis(&db->file.lines[at]))
        at++;
    if (record_line(db, fix, line, true) < 0)
        return -1;
    return h2k_line_file_insert(&db->file, at, line);
}

int
h2k_database_remove(struct h2k_database *db, struct h2k_fix *fix,
                    const struct h2k_record *record)
{
    h2k_autofree char *line = h2k_line_file_copy(&db->file, record->line);
    if (line == NULL || record_line(db, fix, line, false) < 0)
        return -1;
    h2k_line_file_remove(&db->file, record->line);
    return 0;
}
