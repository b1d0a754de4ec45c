/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The HTTP client as a program, for tests in shell:
 *
 *     fetch [OPTION...] COMMAND ARGUMENT... [, COMMAND ARGUMENT...]...
 *
 * All commands use one client.  What came goes to standard output; what
 * failed to standard error, as "broken 0 0: MESSAGE" with the reply's
 * failure, status and Retry-After.
 */
#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/secret.h"
#include "net/ranges.h"
#include "net/rate.h"
#include "net/retry.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static struct {
    struct h2k_http *http;
    size_t limit;
    unsigned timeout_ms;
    unsigned parallel;
    unsigned retries;
    bool undo;
    bool hash; /* print the SHA-256 in the place of the bytes */
    bool fail; /* the sink fails after its first bytes */
    struct h2k_sha256 *sha;
} fetch = { .parallel = 4 };

static void
on_log(void *opaque, enum h2k_log_level level, const char *message)
{
    (void)opaque;
    fprintf(stderr, "%s: %s\n", level == H2K_LOG_WARNING ? "warning" : "log",
            message);
}

static void
on_alarm(int signal)
{
    (void)signal;
    h2k_interrupt();
}

static int
told(int rc, const struct h2k_http_reply *reply)
{
    static const char *const names[] = { "ok",     "refused", "untrusted",
                                         "broken", "status",  "local" };
    if (rc < 0)
        fprintf(stderr, "%s %d %u: %s\n", names[reply->failure], reply->status,
                reply->retry_after_s, h2k_errmsg());
    return rc;
}

/* ---- The sink ---- */

static int
sink_begin(void *opaque, uint64_t size)
{
    (void)opaque;
    fprintf(stderr, "begin %" PRId64 "\n", (int64_t)size);
    return 0;
}

static int
sink_data(void *opaque, const void *bytes, size_t count)
{
    (void)opaque;
    if (fetch.fail)
        return h2k_fail(H2K_E_OUTPUT, "the sink is full");
    if (fetch.hash)
        return h2k_sha256_update(fetch.sha, bytes, count);
    return fwrite(bytes, 1, count, stdout) == count ? 0 : -1;
}

static const struct h2k_http_sink sink = { sink_begin, sink_data, NULL };

static int
sink_end(int rc)
{
    uint8_t digest[H2K_SHA256_SIZE];
    char hex[H2K_SHA256_HEX_SIZE];
    if (!fetch.hash || rc < 0)
        return rc;
    h2k_sha256_finish(fetch.sha, digest);
    h2k_sha256_hex(digest, hex);
    puts(hex);
    return 0;
}

/* ---- The commands ---- */

static int
call(const char *url, const char *method, const char *body, bool secret)
{
    H2K_AUTO_REPLY reply = { 0 };
    struct h2k_retry retry = H2K_RETRY(fetch.retries);
    struct h2k_http_request request = {
        .url = url,
        .method = method,
        .body = body,
        .body_size = body == NULL ? 0 : strlen(body),
        .secret_body = secret,
        .reply_limit = fetch.limit,
        .timeout_ms = fetch.timeout_ms,
        .undo = fetch.undo,
    };
    int rc;
    do
        rc = h2k_http_call(fetch.http, &request, &reply);
    while (rc < 0 && h2k_retry_again(&retry, &reply));
    fwrite(reply.size == 0 ? "" : reply.body, 1, reply.size, stdout);
    return told(rc, &reply);
}

static int
do_call(char **words)
{
    return call(words[0], words[1], words[1] == NULL ? NULL : words[2], false);
}

/* Posts the password from standard input, and forgets it; then there is
 * time to look. */
static int
do_secret(char **words)
{
    H2K_AUTO(h2k_secret) secret = h2k_secret_from_file("-");
    if (secret == NULL)
        return -1;
    int rc = call(words[0], NULL, h2k_secret_text(secret), true);
    h2k_secret_free(h2k_steal(secret));
    puts("\nforgotten");
    fflush(stdout);
    pause();
    return rc;
}

static int
do_get(char **words)
{
    H2K_AUTO_REPLY reply = { 0 };
    struct h2k_retry retry = H2K_RETRY(fetch.retries);
    uint64_t first = words[1] == NULL ? 0 : strtoull(words[1], NULL, 10);
    uint64_t length = words[1] == NULL || words[2] == NULL
                          ? UINT64_MAX
                          : strtoull(words[2], NULL, 10);
    int rc;
    do
        rc = h2k_http_get(fetch.http, words[0], first, length, &sink, &reply);
    while (rc < 0 && h2k_retry_again(&retry, &reply));
    return told(sink_end(rc), &reply);
}

static int
do_ranges(char **words)
{
    H2K_AUTO_REPLY reply = { 0 };
    struct h2k_ranges_plan plan = { .size = UINT64_MAX,
                                    .parallel = fetch.parallel,
                                    .retries = fetch.retries };
    if (words[1] != NULL)
        plan.first = strtoull(words[1], NULL, 10);
    if (words[1] != NULL && words[2] != NULL)
        plan.size = strtoull(words[2], NULL, 10);
    int rc = h2k_ranges_get(fetch.http, words[0], &plan, &sink, &reply);
    return told(sink_end(rc), &reply);
}

