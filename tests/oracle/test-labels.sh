#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# SELinux's labels: libselinux' own lookup judges ours, with Debian's
# reference policy and rules that an administrator adds to it.
. "$H2K_SOURCE/tests/tap.sh"
PATH=$PATH:/usr/sbin
need matchpathcon selabel_lookup
policy=/etc/selinux/default/contexts/files
if [ ! -f $policy/file_contexts ]; then
    [ -z "${H2K_REQUIRE_ORACLES:-}" ] ||
        { echo "1..1"; echo "not ok 1 - selinux-policy-default is required"; exit 1; }
    echo "1..0 # SKIP selinux-policy-default is not installed"
    exit 0
fi
tool=$H2K_BUILD/tests/oracle/label-paths
cd "$tap_dir" || exit 1
paths=${H2K_LABEL_PATHS:-4000}

# The texts alone: a compiled form may be of another version.
mkdir plain local
cp $policy/file_contexts $policy/file_contexts.homedirs \
    $policy/file_contexts.subs_dist plain/
cp plain/* local/
cat >local/file_contexts.local <<'END'
/srv/web(/.*)?	system_u:object_r:httpd_sys_content_t:s0
/srv/web/private	--	system_u:object_r:shadow_t:s0
/etc/fstab	-d	system_u:object_r:tmp_t:s0
/opt/a|/opt/b	system_u:object_r:bin_t:s0
/data/\.hidden	system_u:object_r:var_t:s0
/data/.*	<<none>>
END
printf '/export/home /home\n/srv/www /srv/web\n/odd /\n' \
    >local/file_contexts.subs

# Type and path: a real tree, and names that policies know.
{
    find /etc /usr/bin /usr/sbin /usr/lib /var /opt -xdev \
        \( -type f -printf '-- %p\n' \) -o \
        \( -type d -printf '-d %p\n' \) -o \
        \( -type l -printf '-l %p\n' \) 2>/dev/null |
        awk 'length < 1000 && $0 !~ /[^ -~]/ && NF == 2' | LC_ALL=C sort |
        awk -v want="$paths" '{ line[NR] = $0 }
            END { step = NR > want ? NR / want : 1
                  for (i = 1; i <= NR; i += step) print line[int(i)] }'
    cat <<'END'
-d /
-- /.autorelabel
-d /home/user
-d /home/user/.ssh
-- /home/user/.ssh/authorized_keys
-d /root/.ssh
-- /root/.ssh/authorized_keys
-d /export/home/user/.ssh
-- /srv/web/index.html
-- /srv/web/private
-d /srv/web/private
-- /srv/www/private
-- /etc/fstab
-d /etc/fstab
-- /etc/shadow
-- /etc/shadow.backup.hyper2kvm.20260202-024000
-- /etc/sudoers.d/user
-- /etc/systemd/network/70-hyper2kvm-ens192.link
-l /etc/systemd/system/multi-user.target.wants/qemu-guest-agent.service
-- /lib/systemd/system/qemu-guest-agent.service
-- /usr/sbin/qemu-ga
-- /boot/initrd.img-6.1.0-13-amd64
-- /run/qemu-ga.state
-- /opt/a
-- /opt/b
-- /data/.hidden
-- /data/other
-- /odd/etc/shadow
-- /oddly
-c /dev/null
-s /run/x
-p /dev/initctl
END
} >list

# answers DIRECTORY: "TYPE PATH CONTEXT" by libselinux, a type at a time.
answers()
{
    while read -r letter name; do
        sed -n "s/^$letter //p" list >of-type
        [ -s of-type ] || continue
        xargs -n 500 matchpathcon -n -f "$1/file_contexts" -m "$name" \
            <of-type >contexts || return 1
        paste -d ' ' of-type contexts | sed "s/^/$letter /"
    done <<END
-- file
-d dir
-l lnk_file
-c chr_file
-s sock_file
-p pipe
END
}

for which in plain local; do
    answers $which | LC_ALL=C sort >"$which.theirs"
    "$tool" $which <list >contexts
    ok $? "$which: every path is looked up"
    paste -d ' ' list contexts | LC_ALL=C sort >"$which.ours"
    is "$(wc -l <"$which.theirs")" "$(wc -l <list)" \
        "$which: libselinux answers for all of them"
    diff "$which.theirs" "$which.ours" | head -n 20 | sed 's/^/# /'
    cmp -s "$which.theirs" "$which.ours"
    ok $? "$which: all labels are libselinux'"
done
is "$(grep -c . list | awk '{ print ($1 > 1000) }')" 1 "of many paths"
is "$(sort -u local.ours | awk '{ print $3 }' | sort -u | wc -l |
    awk '{ print ($1 > 40) }')" 1 "with many labels"
tap_done
