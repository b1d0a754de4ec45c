/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Labels of what FIX makes, and the file contexts that they come from. */
#include "guest/fix/edits.h"
#include "guest/fix/labels.h"
#include "guest/text/file-contexts.h"

#include "base/error.h"
#include "fs/memory.h"

#include "memtree.h"
#include "tap.h"

#include <sys/stat.h>

#define LABEL "security.selinux"
#define FILES "/etc/selinux/targeted/contexts/files/file_contexts"

static const char policy[] =
    "# a policy\n"
    "/.*\tsystem_u:object_r:default_t:s0\n"
    "/etc/.*\t\tsystem_u:object_r:etc_t:s0\n"
    "/etc/shadow.*\t--\tsystem_u:object_r:shadow_t:s0\n"
    "/etc/only\\.here\tsystem_u:object_r:exact_t:s0\n"
    "/etc/only.*\tsystem_u:object_r:pattern_t:s0\n"
    "/etc/new\t-d\tsystem_u:object_r:new_t:s0\n"
    "/usr/lib/.*\tsystem_u:object_r:lib_t:s0\n"
    "/tmp/.*\t<<none>>\n";

static const char *
look_up(struct h2k_file_contexts *contexts, const char *path, uint32_t mode)
{
    const char *context;
    int rc = h2k_file_contexts_lookup(contexts, path, mode, &context);
    return rc < 0 ? "error" : rc == 0 ? "none" : context;
}

static void
test_lookup(void)
{
    static const char subs[] = "/lib /usr/lib\n";
    static const char local_subs[] = "# none\n/x/lib /lib\n/odd /\n";
    H2K_AUTO(h2k_file_contexts) c = h2k_file_contexts_new();
    ok(h2k_file_contexts_add(c, policy, sizeof(policy) - 1) == 0 &&
           h2k_file_contexts_add_subs(c, false, subs, sizeof(subs) - 1) == 0 &&
           h2k_file_contexts_add_subs(c, true, local_subs,
                                      sizeof(local_subs) - 1) == 0,
       "the policy is read");
    ok_string(look_up(c, "/srv", S_IFDIR), "system_u:object_r:default_t:s0");
    ok_string(look_up(c, "/etc/x", S_IFREG), "system_u:object_r:etc_t:s0");
    ok_string(look_up(c, "/etc/shadow-", S_IFREG),
              "system_u:object_r:shadow_t:s0");
    ok_string(look_up(c, "/etc/shadow", S_IFDIR),
              "system_u:object_r:etc_t:s0");
    ok_string(look_up(c, "/etc/only.here", S_IFREG),
              "system_u:object_r:exact_t:s0");
    ok_string(look_up(c, "/etc/onlyxhere", S_IFREG),
              "system_u:object_r:pattern_t:s0");
    ok_string(look_up(c, "/tmp/x", S_IFREG), "none");
    ok_string(look_up(c, "/lib/x.so", S_IFREG), "system_u:object_r:lib_t:s0");
    ok_string(look_up(c, "/x/lib/x.so", S_IFREG),
              "system_u:object_r:lib_t:s0");
    ok_string(look_up(c, "/odd/etc/shadow", S_IFREG),
              "system_u:object_r:shadow_t:s0");
}

static void
test_hostile(void)
{
    static const char slow[] = "/.* a:b:c\n/(a+)+[xy] d:e:f\n";
    static const char broken[] = "/.* a:b:c\n/[a d:e:f\n";
    char path[200] = "/";
    const char *context;
    memset(path + 1, 'a', sizeof(path) - 2);
    H2K_AUTO(h2k_file_contexts) c = h2k_file_contexts_new();
    h2k_file_contexts_add(c, slow, sizeof(slow) - 1);
    ok_error(h2k_file_contexts_lookup(c, path, S_IFREG, &context) < 0,
             H2K_E_UNSUPPORTED, "takes too long");
    H2K_AUTO(h2k_file_contexts) d = h2k_file_contexts_new();
    h2k_file_contexts_add(d, broken, sizeof(broken) - 1);
    ok_error(h2k_file_contexts_lookup(d, path, S_IFREG, &context) < 0,
             H2K_E_UNSUPPORTED, "no regular expression");
}