static int
do_head(char **words)
{
    H2K_AUTO_REPLY reply = { 0 };
    uint64_t size;
    bool ranges;
    int rc = h2k_http_head(fetch.http, words[0], &size, &ranges, &reply);
    if (rc == 0)
        printf("%" PRId64 " %s\n", (int64_t)size, ranges ? "ranges" : "whole");
    return told(rc, &reply);
}

static int
print_text(char *text)
{
    if (text == NULL)
        fprintf(stderr, "%s\n", h2k_errmsg());
    else
        puts(text);
    free(text);
    return text == NULL ? -1 : 0;
}

static int
do_thumbprint(char **words)
{
    return print_text(h2k_http_thumbprint(fetch.http, words[0]));
}

static int
do_trust(char **words)
{
    int rc = h2k_http_trust_host(fetch.http, words[0], words[1]);
    if (rc < 0)
        fprintf(stderr, "%s\n", h2k_errmsg());
    return rc;
}

static int
do_cookies(char **words)
{
    return print_text(h2k_http_cookies(fetch.http, words[0]));
}

static int
do_cookie(char **words)
{
    int rc = h2k_http_set_cookie(fetch.http, words[0], words[1]);
    if (rc < 0)
        fprintf(stderr, "%s\n", h2k_errmsg());
    return rc;
}

static int
do_lend(char **words)
{
    int rc = h2k_http_lend_cookie(fetch.http, words[0], words[1]);
    if (rc < 0)
        fprintf(stderr, "%s\n", h2k_errmsg());
    return rc;
}

static int
do_prompt(char **words)
{
    (void)words;
    H2K_AUTO(h2k_secret) secret = h2k_secret_prompt("Password: ");
    if (secret == NULL)
        fprintf(stderr, "%s\n", h2k_errmsg());
    else
        printf("got %s\n", h2k_secret_text(secret));
    return secret == NULL ? -1 : 0;
}

static int
do_interrupt(char **words)
{
    (void)words;
    h2k_interrupt();
    return 0;
}

static const struct {
    const char *name;
    int (*run)(char **words);
} commands[] = {
    { "call", do_call },
    { "secret", do_secret },
    { "get", do_get },
    { "ranges", do_ranges },
    { "head", do_head },
    { "thumbprint", do_thumbprint },
    { "trust", do_trust },
    { "cookies", do_cookies },
    { "cookie", do_cookie },
    { "lend", do_lend },
    { "interrupt", do_interrupt },
    { "prompt", do_prompt },
};

/* Up to the next ",": -1 when it failed. */
static int
run(char **words)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(words[0], commands[i].name) == 0)
            return commands[i].run(words + 1);
    fprintf(stderr, "no command '%s'\n", words[0]);
    return -1;
}

static int
run_all(char **words)
{
    int rc = 0;
    while (*words != NULL) {
        char **end = words;
        while (*end != NULL && strcmp(*end, ",") != 0)
            end++;
        bool last = *end == NULL;
        *end = NULL;
        if (run(words) < 0)
            rc = -1;
        words = last ? end : end + 1;
    }
    return rc;
}

/* Interrupts this program so many milliseconds from now. */
static void
alarm_after(long ms)
{
    signal(SIGALRM, on_alarm);
    setitimer(
        ITIMER_REAL,
        &(struct itimerval){ .it_value = { ms / 1000, ms % 1000 * 1000 } },
        NULL);
}

static int
parse(int argc, char **argv, struct h2k_http_settings *settings,
      uint64_t *bandwidth)
{
    int option;
    while ((option = getopt(argc, argv, "a:b:c:fhkl:m:n:p:r:s:t:u")) != -1) {
        long number = optarg == NULL ? 0 : atol(optarg);
        switch (option) {
        case 'a':
            alarm_after(number);
            break;
        case 'b':
            *bandwidth = (uint64_t)number;
            break;
        case 'c':
            settings->trust.ca_file = optarg;
            break;
        case 'f':
            fetch.fail = true;
            break;
        case 'h':
            fetch.hash = true;
            break;
        case 'k':
            settings->trust.insecure = true;
            break;
        case 'l':
            fetch.limit = (size_t)number;
            break;
        case 'm':
            fetch.timeout_ms = (unsigned)number;
            break;
        case 'n':
            fetch.parallel = (unsigned)number;
            break;
        case 'p':
            settings->trust.thumbprint = optarg;
            break;
        case 'r':
            fetch.retries = (unsigned)number;
            break;
        case 's':
            settings->stall_timeout_ms = (unsigned)number;
            break;
        case 't':
            settings->connect_timeout_ms = (unsigned)number;
            break;
        case 'u':
            fetch.undo = true;
            break;
        default:
            return -1;
        }
    }
    return 0;
}

int
main(int argc, char **argv)
{
    struct h2k_http_settings settings = { 0 };
    uint64_t bandwidth = 0;
    if (parse(argc, argv, &settings, &bandwidth) < 0)
        return 2;
    h2k_log_set(on_log, NULL, H2K_LOG_INFO);
    H2K_AUTO(h2k_rate) rate = bandwidth == 0 ? NULL : h2k_rate_new(bandwidth);
    H2K_AUTO(h2k_sha256) sha = h2k_sha256_new();
    settings.rate = rate;
    fetch.sha = sha;
    fetch.http = h2k_http_new(&settings);
    if (fetch.http == NULL) {
        fprintf(stderr, "%s\n", h2k_errmsg());
        return 1;
    }
    int rc = run_all(argv + optind);
    h2k_http_free(fetch.http);
    return rc < 0 ? 1 : 0;
}
