/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Whom to log in as, with what password, and which certificate to trust. */
#include "hyperexport/app.h"

#include "common/terminal.h"

#include "base/buffer.h"
#include "base/error.h"

#include <string.h>

/* Is there "name:…@" before the host? */
static bool
has_password(const char *url)
{
    const char *mark = strstr(url, "://");
    const char *host = mark == NULL ? url : mark + 3;
    const char *at = memrchr(host, '@', strcspn(host, "/"));
    return at != NULL && memchr(host, ':', (size_t)(at - host)) != NULL;
}

static bool
has_username(const char *url)
{
    const char *mark = strstr(url, "://");
    const char *host = mark == NULL ? url : mark + 3;
    return memchr(host, '@', strcspn(host, "/")) != NULL;
}

static int
check_names(const struct app *app)
{
    if (app->url == NULL)
        return h2k_fail(H2K_E_USAGE,
                        "which vCenter or ESXi host? name it with --url, "
                        "GOVC_URL, or url under vcenter in "
                        "~/.hyperexport/config.yaml");
    if (has_password(app->url))
        return h2k_fail(H2K_E_USAGE,
                        "--url has a password in it, which everyone on this "
                        "machine can see (ps); leave it out and use "
                        "--password-file, --password-command, or be asked");
    if (app->username == NULL && !has_username(app->url))
        return h2k_fail(H2K_E_USAGE,
                        "who logs in to %s? name it with --username, "
                        "GOVC_USERNAME, or username under vcenter in "
                        "~/.hyperexport/config.yaml",
                        app->url);
    return 0;
}

/* ---- The password ---- */

static struct h2k_secret *
ask(const struct app *app)
{
    const char *name = app->username == NULL ? "" : app->username;
    h2k_autofree char *safe = terminal_safe(name, 0);
    h2k_autofree char *host = terminal_safe(app->url, 0);
    H2K_AUTO_BUFFER text = { 0 };
    h2k_buffer_addf(&text, "Password for %s%s%s: ", safe == NULL ? "" : safe,
                    name[0] == '\0' ? "" : " at ", host == NULL ? "" : host);
    if (h2k_buffer_check(&text) < 0)
        return NULL;
    struct h2k_secret *secret = h2k_secret_prompt(h2k_buffer_text(&text));
    if (secret != NULL || h2k_errcode() != H2K_E_USAGE)
        return secret;
    h2k_autofree char *reason = strdup(h2k_errmsg());
    return h2k_fail_null(H2K_E_USAGE,
                         "%s (--password-file, --password-command, "
                         "GOVC_PASSWORD)",
                         reason == NULL ? "no password" : reason);
}

static struct h2k_secret *
find_password(const struct app *app)
{
    enum origin file = app_origin(app, "password-file");
    enum origin command = app_origin(app, "password-command");
    if (file != ORIGIN_DEFAULT && file == command)
        return h2k_fail_null(H2K_E_USAGE, "a password file and a password "
                                          "command: name one of them");
    if (file > command)
        return h2k_secret_from_file(app->password_file);
    if (command > file)
        return h2k_secret_from_command(app->password_command);
    if (app->password != NULL)
        return h2k_secret_new(h2k_secret_text(app->password),
                              h2k_secret_size(app->password));
    return ask(app);
}

/* ---- Trust ---- */

/* Of a thumbprint and --insecure the one that was said closer by counts. */
static int
choose_trust(const struct app *app, struct h2k_http_trust *trust)
{
    enum origin print = app_origin(app, "thumbprint");
    enum origin insecure =
        app->insecure ? app_origin(app, "insecure") : ORIGIN_DEFAULT;
    *trust = (struct h2k_http_trust){ .ca_file = app->ca_file };
    if (print != ORIGIN_DEFAULT && print == insecure)
        return h2k_fail(H2K_E_USAGE,
                        "a thumbprint to trust, and insecure, which trusts "
                        "any: name one of them");
    trust->insecure = insecure > print;
    trust->thumbprint = print > insecure ? app->thumbprint : NULL;
    return 0;
}

struct h2k_vsphere *
app_connect(const struct app *app, struct h2k_rate *rate)
{
    struct h2k_vsphere_login login = {
        .url = app->url,
        .username = app->username,
        .datacenter = app->datacenter,
        .http = { .rate = rate },
    };
    if (check_names(app) < 0 || choose_trust(app, &login.http.trust) < 0)
        return NULL;
    H2K_AUTO(h2k_secret) password = find_password(app);
    if (password == NULL)
        return NULL;
    login.password = password;
    return h2k_vsphere_connect(&login);
}
