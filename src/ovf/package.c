/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "ovf/package.h"

#include "base/error.h"
#include "block/file.h"
#include "block/tar.h"
#include "ovf/names.h"
#include "ovf/sums.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Where the files are. */
struct place {
    const char *path;    /* of the OVF or OVA */
    struct h2k_tar *tar; /* NULL: files of the host */
    char *folder;        /* in front of a file's name, "" or with a '/' */
    char *ovf_name;      /* without the folder */
};

static void
place_clear(struct place *p)
{
    h2k_tar_free(p->tar);
    free(p->folder);
    free(p->ovf_name);
}

#define AUTO_PLACE __attribute__((cleanup(place_clear))) struct place

static int
out_of_memory(void)
{
    return h2k_fail(H2K_E_NOMEM, "out of memory");
}

static bool
ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), n = strlen(end);
    return size >= n && strcasecmp(text + size - n, end) == 0;
}

/* What is broken was so when it came.  Always -1. */
static int
advise(void)
{
    if (h2k_errcode() != H2K_E_CORRUPT)
        return -1;
    return h2k_fail(H2K_E_CORRUPT, "%s; copy or export it again",
                    h2k_errmsg());
}

/* ---- Files ---- */

static char *
full_name(const struct place *p, const char *name)
{
    char *full = NULL;
    if (asprintf(&full, "%s%s", p->folder, name) < 0)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return full;
}

/* NULL with H2K_E_NOENT where there is none. */
static struct h2k_block *
open_file(const struct place *p, const char *name)
{
    h2k_autofree char *full = full_name(p, name);
    if (full == NULL)
        return NULL;
    return p->tar == NULL ? h2k_file_open(full)
                          : h2k_tar_open_member(p->tar, full);
}

static char *
read_text(const struct place *p, const char *name, uint64_t limit,
          size_t *size)
{
    H2K_AUTO(h2k_block) file = open_file(p, name);
    if (file == NULL)
        return NULL;
    *size = (size_t)h2k_block_size(file);
    if (*size == 0)
        return h2k_fail_null(H2K_E_CORRUPT, "%s: is empty", name);
    char *text = h2k_block_read_alloc(file, 0, *size, limit, "text");
    if (text == NULL)
        h2k_prefix("%s: ", name);
    return text;
}

/* PATH into its folder, with the '/', and its name. */
static int
split(struct place *p, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash + 1 - path);
    p->folder = strndup(path, size);
    p->ovf_name = strdup(path + size);
    return p->folder == NULL || p->ovf_name == NULL ? out_of_memory() : 0;
}

/* ---- The archive ---- */

/* What people call an OVA and is none. */
static int
explain_no_tar(struct h2k_block *file)
{
    uint8_t magic[4] = { 0 };
    if (h2k_errcode() != H2K_E_CORRUPT ||
        h2k_block_size(file) < sizeof(magic) ||
        h2k_block_pread(file, magic, sizeof(magic), 0) < 0)
        return -1;
    if (magic[0] == 0x1f && magic[1] == 0x8b)
        return h2k_fail(H2K_E_UNSUPPORTED, "is compressed with gzip, which "
                                           "no OVA is: gunzip it first");
    if (memcmp(magic, "PK\3\4", 4) == 0)
        return h2k_fail(H2K_E_UNSUPPORTED, "is a zip archive, which no OVA "
                                           "is: unzip it, and give its OVF");
    return -1;
}

/* The one OVF in it.  "._web.ovf" is macOS's, about the file. */
static int
find_ovf(struct place *p)
{
    const char *found = NULL;
    for (size_t i = 0; i < h2k_tar_count(p->tar); i++) {
        const char *name = h2k_tar_member(p->tar, i)->name;
        const char *slash = strrchr(name, '/');
        const char *last = slash == NULL ? name : slash + 1;
        if (!ends_with(last, ".ovf") || strncmp(last, "._", 2) == 0)
            continue;
        if (found != NULL && strcmp(found, name) != 0)
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "has several OVFs in it (%.100s, %.100s): unpack "
                            "it, and give the one to take",
                            found, name);
        found = name;
    }
    if (found == NULL)
        return h2k_fail(H2K_E_CORRUPT,
                        "has no OVF in it, so it is not an OVA, "
                        "or only a part of one");
    return split(p, found);
}

