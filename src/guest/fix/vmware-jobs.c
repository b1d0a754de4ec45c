/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * VMware's jobs of Upstart, init(5) of RHEL 6 and Ubuntu 10.04 to 14.04: a
 * job without "start on" is only started by hand.  Upstart 0.6.5, RHEL 6's,
 * knows neither override files nor "manual".
 */
#include "guest/fix/rewrite.h"
#include "guest/fix/vmware-tools.h"

#include "base/error.h"

#include <ctype.h>
#include <string.h>

static size_t
blanks(const char *text, size_t at, size_t size)
{
    size_t from = at;
    while (at < size && (text[at] == ' ' || text[at] == '\t'))
        at++;
    return at - from;
}

/* Is WORD, as a whole, at AT? */
static bool
has_word(const struct h2k_rewrite *r, size_t at, const char *word)
{
    size_t n = strlen(word);
    return r->size - at >= n && memcmp(r->text + at, word, n) == 0 &&
           (at + n == r->size || isspace((unsigned char)r->text[at + n]));
}

/* Does the line at AT begin the stanza "start on"? */
static bool
is_start(const struct h2k_rewrite *r, size_t at)
{
    at += blanks(r->text, at, r->size);
    if (!has_word(r, at, "start"))
        return false;
    at += strlen("start");
    at += blanks(r->text, at, r->size);
    return has_word(r, at, "on");
}

static size_t
line_end(const struct h2k_rewrite *r, size_t at)
{
    const char *end = memchr(r->text + at, '\n', r->size - at);
    return end == NULL ? r->size : (size_t)(end - r->text);
}

/* Where the stanza at AT ends, before its newline: lines go on behind a
 * backslash, and up to the last of its parentheses. */
static size_t
stanza_end(const struct h2k_rewrite *r, size_t at)
{
    size_t open = 0, end = at;
    for (; end < r->size; end++) {
        char c = r->text[end];
        open += c == '(';
        open -= c == ')' && open > 0;
        if (c == '\n' && open == 0 && r->text[end - 1] != '\\')
            break;
    }
    return end;
}

/* [AT, END) with every line made a comment. */
static int
comment_out(struct h2k_rewrite *r, size_t at, size_t end)
{
    H2K_AUTO_BUFFER text = { 0 };
    if (memchr(r->text + at, '\0', end - at) != NULL)
        return 0; /* no job that Upstart reads */
    for (size_t line = at; line < end;) {
        size_t next = line_end(r, line);
        next = next < end ? next + 1 : end;
        h2k_buffer_addc(&text, '#');
        h2k_buffer_add(&text, r->text + line, next - line);
        line = next;
    }
    if (h2k_buffer_check(&text) < 0)
        return -1;
    return h2k_rewrite_add(r, at, end - at, h2k_buffer_text(&text),
                           "what starts a VMware service");
}

static int
fill(struct h2k_rewrite *r, void *opaque)
{
    (void)opaque;
    for (size_t at = 0; at < r->size;) {
        bool start = is_start(r, at);
        size_t end = start ? stanza_end(r, at) : line_end(r, at);
        if (start && comment_out(r, at, end) < 0)
            return -1;
        at = end + 1;
    }
    return 0;
}

int
h2k_vmware_disable_jobs(struct h2k_fix *fix)
{
    static const char *const jobs[] = {
        "/etc/init/open-vm-tools.conf",
        "/etc/init/vmtoolsd.conf",
        "/etc/init/vmware-tools-thinprint.conf",
        "/etc/init/vmware-tools.conf",
    };
    for (size_t i = 0; i < sizeof(jobs) / sizeof(*jobs); i++)
        if (h2k_rewrite_path(fix, jobs[i], fill, NULL) < 0)
            return -1;
    return 0;
}
