/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* SELinux's file contexts, the substitutions in the part before a NUL. */
#include "guest/text/file-contexts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {
        "/", "/etc/shadow", "/usr/lib/systemd/system/cron.service",
        "/home/user/.ssh/authorized_keys", "/run/a b\n"
    };
    static const uint32_t modes[] = { S_IFREG, S_IFDIR, S_IFLNK, 0 };
    H2K_AUTO(h2k_file_contexts) contexts = h2k_file_contexts_new();
    const char *text = (const char *)data;
    size_t subs = strnlen(text, size);
    subs = subs == size ? 0 : subs;
    if (contexts == NULL ||
        h2k_file_contexts_add_subs(contexts, true, text, subs / 2) < 0 ||
        h2k_file_contexts_add_subs(contexts, false, text + subs / 2,
                                   subs - subs / 2) < 0 ||
        h2k_file_contexts_add(contexts, text + subs, size - subs) < 0)
        return 0;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *context;
        int found = h2k_file_contexts_lookup(contexts, paths[i], modes[i % 4],
                                             &context);
        if ((found > 0) != (context != NULL))
            abort();
        if (context != NULL && strpbrk(context, " \t\n") != NULL)
            abort();
    }
    return 0;
}