static int
open_tar(struct place *p)
{
    H2K_AUTO(h2k_block) file = h2k_file_open(p->path);
    if (file == NULL && h2k_errcode() == H2K_E_NOENT)
        return h2k_fail(H2K_E_SOURCE, "Source path not found: %s", p->path);
    if (file == NULL)
        return -1;
    p->tar = h2k_tar_open(file);
    if (p->tar == NULL)
        explain_no_tar(file);
    if (p->tar != NULL && find_ovf(p) == 0)
        return 0;
    advise();
    return h2k_prefix("%s: ", p->path);
}

/* ---- The checksums ---- */

/* Of the same name as the OVF.  *SUMS stays NULL where there are none. */
static int
read_sums(const struct place *p, struct h2k_ovf_sums **sums, char **name)
{
    size_t base = strlen(p->ovf_name), size;
    if (ends_with(p->ovf_name, ".ovf"))
        base -= strlen(".ovf");
    if (asprintf(name, "%.*s.mf", (int)base, p->ovf_name) < 0) {
        *name = NULL;
        return out_of_memory();
    }
    h2k_autofree char *text =
        read_text(p, *name, H2K_OVF_SUMS_MAX_SIZE, &size);
    if (text == NULL)
        return h2k_errcode() == H2K_E_NOENT ? 0 : -1;
    *sums = h2k_ovf_sums_parse(text, size);
    if (*sums == NULL) {
        h2k_prefix("%s: ", *name);
        return h2k_fail(h2k_errcode(),
                        "%s; copy or export it again, or remove it, and "
                        "nothing is compared",
                        h2k_errmsg());
    }
    return 0;
}

static int
verify_text(const char *name, const char *text, size_t size,
            const struct h2k_ovf_sum *sum)
{
    char hex[H2K_HASH_HEX_SIZE];
    H2K_AUTO(h2k_hash) hash = h2k_hash_new(sum->kind);
    if (hash == NULL || h2k_hash_update(hash, text, size) < 0 ||
        h2k_hash_finish(hash, hex) < 0)
        return -1;
    if (strcmp(hex, sum->hex) == 0)
        return 0;
    const char *word = h2k_hash_word(sum->kind);
    return h2k_fail(H2K_E_CHECKSUM,
                    "Checksum mismatch for %s: expected %s:%s, got %s:%s "
                    "(the file is not the one that was exported: copy it, or "
                    "export it, again)",
                    name, word, sum->hex, word, hex);
}

/* ---- The disks ---- */

/* The name of disk I's file, as it is there: its href, raw or decoded. */
static char *
find_file(const struct place *p, const struct h2k_ovf_disk *disk,
          struct h2k_block **file)
{
    h2k_autofree char *decoded = h2k_ovf_decode_href(disk->href);
    *file = open_file(p, disk->href);
    if (*file != NULL)
        return strdup(disk->href);
    if (h2k_errcode() == H2K_E_NOENT && decoded != NULL) {
        *file = open_file(p, decoded);
        if (*file != NULL)
            return h2k_steal(decoded);
    }
    if (h2k_errcode() == H2K_E_NOENT)
        return h2k_fail_null(
            H2K_E_SOURCE, "names the disk %s, which is not %s", disk->href,
            p->tar != NULL ? "in it: it is only a part of an OVA; copy or "
                             "export it again"
                           : "beside it: copy it there too");
    return NULL;
}

static int
check_size(struct h2k_ovf_package *package, const struct h2k_ovf_disk *disk,
           struct h2k_block *file)
{
    uint64_t size = h2k_block_size(file);
    if (disk->file_size == 0 || disk->file_size == size)
        return 0;
    return h2k_ovf_machine_warn(package->machine,
                                "%s has %" PRIu64
                                " bytes, and the OVF says %" PRIu64,
                                disk->href, size, disk->file_size);
}

