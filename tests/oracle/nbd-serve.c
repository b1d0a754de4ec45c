/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Files offered by our NBD server, for others' clients:
 *
 *     nbd-serve [-r] [-f BYTE] NAME=FILE... -- COMMAND...
 *
 * COMMAND runs while they are offered, with the socket's path in $SOCKET; its
 * exit status is ours.  -r offers them for reading only; -f makes reads of
 * 4096 bytes at BYTE fail, whose error is printed at the end.
 */
#include "base/error.h"
#include "block/fault.h"
#include "block/file.h"
#include "block/nbd-server/server.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct h2k_block *
open_file(const char *path, bool fixed, const char *bad)
{
    struct h2k_fault_plan plan = { .bad_length = 4096, .on_read = true };
    int fd = open(path, (fixed ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (fd < 0)
        return h2k_fail_errno(H2K_E_SOURCE, "%s", path), NULL;
    H2K_AUTO(h2k_block) file = h2k_file_from_fd(fd, path, !fixed);
    if (file == NULL || bad == NULL)
        return h2k_steal(file);
    plan.bad_offset = strtoull(bad, NULL, 0);
    return h2k_fault_new(file, &plan);
}

static int
add(struct h2k_nbd_server *server, char *word, bool fixed, const char *bad)
{
    char *path = strchr(word, '=');
    if (path == NULL)
        return h2k_fail(H2K_E_USAGE, "%s: not NAME=FILE", word);
    *path++ = '\0';
    H2K_AUTO(h2k_block) file = open_file(path, fixed, bad);
    return file == NULL ? -1 : h2k_nbd_server_add(server, word, file);
}

static int
run(struct h2k_nbd_server *server, char **command)
{
    int status = -1;
    setenv("SOCKET", h2k_nbd_server_socket(server), 1);
    pid_t pid = fork();
    if (pid == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    h2k_nbd_server_lend(server);
    waitpid(pid, &status, 0);
    h2k_nbd_server_take_back(server);
    if (h2k_nbd_server_check(server) < 0)
        printf("error: %s\n", h2k_errmsg());
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int
main(int argc, char **argv)
{
    bool fixed = false;
    const char *bad = NULL;
    H2K_AUTO(h2k_nbd_server) server = h2k_nbd_server_new();
    int rc = server == NULL ? -1 : 0, option;
    while (rc == 0 && (option = getopt(argc, argv, "+rf:")) != -1) {
        fixed = fixed || option == 'r';
        bad = option == 'f' ? optarg : bad;
    }
    for (; rc == 0 && optind < argc && strcmp(argv[optind], "--") != 0;
         optind++)
        rc = add(server, argv[optind], fixed, bad);
    if (rc == 0 && optind + 1 < argc &&
        (rc = h2k_nbd_server_start(server)) == 0)
        return run(server, argv + optind + 1);
    fprintf(stderr, "nbd-serve: %s\n", h2k_errmsg());
    return 2;
}
