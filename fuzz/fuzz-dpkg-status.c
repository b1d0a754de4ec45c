/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* dpkg's status file, and relations, which are its first line. */
#include "guest/software/control.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    H2K_AUTO_STRINGS missing = { 0 };
    h2k_autofree char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    char *status = text + strcspn(text, "\n");
    if (*status != '\0')
        *status++ = '\0';
    H2K_AUTO(h2k_installed) installed = h2k_installed_new(status);
    if (installed == NULL)
        abort();
    h2k_installed_state(installed, text);
    if (h2k_installed_missing(installed, text, &missing) < 0)
        abort();
    /* An order: nothing is both older and newer. */
    int one = h2k_deb_version_compare(text, status);
    int other = h2k_deb_version_compare(status, text);
    if ((one < 0) != (other > 0) || (one == 0) != (other == 0))
        abort();
    return 0;
}
