/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A configuration put into a small tree in which one file is the input behind
 * its first byte, which says what file.  Afterwards a second run changes
 * nothing, lines of the databases that it is not about are as they were, and
 * no hash is in the report.
 */
#include "fs/memory.h"
#include "guest/configure/install-section.h"
#include "guest/fix/edits.h"

#include <hyper2kvm/configuration.h>

#include <stdint.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECRET "$5$salt$eIu7nRGJNw7SPpTaaWdGjpQIEfm1cz2WA3lmKqWYb2/"

static const char *const files[] = {
    "/etc/passwd",
    "/etc/shadow",
    "/etc/group",
    "/etc/gshadow",
    "/etc/subuid",
    "/etc/login.defs",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/nsswitch.conf",
    "/home/ann/.ssh/authorized_keys",
    "/usr/lib/systemd/system/job.service",
    "/etc/systemd/system/job.service.d/x.conf",
    "/etc/init.d/script",
    "/etc/sysconfig/network",
    "/etc/network/interfaces",
    "/etc/sudoers.d/bob",
};

static const char *const groups[] = { "sudo" };
static const char *const keys[] = { "ssh-ed25519 AAAAC3NzaC1lZDI1 x" };
static const char *const gone[] = { "old" };
static const char *const closed[] = { "dis" };
static const char *const on[] = { "job", "script", "tp@x" };
static const char *const off[] = { "other" };
static const char *const masked[] = { "third" };
static const struct h2k_configured_user users[] = {
    { .name = "bob",
      .uid = -1,
      .gid = -1,
      .groups = { groups, 1 },
      .password = SECRET,
      .sudo = "ALL=(ALL) ALL",
      .ssh_authorized_keys = { keys, 1 } },
    { .name = "ann",
      .uid = -1,
      .gid = -1,
      .comment = "Ann",
      .lock_given = true,
      .lock = true,
      .ssh_authorized_keys = { keys, 1 } },
};
static const struct h2k_configured_host hosts[] = { { "10.0.0.1", "web db" },
                                                    { "::1", "six" } };
static const struct h2k_configured_file network[] = { { "a", "auto a\n" } };
static const struct h2k_configuration configuration = {
    .users = { users, COUNT(users), { closed, 1 }, { gone, 1 } },
    .services = { { on, COUNT(on) }, { off, 1 }, { masked, 1 } },
    .hostname = { "web", "example.com", hosts, COUNT(hosts) },
    .network = { .interfaces = { network, 1 } },
};

static const struct h2k_edit *const edits[] = {
    &h2k_edit_users,
    &h2k_edit_services,
    &h2k_edit_hostname,
    &h2k_edit_network_files,
    NULL,
};

static void
put(struct h2k_root *root, const char *path, const void *data, size_t size)
{
    h2k_autofree char *folder = strdup(path);
    *strrchr(folder, '/') = '\0';
    if (h2k_root_mkdirs(root, folder, 0755) < 0 ||
        h2k_root_write_file(root, path, data, size, 0644) < 0)
        abort();
}

static void
put_text(struct h2k_root *root, const char *path, const char *text)
{
    put(root, path, text, strlen(text));
}

static void
make_tree(struct h2k_root *root)
{
    put_text(root, "/etc/passwd",
             "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n"
             "old:x:1001:1001::/home/old:/bin/sh\n"
             "dis:x:1002:1002::/:/bin/sh\n");
    put_text(root, "/etc/shadow", "ann:*:1:::::\ndis:*:::::::\n");
    put_text(root, "/etc/group", "root:x:0:\nsudo:x:27:old\nold:x:1001:\n");
    put_text(root, "/etc/gshadow", "sudo:*:old:old\n");
    put_text(root, "/etc/subuid", "ann:100000:65536\n");
    put_text(root, "/etc/skel/.profile", "x\n");
    put_text(root, "/usr/lib/systemd/systemd", "");
    put_text(root, "/usr/lib/systemd/system/job.service",
             "[Install]\nWantedBy=a.target\n");
    put_text(root, "/usr/lib/systemd/system/tp@.service",
             "[Install]\nWantedBy=%i.target\n");
    put_text(root, "/etc/init.d/script", "#!/bin/sh\n");
    put_text(root, "/etc/rc2.d/K20script", "");
    put_text(root, "/etc/hosts", "127.0.0.1 localhost\n");
    put_text(root, "/etc/hostname", "tiny\n");
}

static void
check_report(const struct h2k_fix_result *result)
{
    for (size_t i = 0; i < result->change_count; i++) {
        const struct h2k_change *c = &result->changes[i];
        if (c->after != NULL && strstr(c->after, SECRET) != NULL)
            abort();
    }
}

/* A unit that makes another name of itself one that is disabled asks for what
 * cannot be: each run does both. */
static bool
contradicts(const uint8_t *data, size_t size)
{
    return memmem(data, size, "other", 5) != NULL ||
           memmem(data, size, "third", 5) != NULL;
}

/* 0 when FIX took the tree; *CHANGES made.  GIVEN: the secret is in it,
 * perhaps where it is none. */
static int
run(struct h2k_root *root, int64_t now, bool given, size_t *changes)
{
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix_result result = { 0 };
    options.configuration = &configuration;
    options.now = now;
    struct h2k_fix fix = { .root = root,
                           .options = &options,
                           .result = &result };
    int rc = h2k_fix_run_edits(&fix, edits);
    *changes = result.change_count + result.changes_left_out;
    if (!given)
        check_report(&result);
    h2k_fix_result_free(&result);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    size_t changes;
    if (size == 0)
        return 0;
    bool given = memmem(data, size, SECRET, strlen(SECRET)) != NULL;
    make_tree(root);
    put(root, files[data[0] % COUNT(files)], data + 1, size - 1);
    if (run(root, 1770000000, given, &changes) < 0 || contradicts(data, size))
        return 0;
    if (run(root, 1770000001, given, &changes) < 0 || changes != 0)
        abort();
    return 0;
}
