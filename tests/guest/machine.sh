# What the machines of boot.sh and install-guest.sh have in common. Sourced,
# not run. Each puts arguments for QEMU before those that there are.
# shellcheck shell=sh disable=SC2034

# vmware: the identity of VMware's machines. Without the processor's word about
# a hypervisor, what asks for one reads DMI, and believes it.
vmware_cpu() { echo "${H2K_CPU:-qemu64},-hypervisor"; }
vmware_smbios='type=1,manufacturer=VMware,, Inc.,product=VMware7,,1'

# firmware_args KIND VARS: for bios nothing; for uefi OVMF with its variables
# in the file VARS, made from the empty ones where it is not there; for secure
# the same with Secure Boot enforced by Microsoft's keys.  In $firmware_args,
# whose words have no spaces.
firmware_args() {
	ovmf=${H2K_OVMF:-/usr/share/OVMF}
	case $1 in
	bios) firmware_args='-machine q35'; return ;;
	uefi) code=OVMF_CODE_4M.fd vars=OVMF_VARS_4M.fd
		firmware_args='-machine q35' ;;
	secure) code=OVMF_CODE_4M.secboot.fd vars=OVMF_VARS_4M.ms.fd
		firmware_args='-machine q35,smm=on -global driver=cfi.pflash01,property=secure,value=on' ;;
	*) die "no such firmware: $1" ;;
	esac
	[ -r "$ovmf/$code" ] || { say "please install: ovmf"; exit 77; }
	[ -e "$2" ] || cp "$ovmf/$vars" "$2"
	firmware_args="$firmware_args -global ICH9-LPC.disable_s3=1"
	firmware_args="$firmware_args -drive if=pflash,unit=0,format=raw,readonly=on,file=$ovmf/$code"
	firmware_args="$firmware_args -drive if=pflash,unit=1,format=raw,file=$2"
}
