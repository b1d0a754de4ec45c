/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * LUKS2's metadata (LUKS2 On-Disk Format Specification, 3): "keyslots",
 * "segments", "digests" and "config", of which one segment is the content,
 * a digest says which slots have its key, and sizes beyond 32 bits are
 * strings.
 */
#include "volume/luks/header.h"

#include "base/error.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct reading {
    const json_t *root;
    uint64_t size;        /* of the container */
    uint64_t header_size; /* of one copy */
    struct h2k_luks *luks;
    uint64_t key_size; /* bytes */
};

static int
fail_json(const char *what)
{
    return h2k_fail(H2K_E_CORRUPT, "LUKS2: its metadata has no usable \"%s\"",
                    what);
}

/* A number that is written as a string: "32768". */
static bool
get_number(const json_t *object, const char *key, uint64_t *out)
{
    const char *text = json_string_value(json_object_get(object, key));
    *out = 0;
    if (text == NULL || *text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if (*text < '0' || *text > '9' || ckd_mul(out, *out, UINT64_C(10)) ||
            ckd_add(out, *out, (uint64_t)(*text - '0')))
            return false;
    return *out <= H2K_BLOCK_SIZE_MAX;
}

static bool
get_integer(const json_t *object, const char *key, uint64_t max, uint64_t *out)
{
    const json_t *value = json_object_get(object, key);
    json_int_t n = json_integer_value(value);
    *out = (uint64_t)n;
    return json_is_integer(value) && n >= 0 && *out <= max;
}

static const char *
get_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static bool
has_text(const json_t *array, const char *text)
{
    size_t i;
    const json_t *item;
    json_array_foreach(array, i, item) if (json_is_string(item) &&
                                           strcmp(json_string_value(item),
                                                  text) == 0) return true;
    return false;
}

/* ---- Features ---- */

static void
read_requirements(struct reading *r)
{
    const json_t *config = json_object_get(r->root, "config");
    const json_t *mandatory =
        json_object_get(json_object_get(config, "requirements"), "mandatory");
    size_t i;
    const json_t *item;
    json_array_foreach(mandatory, i, item)
    {
        const char *name = json_string_value(item);
        if (name != NULL && strstr(name, "reencrypt") != NULL)
            h2k_luks_refuse(r->luks, "it is being encrypted anew: let the "
                                     "guest finish it");
        else
            h2k_luks_refuse(r->luks, "its feature \"%.60s\" is not known",
                            name == NULL ? "?" : name);
    }
}

/* ---- The segment ---- */

static int
read_segment(struct reading *r, const json_t *segment)
{
    struct h2k_luks *luks = r->luks;
    const char *type = get_text(segment, "type");
    uint64_t sector = 0;
    if (strcmp(type, "crypt") != 0) {
        h2k_luks_refuse(luks, "a segment of type \"%.40s\" is not read yet",
                        type);
        return 0;
    }
    if (json_object_get(segment, "integrity") != NULL) {
        h2k_luks_refuse(
            luks, "integrity protection (%.40s) is not read yet",
            get_text(json_object_get(segment, "integrity"), "type"));
        return 0;
    }
    if (!get_number(segment, "offset", &luks->offset))
        return fail_json("offset");
    if (!get_integer(segment, "sector_size", 4096, &sector) || sector < 512 ||
        !h2k_is_power_of_two(sector))
        return fail_json("sector_size");
    if (!get_number(segment, "iv_tweak", &luks->iv_tweak))
        return fail_json("iv_tweak");
    snprintf(luks->cipher, sizeof(luks->cipher), "%.64s",
             get_text(segment, "encryption"));
    luks->sector_size = (uint32_t)sector;
    if (luks->offset == 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "LUKS2: its header is for content on another device");
    if (luks->offset < 2 * r->header_size || luks->offset % sector != 0)
        return fail_json("offset");
    if (luks->offset >= r->size)
        return h2k_fail(H2K_E_CORRUPT,
                        "LUKS2: its content begins beyond the end of the "
                        "volume: is the disk cut short?");
    luks->length = h2k_align_down(r->size - luks->offset, sector);
    uint64_t length;
    if (strcmp(get_text(segment, "size"), "dynamic") == 0)
        return 0;
    if (!get_number(segment, "size", &length) || length == 0 ||
        length % sector != 0)
        return fail_json("size");
    if (length > luks->length)
        return h2k_fail(H2K_E_CORRUPT,
                        "LUKS2: its content goes beyond the end of the "
                        "volume: is the disk cut short?");
    luks->length = length;
    return 0;
}

/* Segments that a change of the encryption has left have flags of their
 * own. */
static int
read_segments(struct reading *r, const char **number)
{
    json_t *segments = json_object_get(r->root, "segments");
    const char *key;
    json_t *segment;
    size_t count = 0;
    json_object_foreach(segments, key, segment)
    {
        *number = key;
        if (count++ > 0)
            h2k_luks_refuse(r->luks, "it has several segments: let the guest "
                                     "finish encrypting it anew");
    }
    if (count == 0)
        return fail_json("segments");
    return read_segment(r, json_object_get(segments, *number));
}

/* ---- Slots ---- */

static int
read_kdf(const json_t *kdf, struct h2k_luks_slot *slot)
{
    uint64_t passes, memory = 0, threads = 1;
    const char *type = get_text(kdf, "type");
    if (strcmp(type, "pbkdf2") == 0) {
        if (!get_integer(kdf, "iterations", INT64_MAX, &passes))
            return fail_json("iterations");
    } else if (strcmp(type, "argon2i") == 0 || strcmp(type, "argon2id") == 0) {
        if (!get_integer(kdf, "time", INT64_MAX, &passes) ||
            !get_integer(kdf, "memory", INT64_MAX, &memory) || memory == 0 ||
            !get_integer(kdf, "cpus", INT64_MAX, &threads))
            return fail_json("kdf");
    } else {
        snprintf(slot->problem, sizeof(slot->problem),
                 "its key derivation \"%.40s\" is not known", type);
        return 0;
    }
    h2k_luks_slot_cost(slot, passes, memory);
    if (threads > H2K_LUKS_THREADS_MAX)
        snprintf(slot->problem, sizeof(slot->problem),
                 "opening it would take %" PRIu64 " threads", threads);
    return 0;
}

static int
read_slot(struct reading *r, const char *key, const json_t *object)
{
    const json_t *area = json_object_get(object, "area");
    uint64_t key_size, stripes;
    if (strcmp(get_text(object, "type"), "luks2") != 0)
        return 0;
    if (strlen(key) > 2 || strspn(key, "0123456789") != strlen(key))
        return fail_json("keyslots");
    struct h2k_luks_slot *slot = h2k_luks_add_slot(r->luks, atoi(key));
    if (slot == NULL)
        return 0;
    if (!get_integer(object, "key_size", H2K_LUKS_KEY_MAX, &key_size) ||
        key_size == 0 ||
        !get_integer(json_object_get(object, "af"), "stripes", 65536,
                     &stripes))
        return fail_json("key_size");
    if (!get_number(area, "offset", &slot->offset) ||
        !get_number(area, "size", &slot->length) ||
        slot->offset < 2 * r->header_size ||
        slot->length < key_size * stripes ||
        !h2k_range_inside(slot->offset, slot->length, r->luks->offset))
        return h2k_fail(H2K_E_CORRUPT,
                        "LUKS2: the material of key slot %s does not lie "
                        "between the header and the content",
                        key);
    slot->length = key_size * stripes;
    return read_kdf(json_object_get(object, "kdf"), slot);
}

/* The slots of the digest that is the segment's: others hold other keys. */
static int
read_slots(struct reading *r, const char *segment)
{
    json_t *digests = json_object_get(r->root, "digests");
    json_t *slots = json_object_get(r->root, "keyslots");
    json_t *digest = NULL, *candidate, *slot;
    const char *key;
    uint64_t iterations = 0;
    json_object_foreach(
        digests, key,
        candidate) if (has_text(json_object_get(candidate, "segments"),
                                segment)) digest = candidate;
    if (digest == NULL || strcmp(get_text(digest, "type"), "pbkdf2") != 0 ||
        !get_integer(digest, "iterations", INT64_MAX, &iterations))
        return fail_json("digests");
    h2k_luks_check_cost(r->luks, iterations);
    json_object_foreach(
        slots, key,
        slot) if (has_text(json_object_get(digest, "keyslots"), key) &&
                  read_slot(r, key, slot) < 0) return -1;
    return 0;
}

int
h2k_luks_read_json(struct h2k_view text, uint64_t size, uint64_t header_size,
                   struct h2k_luks *luks)
{
    const char *bytes = (const char *)text.data;
    const char *segment = NULL;
    json_error_t error;
    json_t *root = json_loadb(bytes, strnlen(bytes, text.size),
                              JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        return h2k_fail(H2K_E_CORRUPT, "LUKS2: its metadata, line %d: %s",
                        error.line, error.text);
    struct reading r = {
        .root = root, .size = size, .header_size = header_size, .luks = luks
    };
    read_requirements(&r);
    int rc = read_segments(&r, &segment);
    if (rc == 0 && luks->problem[0] == '\0')
        rc = read_slots(&r, segment);
    json_decref(root);
    return rc;
}
