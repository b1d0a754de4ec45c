/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The NBD server with our own client, and with clients that lie. */
#include "block/nbd-server/server.h"

#include "base/clock.h"
#include "base/endian.h"
#include "base/error.h"
#include "base/view.h"
#include "block/fault.h"
#include "block/memory.h"
#include "block/nbd-server/protocol.h"
#include "block/nbd-server/session.h"
#include "block/nbd.h"
#include "block/overlay.h"

#include "tap.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define SIZE 100000

/* ---- A session ---- */

struct talk {
    struct h2k_nbd_export item;
    struct h2k_nbd_exports exports;
    struct h2k_nbd_session session;
};

static void
talk_give(struct talk *talk, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count > 0 && h2k_nbd_session_wants(&talk->session) > 0) {
        size_t some = h2k_nbd_session_wants(&talk->session);
        some = some > count ? count : some;
        h2k_nbd_session_give(&talk->session, at, some);
        at += some;
        count -= some;
    }
}

/* Through the negotiation, to BLOCK (which it takes) as "disk". */
static void
talk_begin(struct talk *talk, struct h2k_block *block)
{
    static const uint8_t words[] = "\0\0\0\3IHAVEOPT\0\0\0\10\0\0\0\0"
                                   "IHAVEOPT\0\0\0\1\0\0\0\4disk";
    *talk = (struct talk){ .item = { (char[]){ "disk" }, block } };
    talk->exports = (struct h2k_nbd_exports){ &talk->item, 1, { 0 } };
    h2k_nbd_session_init(&talk->session, &talk->exports);
    talk_give(talk, words, sizeof(words) - 1);
    talk->session.out.size = 0;
}

static void
talk_end(struct talk *talk)
{
    h2k_nbd_session_clear(&talk->session);
    h2k_block_unref(talk->item.block);
}

/* The error of the answer to a request, 0 for none, -1: no whole answer. */
static int
ask(struct talk *talk, uint16_t type, uint16_t flags, uint64_t offset,
    uint32_t length)
{
    H2K_AUTO_BUFFER words = { 0 };
    h2k_nbd_put32(&words, NBD_REQUEST_MAGIC);
    h2k_nbd_put16(&words, flags);
    h2k_nbd_put16(&words, type);
    h2k_nbd_put64(&words, 77);
    h2k_nbd_put64(&words, offset);
    h2k_nbd_put32(&words, length);
    if (type == NBD_CMD_WRITE)
        h2k_buffer_add_zeros(&words, length);
    talk->session.out.size = 0;
    talk_give(talk, words.data, words.size);
    struct h2k_view out =
        h2k_view_of(talk->session.out.data, talk->session.out.size);
    if (out.size < 20 || h2k_view_be32(out, 0) != NBD_STRUCTURED_REPLY_MAGIC ||
        h2k_view_be64(out, 8) != 77 || out.size != 20 + h2k_view_be32(out, 16))
        return -1;
    return h2k_view_be16(out, 6) == NBD_REPLY_TYPE_ERROR
               ? (int)h2k_view_be32(out, 20)
               : 0;
}

