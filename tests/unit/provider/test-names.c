/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names of files, guest ids, and the descriptor of a flat disk. */
#include "provider/file-name.h"
#include "provider/flat-descriptor.h"
#include "ovf/guest-id.h"

#include "image/vmdk.h"
#include "tap.h"

static void
name_is(const char *vm, const char *expected)
{
    h2k_autofree char *got = h2k_export_file_name(vm);
    ok_string(got, expected);
    ok(got != NULL && h2k_export_name_is_safe(got), "  and it is safe");
}

static void
test_names(void)
{
    name_is("web-01", "web-01");
    name_is("Büro & Lager 'neu'", "Büro & Lager 'neu'");
    name_is("a/b\\c:d", "a_b_c_d");
    name_is("../../etc/passwd", "_._.._etc_passwd");
    name_is("..", "_");
    name_is("", "vm");
    name_is("   ", "vm");
    name_is("-rf", "_rf");
    name_is(".hidden", "_hidden");
    name_is("say \"hi\" <now>", "say _hi_ _now_");
    name_is("50%2f50 #1?", "50_2f50 _1_");
    name_is("line\nbreak\x7f\x01", "line_break__");
    name_is("not utf-8: \xff\xc3", "not utf-8_ __");
    name_is("dots at the end. . ", "dots at the end");
    name_is("\xe2\x80\xa8 \xef\xbb\xbf", "_ _");
}

static void
test_long_names(void)
{
    char vm[301], other[301];
    memset(vm, 'x', 300);
    vm[300] = '\0';
    memcpy(other, vm, 301);
    other[299] = 'y';
    h2k_autofree char *a = h2k_export_file_name(vm);
    h2k_autofree char *b = h2k_export_file_name(other);
    ok(strlen(a) == H2K_FILE_NAME_MAX, "a long name is cut");
    ok(strcmp(a, b) != 0, "and two of them stay two");
    h2k_autofree char *disk = h2k_export_disk_name(a, 123, "-flat.vmdk");
    ok(h2k_export_name_is_safe(disk), "with its suffix it fits into a tar");
    for (size_t i = 0; i + 2 < 300; i += 2)
        memcpy(vm + i, "ü", 2);
    vm[298] = '\0';
    for (int shift = 0; shift < 2; shift++) {
        h2k_autofree char *c = h2k_export_file_name(vm + 2 - 2 * shift);
        ok(h2k_export_name_is_safe(c), "it is cut between characters");
    }
    memmove(vm + 1, vm, 298);
    vm[0] = 'x';
    h2k_autofree char *d = h2k_export_file_name(vm);
    ok(h2k_export_name_is_safe(d), "also an odd one");
    ok(!h2k_export_name_is_safe("a/b") && !h2k_export_name_is_safe("..") &&
           !h2k_export_name_is_safe("") && !h2k_export_name_is_safe("a\"b") &&
           !h2k_export_name_is_safe("http:x"),
       "what is not safe is told");
}

static void
guest_is(const char *id, unsigned cim, const char *hint, const char *version)
{
    const struct h2k_vm vm = { .guest_id = (char *)id };
    char text[64];
    const char *got_hint = h2k_vm_os_hint(&vm);
    const char *got_version = h2k_vm_os_version(&vm, text);
    ok(h2k_guest_id_cim(id) == cim && (hint == NULL) == (got_hint == NULL) &&
           (hint == NULL || strcmp(hint, got_hint) == 0) &&
           (version == NULL) == (got_version == NULL) &&
           (version == NULL || strcmp(version, got_version) == 0),
       "%s is %s %s (CIM %u)", id == NULL ? "no id" : id,
       hint == NULL ? "unknown" : hint, version == NULL ? "" : version, cim);
}

static void
test_guests(void)
{
    guest_is("debian12_64Guest", 96, "debian", "12");
    guest_is("debian10Guest", 95, "debian", "10");
    guest_is("ubuntu64Guest", 94, "ubuntu", NULL);
    guest_is("ubuntuGuest", 93, "ubuntu", NULL);
    guest_is("rhel9_64Guest", 80, "rhel", "9");
    guest_is("redhatGuest", 79, "rhel", NULL);
    guest_is("centos7_64Guest", 107, "centos", "7");
    guest_is("sles64Guest", 85, "sles", NULL);
    guest_is("oracleLinux8_64Guest", 109, "ol", "8");
    guest_is("other5xLinux64Guest", 101, "linux", NULL);
    guest_is("other26xLinuxGuest", 99, "linux", NULL);
    guest_is("amazonlinux3_64Guest", 101, "amzn", "2023");
    guest_is("windows7Server64Guest", 103, "windows", "2008 R2");
    guest_is("windows7_64Guest", 105, "windows", "7");
    guest_is("windows2019srvNext_64Guest", 102, "windows", "2022");
    guest_is("windows9Server64Guest", 102, "windows", "2016");
    guest_is("winNetStandard64Guest", 70, "windows", "2003");
    guest_is("freebsd13_64Guest", 78, "freebsd", "13");
    guest_is("vmkernel65Guest", 104, "esxi", NULL);
    guest_is("otherGuest64", 102, NULL, NULL);
    guest_is("otherGuest", 1, NULL, NULL);
    guest_is("debian99999999999999999Guest", 95, "debian", "99999999");
    guest_is("", 1, NULL, NULL);
    guest_is(NULL, 1, NULL, NULL);
}

static void
test_tools(void)
{
    char text[64];
    struct h2k_vm vm = {
        .guest_id = (char *)"centos7_64Guest",
        .tools_guest_id = (char *)"rockylinux_64Guest",
    };
    ok_string(h2k_vm_os_hint(&vm), "rocky");
    ok(h2k_vm_os_version(&vm, text) == NULL,
       "the version is of the same source");
    vm.tools_guest_id = (char *)"otherGuest";
    ok_string(h2k_vm_os_hint(&vm), "centos");
}

static void
test_flat(void)
{
    uint64_t capacity = UINT64_C(3) << 40;
    h2k_autofree char *text = h2k_flat_descriptor(
        "a b & 'c'-flat.vmdk", capacity, H2K_VM_BUS_SCSI, "VirtualSCSI");
    H2K_AUTO(h2k_vmdk_descriptor)
    d = text == NULL ? NULL : h2k_vmdk_descriptor_parse(text, strlen(text));
    ok(d != NULL && d->extent_count == 1 &&
           d->sectors == capacity / H2K_VMDK_SECTOR &&
           d->extents[0].type == H2K_VMDK_FLAT && d->extents[0].offset == 0,
       "our reader finds the extent");
    ok_string(d == NULL ? NULL : d->extents[0].file, "a b & 'c'-flat.vmdk");
    ok_error(h2k_flat_descriptor("a\"b", 512, H2K_VM_BUS_IDE, NULL) == NULL,
             H2K_E_RANGE, "cannot stand");
    ok_error(h2k_flat_descriptor("a", 513, H2K_VM_BUS_IDE, NULL) == NULL,
             H2K_E_RANGE, "whole sectors");
    ok_error(h2k_flat_descriptor("a", 0, H2K_VM_BUS_IDE, NULL) == NULL,
             H2K_E_RANGE, "whole sectors");
}

int
main(void)
{
    test_names();
    test_long_names();
    test_guests();
    test_tools();
    test_flat();
    return tap_done();
}
