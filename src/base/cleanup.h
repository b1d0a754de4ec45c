/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Cleanup on leaving a scope.  Always initialise at the declaration:
 *
 *     h2k_autofree char *name = NULL;
 *     H2K_AUTO(h2k_block) disk = NULL;     // struct h2k_block *
 *     ...
 *     return h2k_steal(disk);
 *
 * Cleanup functions take NULL, and never set errors or change errno.
 */
#ifndef H2K_BASE_CLEANUP_H
#define H2K_BASE_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void
h2k_cleanup_free(void *p)
{
    int saved = errno;
    free(*(void **)p);
    errno = saved;
}

static inline void
h2k_cleanup_fd(int *fd)
{
    int saved = errno;
    if (*fd >= 0)
        close(*fd);
    errno = saved;
}

#define h2k_autofree __attribute__((cleanup(h2k_cleanup_free)))
#define h2k_autofd __attribute__((cleanup(h2k_cleanup_fd)))

/* Beside a type's destructor in its header: H2K_DEFINE_AUTO(h2k_block,
 * h2k_block_unref) makes H2K_AUTO(h2k_block) work. */
#define H2K_DEFINE_AUTO(name, destroy)                                         \
    static inline void name##_auto_cleanup(struct name **p)                    \
    {                                                                          \
        int saved = errno;                                                     \
        if (*p != NULL)                                                        \
            destroy(*p);                                                       \
        errno = saved;                                                         \
    }
#define H2K_AUTO(name)                                                         \
    __attribute__((cleanup(name##_auto_cleanup))) struct name *

/* Take the pointer out of its variable, so that the scope's end leaves it. */
#define h2k_steal(pointer)                                                     \
    __extension__({                                                            \
        __typeof__(pointer) *h2k_steal_from = &(pointer);                      \
        __typeof__(pointer) h2k_stolen = *h2k_steal_from;                      \
        *h2k_steal_from = NULL;                                                \
        h2k_stolen;                                                            \
    })

static inline int
h2k_steal_fd(int *fd)
{
    int stolen = *fd;
    *fd = -1;
    return stolen;
}

#endif
