/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What reaches a terminal: names cannot command it, tables fit on it, and bars
 * leave it as they should. */
#include "common/columns.h"
#include "common/progress.h"
#include "common/terminal-json.h"
#include "common/terminal.h"

#include "base/log.h"
#include "tap.h"

#include <locale.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void
check_safe(const char *text, unsigned columns, const char *expected)
{
    h2k_autofree char *safe = terminal_safe(text, columns);
    ok_string(safe, expected);
}

static void
test_safe(void)
{
    check_safe("web-01", 0, "web-01");
    check_safe("\033[2J\a", 0, "\\x1b[2J\\x07");
    check_safe("a\nb\tc", 0, "a\\x0ab\\x09c");
    check_safe("\xc2\x9b"
               "31m",
               0, "\\xc2\\x9b31m"); /* CSI as one */
    check_safe("\xe2\x80\xae"
               "gpj",
               0, "\\xe2\\x80\\xaegpj");
    check_safe("\xff\xfe", 0, "\\xff\\xfe");
    check_safe("z\xc3\xbcrich", 0, "z\xc3\xbcrich");
    check_safe("z\xc3\xbcrich", 6, "z\xc3\xbcrich");
    check_safe("z\xc3\xbcrich", 5, "z\xc3\xbcri\xe2\x80\xa6");
    check_safe("\xe4\xbb\xae\xe6\x83\xb3", 3, "\xe4\xbb\xae\xe2\x80\xa6");
    check_safe("abc", 1, "\xe2\x80\xa6");
    check_safe("", 3, "");
    ok(terminal_width("\xe4\xbb\xae\xe6\x83\xb3") == 4, "wide letters");
    ok(terminal_width("\033") == 4, "what is shown as four");
}

static void
test_safe_json(void)
{
    json_t *from = json_pack("{s:[s,i], s:{s:s}}", "names", "md\033[2J", 3,
                             "\a", "text", "one\ntwo\x7f");
    json_t *safe = terminal_safe_json(from);
    h2k_autofree char *text = json_dumps(safe, JSON_COMPACT | JSON_SORT_KEYS);
    ok_string(text, "{\"\\\\x07\":{\"text\":\"one\\ntwo\\\\x7f\"},"
                    "\"names\":[\"md\\\\x1b[2J\",3]}");
    json_decref(safe);
    json_decref(from);
}

/* What was written to a pseudo terminal of COLUMNS, read from its other
 * side: as much as fits into its buffer. */
struct screen {
    int master, saved;
};

static void
screen_open(struct screen *s, unsigned columns)
{
    struct winsize size = { .ws_row = 10, .ws_col = (unsigned short)columns };
    int slave;
    fflush(stdout);
    if (openpty(&s->master, &slave, NULL, NULL, &size) < 0)
        abort();
    s->saved = dup(STDERR_FILENO);
    dup2(slave, STDERR_FILENO);
    close(slave);
}

static char *
screen_close(struct screen *s)
{
    static char text[16384];
    size_t size = 0;
    ssize_t n;
    fflush(stderr);
    dup2(s->saved, STDERR_FILENO);
    close(s->saved);
    while (size < sizeof(text) - 1 &&
           (n = read(s->master, text + size, sizeof(text) - 1 - size)) > 0)
        size += (size_t)n;
    text[size] = '\0';
    close(s->master);
    return text;
}

static void
test_columns(void)
{
    static const struct column headings[] = {
        { .heading = "NAME", .shrinks = true },
        { .heading = "N", .right = true },
        { .heading = "PATH", .shrinks = true },
        { .heading = NULL },
    };
    struct screen screen;
    H2K_AUTO(columns) columns = columns_new(headings);
    columns_add(columns, (const char *[]){ "a\033", "10", "/DC0/vm/a" });
    columns_add(columns, (const char *[]){ "a-very-long-name-of-a-machine",
                                           "9", NULL });
    screen_open(&screen, 30);
    int rc = columns_print(columns, stderr);
    const char *text = screen_close(&screen);
    ok(rc == 0, "a table is printed");
    ok(strcmp(text, "NAME              N  PATH\r\n"
                    "a\\x1b            10  /DC0/vm/a\r\n"
                    "a-very-long-na\xe2\x80\xa6   9\r\n") == 0,
       "it is as wide as the screen");
}

static void
test_bars(void)
{
    struct screen screen;
    screen_open(&screen, 70);
    struct progress *p = progress_new(&(struct progress_settings){ 0 });
    progress_update(p, "export", "one\033", 0, 100);
    progress_update(p, "export", "two", 0, 100);
    progress_message(p, true, "look\033 here");
    progress_update(p, "export", "two", 100, 100);
    progress_update(p, "export", "one\033", 100, 100);
    progress_free(p);
    const char *text = screen_close(&screen);
    const char *two = strstr(text, "100 %");
    ok(strstr(text, "warning: look\\x1b here\r\n") != NULL,
       "a message is on a line of its own");
    ok(two != NULL && strstr(two, "100 %") != NULL,
       "each disk's last bar stays");
    ok(strstr(text, "one\033") == NULL, "a disk's name cannot command");
    for (const char *line = text; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        if (end != NULL && end - line > 90)
            ok(false, "no line is wider than the screen: %.90s", line);
        line = end == NULL ? NULL : end + 1;
    }
}

int
main(void)
{
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
        tap_skip("no C.UTF-8");
        return tap_done();
    }
    unsetenv("TERM");
    test_safe();
    test_safe_json();
    test_columns();
    test_bars();
    return tap_done();
}
