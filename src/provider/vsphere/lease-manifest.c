/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the server counted while it sent a lease's files
 * (HttpNfcLeaseManifestEntry). */
#include "provider/vsphere/lease-manifest.h"

#include "base/error.h"

#include <string.h>
#include <strings.h>

#define ENTRIES_MAX 1000

void
h2k_vsphere_lease_sums_free(struct h2k_vsphere_lease_sum *sums, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(sums[i].key);
        free(sums[i].sha1);
        free(sums[i].sha256);
    }
    free(sums);
}

/* TEXT in lower case into *SUM where it is DIGITS hexadecimal digits; what is
 * anything else is no checksum. */
static int
sum_copy(const char *text, size_t digits, char **sum)
{
    if (text == NULL || strlen(text) != digits ||
        strspn(text, "0123456789abcdefABCDEF") != digits)
        return 0;
    free(*sum);
    *sum = strdup(text);
    if (*sum == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (char *at = *sum; *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'F')
            *at = (char)(*at - 'A' + 'a');
    return 0;
}

/* `checksum`, whose algorithm `checksumType` names, came with 6.7. */
static int
entry_read(const xmlNode *entry, struct h2k_vsphere_lease_sum *sum)
{
    const char *type = h2k_soap_get_at(entry, "checksumType");
    const char *checksum = h2k_soap_get_at(entry, "checksum");
    int64_t size = 0;
    int rc = h2k_soap_copy_at(entry, "key", &sum->key);
    if (rc == 0 && sum->key == NULL)
        rc = h2k_fail(H2K_E_CORRUPT, "an entry has no key");
    h2k_soap_get_i64(h2k_soap_child(entry, "size"), 0, INT64_MAX, &size);
    sum->size = (uint64_t)size;
    if (rc == 0)
        rc = sum_copy(h2k_soap_get_at(entry, "sha1"), 40, &sum->sha1);
    if (rc == 0 && type != NULL && strcasecmp(type, "sha1") == 0)
        rc = sum_copy(checksum, 40, &sum->sha1);
    if (rc == 0 && type != NULL && strcasecmp(type, "sha256") == 0)
        rc = sum_copy(checksum, 64, &sum->sha256);
    return rc;
}

int
h2k_lease_manifest_read(const xmlNode *response,
                        struct h2k_vsphere_lease_sum **sums, size_t *count)
{
    size_t entries = 0, done = 0;
    h2k_soap_each (entry, response, "returnval")
        entries++;
    if (entries > ENTRIES_MAX)
        return h2k_fail(H2K_E_CORRUPT, "%zu entries", entries);
    struct h2k_vsphere_lease_sum *all = calloc(entries + 1, sizeof(*all));
    if (all == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    h2k_soap_each (entry, response, "returnval")
        if (entry_read(entry, &all[done++]) < 0) {
            h2k_vsphere_lease_sums_free(all, done);
            return -1;
        }
    *sums = all;
    *count = done;
    return 0;
}
