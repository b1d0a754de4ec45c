/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * edit-tree IMAGE guest-agent PACKAGE...
 * edit-tree IMAGE vmware-tools
 *     one edit of FIX on the filesystem that fills IMAGE, and every change
 *     and warning of it, a line each
 */
#include "block/file.h"
#include "guest/fix/edits.h"

#include <hyper2kvm/error.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
failed(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, h2k_errmsg());
    return 1;
}

static void
print(const struct h2k_fix_result *result)
{
    for (size_t i = 0; i < result->change_count; i++) {
        const struct h2k_change *c = &result->changes[i];
        printf("change %s: %s: %s -> %s\n", c->file, c->what,
               c->before == NULL ? "" : c->before,
               c->after == NULL ? "" : c->after);
    }
    for (size_t i = 0; i < result->warnings.count; i++)
        printf("warning %s\n", result->warnings.items[i]);
}

static int
run(struct h2k_fs *fs, const struct h2k_edit *edit,
    const struct h2k_fix_options *options)
{
    const struct h2k_edit *const edits[] = { edit, NULL };
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_fix_result result = { 0 };
    struct h2k_fix fix = { .root = root,
                           .options = options,
                           .result = &result };
    int rc = root == NULL ? -1 : h2k_fix_run_edits(&fix, edits);
    print(&result);
    h2k_fix_result_free(&result);
    return rc < 0 ? failed("fix") : 0;
}

int
main(int argc, char **argv)
{
    struct h2k_fix_options options = h2k_fix_defaults();
    if (argc < 3)
        return 2;
    options.remove_vmware_tools = true;
    options.guest_agents = (const char *const *)argv + 3;
    options.guest_agent_count = (size_t)(argc - 3);
    int fd = open(argv[1], O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return perror(argv[1]), 1;
    struct h2k_block *volume = h2k_file_from_fd(fd, argv[1], true);
    H2K_AUTO(h2k_fs)
    fs = volume == NULL ? NULL : h2k_fs_open(volume, true, NULL);
    int rc = fs == NULL ? failed(argv[1])
             : strcmp(argv[2], "guest-agent") == 0
                 ? run(fs, &h2k_edit_guest_agent, &options)
                 : run(fs, &h2k_edit_vmware_tools, &options);
    h2k_block_unref(volume);
    return rc;
}
