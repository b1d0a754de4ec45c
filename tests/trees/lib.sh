# SPDX-License-Identifier: LGPL-3.0-or-later
# What tree.sh files are written with.  The current directory is the guest's
# root.
# shellcheck shell=sh

# file PATH [MODE]: standard input is its content.
file()
{
    mkdir -p "./$(dirname "$1")"
    cat >"$1"
    chmod "${2:-644}" "$1"
}

# programs PATH...: that something is installed.
programs()
{
    for program; do
        elf "$program"
        chmod 755 "$program"
    done
}

# merged_usr [sbin]: /bin, /lib, /lib64 and /sbin are links into /usr, and
# with "sbin" /usr/sbin is a link to bin, as Fedora 42 and Arch have it.
merged_usr()
{
    mkdir -p usr/bin usr/lib usr/lib64
    if [ -n "${1:-}" ]; then
        ln -s bin usr/sbin
    else
        mkdir -p usr/sbin
    fi
    for directory in bin lib lib64 sbin; do
        ln -s usr/$directory $directory
    done
}

# ---- Kernels ----

# initramfs GENERATOR PATH RELEASE DIRECTORY PACKER: an initramfs as GENERATOR
# makes it, with modules in its DIRECTORY (lib/modules or usr/lib/modules).
initramfs()
{
    inner=$work/initramfs
    rm -rf "$inner"
    mkdir -p "$inner/etc" "$inner/usr/bin"
    elf "$inner/init"
    case $4 in
    usr/lib/modules)
        mkdir -p "$inner/usr/lib"
        ln -s usr/lib "$inner/lib"
        ;;
    esac
    initramfs_modules "$inner/$4/$3"
    case $1 in
    initramfs-tools)
        mkdir "$inner/conf" "$inner/scripts"
        echo MODULES=most >"$inner/conf/initramfs.conf"
        ;;
    dracut)
        mkdir -p "$inner/${4%/modules}/dracut"
        echo dracut-000 >"$inner/${4%/modules}/dracut/dracut-000"
        echo NAME=dracut >"$inner/etc/initrd-release"
        ;;
    mkinitcpio)
        echo 'run_hookfunctions() { :; }' >"$inner/init_functions"
        mkdir "$inner/hooks"
        ;;
    mkinitfs)
        mkdir -p "$inner/.modloop" "$inner/newroot" "$inner/media"
        echo 'features="ata base ext4 scsi"' >"$inner/etc/mkinitfs.conf"
        ;;
    esac
    # A command and its options.
    # shellcheck disable=SC2086
    pack "$inner" | $5 >"$2"
}

# kernel RELEASE IMAGE INITRAMFS GENERATOR [MODULES [SUFFIX [PACKER]]]: a
# kernel with its modules in MODULES/RELEASE.
kernel()
{
    mkdir -p boot "${5:-usr/lib/modules}"
    bz_image "$2" "$1"
    kernel_modules "${5:-usr/lib/modules}/$1" "${6:-.ko}"
    [ -z "$3" ] || initramfs "$4" "$3" "$1" "${5:-usr/lib/modules}" "${7:-gzip -n}"
}

# ---- What many have ----

# fstab [OPTIONS [ROOT [SWAP]]]
fstab()
{
    file etc/fstab <<-END
	${2:-/dev/sda1} / ext4 ${1:-defaults} 0 1
	${3:-/dev/sda2} swap swap defaults 0 0
	END
}

systemd_guest()
{
    elf usr/lib/systemd/systemd
    programs usr/bin/bash
    ln -s bash usr/bin/sh
    ln -s ../lib/systemd/systemd usr/sbin/init
    echo $MACHINE_ID | file etc/machine-id 444
}

hostname_is()
{
    echo "$1" | file etc/hostname
}

# os_release: standard input is it, and /etc has a link.
os_release()
{
    file usr/lib/os-release
    mkdir -p etc
    ln -s ../usr/lib/os-release etc/os-release
}