static void
test_requests(void)
{
    struct talk talk;
    talk_begin(&talk, h2k_memory_new(NULL, SIZE));
    ok(talk.session.phase == H2K_NBD_REQUEST, "negotiated");
    ok(ask(&talk, NBD_CMD_READ, 0, 0, SIZE) == 0 &&
           talk.session.out.size == 20 + 8 + SIZE,
       "a read of all");
    ok(ask(&talk, NBD_CMD_READ, 0, SIZE, 1) == NBD_EINVAL, "beyond the end");
    ok(ask(&talk, NBD_CMD_WRITE, 0, SIZE - 1, 2) == NBD_ENOSPC,
       "a write beyond the end");
    ok(ask(&talk, NBD_CMD_WRITE, NBD_CMD_FLAG_FUA, SIZE - 1, 1) == 0,
       "a write of the last byte");
    ok(ask(&talk, NBD_CMD_READ, 0, UINT64_MAX, 2) == NBD_EINVAL, "far beyond");
    ok(ask(&talk, NBD_CMD_READ, 0, 5, 0) == NBD_EINVAL, "no bytes");
    ok(ask(&talk, NBD_CMD_READ, 0x100, 5, 5) == NBD_EINVAL, "unknown flags");
    ok(ask(&talk, NBD_CMD_BLOCK_STATUS, 0, 0, 5) == NBD_EINVAL,
       "extents that were not negotiated");
    ok(ask(&talk, 99, 0, 0, 5) == NBD_EINVAL, "an unknown command");
    ok(ask(&talk, NBD_CMD_FLUSH, 0, 12345678, 99) == 0,
       "a flush has no range");
    ok(ask(&talk, NBD_CMD_WRITE_ZEROES, NBD_CMD_FLAG_NO_HOLE, 0, SIZE) == 0,
       "zeros");
    ok(ask(&talk, NBD_CMD_READ, 0, 0, UINT32_MAX) == NBD_EINVAL,
       "too much at once");
    ok(ask(&talk, NBD_CMD_DISC, 0, 0, 0) == -1 &&
           talk.session.phase == H2K_NBD_ENDED,
       "the end");
    talk_end(&talk);

    talk_begin(&talk, h2k_memory_view("abcd", 4));
    ok(ask(&talk, NBD_CMD_WRITE, 0, 0, 1) == NBD_EPERM &&
           ask(&talk, NBD_CMD_TRIM, 0, 0, 1) == NBD_EPERM &&
           ask(&talk, NBD_CMD_WRITE_ZEROES, 0, 0, 1) == NBD_EPERM &&
           ask(&talk, NBD_CMD_READ, 0, 0, 4) == 0,
       "read-only is read-only");
    uint8_t big[NBD_REQUEST_HEADER];
    memset(big, 0xff, sizeof(big));
    h2k_put_be32(big, NBD_REQUEST_MAGIC);
    h2k_put_be16(big + 6, NBD_CMD_WRITE);
    talk_give(&talk, big, sizeof(big));
    ok(talk.session.phase == H2K_NBD_ENDED, "4 GiB to write end it");
    talk_end(&talk);
}

static void
test_discard(void)
{
    struct talk talk;
    H2K_AUTO(h2k_block) disk = h2k_memory_new(NULL, 65536);
    uint8_t byte = 1;
    h2k_block_pwrite(disk, &byte, 1, 20000);
    struct h2k_block *overlay = h2k_overlay_new(disk, NULL);
    struct h2k_extent e;
    talk_begin(&talk, overlay);
    ok(ask(&talk, NBD_CMD_TRIM, 0, 16384, 8192) == 0 &&
           h2k_block_extent(overlay, 16384, 65536 - 16384, &e) == 0 &&
           e.kind == H2K_EXTENT_ABSENT && e.length == 8192,
       "what is trimmed is left out");
    talk_end(&talk);
}

static void
test_errors(void)
{
    struct talk talk;
    H2K_AUTO(h2k_block) disk = h2k_memory_new(NULL, SIZE);
    struct h2k_fault_plan plan = { .bad_offset = 5000,
                                   .bad_length = 1,
                                   .on_read = true };
    talk_begin(&talk, h2k_fault_new(disk, &plan));
    ok(ask(&talk, NBD_CMD_READ, 0, 0, 4096) == 0 &&
           talk.exports.error.code == H2K_OK,
       "a good read");
    ok(ask(&talk, NBD_CMD_READ, 0, 4096, 4096) == NBD_EIO &&
           talk.exports.error.code == H2K_E_IO,
       "a bad one");
    ok(ask(&talk, NBD_CMD_READ, 0, 8192, 4096) == 0, "and a good one again");
    talk_end(&talk);
}

/* ---- The server ---- */

static struct h2k_nbd_server *
server_of(struct h2k_block *block)
{
    struct h2k_nbd_server *server = h2k_nbd_server_new();
    ok(server != NULL && h2k_nbd_server_add(server, "a b", block) == 0 &&
           h2k_nbd_server_start(server) == 0,
       "a server starts");
    return server;
}

