/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "block/nbd-server/server.h"

#include "base/error.h"
#include "block/nbd-server/session.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

/* What is received or sent of one client before the next has its turn. */
#define PIECE (UINT64_C(256) << 10)
#define SOCKET_NAME "socket"

struct client {
    int fd;
    pid_t pid;
    size_t sent; /* of session.out */
    struct h2k_nbd_session session;
};

struct h2k_nbd_server {
    struct h2k_nbd_exports exports;
    char directory[sizeof(((struct sockaddr_un *)0)->sun_path)];
    char socket[sizeof(((struct sockaddr_un *)0)->sun_path)];
    int listener, wake;
    bool running;
    pthread_t thread;

    /* The thread's alone. */
    struct pollfd polls[H2K_NBD_CLIENTS_MAX + 2];
    uint8_t piece[PIECE];

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t idle;
    bool lent, busy, hidden, stopping;
    /* Changed by the thread, under the lock. */
    struct client *clients[H2K_NBD_CLIENTS_MAX];
    size_t client_count;
};

/* ---- Clients ---- */

static void
client_free(struct client *client)
{
    close(client->fd);
    h2k_nbd_session_clear(&client->session);
    free(client);
}

/* Who is at the other end; 0 where that cannot be told. */
static pid_t
peer_of(int fd)
{
    struct ucred peer = { 0 };
    socklen_t size = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
               ? peer.pid
               : 0;
}

static void
accept_client(struct h2k_nbd_server *server)
{
    h2k_autofd int fd =
        accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 || server->client_count == H2K_NBD_CLIENTS_MAX)
        return;
    struct client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return;
    client->pid = peer_of(fd);
    client->fd = h2k_steal_fd(&fd);
    h2k_nbd_session_init(&client->session, &server->exports);
    pthread_mutex_lock(&server->lock);
    server->clients[server->client_count++] = client;
    pthread_mutex_unlock(&server->lock);
}

