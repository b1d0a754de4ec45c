/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * hyper2kvm-rpm-packages DIRECTORY: the packages in the rpm database there,
 * by librpm, for src/guest/packages/rpm.c.
 *
 * A program of its own, since librpm may abort on a damaged database, and
 * keeps its state in globals.  It bounds its own time and memory, reads no
 * configuration of the host's, and runs nothing.
 *
 * On standard output, every text followed by a NUL:
 *   P name epoch:version-release arch    a package
 *   F path                               a file of a kernel, of the last one
 *   X message                            why there are no more
 *   E                                    the end
 */
#include "rpm-packages.h"

#include <rpm/rpmdb.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmmacro.h>
#include <rpm/rpmts.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MEMORY (2ull << 30)
#define SECONDS 60

static void
say(const char *text)
{
    fputs(text == NULL ? "" : text, stdout);
    putchar('\0');
}

/* ---- A package ---- */

/* A directory of kernels, or of a kernel's modules. */
static int
is_wanted(const char *directory)
{
    if (strcmp(directory, "/boot/") == 0)
        return 1;
    const char *below =
        strncmp(directory, "/usr", 4) == 0 ? directory + 4 : directory;
    if (strncmp(below, "/lib/modules/", 13) != 0)
        return 0;
    const char *slash = strchr(below + 13, '/');
    return below[13] == '\0' || (slash != NULL && slash[1] == '\0');
}

/* The files in the wanted directories, by the header's three lists (RPM
 * package format, "File Info"). */
static void
say_files(Header header)
{
    struct rpmtd_s names, indexes, directories;
    if (headerGet(header, RPMTAG_BASENAMES, &names, HEADERGET_MINMEM) == 0)
        return;
    if (headerGet(header, RPMTAG_DIRINDEXES, &indexes, HEADERGET_MINMEM) !=
        0) {
        if (headerGet(header, RPMTAG_DIRNAMES, &directories,
                      HEADERGET_MINMEM) != 0) {
            uint32_t *index;
            while (rpmtdNext(&names) >= 0 &&
                   (index = rpmtdNextUint32(&indexes)) != NULL) {
                if (*index >= rpmtdCount(&directories) ||
                    rpmtdSetIndex(&directories, (int)*index) < 0)
                    continue;
                const char *directory = rpmtdGetString(&directories);
                if (directory == NULL || !is_wanted(directory))
                    continue;
                putchar('F');
                fputs(directory, stdout);
                say(rpmtdGetString(&names));
            }
            rpmtdFreeData(&directories);
        }
        rpmtdFreeData(&indexes);
    }
    rpmtdFreeData(&names);
}

void
say_package(Header header)
{
    const char *version = headerGetString(header, RPMTAG_VERSION);
    const char *release = headerGetString(header, RPMTAG_RELEASE);
    putchar('P');
    say(headerGetString(header, RPMTAG_NAME));
    printf("%llu:%s-",
           (unsigned long long)headerGetNumber(header, RPMTAG_EPOCH),
           version == NULL ? "" : version);
    say(release);
    say(headerGetString(header, RPMTAG_ARCH));
    say_files(header);
}

int
fail(const char *message)
{
    putchar('X');
    say(message);
    fflush(stdout);
    return 1;
}

/* ---- The database ---- */

static char last_message[300];

static int
keep_message(rpmlogRec rec, rpmlogCallbackData data)
{
    (void)data;
    if (rpmlogRecPriority(rec) > RPMLOG_ERR)
        return 0; /* indexes are missing, which nobody asks for */
    snprintf(last_message, sizeof(last_message), "%s", rpmlogRecMessage(rec));
    last_message[strcspn(last_message, "\n")] = '\0';
    return 0; /* and it is not printed */
}

static int
list(const char *directory, const char *backend)
{
    rpmlogSetCallback(keep_message, NULL);
    rpmPushMacro(NULL, "_dbpath", NULL, directory, 0);
    rpmPushMacro(NULL, "_db_backend", NULL, backend, 0);
    rpmts ts = rpmtsCreate();
    /* Whether packages were signed is not asked here. */
    rpmtsSetVSFlags(ts, RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES |
                            RPMVSF_NOHDRCHK);
    if (rpmtsOpenDB(ts, 0) != 0)
        return fail(last_message[0] == '\0' ? "librpm does not open it"
                                            : last_message);
    Header header;
    rpmdbMatchIterator all = rpmtsInitIterator(ts, RPMDBI_PACKAGES, NULL, 0);
    while ((header = rpmdbNextIterator(all)) != NULL)
        say_package(header);
    rpmdbFreeIterator(all);
    rpmtsFree(ts);
    return last_message[0] == '\0' ? 0 : fail(last_message);
}

static int
is_there(const char *name)
{
    return access(name, F_OK) == 0;
}

int
main(int argc, char **argv)
{
    const struct rlimit memory = { MEMORY, MEMORY };
    const struct rlimit seconds = { SECONDS, SECONDS };
    const struct rlimit none = { 0, 0 };
    if (argc != 2 || chdir(argv[1]) < 0)
        return 2;
#ifndef H2K_SANITIZED /* their shadows are larger */
    setrlimit(RLIMIT_AS, &memory);
#else
    (void)memory;
#endif
    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_CORE, &none);
    int rc = is_there("rpmdb.sqlite")  ? list(argv[1], "sqlite")
             : is_there("Packages.db") ? list_ndb("Packages.db")
                                       : list(argv[1], "bdb_ro");
    if (rc == 0)
        say("E");
    return fflush(stdout) == 0 ? rc : 1;
}
