/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The layers that options come from, each over the one before: the
 * environment, the configuration file, the profile, the command line.  All
 * are read by the one table.
 */
#include "hyperexport/app.h"

#include "hyperexport/home.h"
#include "hyperexport/profiles.h"
#include "hyperexport/settings-file.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <string.h>
#include <sys/stat.h>

/* What was given since the last call is from ORIGIN. */
static void
layer_end(struct app *app, enum origin origin)
{
    for (size_t i = 0; app_options[i].name != NULL; i++)
        if (app->given[i])
            app->origin[i] = origin;
    memset(app->given, 0, sizeof(app->given));
}

static int
set(struct app *app, const char *option, const char *text)
{
    const char *kept = text_keep_add(&app->keep, text);
    return kept == NULL ? -1 : options_set(app_options, option, kept, app);
}

/* ---- The environment ---- */

/* In place, by RFC 3986, 2.1; what is no %XX stays. */
static void
percent_decode(char *text)
{
    char *out = text;
    unsigned value;
    for (; *text != '\0'; text++)
        if (text[0] == '%' && sscanf(text + 1, "%2x", &value) == 1 &&
            strspn(text + 1, "0123456789abcdefABCDEF") >= 2 && value != 0) {
            *out++ = (char)value;
            text += 2;
        } else {
            *out++ = *text;
        }
    *out = '\0';
}

static int
keep_password(struct app *app, char *text)
{
    h2k_secret_free(app->password);
    app->password = h2k_secret_new(text, strlen(text));
    return app->password == NULL ? -1 : 0;
}

/* GOVC_URL, which may be "https://user:password@host/sdk": its parts.  URL is
 * ours to cut up, and is wiped. */