/* Is the client still there? */
static bool
send_some(struct client *client)
{
    struct h2k_buffer *out = &client->session.out;
    ssize_t n = send(client->fd, out->data + client->sent,
                     out->size - client->sent, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    client->sent += (size_t)n;
    if (client->sent < out->size)
        return true;
    client->sent = 0;
    if (out->capacity > PIECE)
        h2k_buffer_free(out);
    out->size = 0;
    return client->session.phase != H2K_NBD_ENDED;
}

static bool
receive_some(struct h2k_nbd_server *server, struct client *client)
{
    size_t wants = h2k_nbd_session_wants(&client->session);
    if (wants > PIECE)
        wants = PIECE;
    ssize_t n = wants == 0 ? 0 : recv(client->fd, server->piece, wants, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    h2k_nbd_session_give(&client->session, server->piece, (size_t)n);
    return client->session.out.size > 0
               ? send_some(client)
               : client->session.phase != H2K_NBD_ENDED;
}

/* One at a time: an answer goes out before the next request comes in. */
static bool
serve(struct h2k_nbd_server *server, struct client *client)
{
    return client->session.out.size > 0 ? send_some(client)
                                        : receive_some(server, client);
}

static void
serve_ready(struct h2k_nbd_server *server, size_t polled)
{
    for (size_t i = polled; i > 0; i--) {
        struct client *client = server->clients[i - 1];
        if (server->polls[i + 1].revents == 0 || serve(server, client))
            continue;
        pthread_mutex_lock(&server->lock);
        server->clients[i - 1] = server->clients[--server->client_count];
        pthread_mutex_unlock(&server->lock);
        client_free(client);
    }
    if (server->polls[1].revents != 0)
        accept_client(server);
}

/* ---- The thread ---- */

/* What to wait for: word of the owner and, where LENT, clients. */
static nfds_t
fill_polls(struct h2k_nbd_server *server, bool lent, bool hidden)
{
    struct pollfd *polls = server->polls;
    polls[0] = (struct pollfd){ .fd = server->wake, .events = POLLIN };
    if (!lent)
        return 1;
    polls[1] = (struct pollfd){ .fd = hidden ? -1 : server->listener,
                                .events = POLLIN };
    for (size_t i = 0; i < server->client_count; i++) {
        const struct client *client = server->clients[i];
        polls[i + 2] = (struct pollfd){
            .fd = client->fd,
            .events = client->session.out.size > 0 ? POLLOUT : POLLIN,
        };
    }
    return (nfds_t)server->client_count + 2;
}

/* Begin a round, if it is our turn. */
static bool
begin_round(struct h2k_nbd_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->busy = server->lent && !server->stopping;
    bool busy = server->busy;
    pthread_mutex_unlock(&server->lock);
    return busy;
}

static void
end_round(struct h2k_nbd_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->busy = false;
    pthread_cond_signal(&server->idle);
    pthread_mutex_unlock(&server->lock);
}

static void *
run(void *opaque)
{
    struct h2k_nbd_server *server = opaque;
    uint64_t count;
    for (;;) {
        pthread_mutex_lock(&server->lock);
        bool lent = server->lent, hidden = server->hidden;
        bool stopping = server->stopping;
        pthread_mutex_unlock(&server->lock);
        if (stopping)
            return NULL;
        nfds_t polled = fill_polls(server, lent, hidden);
        if (poll(server->polls, polled, -1) < 0)
            continue;
        if (server->polls[0].revents != 0 &&
            read(server->wake, &count, sizeof(count)) < 0)
            continue;
        if (!lent || !begin_round(server))
            continue;
        serve_ready(server, polled - 2);
        end_round(server);
    }
}

static void
wake_up(struct h2k_nbd_server *server)
{
    uint64_t one = 1;
    while (write(server->wake, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

void
h2k_nbd_server_lend(struct h2k_nbd_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->lent = true;
    pthread_mutex_unlock(&server->lock);
    wake_up(server);
}

void
h2k_nbd_server_take_back(struct h2k_nbd_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->lent = false;
    while (server->busy)
        pthread_cond_wait(&server->idle, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

void
h2k_nbd_server_kill_clients(struct h2k_nbd_server *server)
{
    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < server->client_count; i++) {
        struct pollfd p = { .fd = server->clients[i]->fd, .events = 0 };
        pid_t pid = server->clients[i]->pid;
        /* One that has hung up may be gone, and its number another's. */
        if (pid > 0 && pid != getpid() && poll(&p, 1, 0) == 0)
            kill(pid, SIGKILL);
    }
    pthread_mutex_unlock(&server->lock);
}

/* ---- Starting and ending ---- */

struct h2k_nbd_server *
h2k_nbd_server_new(void)
{
    struct h2k_nbd_server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    server->listener = server->wake = -1;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->idle, NULL);
    return server;
}

int
h2k_nbd_server_add(struct h2k_nbd_server *server, const char *name,
                   struct h2k_block *block)
{
    struct h2k_nbd_exports *exports = &server->exports;
    size_t length = strlen(name);
    if (server->running || length == 0 || length > H2K_NBD_NAME_MAX)
        return h2k_fail(H2K_E_RANGE, "NBD server: no export '%.100s' now",
                        name);
    struct h2k_nbd_export *items = reallocarray(
        exports->items, exports->count + 1, sizeof(*exports->items));
    if (items == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    exports->items = items;
    items[exports->count].name = strdup(name);
    if (items[exports->count].name == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    items[exports->count++].block = h2k_block_ref(block);
    return 0;
}

/* A directory in TOP, whose path leaves room for the socket's; unix(7). */
static int
make_directory(struct h2k_nbd_server *server, const char *top)
{
    int n = snprintf(server->directory, sizeof(server->directory),
                     "%s/h2k-nbd-XXXXXX", top);
    if (n < 0 ||
        (size_t)n + sizeof("/" SOCKET_NAME) > sizeof(server->socket)) {
        server->directory[0] = '\0';
        return h2k_fail(H2K_E_FAILED, "%s: too long for a socket's path", top);
    }
    if (mkdtemp(server->directory) == NULL) {
        server->directory[0] = '\0';
        return h2k_fail_errno(H2K_E_FAILED,
                              "%s: cannot make a directory for a socket", top);
    }
    memcpy(server->socket, server->directory, (size_t)n);
    memcpy(server->socket + n, "/" SOCKET_NAME, sizeof("/" SOCKET_NAME));
    return 0;
}

static int
make_socket(struct h2k_nbd_server *server)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *top = getenv("TMPDIR");
    if ((top == NULL || top[0] != '/' || make_directory(server, top) < 0) &&
        make_directory(server, "/tmp") < 0)
        return -1;
    memcpy(address.sun_path, server->socket, sizeof(address.sun_path));
    server->listener =
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->listener < 0 || server->wake < 0 ||
        bind(server->listener, (struct sockaddr *)&address, sizeof(address)) <
            0 ||
        listen(server->listener, SOMAXCONN) < 0)
        return h2k_fail_errno(H2K_E_FAILED, "%s: cannot listen on a socket",
                              server->socket);
    return 0;
}

/* Signals are the owner's. */
static int
start_thread(struct h2k_nbd_server *server)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&server->thread, NULL, run, server);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        errno = rc;
        return h2k_fail_errno(H2K_E_FAILED, "cannot start a thread");
    }
    server->running = true;
    return 0;
}

int
h2k_nbd_server_start(struct h2k_nbd_server *server)
{
    return make_socket(server) < 0 ? -1 : start_thread(server);
}

const char *
h2k_nbd_server_socket(const struct h2k_nbd_server *server)
{
    return server->socket;
}

void
h2k_nbd_server_hide(struct h2k_nbd_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->hidden = true;
    pthread_mutex_unlock(&server->lock);
    if (server->directory[0] == '\0')
        return;
    unlink(server->socket);
    rmdir(server->directory);
    server->directory[0] = server->socket[0] = '\0';
}

int
h2k_nbd_server_check(const struct h2k_nbd_server *server)
{
    return server->exports.error.code == H2K_OK
               ? 0
               : h2k_error_restore(&server->exports.error);
}

static void
stop_thread(struct h2k_nbd_server *server)
{
    if (!server->running)
        return;
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_mutex_unlock(&server->lock);
    wake_up(server);
    pthread_join(server->thread, NULL);
}

void
h2k_nbd_server_free(struct h2k_nbd_server *server)
{
    if (server == NULL)
        return;
    stop_thread(server);
    h2k_nbd_server_hide(server);
    for (size_t i = 0; i < server->client_count; i++)
        client_free(server->clients[i]);
    for (size_t i = 0; i < server->exports.count; i++) {
        free(server->exports.items[i].name);
        h2k_block_unref(server->exports.items[i].block);
    }
    free(server->exports.items);
    if (server->listener >= 0)
        close(server->listener);
    if (server->wake >= 0)
        close(server->wake);
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->idle);
    free(server);
}
