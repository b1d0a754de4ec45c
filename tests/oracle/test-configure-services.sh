#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Services enabled, disabled and masked by us and by systemctl --root on a copy
# of the same tree: the same links come of it.
. "$H2K_SOURCE/tests/tap.sh"
need systemctl
tool=$H2K_BUILD/tests/oracle/configure-tool
now=1770000000
cd "$tap_dir" || exit 1

# unit NAME LINE...: a unit whose [Install] section has these lines.
unit()
{
    file=$1
    shift
    mkdir -p "$(dirname "tree/$file")"
    {
        printf '[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\n'
        [ $# -eq 0 ] || printf '[Install]\n'
        [ $# -eq 0 ] || printf '%s\n' "$@"
    } >"tree/$file"
}

units=usr/lib/systemd/system
mkdir -p tree/etc/systemd/system tree/$units
unit $units/plain.service WantedBy=multi-user.target
unit $units/two.service 'WantedBy=multi-user.target graphical.target' \
    'RequiredBy=basic.target' 'Alias=zwei.service'
unit $units/cont.service 'WantedBy=multi-user.target \' '# a comment' \
    '  graphical.target'
unit $units/reset.service WantedBy=multi-user.target WantedBy= \
    WantedBy=rescue.target
unit $units/also.service WantedBy=multi-user.target Also=also.socket
unit $units/also.socket WantedBy=sockets.target
unit $units/only-also.service Also=plain.service
unit $units/tpl@.service 'WantedBy=%i.target getty.target' DefaultInstance=one
unit $units/bare@.service WantedBy=getty.target
unit $units/aliased@.service Alias=other@.service WantedBy=x.target
unit $units/spec-if.service 'WantedBy=%p.target %N-%j.target' 
unit $units/static.service
unit $units/masked.service WantedBy=multi-user.target
ln -s /dev/null tree/etc/systemd/system/masked.service
unit $units/dropped.service
mkdir -p tree/etc/systemd/system/dropped.service.d \
    tree/$units/dropped.service.d
printf '[Install]\nWantedBy=a.target\n' >tree/$units/dropped.service.d/10.conf
printf '[Install]\nWantedBy=b.target\n' \
    >tree/etc/systemd/system/dropped.service.d/10.conf
printf '[Install]\nWantedBy=c.target\n' \
    >tree/etc/systemd/system/dropped.service.d/20.conf
unit etc/systemd/system/local.service WantedBy=multi-user.target
unit usr/local/lib/systemd/system/plain2.service WantedBy=local.target
unit $units/plain2.service WantedBy=vendor.target
unit opt/linked.service WantedBy=multi-user.target
ln -s /opt/linked.service tree/etc/systemd/system/linked.service
unit $units/a.timer WantedBy=timers.target
unit $units/on.service WantedBy=multi-user.target Alias=an.service
unit $units/tp2@.service WantedBy=multi-user.target
unit $units/half.service WantedBy=multi-user.target
w=tree/etc/systemd/system/multi-user.target.wants
mkdir -p $w tree/etc/systemd/system/odd.target.requires
for name in on half; do ln -s /$units/$name.service $w/$name.service; done
ln -s ../../../../$units/on.service \
    tree/etc/systemd/system/odd.target.requires/on.service
ln -s /$units/on.service tree/etc/systemd/system/an.service
for i in 1 2; do ln -s /$units/tp2@.service $w/tp2@$i.service; done
ln -s /lib/systemd/system/gone.service $w/gone.service
mkdir -p tree/sbin tree/lib/systemd
: >tree/lib/systemd/systemd
ln -s /lib/systemd/systemd tree/sbin/init

# links TREE: every link in /etc/systemd/system, and where it leads.
links()
{
    (cd "$1/etc/systemd/system" && find . -type l -printf '%p %l\n') |
        sed 's: /usr/lib/systemd: /lib/systemd:; s: \.\./.*/: /lib/systemd/system/:' |
        sort
}

# same VERB UNIT: ours and systemctl's.
same()
{
    rm -rf theirs ours
    cp -a tree theirs
    systemctl --root="$tap_dir/theirs" "$1" "$2" >theirs.log 2>&1
    printf 'services: {%s: ["%s"]}\n' "$1" "$2" >configuration
    "$tool" tree configuration ours $now >ours.log 2>&1
    ok $? "$1 $2: is put in"
    links theirs >theirs.links
    links ours >ours.links
    cmp theirs.links ours.links
    same_links=$?
    ok $same_links "$1 $2: the links that systemctl makes"
    if [ $same_links -ne 0 ]; then
        diff theirs.links ours.links | sed 's/^/# /'
        sed 's/^/# /' theirs.log ours.log
    fi
    grep -qx 'second 0' ours.log
    ok $? "$1 $2: a second time changes nothing"
}

for name in plain plain.service two cont reset also only-also tpl@two tpl@ \
    spec-if static masked dropped local plain2 linked a.timer on \
    missing half tp2@3 aliased@i; do
    same enable $name
done
for name in on an plain tp2@1 tp2@ half linked masked missing \
    two also local; do
    same disable $name
done
for name in plain local.timer masked half tp2@1 tpl@.service local; do
    same mask $name
done

# Scripts: update-rc.d made to look into the tree for them too.
need update-rc.d
sed 's:"/etc/init.d/\$:"$dpkg_root/etc/init.d/$:' "$(command -v update-rc.d)" \
    >update-rc.d
for level in 0 1 2 3 4 5 6 S; do mkdir -p sysv/etc/rc$level.d; done
mkdir -p sysv/etc/init.d sysv/sbin
: >sysv/etc/inittab
printf '%s\n' '#!/bin/sh' '### BEGIN INIT INFO' '# Provides: job' \
    '# Default-Start:     2 3 5' '# Default-Stop: 0 1 6' '### END INIT INFO' \
    >sysv/etc/init.d/job
cp sysv/etc/init.d/job sysv/etc/init.d/other
sed 's/2 3 5/S/; s/0 1 6//' sysv/etc/init.d/job >sysv/etc/init.d/early
chmod 755 sysv/etc/init.d/*
cp -a sysv sysv-on
for name in job other early; do
    DPKG_ROOT=$tap_dir/sysv-on SYSTEMCTL_SKIP_SYSV=1 \
        perl update-rc.d $name defaults >/dev/null 2>&1
done
mv sysv-on/etc/rc2.d/S01other sysv-on/etc/rc2.d/S20other
cp -a sysv-on sysv-off
DPKG_ROOT=$tap_dir/sysv-off perl update-rc.d job disable >/dev/null 2>&1
DPKG_ROOT=$tap_dir/sysv-off perl update-rc.d other disable >/dev/null 2>&1

scripts()
{
    (cd "$1/etc" && find . -type l -printf '%p %l\n' | sort)
}

# script TREE VERB NAME ACTION
script()
{
    rm -rf theirs ours
    cp -a "$1" theirs
    DPKG_ROOT=$tap_dir/theirs perl update-rc.d "$3" "$4" >theirs.log 2>&1
    printf 'services: {%s: ["%s"]}\n' "$2" "$3" >configuration
    "$tool" "$1" configuration ours $now >ours.log 2>&1
    is "$(scripts ours)" "$(scripts theirs)" \
        "$1: $2 $3 makes the links of update-rc.d $4"
    grep -qx 'second 0' ours.log
    ok $? "$1: $2 $3 a second time changes nothing"
}
script sysv enable job defaults
script sysv enable early defaults
script sysv disable job disable
script sysv-on enable job enable
script sysv-on disable job disable
script sysv-on disable other disable
script sysv-off enable job enable
script sysv-off enable other enable
tap_done
