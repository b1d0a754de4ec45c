/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Machines out of envelopes: the order of disks, and what writers differ in.
 */
#include "tap.h"

#include "ovf/machine.h"
#include "ovf/sums.h"

#include <stdio.h>
#include <string.h>

#define FILES                                                              \
    "<References><File o:id='a' o:href='a.vmdk'/><File o:id='b' "          \
    "o:href='b.vmdk'/><File o:id='c' o:href='c.vmdk'/></References>"       \
    "<DiskSection><Disk o:diskId='a' o:fileRef='a' o:capacity='2' "        \
    "o:capacityAllocationUnits='byte * 2^30'/>"                            \
    "<Disk o:diskId='b' o:fileRef='b'/><Disk o:diskId='c' o:fileRef='c'/>" \
    "<Disk o:diskId='empty' o:capacity='512'/></DiskSection>"

static struct h2k_ovf_machine *
read_machine(const char *sections, const char *system)
{
    char text[8192];
    snprintf(text, sizeof(text),
             "<Envelope xmlns='http://schemas.dmtf.org/ovf/envelope/1' "
             "xmlns:o='http://schemas.dmtf.org/ovf/envelope/1'>%s"
             "<VirtualSystem o:id='vm'>%s</VirtualSystem></Envelope>",
             sections, system);
    return h2k_ovf_machine_read(text, strlen(text));
}

#define CONTROLLER(id, type, address)                     \
    "<Item><Address>" address "</Address><InstanceID>" id \
    "</InstanceID><ResourceType>" type "</ResourceType></Item>"
#define DISK(name, parent, unit)                                           \
    "<Item><AddressOnParent>" unit "</AddressOnParent><HostResource>" name \
    "</HostResource><InstanceID>9</InstanceID><Parent>" parent             \
    "</Parent><ResourceType>17</ResourceType></Item>"

static void
test_order(void)
{
    H2K_AUTO(h2k_ovf_machine)
    m = read_machine(
        FILES, "<VirtualHardwareSection>" CONTROLLER("3", "5", "0")
                   CONTROLLER("4", "6", "1") CONTROLLER("5", "6", "0")
                       DISK("ovf:/disk/a", "3", "0") DISK("/disk/b", "4", "0")
                           DISK("ovf://disk/c", "5", "7")
                               DISK("ovf:/disk/empty", "5",
                                    "0") "</VirtualHardwareSection>");
    ok(m != NULL && m->disk_count == 3, "three disks have files");
    if (m == NULL)
        return;
    ok(strcmp(m->disks[0].href, "c.vmdk") == 0 &&
           strcmp(m->disks[1].href, "b.vmdk") == 0 &&
           strcmp(m->disks[2].href, "a.vmdk") == 0,
       "SCSI before IDE, by the controllers' numbers");
    ok(m->disks[2].capacity == UINT64_C(2) << 30, "a capacity in GiB");
    ok(m->warning_count == 1, "the empty disk is told");
}

static void
test_settings(void)
{
    H2K_AUTO(h2k_ovf_machine)
    m = read_machine(
        FILES, "<OperatingSystemSection o:id='96'/><VirtualHardwareSection>"
               "<Item><ResourceType>3</ResourceType><VirtualQuantity>4"
               "</VirtualQuantity></Item>"
               "<Item><AllocationUnits>MegaBytes</AllocationUnits>"
               "<ResourceType>4</ResourceType><VirtualQuantity>512"
               "</VirtualQuantity></Item>"
               "<Item><Address>080027ABCDEF</Address><Connection>lan"
               "</Connection><ResourceType>10</ResourceType></Item>"
               "<Config o:key='firmware' o:value='efi'/>"
               "</VirtualHardwareSection>");
    ok(m != NULL && m->disk_count == 3 && m->warning_count == 5,
       "disks of no device are told, and converted");
    if (m == NULL)
        return;
    ok(strcmp(m->name, "vm") == 0 && m->cpus == 4, "name and processors");
    ok(m->memory == UINT64_C(512) << 20, "memory in older units");
    ok(m->firmware == H2K_OVF_UEFI, "VMware's firmware");
    ok(m->os_hint != NULL && strcmp(m->os_hint, "debian") == 0,
       "the system by its CIM number");
    ok(m->nic_count == 1 && strcmp(m->nics[0].mac, "08:00:27:ab:cd:ef") == 0,
       "a MAC without colons");
}

static void
test_names(void)
{
    static const char *const bad[] = { "",     ".",      "..",  "a/b",
                                       "a\\b", "../a.v", "a\nb" };
    bool good = true;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        good = good && !h2k_ovf_is_file_name(bad[i]);
    ok(good, "names that lead elsewhere are none");
    h2k_autofree char *name = h2k_ovf_decode_href("a%20b.vmdk");
    ok(name != NULL && strcmp(name, "a b.vmdk") == 0, "%%20 is a space");
    h2k_autofree char *up = h2k_ovf_decode_href("..%2fa.vmdk");
    h2k_autofree char *nul = h2k_ovf_decode_href("a%00b");
    ok(up == NULL && nul == NULL, "and nothing that leads elsewhere");
}

static void
test_sums(void)
{
    static const char text[] =
        "SHA1(a)= 00112233445566778899aabbccddeeff00112233\r\n"
        "SHA256 (a) = 00112233445566778899AABBCCDDEEFF"
        "00112233445566778899aabbccddeeff\n"
        "MD5(b)= 00\n";
    H2K_AUTO(h2k_ovf_sums) s = h2k_ovf_sums_parse(text, strlen(text));
    const struct h2k_ovf_sum *sum = h2k_ovf_sums_find(s, "a");
    ok(sum != NULL && sum->kind == H2K_HASH_SHA256, "the strongest sum");
    ok(h2k_ovf_sums_find(s, "b") == NULL, "one that is not known is none");
    ok(h2k_ovf_sums_parse("SHA1(a)= 00\n", 12) == NULL, "too few digits");
}

int
main(void)
{
    test_order();
    test_settings();
    test_names();
    test_sums();
    return tap_done();
}
