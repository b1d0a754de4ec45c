/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a RAID array's name means: as /etc/mdadm/mdadm.conf has it for the
 * array's UUID (mdadm.conf(5), ARRAY), or as its superblock says.
 */
#include "base/error.h"
#include "guest/resolve.h"
#include "guest/volumes.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CONF_LIMIT (1u << 20)
#define NAME_MAX_LENGTH 64

/* What a name is compared with. */
struct sought {
    char name[NAME_MAX_LENGTH]; /* what follows /dev/; "md0" for "md/0" */
    const char *conf;           /* mdadm.conf, or NULL */
};

/* "host:name" without the host, which mdadm leaves out on the array's own. */
static const char *
short_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon == NULL || colon[1] == '\0' ? name : colon + 1;
}

static bool
is_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && text[digits] == '\0';
}

/* "md0" for a number, "md/home" for a name. */
static void
device_name(const char *name, char to[NAME_MAX_LENGTH])
{
    snprintf(to, NAME_MAX_LENGTH, is_number(name) ? "md%.50s" : "md/%.50s",
             name);
}

void
h2k_guest_array_name(const struct h2k_md_array *array,
                     char text[H2K_VOLUME_NAME])
{
    char name[NAME_MAX_LENGTH];
    const char *own = short_name(array->name);
    device_name(own, name);
    if (array->minor >= 0)
        snprintf(text, H2K_VOLUME_NAME, "/dev/md%d", array->minor);
    else if (own[0] != '\0')
        snprintf(text, H2K_VOLUME_NAME, "/dev/%s", name);
    else
        snprintf(text, H2K_VOLUME_NAME, "RAID array %s", array->uuid);
}

/* ---- mdadm.conf ---- */

static size_t
take_word(const char **at, const char *end, const char **word)
{
    const char *p = *at;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    *word = p;
    while (p < end && *p != ' ' && *p != '\t')
        p++;
    *at = p;
    return (size_t)(p - *word);
}

/* UUID= in any of the forms that mdadm reads: hexadecimal digits, with
 * something between them. */
static bool
uuid_is(const char *word, size_t length, const char *uuid)
{
    size_t i = 0;
    for (; *uuid != '\0'; uuid++) {
        if (*uuid == '-')
            continue;
        while (i < length && !isxdigit((unsigned char)word[i]))
            i++;
        if (i == length || tolower((unsigned char)word[i]) != *uuid)
            return false;
        i++;
    }
    return i == length;
}

/* The device of an ARRAY line, as a name is sought: "/dev/md0", "/dev/md/home"
 * or "home". */
static const char *
conf_device(const char *word, size_t length, char to[NAME_MAX_LENGTH])
{
    char text[NAME_MAX_LENGTH];
    memcpy(text, word, length);
    text[length] = '\0';
    const char *name = strncmp(text, "/dev/", 5) == 0 ? text + 5 : text;
    if (strncmp(name, "md/", 3) == 0)
        device_name(name + 3, to);
    else if (strncmp(name, "md", 2) == 0 && is_number(name + 2))
        snprintf(to, NAME_MAX_LENGTH, "%s", name);
    else
        device_name(name, to);
    return to;
}

/* Is the line, from LINE to END, an ARRAY of this name and UUID? */
static bool
line_names(const char *line, const char *end, const char *name,
           const char *uuid)
{
    const char *word;
    char device[NAME_MAX_LENGTH];
    size_t length = take_word(&line, end, &word);
    if (length < 3 || strncasecmp(word, "array", length) != 0)
        return false;
    bool named = false, meant = false;
    while ((length = take_word(&line, end, &word)) > 0 && *word != '#') {
        if (length > 5 && strncasecmp(word, "uuid=", 5) == 0)
            meant |= uuid_is(word + 5, length - 5, uuid);
        else if (memchr(word, '=', length) == NULL && length < sizeof(device))
            named |= strcmp(conf_device(word, length, device), name) == 0;
    }
    return named && meant;
}

/* A line goes on in those that begin with a space. */
static bool
conf_names(char *conf, const char *name, const char *uuid)
{
    char *line = conf;
    while (*line != '\0') {
        char *end = strchrnul(line, '\n');
        while (*end != '\0' && (end[1] == ' ' || end[1] == '\t')) {
            *end = ' ';
            end = strchrnul(end, '\n');
        }
        if (line_names(line, end, name, uuid))
            return true;
        line = *end == '\0' ? end : end + 1;
    }
    return false;
}

static int
read_conf(struct h2k_guest *guest, char **out)
{
    static const char *const paths[] = { "/etc/mdadm/mdadm.conf",
                                         "/etc/mdadm.conf" };
    size_t size;
    *out = NULL;
    for (size_t i = 0; i < 2 && guest->root != NULL && *out == NULL; i++)
        if (h2k_root_read_file(guest->root, paths[i], CONF_LIMIT, out, &size) <
                0 &&
            !h2k_error_is_content())
            return -1;
    return 0;
}

