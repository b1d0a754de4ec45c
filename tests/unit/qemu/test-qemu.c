/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The monitor of a QEMU process that may be anything. */
#include "qemu/qemu.h"

#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

struct peer {
    int fd;
    const char *text;
    atomic_bool stop;
};

/* Its text, again and again. */
static void *
talk(void *opaque)
{
    struct peer *peer = opaque;
    size_t size = strlen(peer->text);
    while (!atomic_load(&peer->stop) &&
           send(peer->fd, peer->text, size, MSG_NOSIGNAL) == (ssize_t)size)
        ;
    return NULL;
}

static int
ask(const char *text)
{
    int fds[2];
    pthread_t thread;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
        abort();
    struct peer peer = { .fd = fds[1], .text = text };
    struct h2k_qemu qemu = { .pid = -1, .qmp = fds[0], .agent = -1 };
    if (pthread_create(&thread, NULL, talk, &peer) != 0)
        abort();
    int rc = h2k_qemu_command(&qemu, "{}");
    atomic_store(&peer.stop, true);
    h2k_qemu_stop(&qemu);
    pthread_join(thread, NULL);
    close(fds[1]);
    return rc;
}

int
main(void)
{
    ok(ask("{\"event\": \"x\"}\n{\"return\": {}}\n") == 0,
       "an answer behind an event");
    ok_error(ask("{\"error\": {}}\n") < 0, H2K_E_FAILED, "QEMU refused");
    ok_error(ask("{\"event\": \"x\"}\n") < 0, H2K_E_FAILED, "does not answer");
    ok_error(ask("endless") < 0, H2K_E_FAILED, "does not answer");
    return tap_done();
}
