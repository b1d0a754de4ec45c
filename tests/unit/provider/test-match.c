/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Addresses of servers, and which VMs a user means. */
#include "tap.h"

#include "provider/vsphere/address.h"
#include "provider/vsphere/match.h"

#include <limits.h>

static void
test_addresses(void)
{
    static const struct {
        const char *text, *endpoint, *username;
    } good[] = {
        { "vc", "https://vc/sdk", NULL },
        { "vc:8443", "https://vc:8443/sdk", NULL },
        { "https://vc/", "https://vc/sdk", NULL },
        { "https://vc/ui/", "https://vc/sdk", NULL },
        { "HTTPS://vc:1/sdk", "https://vc:1/sdk", NULL },
        { "http://vc/sdk/vimService", "http://vc/sdk/vimService", NULL },
        { "[::1]:8443", "https://[::1]:8443/sdk", NULL },
        { "root@vc", "https://vc/sdk", "root" },
        { "a@vsphere.local@vc", "https://vc/sdk", "a@vsphere.local" },
        { "https://a%40b%25@vc", "https://vc/sdk", "a@b%" },
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        H2K_AUTO_ADDRESS a = { 0 };
        ok(h2k_vsphere_address_parse(good[i].text, &a) == 0, "%s",
           good[i].text);
        ok_string(a.endpoint, good[i].endpoint);
        ok(good[i].username == NULL
               ? a.username == NULL
               : strcmp(a.username, good[i].username) == 0,
           "its user");
    }
    static const struct {
        const char *text, *words;
    } bad[] = {
        { "root:hunter2@vc", "has a password" },
        { "https://root:hunter2@vc/sdk", "has a password" },
        { "ftp://vc", "begins with 'ftp://'" },
        { "", "has no host" },
        { "https://", "has no host" },
        { "https:///sdk", "has no host" },
        { "a b", "has no host" },
        { "vc:80x", "has no host" },
        { "https://vc/sdk?x=1", "has a query" },
        { "a%zz@vc", "two digits" },
        { "a%00@vc", "two digits" },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        H2K_AUTO_ADDRESS a = { 0 };
        ok_error(h2k_vsphere_address_parse(bad[i].text, &a) < 0, H2K_E_USAGE,
                 bad[i].words);
        ok(strstr(h2k_errmsg(), "hunter2") == NULL, "no password is shown");
    }
}

static char name[] = "Web/01", path[] = "/F/DC0/vm/prod/Web%2f01";
static char host[] = "esx1", guest[] = "Debian GNU/Linux 12 (64-bit)";
static const struct h2k_vsphere_row row = {
    .name = name,
    .path = path,
    .host = host,
    .guest = guest,
    .power = H2K_VM_ON,
};

static void
test_names(void)
{
    ok(h2k_match_exact(&row, "Web/01", NULL) &&
           h2k_match_exact(&row, "Web%2f01", NULL) &&
           h2k_match_exact(&row, "/F/DC0/vm/prod/Web%2f01", NULL) &&
           h2k_match_exact(&row, "F/DC0/vm/prod/Web%2f01", NULL) &&
           h2k_match_exact(&row, "prod/Web%2f01", NULL) &&
           h2k_match_exact(&row, "prod/Web%2f01", "/F/DC0"),
       "all names of one VM");
    ok(!h2k_match_exact(&row, "web/01", NULL) &&
           !h2k_match_exact(&row, "/prod/Web%2f01", NULL) &&
           !h2k_match_exact(&row, "prod/Web%2f01", "/F/DC1") &&
           !h2k_match_exact(&row, "01", NULL),
       "and of others");
    ok(h2k_match_row(&row, "Web*") && h2k_match_row(&row, "/F/*/Web*") &&
           !h2k_match_row(&row, "web*") && !h2k_match_row(&row, "/F/*/x*"),
       "patterns");
    ok(h2k_match_is_pattern("a*") && h2k_match_is_pattern("[ab]") &&
           !h2k_match_is_pattern("a/b"),
       "what is a pattern");
}

static void
test_folders(void)
{
    ok(h2k_match_folder(path, "/F", NULL) &&
           h2k_match_folder(path, "/", NULL) &&
           h2k_match_folder(path, "/F/DC0/vm/prod/", NULL) &&
           h2k_match_folder(path, "prod", NULL) &&
           h2k_match_folder(path, "prod", "F/DC0") &&
           h2k_match_folder(path, "prod", "/F/DC0"),
       "folders above");
    ok(!h2k_match_folder(path, "/F/DC", NULL) &&
           !h2k_match_folder(path, "pro", NULL) &&
           !h2k_match_folder(path, "DC0", NULL) &&
           !h2k_match_folder(path, "prod", "/F/DC"),
       "and others");
}

static bool
passes(const char *pair, const char *const *tags)
{
    const char *const pairs[] = { pair, NULL };
    return h2k_match_check_pairs(pairs) == 0 &&
           h2k_match_pairs(&row, tags, pairs);
}

static void
test_pairs(void)
{
    static const char *const tags[] = { "tier:gold", "x", NULL };
    ok(passes("power=on", NULL) && passes("POWER=On", NULL) &&
           passes("guest=*debian*", NULL) && passes("host=esx?", NULL) &&
           passes("template=no", NULL) && passes("name=web*", NULL) &&
           passes("tag=tier:*", tags) && passes("tag=gold", tags),
       "pairs that it passes");
    ok(!passes("power=off", NULL) && !passes("guest=windows*", NULL) &&
           !passes("template=true", NULL) && !passes("tag=gold", NULL) &&
           !passes("tag=silver", tags),
       "and that it does not");
    ok_error(!passes("size=1", NULL), H2K_E_USAGE,
             "'size=1' is not of power=");
    ok_error(!passes("power", NULL), H2K_E_USAGE, "'power' is not of");
    ok_error(!passes("power=", NULL), H2K_E_USAGE,
             "may be one of: on off suspended");
    ok_error(!passes("power=o", NULL), H2K_E_USAGE,
             "may be one of: on off suspended");
}

static void
test_distance(void)
{
    char longer[200];
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    ok(h2k_match_distance("wbe-01", "web-01") == 1, "two letters swapped");
    ok(h2k_match_distance("WEB-01", "web-01") == 0, "cases are one");
    ok(h2k_match_distance("web-1", "web-01") == 1, "one left out");
    ok(h2k_match_distance("web", "x-web-01.example") < UINT_MAX,
       "a part of it");
    ok(h2k_match_distance("db", "web-01") == UINT_MAX &&
           h2k_match_distance("", "a") == UINT_MAX &&
           h2k_match_distance(longer, longer) == UINT_MAX,
       "what is not near");
}

int
main(void)
{
    test_addresses();
    test_names();
    test_folders();
    test_pairs();
    test_distance();
    return tap_done();
}
