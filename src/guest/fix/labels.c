/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/labels.h"

#include "base/error.h"
#include "guest/read-only.h"
#include "guest/fix/fix.h"
#include "guest/text/file-contexts.h"
#include "guest/text/ini.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LABEL "security.selinux"
#define CONFIG "/etc/selinux/config"
#define AUTORELABEL "/.autorelabel"

struct h2k_labels {
    struct h2k_file_contexts *contexts; /* NULL: nothing is labelled */
    bool lost; /* the labels cannot be known: the guest will relabel */
};

void
h2k_labels_free(struct h2k_labels *labels)
{
    if (labels != NULL)
        h2k_file_contexts_free(labels->contexts);
    free(labels);
}

/* ---- The guest's policy ---- */

/* The policy's name where SELinux is on, enforcing or not; NULL where it is
 * off.  "targeted" is libselinux' own default. */
static int
read_config(struct h2k_fix *fix, char **type)
{
    h2k_autofree char *text = NULL;
    size_t size;
    *type = NULL;
    int there = h2k_fix_read(fix, CONFIG, &text, &size);
    if (there <= 0)
        return there;
    h2k_autofree char *mode = h2k_ini_get(text, "SELINUX");
    h2k_autofree char *name = h2k_ini_get(text, "SELINUXTYPE");
    if (mode == NULL || (strcasecmp(mode, "enforcing") != 0 &&
                         strcasecmp(mode, "permissive") != 0))
        return 0;
    if (name == NULL)
        name = strdup("targeted");
    if (name == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    *type = h2k_steal(name);
    return 0;
}

/* 1 when what is at PATH has a label, 0, or -1. */
static int
has_label(struct h2k_fix *fix, const char *path)
{
    struct h2k_place place;
    h2k_autofree void *value = NULL;
    size_t size;
    if (h2k_root_lookup_nofollow(fix->root, path, &place) == 0 &&
        h2k_fs_getxattr(place.fs, place.ino, LABEL, &value, &size) == 0)
        return 1;
    return h2k_errcode() == H2K_E_NOENT || h2k_errcode() == H2K_E_UNSUPPORTED
               ? 0
               : -1;
}

/* Files that were never labelled are not labelled piece by piece: the guest
 * does all at once, when it is told to. */
static int
is_labelled(struct h2k_fix *fix)
{
    int root = has_label(fix, "/");
    return root != 0 ? root : has_label(fix, "/etc");
}

/* One of the policy's files, where it is there. */
static int
read_part(struct h2k_fix *fix, const char *type, const char *suffix,
          char **text, size_t *size)
{
    char path[H2K_PATH_MAX];
    snprintf(path, sizeof(path),
             "/etc/selinux/%s/contexts/files/file_contexts%s", type, suffix);
    return h2k_fix_read(fix, path, text, size);
}

static int
read_contexts(struct h2k_fix *fix, const char *type,
              struct h2k_file_contexts *contexts)
{
    /* In this order: the last line that matches counts. */
    static const char *const parts[] = { "", ".homedirs", ".local" };
    static const char *const subs[] = { ".subs_dist", ".subs" };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        h2k_autofree char *text = NULL;
        size_t size;
        int there = read_part(fix, type, parts[i], &text, &size);
        if (there < 0 ||
            (there > 0 && h2k_file_contexts_add(contexts, text, size) < 0))
            return -1;
        if (there == 0 && i == 0)
            return h2k_fail(H2K_E_NOENT,
                            "the file contexts of its policy %s are not there",
                            type);
    }
    for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++) {
        h2k_autofree char *text = NULL;
        size_t size;
        int there = read_part(fix, type, subs[i], &text, &size);
        if (there < 0 || (there > 0 && h2k_file_contexts_add_subs(
                                           contexts, i == 1, text, size) < 0))
            return -1;
    }
    return 0;
}

