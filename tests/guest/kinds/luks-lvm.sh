# As Debian's installer encrypts: LVM in LUKS2, unlocked by a passphrase when
# it boots; /boot is plain.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='ext4 on LVM in LUKS2; BIOS'
disks=5120
packages="$packages_base initramfs-tools grub-pc-bin grub2-common lvm2
	cryptsetup cryptsetup-initramfs"
initramfs_modules='vmw_pvscsi sd_mod ext4 dm_crypt'
passphrase='correct horse battery staple'
asks='Please unlock disk'

layout() {
	table /dev/sda gpt <<-TABLE
		size=1MiB, type=21686148-6449-6E6F-744E-656564454649
		size=510MiB, type=linux
		type=linux
	TABLE
	# Argon2id that an emulated processor can afford.
	printf %s "$passphrase" | cryptsetup luksFormat --batch-mode --type luks2 \
		--pbkdf argon2id --pbkdf-memory 32768 --pbkdf-parallel 1 \
		--pbkdf-force-iterations 4 /dev/sda3 -
	printf %s "$passphrase" | cryptsetup open --key-file - /dev/sda3 sda3_crypt
	pvcreate /dev/mapper/sda3_crypt
	vgcreate vg0 /dev/mapper/sda3_crypt
	lvcreate -n swap -L 512M vg0
	lvcreate -n root -l 100%FREE vg0
	mkfs.ext4 -q /dev/sda2
	mkfs.ext4 -q /dev/vg0/root
	mkswap /dev/vg0/swap
	place /dev/mapper/vg0-root / ext4 errors=remount-ro
	place /dev/sda2 /boot ext4 defaults
	place /dev/mapper/vg0-swap none swap sw
}

configure() {
	echo "sda3_crypt UUID=$(uuid /dev/sda3) none luks" >"$target/etc/crypttab"
}

generate() { inside update-initramfs -u -k all; }