static int
make_things(struct h2k_fix *fix)
{
    static const struct h2k_owner owner = { 1000, 1000 };
    if (h2k_root_exists(fix->root, "/etc/new/file"))
        return 0;
    return h2k_fix_create(fix, "/etc/new/file", "x", 1, 0644) < 0 ||
                   h2k_fix_create_as(fix, "/etc/shadow.new", "x", 1, 04755,
                                     &owner) < 0 ||
                   h2k_fix_create(fix, "/lib/file", "x", 1, 0644) < 0 ||
                   h2k_fix_create(fix, "/tmp/file", "x", 1, 0644) < 0 ||
                   h2k_fix_symlink(fix, "/nowhere", "/etc/link") < 0 ||
                   h2k_fix_make_dirs(fix, "/etc/a/b", 0700, &owner) < 0 ||
                   h2k_fix_replace(fix, "/etc/kept", "y", 1) < 0 ||
                   h2k_fix_replace(fix, "/etc/bare", "y", 1) < 0
               ? -1
               : 0;
}

static bool
always(struct h2k_fix *fix)
{
    (void)fix;
    return true;
}

static const struct h2k_edit edit = {
    .name = "things",
    .applies = always,
    .run = make_things,
};
static const struct h2k_edit *const edits[] = { &edit, NULL };

static struct h2k_fs *
new_tree(const char *config)
{
    struct h2k_fs *fs = h2k_memfs_new(8u << 20);
    memtree_file(fs, "/etc/selinux/config", 0644, config);
    memtree_file(fs, FILES, 0644, policy);
    memtree_file(fs, FILES ".local", 0644,
                 "/etc/new/.* -- system_u:object_r:local_t:s0\n");
    memtree_file(fs, "/etc/kept", 0600, "x");
    memtree_file(fs, "/etc/bare", 0600, "x");
    memtree_dir(fs, "/usr/lib", 0755);
    memtree_dir(fs, "/tmp", 01777);
    memtree_link(fs, "/lib", "usr/lib");
    memtree_xattr(fs, "/etc/kept", LABEL, "user_u:object_r:mine_t:s0");
    memtree_xattr(fs, "/tmp", LABEL, "system_u:object_r:tmp_t:s0");
    memtree_xattr(fs, "/", LABEL, "system_u:object_r:root_t:s0");
    return fs;
}

static int
run(struct h2k_fs *fs, struct h2k_fix_result *result)
{
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_fix_options options = h2k_fix_defaults();
    options.now = 1770000000;
    struct h2k_fix fix = { .root = root,
                           .options = &options,
                           .result = result };
    return h2k_fix_run_edits(&fix, edits);
}

/* The label of PATH, of a link's own, as a string; the size must count its
 * NUL, but where a test's own label has none. */
static const char *
label(struct h2k_fs *fs, const char *path)
{
    static char text[256];
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    h2k_autofree void *value = NULL;
    struct h2k_place place;
    size_t size;
    if (h2k_root_lookup_nofollow(root, path, &place) < 0 ||
        h2k_fs_getxattr(place.fs, place.ino, LABEL, &value, &size) < 0)
        return "unlabelled";
    snprintf(text, sizeof(text), "%.*s%s", (int)size, (const char *)value,
             ((const char *)value)[size - 1] == '\0' ? "" : " (no NUL)");
    return text;
}

static void
test_made(void)
{
    H2K_AUTO(h2k_fs) fs = new_tree("SELINUX=enforcing\n");
    struct h2k_fix_result result = { 0 };
    struct h2k_stat st;
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    ok(run(fs, &result) == 0, "things are made");
    ok_string(label(fs, "/etc/new"), "system_u:object_r:new_t:s0");
    ok_string(label(fs, "/etc/new/file"), "system_u:object_r:local_t:s0");
    ok_string(label(fs, "/etc/shadow.new"), "system_u:object_r:shadow_t:s0");
    ok_string(label(fs, "/usr/lib/file"), "system_u:object_r:lib_t:s0");
    ok_string(label(fs, "/tmp/file"), "system_u:object_r:tmp_t:s0 (no NUL)");
    ok_string(label(fs, "/etc/link"), "system_u:object_r:etc_t:s0");
    ok_string(label(fs, "/etc/a/b"), "system_u:object_r:etc_t:s0");
    ok_string(label(fs, "/etc/kept"), "user_u:object_r:mine_t:s0 (no NUL)");
    ok_string(label(fs, "/etc/kept.backup.hyper2kvm.20260202-024000"),
              "user_u:object_r:mine_t:s0 (no NUL)");
    ok_string(label(fs, "/etc/bare"), "system_u:object_r:etc_t:s0");
    ok_string(label(fs, "/etc/bare.backup.hyper2kvm.20260202-024000"),
              "system_u:object_r:etc_t:s0");
    ok(h2k_root_stat(root, "/etc/shadow.new", &st) == 0 && st.uid == 1000 &&
           (st.mode & 07777) == 04755,
       "the owner's file keeps its set-id bit");
    ok(result.warnings.count == 0, "and nothing is warned of");
    h2k_fix_result_free(&result);
}

