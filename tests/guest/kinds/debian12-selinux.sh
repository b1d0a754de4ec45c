# debian12 with SELinux, Debian's default policy, enforced from the first boot:
# all is labelled when it is installed.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='ext4 on GPT; BIOS; SELinux, enforcing'
packages="$packages selinux-basics selinux-policy-default auditd"

configure() {
	sed -i 's/^SELINUX=.*/SELINUX=enforcing/; s/^SELINUXTYPE=.*/SELINUXTYPE=default/' \
		"$target/etc/selinux/config"
	sed -i 's/^\(GRUB_CMDLINE_LINUX="[^"]*\)"/\1 security=selinux"/' \
		"$target/etc/default/grub"
}

# label ROOT DIRECTORY: what is in that file system of the guest at ROOT
label() {
	setfiles -F -r "$1" "$target/etc/selinux/default/contexts/files/file_contexts" "$1$2"
}

# / as it is below its mounts, so that they have labels to be mounted on.
finish() {
	mkdir /tmp/bare
	mount --bind "$target" /tmp/bare
	label /tmp/bare /
	umount /tmp/bare
	label "$target" /boot
}
