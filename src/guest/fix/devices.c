/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/devices.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "fs/root.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rest of a word, which need not end in a NUL. */
struct word {
    const char *at;
    size_t left;
};

static bool
take(struct word *w, const char *prefix)
{
    size_t length = strlen(prefix);
    if (w->left < length || memcmp(w->at, prefix, length) != 0)
        return false;
    w->at += length;
    w->left -= length;
    return true;
}

/* How many bytes of the kind that IS asks for stood there. */
static size_t
take_while(struct word *w, int (*is)(int))
{
    size_t count = 0;
    while (w->left > 0 && is((unsigned char)*w->at)) {
        w->at++;
        w->left--;
        count++;
    }
    return count;
}

/* "sda", "sdab12": letters as the kernel counts disks, then perhaps the
 * partition. */
static bool
is_lettered_disk(struct word w)
{
    if (!take(&w, "sd") && !take(&w, "hd") && !take(&w, "vd") &&
        !take(&w, "xvd"))
        return false;
    size_t letters = take_while(&w, islower);
    size_t digits = take_while(&w, isdigit);
    return letters >= 1 && letters <= 3 && digits <= 3 && w.left == 0;
}

/* "nvme0n1", "nvme0n1p2". */
static bool
is_nvme(struct word w)
{
    if (!take(&w, "nvme") || take_while(&w, isdigit) == 0 || !take(&w, "n") ||
        take_while(&w, isdigit) == 0)
        return false;
    return w.left == 0 ||
           (take(&w, "p") && take_while(&w, isdigit) > 0 && w.left == 0);
}

static bool
is_removable(struct word w)
{
    if (take(&w, "fd") || take(&w, "sr") || take(&w, "scd") ||
        take(&w, "cdrom") || take(&w, "cdrw") || take(&w, "dvd") ||
        take(&w, "dvdrw") || take(&w, "floppy")) {
        take_while(&w, isdigit);
        return w.left == 0;
    }
    return false;
}

enum h2k_spec_kind
h2k_spec_kind(const char *spec, size_t length)
{
    struct word w = { spec, length };
    if (!take(&w, "/dev/"))
        return H2K_SPEC_STABLE;
    if (take(&w, "disk/by-path/"))
        return H2K_SPEC_BY_PATH;
    if (take(&w, "disk/by-id/")) {
        /* These are made from what is on the disk, not from the disk. */
        if (take(&w, "dm-") || take(&w, "lvm-") || take(&w, "md-"))
            return H2K_SPEC_STABLE;
        return H2K_SPEC_BY_ID;
    }
    if (is_removable(w))
        return H2K_SPEC_REMOVABLE;
    if (is_lettered_disk(w) || is_nvme(w) || take(&w, "block/"))
        return H2K_SPEC_NAME;
    return H2K_SPEC_STABLE;
}

/* May NAME stand in fstab, in a kernel command line and in a shell's
 * quotes as it is? */
static bool
is_plain(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length == strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                "abcdefghijklmnopqrstuvwxyz"
                                                "0123456789-_.:/+@");
}

static int
choose(const struct h2k_volume_names *names, enum h2k_spec_reader reader,
       char **out, const char **why)
{
    const struct {
        const char *tag, *value;
        bool fits;
    } forms[] = {
        { "UUID", names->uuid, reader == H2K_READER_USERLAND },
        { "PARTUUID", names->partuuid, true },
        { "LABEL", names->label, reader == H2K_READER_USERLAND },
        { "PARTLABEL", names->partlabel, reader != H2K_READER_KERNEL },
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (!forms[i].fits || !is_plain(forms[i].value))
            continue;
        if (asprintf(out, "%s=%s", forms[i].tag, forms[i].value) < 0) {
            *out = NULL;
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        }
        return 1;
    }
    *why = "the volume has no name of its own that no other has";
    return 0;
}

int
h2k_devices_stable(const struct h2k_devices *devices, const char *spec,
                   size_t length, enum h2k_spec_reader reader, char **out,
                   const char **why)
{
    struct h2k_volume_names names = { 0 };
    char path[H2K_PATH_MAX];
    *out = NULL;
    *why = NULL;
    switch (h2k_spec_kind(spec, length)) {
    case H2K_SPEC_STABLE:
    case H2K_SPEC_REMOVABLE:
        return 0;
    case H2K_SPEC_NAME:
    case H2K_SPEC_BY_PATH:
    case H2K_SPEC_BY_ID:
        break;
    }
    *why = "it was not found on the disks that were given";
    if (length >= sizeof(path) || memchr(spec, '\0', length) != NULL)
        return 0;
    memcpy(path, spec, length);
    path[length] = '\0';
    int found = devices->find(devices->opaque, path, &names);
    if (found <= 0)
        return found;
    *why = NULL;
    return choose(&names, reader, out, why);
}
