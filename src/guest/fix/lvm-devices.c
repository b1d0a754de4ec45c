/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * /etc/lvm/devices/system.devices, lvmdevices(8): a line of KEY=VALUE words
 * for each device that LVM2 may use.  While the file is there, nothing else
 * is looked at.
 */
#include "guest/fix/lines.h"
#include "guest/fix/lvm-config.h"

#include <stdio.h>
#include <string.h>

#define VALUE_MAX 512

/* The value of KEY ("IDTYPE=") in a line, or false. */
static bool
value_of(const struct h2k_rewrite *rewrite, const struct h2k_line *line,
         const char *key, char out[VALUE_MAX])
{
    const char *text = rewrite->text + line->at;
    size_t size = line->end - line->at, length = strlen(key);
    for (size_t i = 0; i + length <= size; i++) {
        if (memcmp(text + i, key, length) != 0 ||
            (i > 0 && text[i - 1] != ' ' && text[i - 1] != '\t'))
            continue;
        size_t n = 0;
        for (i += length; i < size && text[i] != ' ' && text[i] != '\t' &&
                          n + 1 < VALUE_MAX;
             i++)
            out[n++] = text[i];
        out[n] = '\0';
        return true;
    }
    return false;
}

/* Ids that are VMware's: NAA of its own number (6000c29), what its disks
 * call themselves, and names of devices, which are the controller's. */
static bool
stays_behind(const char *type, const char *name)
{
    static const char *const of_vmware[] = { "naa.6000c29", "naa.6000C29",
                                             "36000c29", "VMware", "vmware" };
    if (strcmp(type, "devname") == 0)
        return strncmp(name, "/dev/sd", 7) == 0 ||
               strncmp(name, "/dev/hd", 7) == 0 ||
               strncmp(name, "/dev/nvme", 9) == 0;
    for (size_t i = 0; i < sizeof(of_vmware) / sizeof(of_vmware[0]); i++)
        if (strstr(name, of_vmware[i]) != NULL)
            return true;
    return false;
}

/* What a line of the file is to us. */
enum entry { HEADER, KEPT, GONE };

static enum entry
judge(const struct h2k_rewrite *rewrite, const struct h2k_line *line,
      char type[VALUE_MAX], char name[VALUE_MAX])
{
    if (!value_of(rewrite, line, "IDTYPE=", type) ||
        !value_of(rewrite, line, "IDNAME=", name))
        return HEADER;
    return stays_behind(type, name) ? GONE : KEPT;
}

/* The entry by the physical volume's own id: a name of "." is one that is to
 * be searched for (lvmdevices(8), "Device ID refresh"). */
static int
search_for(struct h2k_rewrite *rewrite, const struct h2k_line *line)
{
    char pvid[VALUE_MAX], part[VALUE_MAX];
    char entry[2 * VALUE_MAX + 64];
    if (!value_of(rewrite, line, "PVID=", pvid))
        return 0;
    bool has_part = value_of(rewrite, line, "PART=", part);
    snprintf(entry, sizeof(entry),
             "IDTYPE=devname IDNAME=. DEVNAME=. PVID=%s%s%s", pvid,
             has_part ? " PART=" : "", has_part ? part : "");
    return h2k_rewrite_add(rewrite, line->at, line->end - line->at, entry,
                           "how LVM finds a physical volume");
}

int
h2k_lvm_devices_rewrite(struct h2k_rewrite *rewrite, bool *only)
{
    char type[VALUE_MAX], name[VALUE_MAX];
    struct h2k_line line;
    size_t cursor = 0, kept = 0, gone = 0;
    while (h2k_line_next(rewrite, &cursor, &line)) {
        enum entry entry = judge(rewrite, &line, type, name);
        kept += entry == KEPT;
        gone += entry == GONE;
    }
    *only = gone > 0 && kept == 0;
    if (gone == 0 || *only)
        return 0;
    cursor = 0;
    while (h2k_line_next(rewrite, &cursor, &line))
        if (judge(rewrite, &line, type, name) == GONE &&
            search_for(rewrite, &line) < 0)
            return -1;
    return 0;
}
