/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the tests of guest/configure/ share: a tree, a configuration written
 * as in a manifest, one edit over it. */
#ifndef H2K_TESTS_CONFIGURE_H
#define H2K_TESTS_CONFIGURE_H

#include "guest/fix/edits.h"
#include "fs/memory.h"

#include "base/cleanup.h"
#include "fake-devices.h"
#include "memtree.h"
#include "tap.h"

#include <hyper2kvm/error.h>
#include <hyper2kvm/manifest.h>

#include <string.h>

#define NOW 1770000000 /* 2026-02-02 02:40:00 UTC, day 20486 */
#define STAMP ".backup.hyper2kvm.20260202-024000"

struct run {
    struct h2k_fs *fs;
    struct h2k_root *root;
    struct h2k_fix_result result;
    int rc;
};

static inline void
run_free(struct run *run)
{
    h2k_fix_result_free(&run->result);
    h2k_root_free(run->root);
    run->root = NULL;
}
#define AUTO_RUN __attribute__((cleanup(run_free))) struct run

/* EDIT over FS with the YAML text CONFIGURATION. */
static inline struct run
configure(struct h2k_fs *fs, const struct h2k_edit *edit,
          const char *configuration)
{
    struct run run = { .fs = fs, .root = h2k_root_new(fs) };
    struct h2k_manifest *m = h2k_manifest_parse_fragment(
        configuration, strlen(configuration), NULL, "configuration", NULL);
    struct h2k_fix_options options = h2k_fix_defaults();
    const struct h2k_edit *const edits[] = { edit, NULL };
    if (m == NULL || run.root == NULL) {
        printf("Bail out! %s\n", h2k_errmsg());
        exit(99);
    }
    options.configuration = h2k_manifest_configuration(m);
    options.now = NOW;
    struct h2k_fix fix = { .root = run.root,
                           .options = &options,
                           .result = &run.result };
    run.rc = h2k_fix_run_edits(&fix, edits);
    h2k_manifest_free(m);
    return run;
}

/* It went well; the next one changes nothing. */
static inline void
configured(struct h2k_fs *fs, const struct h2k_edit *edit, const char *text)
{
    AUTO_RUN first = configure(fs, edit, text);
    if (!ok(first.rc == 0, "it is put in"))
        printf("# %s\n", h2k_errmsg());
    AUTO_RUN second = configure(fs, edit, text);
    ok(second.rc == 0 && second.result.change_count == 0,
       "and a second time nothing changes");
}

/* It fails with a message that has EXPECTED in it. */
static inline void
refused(struct h2k_fs *fs, const struct h2k_edit *edit, const char *text,
        const char *expected)
{
    AUTO_RUN run = configure(fs, edit, text);
    if (!ok(run.rc < 0 && h2k_errcode() == H2K_E_UNFIXABLE &&
                strstr(h2k_errmsg(), expected) != NULL,
            "%s", expected))
        printf("# %d: %s\n", run.rc, h2k_errmsg());
}

/* A warning has EXPECTED in it. */
static inline void
warned(struct h2k_fs *fs, const struct h2k_edit *edit, const char *text,
       const char *expected)
{
    AUTO_RUN run = configure(fs, edit, text);
    bool found = false;
    for (size_t i = 0; i < run.result.warnings.count; i++)
        found |= strstr(run.result.warnings.items[i], expected) != NULL;
    if (ok(run.rc == 0 && found, "%s", expected))
        return;
    printf("# %d %s\n", run.rc, run.rc < 0 ? h2k_errmsg() : "");
    for (size_t i = 0; i < run.result.warnings.count; i++)
        printf("# %s\n", run.result.warnings.items[i]);
}

static inline void
content(struct h2k_fs *fs, const char *path, const char *expected)
{
    h2k_autofree char *text = memtree_text(fs, path);
    printf("# %s\n", path);
    if (ok(text != NULL, "it is there"))
        same_text(text, expected);
}

/* LINE, perhaps with what follows it. */
static inline void
has_line(struct h2k_fs *fs, const char *path, const char *line)
{
    h2k_autofree char *text = memtree_text(fs, path);
    const char *at = text == NULL ? NULL : strstr(text, line);
    if (ok(at != NULL && (at == text || at[-1] == '\n'), "%s has %.*s", path,
           (int)strcspn(line, "\n"), line))
        return;
    for (at = text; at != NULL && *at != '\0'; at += *at == '\n') {
        printf("# %.*s\n", (int)strcspn(at, "\n"), at);
        at += strcspn(at, "\n");
    }
}

/* PATH itself, links not followed: "100644 1000:1000", or "" for nothing. */
static inline void
is_mode(struct h2k_fs *fs, const char *path, uint32_t mode, uint32_t uid,
        uint32_t gid)
{
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_place place;
    struct h2k_stat st = { 0 };
    if (h2k_root_lookup_nofollow(root, path, &place) == 0)
        h2k_fs_stat(fs, place.ino, &st);
    if (!ok(st.mode == mode && st.uid == uid && st.gid == gid, "%s", path))
        printf("# %o %u:%u\n", st.mode, st.uid, st.gid);
}

static inline bool
is_there(struct h2k_fs *fs, const char *path)
{
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_place place;
    return h2k_root_lookup_nofollow(root, path, &place) == 0;
}

static inline void
leads_to(struct h2k_fs *fs, const char *path, const char *expected)
{
    char target[H2K_PATH_MAX + 1] = "";
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    h2k_root_readlink(root, path, target);
    ok_string(target, expected);
}

#endif