static int
take_sum(struct h2k_ovf_package *package, size_t i, const char *name,
         const struct h2k_ovf_sums *sums, const char *sums_name)
{
    const struct h2k_ovf_sum *sum = h2k_ovf_sums_find(sums, name);
    const struct h2k_ovf_disk *disk = &package->machine->disks[i];
    if (sums == NULL)
        return 0;
    if (sum == NULL)
        return h2k_ovf_machine_warn(package->machine,
                                    "%s has no sum for %s that can be "
                                    "compared: it is not verified",
                                    sums_name, name);
    package->sources[i].checksum = strdup(sum->hex);
    if (package->sources[i].checksum == NULL)
        return out_of_memory();
    if (disk->flat &&
        h2k_ovf_machine_warn(package->machine,
                             "%s only describes its disk: the sum of the file "
                             "with its data is not compared",
                             name) < 0)
        return -1;
    if (sum->kind != H2K_HASH_SHA1)
        return 0;
    return h2k_ovf_machine_warn(package->machine,
                                "%s has the SHA-1 of %s: it shows damage, "
                                "and not what somebody changed on purpose",
                                sums_name, name);
}

static int
find_disks(struct h2k_ovf_package *package, const struct place *p,
           const struct h2k_ovf_sums *sums, const char *sums_name)
{
    for (size_t i = 0; i < package->machine->disk_count; i++) {
        const struct h2k_ovf_disk *disk = &package->machine->disks[i];
        H2K_AUTO(h2k_block) file = NULL;
        h2k_autofree char *name = find_file(p, disk, &file);
        if (file == NULL)
            return -1;
        if (name == NULL)
            return out_of_memory();
        if (check_size(package, disk, file) < 0 ||
            take_sum(package, i, name, sums, sums_name) < 0)
            return -1;
        char *full = full_name(p, name);
        if (full == NULL)
            return -1;
        struct h2k_ovf_source *source = &package->sources[i];
        source->path = p->tar == NULL ? full : strdup(p->path);
        source->member = p->tar == NULL ? NULL : full;
        if (source->path == NULL)
            return out_of_memory();
    }
    return 0;
}

/* ---- All of it ---- */

/* An OVF names itself in all messages; in an OVA, both are named. */
static int
prefix(const struct place *p)
{
    advise();
    if (p->tar != NULL)
        h2k_prefix("%s: ", p->ovf_name);
    return h2k_prefix("%s: ", p->path);
}

static int
read_package(struct h2k_ovf_package *package, const struct place *p,
             const char *text, size_t size, const struct h2k_ovf_sums *sums,
             const char *sums_name)
{
    package->machine = h2k_ovf_machine_read(text, size);
    if (package->machine == NULL)
        return -1;
    package->sources =
        calloc(package->machine->disk_count, sizeof(*package->sources));
    if (package->sources == NULL)
        return out_of_memory();
    return find_disks(package, p, sums, sums_name);
}

static int
load(struct h2k_ovf_package *package, const struct place *p, bool verify)
{
    H2K_AUTO(h2k_ovf_sums) sums = NULL;
    h2k_autofree char *sums_name = NULL;
    size_t size;
    h2k_autofree char *text =
        read_text(p, p->ovf_name, H2K_OVF_MAX_SIZE, &size);
    if (text == NULL && h2k_errcode() == H2K_E_NOENT && p->tar == NULL)
        return h2k_fail(H2K_E_SOURCE, "Source path not found: %s", p->path);
    if (text == NULL && p->tar == NULL)
        return -1;
    if (text == NULL || read_sums(p, &sums, &sums_name) < 0)
        return h2k_prefix("%s: ", p->path);
    const struct h2k_ovf_sum *own = h2k_ovf_sums_find(sums, p->ovf_name);
    if (verify && own != NULL && verify_text(p->ovf_name, text, size, own) < 0)
        return -1;
    return read_package(package, p, text, size, sums, sums_name) < 0
               ? prefix(p)
               : 0;
}

struct h2k_ovf_package *
h2k_ovf_package_open(const char *path, enum h2k_ovf_container container,
                     bool verify)
{
    AUTO_PLACE place = { .path = path };
    H2K_AUTO(h2k_ovf_package) package = calloc(1, sizeof(*package));
    if (package == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    int rc =
        container == H2K_OVF_IN_TAR ? open_tar(&place) : split(&place, path);
    if (rc < 0 || load(package, &place, verify) < 0)
        return NULL;
    return h2k_steal(package);
}

void
h2k_ovf_package_free(struct h2k_ovf_package *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; p->sources != NULL && i < p->machine->disk_count; i++) {
        free(p->sources[i].path);
        free(p->sources[i].member);
        free(p->sources[i].checksum);
    }
    free(p->sources);
    h2k_ovf_machine_free(p->machine);
    free(p);
}
