/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which envelope is used, and the sums of all files. */
#include "provider/ovf.h"

#include "base/buffer.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* The server's, or NULL with the error set. */
static char *
try_server(const char *xml, const struct h2k_ovf_file *files, size_t count,
           size_t max_size)
{
    h2k_autofree char *text = h2k_ovf_rewrite(xml, strlen(xml), files, count);
    if (text != NULL && max_size > 0 && strlen(text) > max_size)
        return h2k_fail_null(H2K_E_UNSUPPORTED,
                             "is longer than the room that was kept for it");
    return h2k_steal(text);
}

char *
h2k_ovf_choose(const struct h2k_vm *vm, const char *xml,
               const struct h2k_ovf_file *files, size_t count, size_t max_size,
               char **warning)
{
    *warning = NULL;
    if (xml != NULL) {
        char *text = try_server(xml, files, count, max_size);
        if (text != NULL)
            return text;
        if (h2k_errcode() == H2K_E_NOMEM)
            return NULL;
        if (asprintf(warning,
                     "the server's OVF descriptor %s: one was written from "
                     "what is known of the VM",
                     h2k_errmsg()) < 0) {
            *warning = NULL;
            return h2k_fail_null(H2K_E_NOMEM, "out of memory");
        }
    }
    char *text = h2k_ovf_write(vm, files, count);
    if (text == NULL) {
        free(*warning);
        *warning = NULL;
    }
    return text;
}

static int
hash_text(const char *text, size_t size, char hex[H2K_SHA256_HEX_SIZE])
{
    uint8_t digest[H2K_SHA256_SIZE];
    H2K_AUTO(h2k_sha256) h = h2k_sha256_new();
    if (h == NULL || h2k_sha256_update(h, text, size) < 0 ||
        h2k_sha256_finish(h, digest) < 0)
        return -1;
    h2k_sha256_hex(digest, hex);
    return 0;
}

char *
h2k_ovf_manifest(const char *ovf_name, const char *ovf_text, size_t ovf_size,
                 const struct h2k_ovf_file *files, size_t count)
{
    char hex[H2K_SHA256_HEX_SIZE];
    if (hash_text(ovf_text, ovf_size, hex) < 0)
        return NULL;
    H2K_AUTO_BUFFER b = { 0 };
    h2k_buffer_addf(&b, "SHA256(%s)= %s\n", ovf_name, hex);
    for (size_t i = 0; i < count; i++)
        if (files[i].sha256[0] != '\0')
            h2k_buffer_addf(&b, "SHA256(%s)= %s\n", files[i].name,
                            files[i].sha256);
    return h2k_buffer_steal(&b);
}