# grub_cfg DIRECTORY TITLE RELEASE:IMAGE:INITRAMFS...: GRUB's menu with device
# names, as `GRUB_DISABLE_LINUX_UUID` gives it.
grub_cfg()
{
    grub_dir=$1 title=$2
    shift 2
    {
        printf 'set default="0"\n'
        for entry; do
            image=${entry#*:}
            printf "menuentry '%s, %s' --class gnu-linux {\n" "$title" "${entry%%:*}"
            printf '\tlinux /%s root=/dev/sda1 ro quiet\n' "${image%%:*}"
            printf '\tinitrd /%s\n}\n' "${image#*:}"
        done
    } | file "boot/$grub_dir/grub.cfg" 600
}

# ifcfg DIRECTORY NAME [LINE...]: RHEL's and SUSE's.
ifcfg()
{
    ifcfg_dir=$1 ifcfg_name=$2
    shift 2
    printf '%s\n' "$@" | file "etc/$ifcfg_dir/ifcfg-$ifcfg_name"
}

# keyfile NAME: NetworkManager's, for the interface NAME.
keyfile()
{
    file "etc/NetworkManager/system-connections/$1.nmconnection" 600 <<-END
	[connection]
	id=$1
	type=ethernet
	interface-name=$1
	[ipv4]
	address1=192.0.2.10/24,192.0.2.1
	method=manual
	END
}

# ---- Families ----

# debian RELEASE...: Debian and Ubuntu with these kernels, newest first.
debian()
{
    merged_usr
    systemd_guest
    programs usr/bin/dpkg usr/bin/apt-get
    mkdir -p etc/initramfs-tools usr/share/initramfs-tools
    : >etc/initramfs-tools/modules
    echo MODULES=most | file etc/initramfs-tools/initramfs.conf
    entries=
    packages="systemd=${systemd:-252.1-1} udev=${systemd:-252.1-1}"
    for release; do
        kernel "$release" "boot/vmlinuz-$release" "boot/initrd.img-$release" \
            initramfs-tools usr/lib/modules "${suffix_of:-.ko}" "${packer:-gzip -n}"
        entries="$entries $release:boot/vmlinuz-$release:boot/initrd.img-$release"
        packages="$packages linux-image-$release=${release%-*}-1=/boot/vmlinuz-$release"
    done
    # shellcheck disable=SC2086
    grub_cfg grub "$distributor" $entries
    # shellcheck disable=SC2086
    dpkg_database $packages
    file etc/default/grub <<-END
	GRUB_DEFAULT=0
	GRUB_DISTRIBUTOR=\`lsb_release -i -s 2> /dev/null || echo Debian\`
	GRUB_CMDLINE_LINUX_DEFAULT="quiet"
	GRUB_DISABLE_LINUX_UUID=true
	END
    fstab errors=remount-ro
    hostname_is "${name%%[.-]*}"
}

# dpkg_database NAME=VERSION[=FILE]...: /var/lib/dpkg.
dpkg_database()
{
    mkdir -p var/lib/dpkg/info
    for package; do
        package_name=${package%%=*} rest=${package#*=}
        printf 'Package: %s\nStatus: install ok installed\n' "$package_name"
        printf 'Architecture: amd64\nVersion: %s\n' "${rest%%=*}"
        printf 'Description: a stand-in\n %s\n\n' "for tests"
        [ "$rest" = "${rest#*=}" ] || printf '/.\n/boot\n%s\n' "${rest#*=}" \
            >"var/lib/dpkg/info/$package_name.list"
    done | file var/lib/dpkg/status
}

# netplan NAME: Ubuntu's installer's.
netplan()
{
    file etc/netplan/00-installer-config.yaml 600 <<-END
	network:
	  version: 2
	  ethernets:
	    $1:
	      dhcp4: true
	END
}

# ifupdown NAME: Debian's installer's.
ifupdown()
{
    file etc/network/interfaces <<-END
	source /etc/network/interfaces.d/*
	auto lo
	iface lo inet loopback
	allow-hotplug $1
	iface $1 inet dhcp
	END
}

# redhat RELEASE...: what all of RHEL's descendants since 7 have.  Kernels are
# newest first.
redhat()
{
    merged_usr "${sbin:-}"
    systemd_guest
    programs usr/bin/rpm usr/bin/yum
    mkdir -p etc/dracut.conf.d usr/lib/dracut etc/selinux
    printf 'SELINUX=enforcing\nSELINUXTYPE=targeted\n' | file etc/selinux/config
    entries=
    for release; do
        kernel "$release" "boot/vmlinuz-$release" "boot/initramfs-$release.img" \
            dracut usr/lib/modules "${suffix_of:-.ko.xz}" "${packer:-gzip -n}"
        entries="$entries $release:boot/vmlinuz-$release:boot/initramfs-$release.img"
    done
    # shellcheck disable=SC2154
    [ -z "${rpm:-}" ] ||
        rpm_kernels "$rpm" var/lib/rpm "${kernel_is:-kernel-core}" "$systemd" "$@"
    file etc/default/grub <<-END
	GRUB_TIMEOUT=5
	GRUB_DISTRIBUTOR="\$(sed 's, release .*\$,,g' /etc/system-release)"
	GRUB_DEFAULT=saved
	GRUB_CMDLINE_LINUX="resume=/dev/sda2 rhgb quiet"
	GRUB_ENABLE_BLSCFG=${bls:-true}
	END
    fstab
    hostname_is "${name%%[.-]*}.example.com"
}

# bls OPTIONS RELEASE...: entries, and GRUB's menu that reads them.
bls()
{
    options=$1
    shift
    printf 'set default="${saved_entry}"\nload_env\nblscfg\n' |
        file boot/grub2/grub.cfg 600
    for release; do
        file "boot/loader/entries/$MACHINE_ID-$release.conf" <<-END
	title $title ($release)
	version $release
	linux /boot/vmlinuz-$release
	initrd /boot/initramfs-$release.img
	options $options
	grub_users \$grub_users
	grub_arg --unrestricted
	grub_class ${class:-rhel}
	END
    done
}

# grubenv LINE...: GRUB's environment block, 1024 bytes.
grubenv()
{
    {
        echo '# GRUB Environment Block'
        printf '%s\n' "$@"
        head -c 1024 /dev/zero | tr '\000' '#'
    } | head -c 1024 | file boot/grub2/grubenv
}

# redhat6 RELEASE NAME [PACKAGE]: what all of RHEL 6's kin have: no os-release,
# upstart, GRUB legacy, ifcfg, rpm's database in Berkeley DB.
redhat6()
{
    mkdir -p bin sbin lib usr/bin usr/sbin usr/lib64 etc/init usr/share/dracut/modules.d
    elf sbin/init
    programs bin/bash bin/rpm usr/bin/yum
    ln -s bash bin/sh
    echo 'start on stopped rcS' | file etc/init/rc.conf
    ln -s redhat-release etc/system-release
    kernel "$1" "boot/vmlinuz-$1" "boot/initramfs-$1.img" dracut lib/modules
    file boot/grub/grub.conf 600 <<-GRUB
	default=0
	timeout=5
	title $2 ($1)
	root (hd0,0)
	kernel /boot/vmlinuz-$1 ro root=/dev/sda1 rhgb quiet
	initrd /boot/initramfs-$1.img
	GRUB
    ln -s grub.conf boot/grub/menu.lst
    printf '(hd0)\t/dev/sda\n' | file boot/grub/device.map
    ln -s ../boot/grub/grub.conf etc/grub.conf
    printf 'NETWORKING=yes\nHOSTNAME=%s.example.com\n' "${name%%[.-]*}" |
        file etc/sysconfig/network
    ifcfg sysconfig/network-scripts eth0 DEVICE=eth0 HWADDR=00:50:56:aa:bb:01 \
        ONBOOT=yes BOOTPROTO=static IPADDR=192.0.2.10 NETMASK=255.255.255.0
    printf 'SELINUX=enforcing\nSELINUXTYPE=targeted\n' | file etc/selinux/config
    fstab
    rpm_database bdb var/lib/rpm udev=147-2.73.el6_8.2 \
        "${3:-kernel}=${1%.x86_64}=/boot/vmlinuz-$1"
}

# photon VERSION BUILD RELEASE: tdnf, systemd-networkd; the menu reads
# /boot/photon.cfg, a link to the kernel's own file.
photon()
{
    merged_usr
    systemd_guest
    programs usr/bin/rpm usr/bin/tdnf
    mkdir -p etc/dracut.conf.d usr/lib/dracut
    kernel "$3" "boot/vmlinuz-$3" "boot/initrd.img-$3" dracut lib/modules .ko.xz
    printf '%s\n' 'photon_cmdline=init=/lib/systemd/systemd rcupdate.rcu_expedited=1' \
        "photon_linux=vmlinuz-$3" "photon_initrd=initrd.img-$3" |
        file "boot/linux-$3.cfg"
    ln -s "linux-$3.cfg" boot/photon.cfg
    # shellcheck disable=SC2016
    printf '%s\n' 'set default=0' 'set rootpartition=/dev/sda1' \
        'load_env -f /boot/photon.cfg' 'menuentry "Photon" {' \
        '    linux /boot/$photon_linux root=$rootpartition $photon_cmdline' \
        '    if [ -f /boot/$photon_initrd ]; then' \
        '        initrd /boot/$photon_initrd' '    fi' '}' |
        file boot/grub2/grub.cfg 600
    printf '%s\n' "VMware Photon OS $1" "PHOTON_BUILD_NUMBER=$2" |
        file etc/photon-release
    printf '%s\n' '[Match]' 'Name=e*' '[Network]' 'DHCP=yes' |
        file etc/systemd/network/99-dhcp-en.network
    fstab
    hostname_is photon
    os_release <<-END
	NAME="VMware Photon OS"
	VERSION="$1"
	ID=photon
	VERSION_ID=$1
	PRETTY_NAME="VMware Photon OS/Linux"
	END
}

# suse RELEASE...: SLES and openSUSE.
suse()
{
    merged_usr
    systemd_guest
    programs usr/bin/rpm usr/bin/zypper
    mkdir -p etc/dracut.conf.d usr/lib/dracut
    entries=
    for release; do
        kernel "$release" "boot/vmlinuz-$release" "boot/initrd-$release" dracut \
            "${modules_in:-lib/modules}" .ko.xz 'xz --check=crc32'
        entries="$entries $release:boot/vmlinuz-$release:boot/initrd-$release"
    done
    [ -z "${rpm:-}" ] ||
        rpm_kernels "$rpm" "${rpm_in:-var/lib/rpm}" kernel-default "$systemd" "$@"
    # shellcheck disable=SC2086
    grub_cfg grub2 "$title" $entries
    file etc/default/grub <<-END
	GRUB_DISTRIBUTOR=
	GRUB_CMDLINE_LINUX_DEFAULT="splash=silent resume=/dev/sda2 quiet"
	GRUB_CMDLINE_LINUX=""
	END
    ifcfg sysconfig/network eth0 BOOTPROTO=dhcp STARTMODE=auto
    fstab
    hostname_is "${name%%[.-]*}"
}

# sha256 WORD: of it, in hexadecimal.
sha256()
{
    printf '%s' "$1" | sha256sum | cut -d ' ' -f 1
}

# ostree_root RELEASE: what is in every deployment, in the current directory.
ostree_root()
{
    os_release
    merged_usr merged
    systemd_guest
    programs usr/bin/rpm usr/bin/rpm-ostree
    mkdir -p boot dev proc run sys sysroot tmp var usr/lib/dracut/modules.d \
        "usr/lib/modules/$1" etc/selinux etc/sysconfig
    for link in home:var/home opt:var/opt root:var/roothome ostree:sysroot/ostree; do
        ln -s "${link#*:}" "${link%%:*}"
    done
    printf 'SELINUX=enforcing\nSELINUXTYPE=targeted\n' | file etc/selinux/config
    kernel "$1" "usr/lib/modules/$1/vmlinuz" "usr/lib/modules/$1/initramfs.img" \
        dracut usr/lib/modules .ko.xz 'zstd -q'
    rpm_kernels sqlite usr/share/rpm kernel-core "${systemd:-257-1.fc42}" "$1"
}

# ostree_deployment STATEROOT NAME RELEASE PLACE: OSTree's deployment of a
# commit, with the entry that counts as PLACE of the menu (the highest is
# first).  /boot is in the physical root, and so its files are hard links into
# the repository.  Standard input is os-release.
ostree_deployment()
{
    commit=$(sha256 "$2") bootcsum=$(sha256 "$3")
    deployment=ostree/deploy/$1/deploy/$commit.0
    mkdir -p "$deployment" "ostree/deploy/$1/var/home" boot/loader.1/entries
    (cd "$deployment" && ostree_root "$3")
    printf '[origin]\n%s\n' "$origin" | file "$deployment.origin"
    files=boot/ostree/$1-$bootcsum
    objects=ostree/repo/objects/$(echo "$bootcsum" | cut -c 1-2)
    mkdir -p "$files" "$objects"
    [ -e "$files/vmlinuz-$3" ] || {
        ln "$deployment/usr/lib/modules/$3/vmlinuz" "$files/vmlinuz-$3"
        ln "$deployment/usr/lib/modules/$3/initramfs.img" "$files/initramfs-$3.img"
        ln "$files/initramfs-$3.img" "$objects/initramfs.file"
    }
    mkdir -p "ostree/boot.1.1/$1/$bootcsum"
    ln -sfn boot.1.1 ostree/boot.1
    ln -sfn loader.1 boot/loader
    ln -s "../../../deploy/$1/deploy/$commit.0" "ostree/boot.1.1/$1/$bootcsum/0"
    file "boot/loader.1/entries/ostree-$4.conf" <<-END
	title $title $2 (ostree:$4)
	version $4
	options $options ostree=/ostree/boot.1/$1/$bootcsum/0
	linux /$files/vmlinuz-$3
	initrd /$files/initramfs-$3.img
	END
}

# pacman_database NAME=VERSION[=FILE]...: /var/lib/pacman/local.
pacman_database()
{
    mkdir -p var/lib/pacman/local
    echo 9 >var/lib/pacman/local/ALPM_DB_VERSION
    for package; do
        package_name=${package%%=*} rest=${package#*=}
        directory=var/lib/pacman/local/$package_name-${rest%%=*}
        printf '%%NAME%%\n%s\n\n%%VERSION%%\n%s\n\n%%ARCH%%\nx86_64\n\n' \
            "$package_name" "${rest%%=*}" | file "$directory/desc"
        [ "$rest" = "${rest#*=}" ] || printf '%%FILES%%\nusr/\n%s\n' \
            "${rest#*=}" | file "$directory/files"
    done
}

# apk_database NAME=VERSION[=FILE]...: /lib/apk/db/installed.
apk_database()
{
    for package; do
        package_name=${package%%=*} rest=${package#*=}
        printf 'C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:%s\nV:%s\nA:x86_64\n' \
            "$package_name" "${rest%%=*}"
        [ "$rest" = "${rest#*=}" ] || printf 'F:%s\nR:%s\n' \
            "$(dirname "${rest#*=}")" "$(basename "${rest#*=}")"
        echo
    done | file lib/apk/db/installed
}

# rpm_database KIND DIRECTORY NAME=EVR[=FILE[,FILE]]...: rpm's, of KIND sqlite,
# bdb or ndb; EVR is VERSION-RELEASE.
rpm_database()
{
    kind=$1 directory=$2
    shift 2
    mkdir -p "$directory"
    for package; do
        package_name=${package%%=*} rest=${package#*=}
        evr=${rest%%=*} files=
        [ "$rest" = "$evr" ] || files=$(echo "${rest#*=}" | tr , ' ')
        echo "$package_name 0 ${evr%-*} ${evr##*-} x86_64 $files"
    done | "$trees/../rpm-database.py" "$kind" "$directory"
}

# rpm_kernels KIND DIRECTORY PACKAGE SYSTEMD RELEASE...: systemd, and a PACKAGE
# for each kernel.
rpm_kernels()
{
    rpm_kind=$1 rpm_directory=$2 kernel_package=$3 systemd=$4
    shift 4
    for release; do
        version=${release%.x86_64}
        version=${version%-default}
        set -- "$@" "$kernel_package=$version=/boot/vmlinuz-$release,/lib/modules/$release/vmlinuz"
        shift
    done
    rpm_database "$rpm_kind" "$rpm_directory" "systemd=$systemd" "$@"
}
