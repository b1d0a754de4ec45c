/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/output.h"

#include "tap.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test-output.XXXXXX";

static bool
content_is(const char *path, const char *expected)
{
    char got[64] = "";
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, got, sizeof(got) - 1);
    if (fd >= 0)
        close(fd);
    return n >= 0 && strcmp(got, expected) == 0;
}

static void
test_publish(void)
{
    H2K_AUTO(h2k_output) o = h2k_output_new("disk.qcow2");
    ok(o != NULL && write(h2k_output_fd(o), "new", 3) == 3, "it is made");
    ok(access("disk.qcow2", F_OK) < 0, "and not there before its time");
    ok_error(h2k_output_new("disk.qcow2") == NULL, H2K_E_OUTPUT,
             "being written by another run");
    ok(h2k_output_sweep_stale(".") == 0, "what lives is not swept");
    ok(h2k_output_publish(o) == 0 && content_is("disk.qcow2", "new"),
       "published, it is there");
    ok(access(h2k_output_partial_path(o), F_OK) < 0,
       "and the partial one is not");
}

static void
test_failure(void)
{
    struct h2k_output *o = h2k_output_new("disk.qcow2");
    ok(o != NULL && write(h2k_output_fd(o), "half", 4) == 4,
       "a second one over the first");
    h2k_output_free(o);
    ok(content_is("disk.qcow2", "new"), "given up, the old one stays");
    ok(access("disk.qcow2.hyper2kvm-partial", F_OK) < 0,
       "and nothing else is left");
}

static void
test_killed(void)
{
    int fd = open("other.raw.hyper2kvm-partial", O_CREAT | O_WRONLY, 0644);
    close(fd);
    ok(h2k_output_sweep_stale(".") == 1 &&
           access("other.raw.hyper2kvm-partial", F_OK) < 0,
       "what a killed run left is swept");
}

static void
test_refused(void)
{
    ok_error(h2k_output_new("nowhere/disk.qcow2") == NULL, H2K_E_OUTPUT,
             "output directory nowhere");
    mkdir("folder", 0755);
    ok_error(h2k_output_new("folder") == NULL, H2K_E_OUTPUT,
             "not a regular file");
    int fd = open("disk.qcow2", O_RDWR);
    struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
    fcntl(fd, F_OFD_SETLK, &lock);
    ok_error(h2k_output_new("disk.qcow2") == NULL, H2K_E_OUTPUT,
             "in use (a running guest?)");
    close(fd);
}

static void
test_resume(void)
{
    struct h2k_output *o = h2k_output_new("resumed");
    ok(o != NULL && write(h2k_output_fd(o), "part", 4) == 4, "a first run");
    h2k_output_keep(o);
    h2k_output_free(o);
    ok(access("resumed", F_OK) < 0, "that ends early gives no final name");
    struct stat st;
    o = h2k_output_resume("resumed");
    ok(o != NULL && fstat(h2k_output_fd(o), &st) == 0 && st.st_size == 4,
       "and keeps its bytes for another run");
    ok(pwrite(h2k_output_fd(o), " two", 4, 4) == 4 &&
           h2k_output_publish(o) == 0,
       "which publishes");
    h2k_output_free(o);
    ok(stat("resumed", &st) == 0 && st.st_size == 8, "all of it");
    o = h2k_output_resume("resumed");
    ok(o != NULL && fstat(h2k_output_fd(o), &st) == 0 && st.st_size == 0,
       "and there is nothing more to resume");
    h2k_output_free(o);
}

static void
test_directories(void)
{
    bool created = false;
    struct stat st;
    ok(h2k_output_make_directory("a/b/c/", &created) == 0 && created &&
           stat("a/b/c", &st) == 0,
       "missing parents are made");
    ok(h2k_output_make_directory("a/b", &created) == 0 && !created,
       "what is there is fine");
    ok_error(h2k_output_make_directory("disk.qcow2/x", NULL) < 0,
             H2K_E_OUTPUT, "Not a directory");
}

int
main(void)
{
    if (mkdtemp(dir) == NULL || chdir(dir) < 0)
        return 1;
    test_publish();
    test_failure();
    test_killed();
    test_refused();
    test_resume();
    test_directories();
    char command[100];
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command) != 0 ? 1 : tap_done();
}