static void
test_none(const char *config, const char *what)
{
    H2K_AUTO(h2k_fs) fs = new_tree(config);
    struct h2k_fix_result result = { 0 };
    ok(run(fs, &result) == 0, "%s: things are made", what);
    ok_string(label(fs, "/etc/new/file"), "unlabelled");
    ok_string(label(fs, "/.autorelabel"), "unlabelled");
    ok(result.warnings.count == 0, "%s: nothing is warned of", what);
    h2k_fix_result_free(&result);
}

static void
test_unlabelled_files(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(8u << 20);
    struct h2k_fix_result result = { 0 };
    memtree_file(fs, "/etc/selinux/config", 0644, "SELINUX=enforcing\n");
    memtree_file(fs, FILES, 0644, policy);
    memtree_file(fs, "/etc/kept", 0644, "x");
    memtree_file(fs, "/etc/bare", 0644, "x");
    ok(run(fs, &result) == 0 && result.warnings.count == 0,
       "a guest whose files were never labelled");
    ok_string(label(fs, "/etc/new/file"), "unlabelled");
    h2k_fix_result_free(&result);
}

static void
test_lost(const char *contexts, const char *words)
{
    H2K_AUTO(h2k_fs) fs = new_tree("SELINUX=permissive\n");
    struct h2k_fix_result result = { 0 };
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    if (contexts == NULL)
        h2k_root_unlink(root, FILES);
    else
        memtree_file(fs, FILES, 0644, contexts);
    ok(run(fs, &result) == 0, "labels that cannot be known");
    ok(h2k_root_exists(root, "/.autorelabel"), "the guest is to relabel");
    ok(result.warnings.count == 1 &&
           strstr(result.warnings.items[0], words) != NULL &&
           strstr(result.warnings.items[0], "/.autorelabel") != NULL,
       "it is said once, with '%s'", words);
    h2k_fix_result_free(&result);
}

/* What an administrator has protected: replaced, and protected again. */
static void
test_protected(void)
{
    H2K_AUTO(h2k_fs) fs = new_tree("SELINUX=enforcing\n");
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_fix_result result = { 0 };
    struct h2k_place place;
    h2k_autofree void *value = NULL;
    uint32_t flags = 0;
    size_t size;
    memtree_xattr(fs, "/etc/bare", "security.ima", "of the old content");
    memtree_xattr(fs, "/etc/bare", "security.evm", "of the old inode");
    memtree_xattr(fs, "/etc/bare", "security.capability", "kept");
    h2k_root_lookup(root, "/etc/bare", &place);
    h2k_fs_protect(fs, place.ino, H2K_PROTECT_IMMUTABLE);
    ok(run(fs, &result) == 0, "an immutable file is replaced");
    h2k_root_lookup(root, "/etc/bare", &place);
    ok(h2k_fs_protection(fs, place.ino, &flags) == 0 &&
           flags == H2K_PROTECT_IMMUTABLE,
       "and is immutable again");
    ok(h2k_fs_getxattr(fs, place.ino, "security.capability", &value, &size) ==
           0,
       "its capabilities stay");
    free(h2k_steal(value));
    ok(h2k_fs_getxattr(fs, place.ino, "security.ima", &value, &size) < 0 &&
           h2k_fs_getxattr(fs, place.ino, "security.evm", &value, &size) < 0,
       "what IMA and EVM said of it does not");
    h2k_root_lookup(root, "/etc/bare.backup.hyper2kvm.20260202-024000",
                    &place);
    ok(h2k_fs_getxattr(fs, place.ino, "security.ima", &value, &size) == 0,
       "but of the backup it holds");
    ok(result.warnings.count == 2 &&
           strstr(result.warnings.items[0], "chattr +i") != NULL &&
           strstr(result.warnings.items[1], "ima_appraise") != NULL,
       "both are said");
    h2k_fix_result_free(&result);
}

int
main(void)
{
    test_protected();
    test_lookup();
    test_hostile();
    test_made();
    test_none("SELINUX=disabled\n", "SELinux is off");
    test_none("# nothing\n", "SELinux is not spoken of");
    test_unlabelled_files();
    test_lost(NULL, "not there");
    test_lost("/[ a:b:c\n", "no regular expression");
    return tap_done();
}
