/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/boot-traces.h"

#include "base/checked.h"
#include "base/error.h"
#include "base/view.h"
#include "fs/fs.h"
#include "fs/root.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* utmp(5) as glibc lays it out on all that we meet. */
#define UTMP_SIZE 384u
#define UTMP_TYPE 0   /* 16 bits */
#define UTMP_TIME 340 /* 32 bits: seconds since 1970 */
#define UTMP_BOOT_TIME 2
#define UTMP_RECORDS 256u /* the newest are looked at */

/* systemd's JOURNAL_FILE_FORMAT, "Header". */
#define JOURNAL_MAGIC "LPKSHHRH"
#define JOURNAL_TAIL_REALTIME 192 /* 64 bits: microseconds since 1970 */
#define JOURNAL_HEADER 208u
#define JOURNALS "/var/log/journal"

/* COUNT bytes of the file at PATH, from OFFSET on.  Fewer: 0. */
static bool
read_part(struct h2k_root *root, const char *path, uint64_t offset,
          void *bytes, size_t count)
{
    struct h2k_place place;
    struct h2k_stat st;
    return h2k_root_lookup(root, path, &place) == 0 &&
           h2k_fs_stat(place.fs, place.ino, &st) == 0 &&
           h2k_range_inside(offset, count, st.size) &&
           h2k_fs_read(place.fs, place.ino, bytes, count, offset) == 0;
}

static bool
in_time(int64_t when, int64_t since)
{
    /* The guest's clock is this host's when it is started; a day more allows
     * for one that takes it for local time. */
    return when >= since && when <= since + 86400 + 12 * 3600;
}

static void
say(char quote[256], const char *path, const char *what, int64_t when)
{
    char text[64] = "";
    time_t t = (time_t)when;
    struct tm tm;
    if (gmtime_r(&t, &tm) != NULL)
        strftime(text, sizeof(text), "%FT%TZ", &tm);
    snprintf(quote, 256, "%.150s: %s at %s", path, what, text);
}

static bool
wtmp_tells(struct h2k_root *root, int64_t since, char quote[256])
{
    static const char path[] = "/var/log/wtmp";
    struct h2k_stat st;
    if (h2k_root_stat(root, path, &st) < 0)
        return false;
    uint64_t records = st.size / UTMP_SIZE;
    uint64_t first = records > UTMP_RECORDS ? records - UTMP_RECORDS : 0;
    for (uint64_t i = records; i > first; i--) {
        uint8_t record[UTMP_SIZE];
        if (!read_part(root, path, (i - 1) * UTMP_SIZE, record, UTMP_SIZE))
            return false;
        struct h2k_view view = { record, UTMP_SIZE };
        int64_t when = h2k_view_le32(view, UTMP_TIME);
        if (h2k_view_le16(view, UTMP_TYPE) != UTMP_BOOT_TIME ||
            !in_time(when, since))
            continue;
        say(quote, path, "a boot is recorded", when);
        return true;
    }
    return false;
}

static bool
journal_tells(struct h2k_root *root, const char *path, int64_t since,
              char quote[256])
{
    uint8_t header[JOURNAL_HEADER];
    if (!read_part(root, path, 0, header, sizeof(header)) ||
        memcmp(header, JOURNAL_MAGIC, 8) != 0)
        return false;
    struct h2k_view view = { header, sizeof(header) };
    uint64_t when = h2k_view_le64(view, JOURNAL_TAIL_REALTIME) / 1000000;
    if (!in_time((int64_t)when, since))
        return false;
    say(quote, path, "the newest entry was made", (int64_t)when);
    return true;
}

/* /var/log/journal/MACHINE-ID/system.journal */
static bool
journals_tell(struct h2k_root *root, int64_t since, char quote[256])
{
    char **names = NULL;
    size_t count = 0;
    bool found = false;
    if (!h2k_root_is_dir(root, JOURNALS) ||
        h2k_root_list(root, JOURNALS, &names, &count) < 0)
        return false;
    for (size_t i = 0; i < count && !found; i++) {
        char path[sizeof(JOURNALS) + H2K_NAME_MAX + 32];
        snprintf(path, sizeof(path), JOURNALS "/%s/system.journal", names[i]);
        found = journal_tells(root, path, since, quote);
    }
    h2k_root_free_names(names, count);
    return found;
}

int
h2k_boot_traces_in(struct h2k_root *root, int64_t since, char quote[256])
{
    return wtmp_tells(root, since, quote) || journals_tell(root, since, quote);
}

int
h2k_boot_traces(const struct h2k_disk_source *disks, size_t count,
                const struct h2k_guest_settings *settings, int64_t since,
                char quote[256])
{
    H2K_AUTO(h2k_guest) guest = h2k_guest_open(disks, count, settings);
    return guest == NULL ? -1 : h2k_boot_traces_in(guest->root, since, quote);
}
