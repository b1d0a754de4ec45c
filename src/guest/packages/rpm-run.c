/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/packages/rpm-run.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "guest/packages/install-paths.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define NAME "hyper2kvm-rpm-packages"
#define SAID_LIMIT (128u << 20)
#define PATIENCE 120000 /* milliseconds without a word */

const char *
h2k_rpm_program(char text[H2K_RPM_PROGRAM])
{
    const char *given = getenv("HYPER2KVM_RPM_PACKAGES");
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash != NULL)
        *slash = '\0';
    if (given != NULL)
        snprintf(text, H2K_RPM_PROGRAM, "%s", given);
    else
        snprintf(text, H2K_RPM_PROGRAM, "%.3900s/%s", self, NAME);
    if (given == NULL && access(text, X_OK) < 0)
        snprintf(text, H2K_RPM_PROGRAM, "%s", H2K_LIBEXECDIR "/" NAME);
    if (access(text, X_OK) == 0)
        return text;
    return h2k_fail_null(H2K_E_COMPONENT,
                         NAME " is needed to read it, and not installed");
}

/* Start it with its output in *OUT, and nothing of ours. */
static int
start(const char *directory, pid_t *pid, int *out)
{
    char program[H2K_RPM_PROGRAM];
    char *const argv[] = { (char *)NAME, (char *)(uintptr_t)directory, NULL };
    char *const environment[] = { (char *)"LC_ALL=C", NULL };
    posix_spawn_file_actions_t actions;
    int ends[2];
    if (h2k_rpm_program(program) == NULL)
        return -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return h2k_fail_errno(H2K_E_FAILED, NAME);
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc == 0) {
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY,
                                         0);
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY,
                                         0);
        rc = posix_spawn(pid, program, &actions, NULL, argv, environment);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    if (rc == 0) {
        *out = ends[0];
        return 0;
    }
    close(ends[0]);
    errno = rc;
    return h2k_fail_errno(H2K_E_FAILED, "%s", program);
}

static int
read_all(int fd, struct h2k_buffer *said)
{
    char chunk[65536];
    for (;;) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        int rc = poll(&ready, 1, PATIENCE);
        if (h2k_check_interrupt() < 0)
            return -1;
        if (rc < 0 && errno == EINTR)
            continue;
        if (rc == 0)
            return h2k_fail(H2K_E_UNSUPPORTED, "librpm does not come to an "
                                               "end of it");
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return h2k_fail_errno(H2K_E_FAILED, NAME);
        if (n == 0)
            return h2k_buffer_check(said);
        if (said->size + (size_t)n > SAID_LIMIT)
            return h2k_fail(H2K_E_UNSUPPORTED, "too many packages");
        h2k_buffer_add(said, chunk, (size_t)n);
    }
}

int
h2k_rpm_run(const char *directory, struct h2k_buffer *said)
{
    h2k_autofd int out = -1;
    pid_t pid = -1;
    if (start(directory, &pid, &out) < 0)
        return -1;
    int rc = read_all(out, said), status;
    if (rc < 0)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (rc == 0 && WIFSIGNALED(status))
        return h2k_fail(H2K_E_CORRUPT, "librpm was ended by signal %d",
                        WTERMSIG(status));
    return rc;
}
