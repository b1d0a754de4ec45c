/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Passwords: where they come from. */
#include "base/log.h"
#include "base/secret.h"
#include "tap.h"

#include <fcntl.h>
#include <sys/stat.h>

static int warnings;

static void
on_log(void *opaque, enum h2k_log_level level, const char *message)
{
    (void)opaque, (void)message;
    warnings += level == H2K_LOG_WARNING;
}

static struct h2k_secret *
from_file(const char *content, size_t size, mode_t mode)
{
    char path[] = "/tmp/h2k-secret-XXXXXX";
    int fd = mkstemp(path);
    bool good = fd >= 0 && write(fd, content, size) == (ssize_t)size &&
                fchmod(fd, mode) == 0;
    close(fd);
    struct h2k_secret *secret = good ? h2k_secret_from_file(path) : NULL;
    unlink(path);
    return secret;
}

static void
test_file(void)
{
    static const struct {
        const char *content, *secret, *what;
    } cases[] = {
        { "hunter2\n", "hunter2", "a line" },
        { "hunter2", "hunter2", "without an end" },
        { "hunter2\r\n", "hunter2", "of another system" },
        { " a b \n", " a b ", "blanks are part of it" },
        { "one\ntwo\n", "one", "the first of two" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        H2K_AUTO(h2k_secret)
        secret = from_file(cases[i].content, strlen(cases[i].content), 0600);
        ok(secret != NULL &&
               strcmp(h2k_secret_text(secret), cases[i].secret) == 0 &&
               h2k_secret_size(secret) == strlen(cases[i].secret),
           "a file: %s", cases[i].what);
    }
    ok(warnings == 0, "no warning for a file of one's own");
    h2k_secret_free(from_file("x\n", 2, 0644));
    ok(warnings == 1, "one for a file that others may read");
    ok_error(from_file("", 0, 0600) == NULL, H2K_E_SOURCE, "is empty");
    ok_error(from_file("\nx", 2, 0600) == NULL, H2K_E_SOURCE, "is empty");
    ok_error(from_file("a\0b\n", 4, 0600) == NULL, H2K_E_SOURCE, "binary");
    ok_error(h2k_secret_from_file("/nonexistent/x") == NULL, H2K_E_SOURCE,
             "/nonexistent/x: cannot read the password");
    ok_error(h2k_secret_from_file("/dev/zero") == NULL, H2K_E_SOURCE,
             "too long");
}

static void
test_command(void)
{
    H2K_AUTO(h2k_secret)
    secret = h2k_secret_from_command("printf 'hun%s\\nmore\\n' ter2");
    ok(secret != NULL && strcmp(h2k_secret_text(secret), "hunter2") == 0,
       "what a command prints first");
    ok_error(h2k_secret_from_command("echo hunter2; exit 3") == NULL,
             H2K_E_SOURCE, "failed with status 3");
    ok(strstr(h2k_errmsg(), "hunter2") == NULL, "without what it printed");
    ok_error(h2k_secret_from_command("kill -9 $$") == NULL, H2K_E_SOURCE,
             "signal 9");
    ok_error(h2k_secret_from_command("true") == NULL, H2K_E_SOURCE, "empty");
    ok_error(h2k_secret_from_command("exec /nonexistent/x 2>&-") == NULL,
             H2K_E_SOURCE, "status 127");
    ok_error(h2k_secret_from_command("cat /dev/zero; exit $?") == NULL,
             H2K_E_SOURCE, "too long");
    H2K_AUTO(h2k_secret) long_winded = h2k_secret_from_command("yes word");
    ok(long_winded != NULL &&
           strcmp(h2k_secret_text(long_winded), "word") == 0,
       "a command that goes on and on is left");
}

int
main(void)
{
    h2k_log_set(on_log, NULL, H2K_LOG_WARNING);
    H2K_AUTO(h2k_secret) secret = h2k_secret_new("abc", 2);
    ok_string(h2k_secret_text(secret), "ab");
    char bytes[] = "secret";
    h2k_wipe(bytes, sizeof(bytes));
    ok(memcmp(bytes, (char[sizeof(bytes)]){ 0 }, sizeof(bytes)) == 0,
       "wiping leaves zeros");
    test_file();
    test_command();
    return tap_done();
}