static int
read_policy(struct h2k_fix *fix, struct h2k_labels *labels)
{
    h2k_autofree char *type = NULL;
    if (read_config(fix, &type) < 0)
        return -1;
    int labelled = type == NULL ? 0 : is_labelled(fix);
    if (labelled <= 0)
        return labelled;
    labels->contexts = h2k_file_contexts_new();
    if (labels->contexts == NULL)
        return -1;
    if (strchr(type, '/') != NULL || strcmp(type, "..") == 0)
        return h2k_fail(H2K_E_UNSUPPORTED, "%s is no name of a policy", type);
    return read_contexts(fix, type, labels->contexts);
}

/* ---- Labels ---- */

static int
set_label(struct h2k_place place, const void *label, size_t size)
{
    if (h2k_fs_setxattr(place.fs, place.ino, LABEL, label, size) == 0 ||
        h2k_errcode() == H2K_E_UNSUPPORTED) /* vfat has none */
        return 0;
    return -1;
}

/* What the policy says nothing of has the label of the directory that it is
 * in, as when the guest itself had made it. */
static int
inherit(struct h2k_fix *fix, const char *real, struct h2k_place place)
{
    h2k_autofree char *parent = strdup(real);
    h2k_autofree void *value = NULL;
    struct h2k_place from;
    size_t size;
    if (parent == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    char *slash = strrchr(parent, '/');
    slash[slash == parent] = '\0';
    if (h2k_root_lookup(fix->root, parent, &from) < 0)
        return -1;
    if (h2k_fs_getxattr(from.fs, from.ino, LABEL, &value, &size) < 0)
        return h2k_errcode() == H2K_E_NOENT ? 0 : -1;
    return set_label(place, value, size);
}

static int
label_place(struct h2k_fix *fix, const char *path, struct h2k_place place)
{
    struct h2k_stat st;
    const char *context;
    h2k_autofree char *real = h2k_root_realpath_nofollow(fix->root, path);
    if (real == NULL || h2k_fs_stat(place.fs, place.ino, &st) < 0)
        return -1;
    int found = h2k_file_contexts_lookup(fix->labels->contexts, real, st.mode,
                                         &context);
    if (found < 0)
        return -1;
    /* The kernel keeps the NUL, too. */
    return found > 0 ? set_label(place, context, strlen(context) + 1)
                     : inherit(fix, real, place);
}

/* The labels cannot be known, for the error that is set. */
static int
give_up(struct h2k_fix *fix)
{
    fix->labels->lost = true;
    if (h2k_errcode() == H2K_E_IO || h2k_errcode() == H2K_E_NOMEM)
        return -1;
    if (!h2k_guest_may_change(fix->guest, AUTORELABEL, true))
        return h2k_fix_warn(fix,
                            "SELinux: %s; start the guest once with "
                            "enforcing=0, and label what was changed there: "
                            "restorecon -R /etc /var /boot",
                            h2k_errmsg());
    if (h2k_fix_warn(fix,
                     "SELinux: %s; " AUTORELABEL
                     " is made, so that the guest labels its files when it "
                     "starts, which takes a while and starts it twice",
                     h2k_errmsg()) < 0)
        return -1;
    if (h2k_root_exists(fix->root, AUTORELABEL))
        return 0;
    if (h2k_root_write_file(fix->root, AUTORELABEL, "", 0, 0644) < 0)
        return -1;
    return h2k_fix_record(fix, AUTORELABEL, "a relabelling when it starts",
                          NULL, "an empty file");
}

int
h2k_fix_label(struct h2k_fix *fix, const char *path)
{
    struct h2k_place place;
    if (fix->labels == NULL) {
        fix->labels = calloc(1, sizeof(*fix->labels));
        if (fix->labels == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        if (read_policy(fix, fix->labels) < 0)
            return give_up(fix);
    }
    if (fix->labels->contexts == NULL || fix->labels->lost)
        return 0;
    int has = has_label(fix, path);
    if (has != 0)
        return has < 0 ? -1 : 0;
    if (h2k_root_lookup_nofollow(fix->root, path, &place) < 0)
        return -1;
    return label_place(fix, path, place) < 0 ? give_up(fix) : 0;
}
