/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* LVM2's own configuration: filters and the file of devices. */
#include "guest/fix/edits.h"

#include "base/error.h"
#include "fs/memory.h"

#include "fake-devices.h"
#include "memtree.h"
#include "tap.h"

#define CONF "/etc/lvm/lvm.conf"
#define DEVICES "/etc/lvm/devices/system.devices"

static const struct h2k_edit *const edits[] = { &h2k_edit_lvm, NULL };

/* The edit on a guest with TEXT at PATH; what is there then, or NULL. */
static char *
run(const char *path, const char *text, struct h2k_fix_result *result)
{
    struct h2k_fix_options options = h2k_fix_defaults();
    options.backup = false;
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(4096);
    memtree_file(fs, path, 0600, text);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_fix fix = { .root = root,
                           .devices = fake_devices,
                           .options = &options,
                           .result = result };
    *result = (struct h2k_fix_result){ 0 };
    ok(h2k_fix_run_edits(&fix, edits) == 0, "the edit runs");
    return memtree_text(fs, path);
}

/* BEFORE becomes AFTER, with so many changes and warnings; and stays. */
static void
becomes(const char *path, const char *before, const char *after,
        size_t changes, size_t warnings)
{
    struct h2k_fix_result result, again;
    h2k_autofree char *text = run(path, before, &result);
    if (after == NULL)
        ok(text == NULL, "the file is gone");
    else if (ok(text != NULL, "the file is there"))
        same_text(text, after);
    ok(result.change_count == changes, "%zu changes or warnings",
       result.change_count);
    ok(result.warnings.count == warnings, "%zu changes or warnings",
       result.warnings.count);
    if (text != NULL) {
        h2k_autofree char *same = run(path, text, &again);
        ok(same != NULL && strcmp(same, text) == 0,
           "a second run changes nothing");
        ok(again.change_count == 0, "%zu changes or warnings",
           again.change_count);
        h2k_fix_result_free(&again);
    }
    h2k_fix_result_free(&result);
}

static void
stays(const char *text, size_t warnings)
{
    becomes(CONF, text, text, 0, warnings);
}

static void
test_filters(void)
{
    becomes(CONF,
            "# filter = [ \"a|sd|\" ]\ndevices {\n\tdir = \"/dev\"\n"
            "\tfilter = [ \"a|/dev/sd.*|\", \"r|.*|\" ] # ours\n}\n",
            "# filter = [ \"a|sd|\" ]\ndevices {\n\tdir = \"/dev\"\n"
            "\tfilter = [ \"a|^/dev/vd|\", \"a|/dev/sd.*|\", \"r|.*|\" ] # "
            "ours\n}\n",
            1, 0);
    becomes(CONF,
            "devices {\n global_filter=[\"a/^\\/dev\\/sda[0-9]$/\",\n"
            "  \"a(/dev/disk/by-id/scsi-36000c29{1})\", \"r/.*/\"]\n"
            " filter = [ \"a|.*|\" ]\n}\n",
            "devices {\n global_filter=[\"a|^/dev/vd|\", "
            "\"a/^\\/dev\\/sda[0-9]$/\",\n"
            "  \"a(/dev/disk/by-id/scsi-36000c29{1})\", \"r/.*/\"]\n"
            " filter = [ \"a|.*|\" ]\n}\n",
            1, 0);
    becomes(CONF, "devices/filter = [\"a|^/dev/sda2$|\",\"r|.*|\"]\n",
            "devices/filter = [\"a|^/dev/vd|\", \"a|^/dev/sda2$|\","
            "\"r|.*|\"]\n",
            1, 0);
    /* What Debian's own lvmdbusd.profile has. */
    becomes(CONF,
            "global {\n\tunits=b\n\tx=1.5\n}\nreport { t='%s\"' }\n"
            "devices { filter = [ \"a|sd|\", \"r|.*|\" ] }\n",
            "global {\n\tunits=b\n\tx=1.5\n}\nreport { t='%s\"' }\n"
            "devices { filter = [ \"a|^/dev/vd|\", \"a|sd|\", "
            "\"r|.*|\" ] }\n",
            1, 0);
}

static void
test_filters_left_alone(void)
{
    stays("devices {\n filter = [ \"r|/dev/cdrom|\" ]\n}\n", 0);
    stays("devices {\n filter = [ \"r|.*|\" ]\n}\n", 0);
    stays("devices {\n filter = [ \"a|/dev/[sv]d.*|\", \"r|.*|\" ]\n}\n", 0);
    stays("allocation { filter = [ \"a|sd|\", \"r|.*|\" ] }\n", 0);
    stays("devices {\n filter = [ ]\n}\n", 0);
    /* Said by name: somebody's wish, which may still be wrong. */
    stays("devices {\n filter = [ \"a|/dev/sd|\", \"r|/dev/vd|\" ]\n}\n", 1);
    stays("devices {\n filter = [ \"a|sd\n", 1);
    stays("devices {\n filter = 'a|sd\n", 1);
    stays("devices {\n filter = }\n", 1);
    /* Rules that LVM2 refuses, and expressions of another language. */
    stays("devices {\n filter = [ \"x|sd|\", \"r|(a\\\\1)|\", \"\" ]\n}\n", 0);
}

/* regcomp(3) takes 2 to the Nth steps for N times "+": a rule with many is
 * not tried, where it would reject virtio's disks by name. */
static void
test_repeats(void)
{
    stays("devices {\n filter = [ \"a|sd|\", \"r|/dev/v++++++++d|\" ]\n}\n",
          1);
    stays("devices {\n filter = [ \"a|sd|\", \"r|/dev/v+++++++++d|\" ]\n}\n",
          0);
}

static void
test_devices(void)
{
    static const char head[] = "# LVM uses devices listed in this file.\n"
                               "VERSION=1.1.2\n";
    static const char wwid[] =
        "IDTYPE=sys_wwid IDNAME=naa.6000c293f1dcca DEVNAME=/dev/sda2 "
        "PVID=fKn2mR PART=2\n";
    static const char mine[] =
        "IDTYPE=devname IDNAME=/dev/sdb DEVNAME=/dev/sdb PVID=abc\n";
    static const char raid[] =
        "IDTYPE=md_uuid IDNAME=1:2 DEVNAME=/dev/md0 PVID=def\n";
    char before[1024], after[1024];
    snprintf(before, sizeof(before), "%s%s%s", head, wwid, mine);
    becomes(DEVICES, before, NULL, 1, 0);
    snprintf(before, sizeof(before), "%s%s%s%s", head, wwid, raid, mine);
    snprintf(after, sizeof(after),
             "%sIDTYPE=devname IDNAME=. DEVNAME=. PVID=fKn2mR PART=2\n%s"
             "IDTYPE=devname IDNAME=. DEVNAME=. PVID=abc\n",
             head, raid);
    becomes(DEVICES, before, after, 2, 0);
    snprintf(before, sizeof(before), "%s%s", head, raid);
    becomes(DEVICES, before, before, 0, 0);
    becomes(DEVICES, head, head, 0, 0);
}

int
main(void)
{
    test_filters();
    test_filters_left_alone();
    test_repeats();
    test_devices();
    return tap_done();
}
