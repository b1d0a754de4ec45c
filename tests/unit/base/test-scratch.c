/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/scratch.h"

#include "base/error.h"

#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[] = "/tmp/test-scratch.XXXXXX";

static void
put(int dirfd, const char *name)
{
    close(openat(dirfd, name, O_CREAT | O_WRONLY, 0600));
}

/* What a run that is killed leaves; its path into PATH. */
static void
be_killed(char path[300])
{
    int ends[2], status;
    ok(pipe(ends) == 0, "a run");
    pid_t pid = fork();
    if (pid == 0) {
        struct h2k_scratch scratch = H2K_SCRATCH_NONE;
        if (h2k_scratch_make(&scratch, "rpm") < 0)
            _exit(1);
        put(scratch.fd, "Packages");
        if (write(ends[1], scratch.path, sizeof(scratch.path)) < 0)
            _exit(1);
        raise(SIGKILL);
    }
    close(ends[1]);
    ok(read(ends[0], path, 300) == 300 && waitpid(pid, &status, 0) == pid &&
           WIFSIGNALED(status),
       "is killed");
    close(ends[0]);
}

static void
test_use(void)
{
    struct h2k_scratch scratch = H2K_SCRATCH_NONE;
    struct stat st;
    ok(h2k_scratch_make(&scratch, "rpm") == 0, "%s is made", scratch.path);
    ok(strncmp(scratch.path, top, strlen(top)) == 0 &&
           stat(scratch.path, &st) == 0 && (st.st_mode & 07777) == 0700,
       "in $TMPDIR, and nobody else's");
    put(scratch.fd, "a");
    put(scratch.fd, "b");
    char path[300];
    memcpy(path, scratch.path, sizeof(path));
    h2k_scratch_remove(&scratch);
    ok(access(path, F_OK) < 0, "it goes with its files");
    h2k_scratch_remove(&scratch);
    ok(scratch.fd < 0, "a second time is nothing");
}

static void
test_sweep(void)
{
    H2K_AUTO_SCRATCH mine = H2K_SCRATCH_NONE;
    H2K_AUTO_SCRATCH next = H2K_SCRATCH_NONE;
    char stale[300], link[300], other[300];
    be_killed(stale);
    ok(access(stale, F_OK) == 0, "what it had is left");
    ok(h2k_scratch_make(&mine, "rpm") == 0 && access(stale, F_OK) < 0,
       "the next run removes it");
    snprintf(other, sizeof(other), "%s/hyper2kvm-other-1", top);
    snprintf(link, sizeof(link), "%s/hyper2kvm-rpm-link", top);
    ok(mkdir(other, 0700) == 0 && symlink(other, link) == 0, "other things");
    ok(h2k_scratch_make(&next, "rpm") == 0 && access(mine.path, F_OK) == 0,
       "one that is in use stays");
    ok(access(other, F_OK) == 0 && access(link, F_OK) == 0,
       "and so does what is of no such kind");
    ok(unlink(link) == 0 && rmdir(other) == 0, "they go");
}

int
main(void)
{
    if (mkdtemp(top) == NULL)
        return 1;
    setenv("TMPDIR", top, 1);
    test_use();
    test_sweep();
    ok(rmdir(top) == 0, "nothing is left");
    setenv("TMPDIR", "/tmp/test-scratch.not-there", 1);
    struct h2k_scratch none = H2K_SCRATCH_NONE;
    ok_error(h2k_scratch_make(&none, "rpm") < 0, H2K_E_OUTPUT, "not-there");
    return tap_done();
}
