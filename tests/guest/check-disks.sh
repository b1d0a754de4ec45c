#!/bin/sh
# check-disks.sh [--key TEXT] DISK...: what the file systems' own checkers say
# about disks, one "VERDICT DEVICE TYPE CHECKER" a line, and on standard error
# what they said where it is bad; nothing is written. They run in libguestfs's
# appliance, which knows LVM, md and LUKS by itself. Exits 1 where one is bad
# or where there was nothing to check.
#
# A vfat that says it was not unmounted is checked without that mark, which is
# for the guest to take away when it has checked it too.
set -eu
. "$(dirname "$0")/lib.sh"
need guestfish libguestfs-tools
key=
[ "${1-}" != --key ] || { key=$2; shift 2; }

# shellcheck disable=SC2016
script='
exec 2>&1
key="'$key'"
[ -z "$key" ] || for dev in $(blkid -t TYPE=crypto_LUKS -o device); do
	printf %s "$key" | cryptsetup open --readonly --key-file - $dev luks-${dev##*/} ||
		echo "BAD $dev crypto_LUKS open"
done
vgchange -qq -ay >/dev/null
udevadm settle
check() {
	type=$1 dev=$2; shift 2
	if "$@" >/tmp/said 2>&1; then echo "good $dev $type $1"
	else echo "BAD $dev $type $1"; tail -n 20 /tmp/said; fi
}
# Where the mark is depends on where the size of the tables is: FAT32 has it not
# in the 16 bits at 22. The appliance writes to an overlay of its own.
byte() { dd if=$1 bs=1 skip=$2 count=1 2>/dev/null | od -An -tu1 | tr -d " "; }
unmark() {
	at=37
	[ "$(byte $1 22)$(byte $1 23)" != 00 ] || at=65
	[ "$(byte $1 $at)" = 1 ] || return 0
	printf "\\000" | dd of=$1 bs=1 seek=$at conv=notrunc 2>/dev/null
	echo "note $1 vfat was not unmounted"
}
for vg in $(vgs --noheadings -o vg_name); do check lvm2 $vg vgck $vg; done
for md in /dev/md[0-9]*; do
	[ ! -b $md ] || check md $md mdadm --detail --test $md
done
for dev in $(blkid -o device | sort -u); do
	case $dev in /dev/mapper/*|/dev/sd*|/dev/vd*|/dev/md*) ;; *) continue ;; esac
	case $(blkid -p -o value -s TYPE $dev) in
	ext4) check ext4 $dev e2fsck -fn $dev ;;
	xfs) check xfs $dev xfs_repair -n $dev ;;
	btrfs) check btrfs $dev btrfs check --readonly $dev ;;
	vfat) unmark $dev; check vfat $dev fsck.vfat -n $dev ;;
	esac
done
true'
said=$(mktemp)
trap 'rm -f "$said"' EXIT
n=$#
for disk in "$@"; do set -- "$@" -a "$disk"; done
shift "$n"
# KVM where it is does not always work.
LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg \
	timeout 1200 guestfish --ro "$@" run : debug sh "$script" >"$said" 2>&1 || {
	cat "$said" >&2
	die "the appliance did not come up, or the checks did not end"
}
grep -E '^(good|BAD|note) ' "$said" || die "there was nothing to check"
if grep -q '^BAD' "$said"; then
	cat "$said" >&2
	exit 1
fi
