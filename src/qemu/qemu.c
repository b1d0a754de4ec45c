/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "qemu/qemu.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"

#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define ANSWER_MS 1000 /* how long an answer of the monitor may take */

void
h2k_qemu_arg(struct h2k_qemu_args *args, const char *format, ...)
{
    char *item = NULL;
    va_list ap;
    va_start(ap, format);
    int n = vasprintf(&item, format, ap);
    va_end(ap);
    char **items = reallocarray(args->items, args->count + 2, sizeof(*items));
    if (items != NULL)
        args->items = items;
    if (n < 0 || items == NULL) {
        args->failed = true;
        if (n >= 0)
            free(item);
        return;
    }
    items[args->count++] = item;
    items[args->count] = NULL;
}

void
h2k_qemu_args_free(struct h2k_qemu_args *args)
{
    for (size_t i = 0; i < args->count; i++)
        free(args->items[i]);
    free(args->items);
    *args = (struct h2k_qemu_args){ 0 };
}

char *
h2k_qemu_escape(const char *text)
{
    H2K_AUTO_BUFFER b = { 0 };
    for (; *text != '\0'; text++) {
        h2k_buffer_addc(&b, *text);
        if (*text == ',')
            h2k_buffer_addc(&b, ',');
    }
    return h2k_buffer_steal(&b);
}

const char *
h2k_qemu_program(void)
{
    static const char *const places[] = {
        "/usr/bin/qemu-system-x86_64",
        "/usr/local/bin/qemu-system-x86_64",
        "/usr/libexec/qemu-kvm",
    };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return h2k_fail_null(H2K_E_COMPONENT,
                         "QEMU is needed, and not installed: on "
                         "Debian, the package qemu-system-x86");
}

/* In the child: the three standard descriptors and the two of the monitor,
 * in their places, and everything else closed on exec. */
static void
place_descriptors(int log_fd, int qmp, int agent)
{
    /* Above the places first, so that no dup2 overwrites one still needed. */
    int null =
        fcntl(open("/dev/null", O_RDONLY | O_CLOEXEC), F_DUPFD_CLOEXEC, 10);
    log_fd = fcntl(log_fd, F_DUPFD_CLOEXEC, 10);
    if (qmp >= 0)
        qmp = fcntl(qmp, F_DUPFD_CLOEXEC, 10);
    if (agent >= 0)
        agent = fcntl(agent, F_DUPFD_CLOEXEC, 10);
    dup2(null, 0);
    dup2(log_fd, 1);
    dup2(log_fd, 2);
    if (qmp >= 0)
        dup2(qmp, 3);
    if (agent >= 0)
        dup2(agent, 4);
}

static void
run_child(char **argv, int log_fd, int qmp, int agent, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0); /* the terminal's SIGINT is for us to handle */
    /* It ends with us, also when we are killed. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent) {
        place_descriptors(log_fd, qmp, agent);
        execv(argv[0], argv);
    }
    _exit(127);
}

int
h2k_qemu_start(struct h2k_qemu *qemu, struct h2k_qemu_args *args, int log_fd,
               bool monitor)
{
    int qmp[2] = { -1, -1 }, agent[2] = { -1, -1 };
    *qemu = (struct h2k_qemu){ .pid = -1, .qmp = -1, .agent = -1 };
    if (args->failed)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (monitor &&
        (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qmp) < 0 ||
         socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, agent) < 0)) {
        h2k_fail_errno(H2K_E_FAILED, "cannot make a socket for QEMU");
        if (qmp[0] >= 0) {
            close(qmp[0]);
            close(qmp[1]);
        }
        return -1;
    }
    qemu->qmp = qmp[0];
    qemu->agent = agent[0];
    pid_t parent = getpid();
    qemu->pid = fork();
    if (qemu->pid == 0)
        run_child(args->items, log_fd, qmp[1], agent[1], parent);
    if (monitor) {
        close(qmp[1]);
        close(agent[1]);
    }
    if (qemu->pid > 0)
        return 0;
    h2k_fail_errno(H2K_E_FAILED, "cannot start %s", args->items[0]);
    h2k_qemu_stop(qemu);
    return -1;
}

bool
h2k_qemu_ended(struct h2k_qemu *qemu, int *status)
{
    if (qemu->pid <= 0 || waitpid(qemu->pid, status, WNOHANG) != qemu->pid)
        return false;
    qemu->pid = -1;
    return true;
}

void
h2k_qemu_stop(struct h2k_qemu *qemu)
{
    if (qemu->pid > 0) {
        kill(qemu->pid, SIGKILL);
        while (waitpid(qemu->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (qemu->qmp >= 0)
        close(qemu->qmp);
    if (qemu->agent >= 0)
        close(qemu->agent);
    *qemu = (struct h2k_qemu){ .pid = -1, .qmp = -1, .agent = -1 };
}

/* What is left of the time until UNTIL, in milliseconds. */
static int
time_left(uint64_t until)
{
    uint64_t now = h2k_clock_ms();
    return now < until ? (int)(until - now) : 0;
}

/* One line of the monitor, at most SIZE - 1 bytes of it; false when there is
 * none before UNTIL: one that sends for ever is not read for ever. */
static bool
read_line(int fd, char *line, size_t size, uint64_t until)
{
    size_t n = 0;
    struct pollfd p = { .fd = fd, .events = POLLIN };
    for (int left; (left = time_left(until)) > 0 && poll(&p, 1, left) > 0;) {
        char c;
        if (read(fd, &c, 1) != 1)
            return false;
        if (c == '\n') {
            line[n] = '\0';
            return true;
        }
        if (n + 1 < size)
            line[n++] = c;
    }
    return false;
}

int
h2k_qemu_command(struct h2k_qemu *qemu, const char *json)
{
    char line[8192];
    size_t size = strlen(json);
    uint64_t until = h2k_clock_ms() + ANSWER_MS;
    if (send(qemu->qmp, json, size, MSG_NOSIGNAL) != (ssize_t)size)
        return h2k_fail_errno(H2K_E_FAILED, "QEMU's monitor");
    while (read_line(qemu->qmp, line, sizeof(line), until)) {
        json_t *answer = json_loads(line, 0, NULL);
        bool good = json_object_get(answer, "return") != NULL;
        bool bad = json_object_get(answer, "error") != NULL;
        json_decref(answer);
        if (good)
            return 0;
        if (bad)
            return h2k_fail(H2K_E_FAILED, "QEMU refused: %.500s", line);
    }
    return h2k_fail(H2K_E_FAILED, "QEMU's monitor does not answer");
}
