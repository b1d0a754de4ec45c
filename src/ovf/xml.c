/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "ovf/xml.h"

#include "base/checked.h"
#include "base/xml.h"
#include "ovf/names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

xmlDoc *
h2k_ovf_xml_parse(const char *xml, size_t size)
{
    return h2k_xml_parse(xml, size, H2K_OVF_MAX_SIZE, H2K_OVF_MAX_DEPTH);
}

bool
h2k_ovf_xml_is(const xmlNode *node, const char *namespace, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns != NULL &&
           strcmp((const char *)node->ns->href, namespace) == 0 &&
           strcmp((const char *)node->name, name) == 0;
}

bool
h2k_ovf_number(const char *text, uint64_t *value)
{
    *value = 0;
    for (const char *p = text; *p != '\0'; p++)
        if (*p < '0' || *p > '9' || ckd_mul(value, *value, 10) ||
            ckd_add(value, *value, (uint64_t)(*p - '0')))
            return false;
    return *text != '\0';
}

bool
h2k_ovf_units(const char *units, uint64_t *bytes)
{
    static const struct {
        const char *name;
        unsigned power;
    } older[] = {
        { "byte", 0 }, { "bytes", 0 },      { "KB", 10 }, { "KiloBytes", 10 },
        { "MB", 20 },  { "MegaBytes", 20 }, { "GB", 30 }, { "GigaBytes", 30 },
    };
    unsigned power;
    int end = 0;
    *bytes = 1;
    if (units == NULL)
        return true;
    for (size_t i = 0; i < sizeof(older) / sizeof(*older); i++)
        if (strcasecmp(units, older[i].name) == 0) {
            *bytes = UINT64_C(1) << older[i].power;
            return true;
        }
    if (sscanf(units, "byte * 2 ^ %2u%n", &power, &end) != 1 ||
        units[end] != '\0' || power >= 64)
        return false;
    *bytes = UINT64_C(1) << power;
    return true;
}