static int
split_url(struct app *app, char *url)
{
    char *mark = strstr(url, "://");
    char *authority = mark == NULL ? url : mark + 3;
    char *at = memrchr(authority, '@', strcspn(authority, "/"));
    if (at == NULL)
        return set(app, "url", url);
    h2k_autofree char *rest = NULL;
    *at = '\0';
    if (asprintf(&rest, "%.*s%s", (int)(authority - url), url, at + 1) < 0) {
        rest = NULL;
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    char *colon = strchr(authority, ':');
    if (colon != NULL)
        *colon = '\0';
    percent_decode(authority);
    if (set(app, "url", rest) < 0 || set(app, "username", authority) < 0)
        return -1;
    if (colon == NULL)
        return 0;
    percent_decode(colon + 1);
    return keep_password(app, colon + 1);
}

static int
read_url(struct app *app)
{
    char *value = getenv("GOVC_URL");
    if (value == NULL || value[0] == '\0')
        return 0;
    size_t size = strlen(value);
    char *url = strdup(value);
    int rc = url == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory")
                         : split_url(app, url);
    if (url != NULL)
        h2k_wipe(url, size);
    free(url);
    if (app->password != NULL) {
        h2k_wipe(value, size); /* no child gets it */
        unsetenv("GOVC_URL");
    }
    return rc;
}

static int
read_environment(struct app *app)
{
    static const struct {
        const char *variable, *option;
    } known[] = {
        { "GOVC_USERNAME", "username" },
        { "GOVC_INSECURE", "insecure" },
        { "GOVC_TLS_CA_CERTS", "ca-file" },
        { "GOVC_DATACENTER", "datacenter" },
    };
    if (read_url(app) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const char *value = getenv(known[i].variable);
        if (value != NULL && value[0] != '\0' &&
            set(app, known[i].option, value) < 0)
            return h2k_prefix("%s: ", known[i].variable);
    }
    char *password = getenv("GOVC_PASSWORD");
    if (password == NULL || password[0] == '\0')
        return 0;
    if (keep_password(app, password) < 0)
        return -1;
    h2k_wipe(password, strlen(password));
    unsetenv("GOVC_PASSWORD");
    return 0;
}

/* ---- Files ---- */

static bool
is_path(const char *option)
{
    static const char *const paths[] = { "password-file", "ca-file",
                                         "log-file", "output" };
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (strcmp(paths[i], option) == 0)
            return true;
    return false;
}

/* A command in a file that others may write to is theirs to choose. */
static int
check_owner(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return h2k_fail_errno(H2K_E_USAGE, "%s", path);
    if ((st.st_mode & 022) != 0 || (st.st_uid != getuid() && st.st_uid != 0))
        return h2k_fail(H2K_E_USAGE,
                        "%s: has a password_command, and others may write to "
                        "it; make it yours alone (chmod go-w)",
                        path);
    return 0;
}

/* A file's paths are relative to it, but where the output goes is not. */
static int
set_from_file(struct app *app, const char *path,
              const struct settings_value *value)
{
    h2k_autofree char *directory = NULL, *expanded = NULL;
    if (strcmp(value->option, "password-command") == 0 &&
        check_owner(path) < 0)
        return -1;
    if (!is_path(value->option) || strcmp(value->text, "-") == 0)
        return set(app, value->option, value->text);
    const char *slash = strrchr(path, '/');
    if (slash != NULL && strcmp(value->option, "output") != 0)
        directory = strndup(path, (size_t)(slash - path));
    expanded = home_expand(value->text, directory);
    return expanded == NULL ? -1 : set(app, value->option, expanded);
}

static int
set_all(struct app *app, const char *path, const struct settings_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        if (set_from_file(app, path, &file->values[i]) < 0)
            return -1;
    return 0;
}

static int
read_file(struct app *app, const char *path, enum settings_kind kind)
{
    H2K_AUTO(h2k_problems) problems = h2k_problems_new();
    struct settings_file file = { 0 };
    if (problems == NULL)
        return -1;
    int rc = settings_file_load(path, kind, problems, &file);
    size_t errors = h2k_problems_count_of(problems, H2K_PROBLEM_ERROR);
    /* One error alone is told at the end. */
    command_print_problems(problems, app->quiet, errors == 1);
    if (errors > 1)
        h2k_fail(H2K_E_USAGE, "%s: %zu errors, nothing was done", path,
                 errors);
    if (rc == 0)
        rc = set_all(app, path, &file);
    settings_file_clear(&file);
    return rc;
}

static int
read_config(struct app *app, const char *named)
{
    h2k_autofree char *standard = NULL;
    if (named != NULL)
        return read_file(app, named, SETTINGS_CONFIG);
    standard = home_path("config.yaml");
    if (standard == NULL || access(standard, F_OK) < 0)
        return 0; /* nobody needs one */
    return read_file(app, standard, SETTINGS_CONFIG);
}

static int
read_profile(struct app *app, const char *name)
{
    h2k_autofree char *path = NULL;
    if (name == NULL)
        return 0;
    path = profile_find(name);
    return path == NULL ? -1 : read_file(app, path, SETTINGS_PROFILE);
}

/* ---- The command line ---- */

static int
read_command_line(struct app *app, int argc, char **argv)
{
    struct text_list words = { 0 };
    if (options_parse(app_options, argc, argv, app, &words) < 0)
        return -1;
    if (words.count == 0)
        return 0;
    return h2k_fail(H2K_E_USAGE,
                    "'%s' is no option; name a VM as --vm '%s' (quotes around "
                    "a name with spaces)",
                    words.items[0], words.items[0]);
}

/* What whoever types it should know before it is in a shell's history: and
 * take it out of the process list. */
static int
refuse_password(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        char *name = argv[i] + strspn(argv[i], "-");
        size_t size = strcspn(name, "=");
        if (name == argv[i] || size != strlen("password") ||
            strncmp(name, "password", size) != 0)
            continue;
        if (name[size] == '=')
            h2k_wipe(name + size + 1, strlen(name + size + 1));
        else if (i + 1 < argc)
            h2k_wipe(argv[i + 1], strlen(argv[i + 1]));
        return h2k_fail(
            H2K_E_USAGE,
            "there is no --password: a command line is seen by everyone on "
            "this machine (ps) and kept in the shell's history.  Use "
            "--password-file FILE, --password-command COMMAND or "
            "GOVC_PASSWORD, or leave it out and be asked.  If the one that "
            "was just typed is real, change it");
    }
    return 0;
}

static void
set_defaults(struct app *app)
{
    app->format = "ovf";
    app->provider = "vsphere";
    app->parallel = "4";
    app->transport = "auto";
    app->manifest_checksum = true;
    app->manifest_target = "qcow2";
}

/* The profile: the command line's, or else the configuration's. */
static int
read_files(struct app *app, const struct app *said)
{
    if (read_config(app, said->config) < 0)
        return -1;
    layer_end(app, ORIGIN_CONFIG);
    if (read_profile(app,
                     said->profile != NULL ? said->profile : app->profile) < 0)
        return -1;
    layer_end(app, ORIGIN_PROFILE);
    return 0;
}

int
app_read(struct app *app, int argc, char **argv)
{
    struct app said = { 0 };
    if (refuse_password(argc, argv) < 0 ||
        read_command_line(&said, argc, argv) < 0)
        return -1;
    if (said.help || said.help_all || said.version) {
        *app = said;
        return 0;
    }
    set_defaults(app);
    app->quiet = said.quiet;
    if (read_environment(app) < 0)
        return -1;
    layer_end(app, ORIGIN_ENVIRONMENT);
    if (read_files(app, &said) < 0 || read_command_line(app, argc, argv) < 0)
        return -1;
    layer_end(app, ORIGIN_COMMAND_LINE);
    return 0;
}

void
app_clear(struct app *app)
{
    text_keep_clear(&app->keep);
    h2k_secret_free(app->password);
}
