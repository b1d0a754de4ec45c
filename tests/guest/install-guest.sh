#!/bin/sh
# install-guest.sh KIND TREE OUT: installs the guest, from the directory TREE
# that tree.sh filled, on a machine with VMware's devices, into the directory
# OUT: diskN.raw, N from 1, and vars.fd, the firmware's variables, where it has any.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/machine.sh"
[ $# -eq 3 ] || die "usage: install-guest.sh KIND TREE OUT"
kind=$1 tree=$2 out=$3
kinds=$here/kinds
# shellcheck source=/dev/null
. "$kinds/$kind.sh"
need qemu-system-x86_64 qemu-system-x86

# medium FILE: with Secure Boot the firmware wants a signed loader for the
# kernel; so this is what an installation medium is, the guest's own shim and
# GRUB in the place for removable media.
medium() {
	need mformat mtools
	truncate -s 64M "$1"
	mformat -i "$1" -F ::
	mmd -i "$1" ::/EFI ::/EFI/BOOT ::/EFI/debian
	mcopy -i "$1" "$tree/shimx64.efi.signed" ::/EFI/BOOT/BOOTX64.EFI
	mcopy -i "$1" "$tree/grubx64.efi.signed" ::/EFI/BOOT/grubx64.efi
	mcopy -i "$1" "$tree/vmlinuz" "$tree/initrd.cpio" ::/
	cat >"$out/grub.cfg" <<-CFG
		linux /vmlinuz $append
		initrd /initrd.cpio
		boot
	CFG
	mcopy -i "$1" "$out/grub.cfg" ::/EFI/debian/grub.cfg
}

log=$out/install.log append='console=ttyS0 panic=-1 quiet'
: >"$log"
set --
n=0
for mib in $disks; do
	n=$((n + 1))
	truncate -s "${mib}M" "$out/disk$n.raw"
	set -- "$@" -drive "file=$out/disk$n.raw,format=raw,if=none,id=d$n,cache=unsafe,discard=unmap"
	case $controller in
	pvscsi) set -- "$@" -device "scsi-hd,drive=d$n,bus=s.0" ;;
	sata) set -- "$@" -device "ide-hd,drive=d$n,bus=ide.$((n - 1))" ;;
	esac
done
if [ "$firmware" = secure ]; then
	medium "$out/medium.raw"
	set -- "$@" -drive "file=$out/medium.raw,format=raw,if=none,id=medium" \
		-device nvme,drive=medium,serial=medium,bootindex=0
else
	set -- "$@" -kernel "$tree/vmlinuz" -initrd "$tree/initrd.cpio" -append "$append"
fi
firmware_args "$firmware" "$out/vars.fd"
# NVMe, which VMware has too: nothing on this machine is virtio.
# shellcheck disable=SC2086
timeout 1500 qemu-system-x86_64 $firmware_args -m 2048 -smp 2 \
	-accel tcg,thread=multi -cpu "$(vmware_cpu)" -smbios "$vmware_smbios" \
	-no-reboot -no-user-config -nodefaults -display none -serial "file:$log" \
	-drive "file=$tree/tree.ext4,format=raw,if=none,id=tree,snapshot=on" \
	-device nvme,drive=tree,serial=tree -device pvscsi,id=s "$@" || :
tr -d '\r' <"$log" | sed -n 's/^H2K-STEP/install:/p' >&2
grep -aq 'H2K-INSTALL-END status=0' "$log" || {
	tail -n 30 "$log" >&2
	die "the installation of $kind failed"
}