/* ---- Names ---- */

/* By-id links, and names from the superblock. */
static bool
super_names(const struct h2k_md_array *array, const char *name)
{
    char device[NAME_MAX_LENGTH], uuid[H2K_UUID_TEXT];
    if (strncmp(name, "disk/by-id/md-name-", 19) == 0)
        return array->name[0] != '\0' && strcmp(name + 19, array->name) == 0;
    h2k_md_uuid(array->uuid, uuid);
    if (strncmp(name, "disk/by-id/md-uuid-", 19) == 0)
        return strcasecmp(name + 19, uuid) == 0;
    if (array->minor >= 0) {
        snprintf(device, sizeof(device), "md%d", array->minor);
        return strcmp(name, device) == 0;
    }
    if (array->name[0] == '\0')
        return false;
    device_name(short_name(array->name), device);
    if (strcmp(name, device) == 0)
        return true;
    device_name(array->name, device);
    return strcmp(name, device) == 0;
}

/* 2: by mdadm.conf, 1: by its superblock, or because it is the only one
 * (which gets number 127 where nothing names it); 0. */
static int
rank(const struct h2k_md_array *array, const char *name, char *conf,
     bool only_one)
{
    if (conf != NULL && conf_names(conf, name, array->uuid))
        return 2;
    return super_names(array, name) ||
           (only_one && strcmp(name, "md127") == 0);
}

/* The array of this name, 0 if there is none. */
static int
find_array(struct h2k_guest *guest, const char *name, char *conf,
           const char *spec, const struct h2k_guest_volume **out)
{
    size_t arrays = 0;
    int best = 0;
    bool several = false;
    for (size_t i = 0; i < guest->volume_count; i++)
        arrays += guest->volumes[i].array != NULL;
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[i];
        if (v->array == NULL || !h2k_guest_sees(guest, v))
            continue;
        int own = rank(v->array, name, conf, arrays == 1);
        if (own == 0 || own < best)
            continue;
        several = own == best;
        best = own;
        *out = v;
    }
    if (several)
        return h2k_fail(H2K_E_CORRUPT,
                        "%s: two RAID arrays have this name; give only the "
                        "disks of one",
                        spec);
    return best != 0;
}

/* NAME without the partition's number at its end: "md0p1", "md/homep1",
 * "disk/by-id/md-…-part1".  0: it has none. */
static uint32_t
cut_partition(char *name)
{
    size_t length = strlen(name), digits = 0;
    while (digits < length && digits < 4 &&
           isdigit((unsigned char)name[length - digits - 1]))
        digits++;
    if (digits == 0 || digits == length)
        return 0;
    uint32_t number = (uint32_t)strtoul(name + length - digits, NULL, 10);
    length -= digits;
    if (length > 5 && strncmp(name + length - 5, "-part", 5) == 0)
        length -= 5;
    else if (name[length - 1] == 'p')
        length--;
    else if (strncmp(name, "md/", 3) != 0)
        return 0;
    name[length] = '\0';
    return number;
}

static int
find_partition(struct h2k_guest *guest, const struct h2k_guest_volume *array,
               uint32_t number, const char *spec,
               const struct h2k_guest_volume **out)
{
    for (size_t i = 0; i < guest->volume_count; i++) {
        const struct h2k_guest_volume *v = &guest->volumes[i];
        if (v->kind != H2K_VOLUME_PARTITION || v->below_count != 1 ||
            &guest->volumes[v->below[0]] != array || v->partition != number)
            continue;
        *out = v;
        return 0;
    }
    return h2k_fail(H2K_E_NOENT, "%s: no such partition", spec);
}

int
h2k_resolve_array(struct h2k_guest *guest, const char *name, const char *spec,
                  const struct h2k_guest_volume **out)
{
    h2k_autofree char *conf = NULL;
    char sought[NAME_MAX_LENGTH];
    const struct h2k_guest_volume *array = NULL;
    if ((strncmp(name, "md", 2) != 0 &&
         strncmp(name, "disk/by-id/md-", 14) != 0) ||
        strlen(name) >= sizeof(sought))
        return h2k_fail(H2K_E_NOENT, "%s: no RAID array's name", spec);
    if (read_conf(guest, &conf) < 0)
        return -1;
    if (strncmp(name, "md/", 3) == 0)
        device_name(name + 3, sought);
    else
        strcpy(sought, name);
    int found = find_array(guest, sought, conf, spec, &array);
    if (found == 0) {
        uint32_t number = cut_partition(sought);
        if (number != 0)
            found = find_array(guest, sought, conf, spec, &array);
        if (found > 0)
            return find_partition(guest, array, number, spec, out);
    }
    if (found < 0)
        return -1;
    if (found == 0)
        return h2k_fail(H2K_E_NOENT, "%s: no such RAID array", spec);
    *out = array;
    return 0;
}
