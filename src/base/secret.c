/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/secret.h"

#include "base/error.h"
#include "base/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The longest one that we read; a file that is longer is none. */
#define SECRET_LIMIT 4096
/* What a command may say after it. */
#define DRAIN_LIMIT (64u << 10)

/* In pages of its own: what is asked for them concerns nothing else. */
struct h2k_secret {
    size_t mapped;
    size_t room; /* for text, with its 0 */
    size_t size;
    char text[];
};

void
h2k_wipe(void *bytes, size_t size)
{
    if (bytes != NULL)
        explicit_bzero(bytes, size);
}

static struct h2k_secret *
secret_room(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), need;
    if (__builtin_add_overflow(size, sizeof(struct h2k_secret) + page, &need))
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    need -= need % page;
    struct h2k_secret *secret = mmap(NULL, need, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (secret == MAP_FAILED)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    /* As far as the system lets us: a user's limit of locked memory may be
     * 0. */
    mlock(secret, need);
    madvise(secret, need, MADV_DONTDUMP);
    secret->mapped = need;
    secret->room = need - sizeof(*secret);
    return secret;
}

struct h2k_secret *
h2k_secret_new(const char *bytes, size_t size)
{
    struct h2k_secret *secret = secret_room(size + 1);
    if (secret == NULL)
        return NULL;
    if (size > 0)
        memcpy(secret->text, bytes, size);
    secret->size = size;
    return secret;
}

const char *
h2k_secret_text(const struct h2k_secret *secret)
{
    return secret->text;
}

size_t
h2k_secret_size(const struct h2k_secret *secret)
{
    return secret->size;
}

void
h2k_secret_free(struct h2k_secret *secret)
{
    if (secret == NULL)
        return;
    size_t mapped = secret->mapped;
    h2k_wipe(secret, mapped);
    munlock(secret, mapped);
    munmap(secret, mapped);
}

/* ---- From a file or a command ---- */

/* Keep the first line, without its end. */
static void
secret_cut(struct h2k_secret *secret)
{
    char *end = memchr(secret->text, '\n', secret->size);
    size_t size = end == NULL ? secret->size : (size_t)(end - secret->text);
    if (size > 0 && secret->text[size - 1] == '\r')
        size--;
    h2k_wipe(secret->text + size, secret->size - size);
    secret->size = size;
}

/* Let a writer finish that has more to say than the line that we want, as
 * far as that goes. */
static void
drain(int fd)
{
    char bytes[SECRET_LIMIT];
    size_t left = DRAIN_LIMIT;
    ssize_t n;
    do {
        n = read(fd, bytes, sizeof(bytes));
        left -= n > 0 ? (size_t)n : 0;
    } while ((n > 0 && left >= sizeof(bytes)) || (n < 0 && errno == EINTR));
    h2k_wipe(bytes, sizeof(bytes));
}

/* The first line of FD, up to the end of the file.  WHAT is for messages. */
static struct h2k_secret *
secret_read(int fd, const char *what)
{
    H2K_AUTO(h2k_secret) secret = secret_room(SECRET_LIMIT + 1);
    if (secret == NULL)
        return NULL;
    while (secret->size < SECRET_LIMIT &&
           memchr(secret->text, '\n', secret->size) == NULL) {
        ssize_t n =
            read(fd, secret->text + secret->size, SECRET_LIMIT - secret->size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            h2k_fail_errno(H2K_E_SOURCE, "%s: cannot read the password", what);
            return NULL;
        }
        if (n == 0)
            break;
        secret->size += (size_t)n;
    }
    if (secret->size == SECRET_LIMIT &&
        memchr(secret->text, '\n', secret->size) == NULL)
        return h2k_fail_null(H2K_E_SOURCE,
                             "%s: its first line is too long for a password",
                             what);
    secret_cut(secret);
    if (memchr(secret->text, '\0', secret->size) != NULL)
        return h2k_fail_null(H2K_E_SOURCE, "%s: no password, but binary data",
                             what);
    if (secret->size == 0)
        return h2k_fail_null(H2K_E_SOURCE,
                             "%s: no password there, its first line is empty",
                             what);
    return h2k_steal(secret);
}

struct h2k_secret *
h2k_secret_from_file(const char *path)
{
    if (strcmp(path, "-") == 0)
        return secret_read(STDIN_FILENO, "standard input");
    h2k_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        h2k_fail_errno(H2K_E_SOURCE, "%s: cannot read the password", path);
        return NULL;
    }
    if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRGRP | S_IROTH)) != 0)
        h2k_log(H2K_LOG_WARNING,
                "%s: others than its owner may read the password in it: "
                "chmod go= '%s'",
                path, path);
    return secret_read(fd, path);
}

/* Starts sh -c COMMAND with its standard output in *OUT. */
static int
command_start(const char *command, pid_t *pid, int *out)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return h2k_fail_errno(H2K_E_SOURCE, "the password command");
    *pid = fork();
    if (*pid == 0) {
        if (dup2(ends[1], STDOUT_FILENO) < 0)
            _exit(127);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    if (*pid > 0) {
        *out = ends[0];
        return 0;
    }
    h2k_fail_errno(H2K_E_SOURCE, "the password command");
    close(ends[0]);
    return -1;
}

static int
command_end(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return h2k_fail_errno(H2K_E_SOURCE, "the password command");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    /* It, or what it ran, may have been cut off by our not reading on. */
    if ((WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE) ||
        (WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGPIPE))
        return 0;
    if (WIFSIGNALED(status))
        return h2k_fail(H2K_E_SOURCE,
                        "the password command was ended by signal %d",
                        WTERMSIG(status));
    return h2k_fail(H2K_E_SOURCE, "the password command failed with status %d",
                    WEXITSTATUS(status));
}

struct h2k_secret *
h2k_secret_from_command(const char *command)
{
    h2k_autofd int out = -1;
    pid_t pid = -1;
    if (command_start(command, &pid, &out) < 0)
        return NULL;
    H2K_AUTO(h2k_secret)
    secret = secret_read(out, "the output of the password command");
    if (secret != NULL)
        drain(out);
    close(h2k_steal_fd(&out));
    /* A command that failed is the better reason for an empty line. */
    bool failed = secret == NULL;
    struct h2k_saved_error error;
    h2k_error_save(&error);
    if (command_end(pid) < 0)
        return NULL;
    if (failed) {
        h2k_error_restore(&error);
        return NULL;
    }
    return h2k_steal(secret);
}