static struct h2k_block *
connect_to(const struct h2k_nbd_server *server)
{
    char uri[300];
    snprintf(uri, sizeof(uri), "nbd+unix:///a%%20b?socket=%s",
             h2k_nbd_server_socket(server));
    return h2k_nbd_open(uri);
}

static void
test_server(void)
{
    static uint8_t bytes[SIZE], got[SIZE];
    char directory[200];
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i * 7 >> 3);
    H2K_AUTO(h2k_block) disk = h2k_memory_new(bytes, SIZE);
    H2K_AUTO(h2k_nbd_server) server = server_of(disk);
    snprintf(directory, sizeof(directory), "%s",
             h2k_nbd_server_socket(server));
    *strrchr(directory, '/') = '\0';
    struct stat st;
    ok(stat(directory, &st) == 0 && (st.st_mode & 0777) == 0700,
       "its directory is ours alone");
    h2k_nbd_server_lend(server);
    struct h2k_block *client = connect_to(server);
    ok(client != NULL && h2k_block_size(client) == SIZE &&
           h2k_block_pread(client, got, SIZE, 0) == 0 &&
           memcmp(bytes, got, SIZE) == 0,
       "our own client reads it");
    h2k_nbd_server_hide(server);
    ok(stat(directory, &st) < 0, "hidden, its directory is gone");
    ok(client != NULL && h2k_block_pread(client, got, 100, 50) == 0 &&
           memcmp(bytes + 50, got, 100) == 0,
       "and those connected are served on");
    h2k_nbd_server_take_back(server);
    h2k_block_unref(client);
    ok(h2k_nbd_server_check(server) == 0, "nothing went wrong");
}

struct reader {
    struct h2k_block *client;
    int rc;
};

static void *
read_once(void *opaque)
{
    struct reader *reader = opaque;
    char byte;
    reader->rc = h2k_block_pread(reader->client, &byte, 1, 0);
    return NULL;
}

/* Nothing touches the block while it is not lent: a thread that writes to it
 * at the same time would be a race, which the thread sanitizer tells. */
static void
test_lending(void)
{
    H2K_AUTO(h2k_block) disk = h2k_memory_new(NULL, SIZE);
    H2K_AUTO(h2k_nbd_server) server = server_of(disk);
    struct reader reader = { .rc = -1 };
    pthread_t thread;
    h2k_nbd_server_lend(server);
    reader.client = connect_to(server);
    ok(reader.client != NULL, "connected");
    h2k_nbd_server_take_back(server);
    if (reader.client == NULL)
        return;
    pthread_create(&thread, NULL, read_once, &reader);
    for (int i = 0; i < 1000; i++) {
        uint8_t byte = (uint8_t)i;
        if (h2k_block_pwrite(disk, &byte, 1, 0) < 0)
            break;
        if (i % 10 == 0) {
            h2k_nbd_server_lend(server);
            h2k_nbd_server_take_back(server);
        }
    }
    h2k_nbd_server_lend(server);
    pthread_join(thread, NULL);
    h2k_nbd_server_take_back(server);
    ok(reader.rc == 0, "a client waits its turn");
    h2k_block_unref(reader.client);
}

/* In a child: connect, and hang. */
static void
hang(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char byte;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        read(fd, &byte, 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static void
test_killing(void)
{
    H2K_AUTO(h2k_block) disk = h2k_memory_new(NULL, SIZE);
    H2K_AUTO(h2k_nbd_server) server = server_of(disk);
    int status = 0;
    h2k_nbd_server_kill_clients(server);
    pid_t pid = fork();
    if (pid == 0)
        hang(h2k_nbd_server_socket(server));
    h2k_nbd_server_lend(server);
    uint64_t until = h2k_clock_ms() + 30000;
    while (waitpid(pid, &status, WNOHANG) == 0 && h2k_clock_ms() < until) {
        h2k_nbd_server_kill_clients(server);
        usleep(1000);
    }
    h2k_nbd_server_take_back(server);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
       "a client that hangs is ended");
}

int
main(void)
{
    test_requests();
    test_discard();
    test_errors();
    test_server();
    test_lending();
    test_killing();
    return tap_done();
}
