/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The parts of the HTTP client that need no server. */
#include "base/clock.h"
#include "base/interrupt.h"
#include "net/content-range.h"
#include "net/http-internal.h"
#include "net/rate.h"
#include "net/retry.h"
#include "tap.h"

static bool
parses(const char *text, uint64_t first, uint64_t last, uint64_t total)
{
    struct h2k_content_range r;
    return h2k_content_range_parse(text, &r) && r.first == first &&
           r.last == last && r.total == total;
}

static void
test_content_range(void)
{
    static const char *const wrong[] = {
        "",
        "bytes",
        "bytes 0-9",
        "bytes */10",
        "bytes 9-0/10",
        "bytes 0-10/10",
        "bytes 0-9/10 ",
        "bytes 0-9/10, 20-29/30",
        "bytes=0-9/10",
        "items 0-9/10",
        "bytes -9/10",
        "bytes +0-9/10",
        "bytes 0-99999999999999999999/*",
        "bytes 0-18446744073709551615/*",
    };
    ok(parses("bytes 0-9/10", 0, 9, 10), "a range");
    ok(parses("Bytes  5-9/*", 5, 9, UINT64_MAX), "of a file of unknown size");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ok(!parses(wrong[i], 0, 9, 10) &&
               !h2k_content_range_parse(wrong[i],
                                        &(struct h2k_content_range){ 0 }),
           "no range: '%s'", wrong[i]);

    static const struct {
        struct h2k_content_range range;
        uint64_t first, length;
        bool answers;
    } cases[] = {
        { { 0, 9, 100 }, 0, 10, true },
        { { 0, 8, 100 }, 0, 10, false },
        { { 0, 10, 100 }, 0, 10, false },
        { { 1, 10, 100 }, 0, 10, false },
        { { 95, 99, 100 }, 95, 10, true },
        { { 95, 98, 100 }, 95, 10, false },
        { { 95, 98, UINT64_MAX }, 95, UINT64_MAX, true },
        { { 95, 98, UINT64_MAX }, 95, 10, false },
        { { 95, 99, 100 }, 95, UINT64_MAX, true },
        { { 95, 98, 100 }, 95, UINT64_MAX, false },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ok(h2k_content_range_answers(&cases[i].range, cases[i].first,
                                     cases[i].length) == cases[i].answers,
           "answer %zu is %s", i, cases[i].answers ? "one" : "none");
}

static void
test_url(void)
{
    H2K_AUTO_URL url = { 0 };
    ok(h2k_url_parse("https://u:p@esx.example/a/b?token=1#f", &url) == 0 &&
           url.secure,
       "a URL");
    ok_string(url.shown, "https://esx.example/a/b");
    ok_string(url.origin, "https://esx.example:443");
    H2K_AUTO_URL other = { 0 };
    ok(h2k_url_parse("http://[::1]:8080/x", &other) == 0 && !other.secure,
       "an address");
    ok_string(other.shown, "http://[::1]:8080/x");
    H2K_AUTO_URL wrong = { 0 };
    ok_error(h2k_url_parse("gopher://x/", &wrong) < 0, H2K_E_USAGE, "gopher");
    h2k_autofree char *escaped = h2k_url_escape("a b/ü&=%");
    ok_string(escaped, "a%20b%2F%C3%BC%26%3D%25");
}

static void
test_retry(void)
{
    static const struct {
        struct h2k_http_reply reply;
        bool again;
    } cases[] = {
        { { .failure = H2K_HTTP_REFUSED }, true },
        { { .failure = H2K_HTTP_BROKEN }, true },
        { { .failure = H2K_HTTP_UNTRUSTED }, false },
        { { .failure = H2K_HTTP_LOCAL }, false },
        { { .failure = H2K_HTTP_STATUS, .status = 404 }, false },
        { { .failure = H2K_HTTP_STATUS, .status = 206 }, false },
        { { .failure = H2K_HTTP_STATUS, .status = 503 }, true },
        { { .failure = H2K_HTTP_STATUS, .status = 429 }, true },
        { { .failure = H2K_HTTP_STATUS,
            .status = 503,
            .retry_after_s = 100000 },
          false },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct h2k_retry retry = { .limit = 2, .base_ms = 1, .longest_ms = 2 };
        int n = 0;
        while (h2k_retry_again(&retry, &cases[i].reply))
            n++;
        ok(n == (cases[i].again ? 2 : 0), "failure %d, status %d: %d more",
           (int)cases[i].reply.failure, cases[i].reply.status, n);
    }
    atomic_bool stop = true;
    struct h2k_retry stopped = H2K_RETRY(5);
    stopped.stop = &stop;
    ok(!h2k_retry_again(&stopped, &cases[0].reply), "not when it is to stop");
}

static void
test_rate(void)
{
    H2K_AUTO(h2k_rate) rate = h2k_rate_new(100000);
    uint64_t begin = h2k_clock_ms();
    ok(h2k_rate_take(rate, 25000) == 0, "a quarter of a second is free");
    for (int i = 0; i < 5; i++)
        h2k_rate_take(rate, 10000);
    ok(h2k_clock_ms() - begin >= 450, "half a second's bytes are not");
    ok_error(h2k_rate_new(0) == NULL, H2K_E_RANGE, "bandwidth of 0");
    h2k_interrupt();
    ok_error(h2k_rate_take(rate, 100000000) < 0, H2K_E_INTERRUPTED,
             "interrupted");
}

int
main(void)
{
    test_content_range();
    test_url();
    test_retry();
    test_rate(); /* ends interrupted */
    return tap_done();
}
