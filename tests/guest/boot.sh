#!/bin/sh
# boot.sh [OPTION...] DISK[:FORMAT]...: boots disks in QEMU and waits for
# evidence on the serial console.
#
#   --bus BUS       pvscsi (default) or sata, as VMware has them, with vmxnet3 as
#                   ens192; virtio-blk or virtio-scsi, with virtio-net
#   --kind KIND     bus and firmware of that kind of guest, what is typed into it
#   --firmware F    bios (default), uefi, or secure: OVMF enforcing Secure Boot
#   --vars FILE     the firmware's variables, which are copied; else empty ones
#   --type REGEX TEXT
#                   types TEXT and return when REGEX is seen, once
#   --nics N        1 (default); 2: another as ens224, on a network of its own.
#                   On virtio it comes first, so that order does not tell them
#                   apart
#   --agent SOCKET  the guest agent's port is there, and at this socket
#   --snapshot      throw away what the guest writes
#   --timeout S     300
#   --tries N       1; how often it may be started until evidence of either kind
#                   comes in time, since an emulated machine may hang. With
#                   --snapshot
#   --until REGEX   what tells that it came up: H2K-GUEST-END, or with --run
#                   H2K-RUN-END
#   --fail REGEX    a further sign that it did not, beside the usual ones
#   --run FILE      a shell script that the guest runs as root once it is up
#   --poweroff      then let it shut down, so that its disks are left clean
#   --log FILE      keep the serial console's output here
#   --accel ACCEL   tcg (default), kvm, or auto: KVM if a kernel comes up on it
#                   within 20 s; that /dev/kvm exists does not mean it works
#
# Exits 0 when the evidence was seen, 1 when a sign of failure was, which is
# quoted, 2 when neither came in time. QEMU is gone in every case; it is killed
# as a power cut would, unless --poweroff.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/machine.sh"
usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 64; }

bus=pvscsi snapshot=off timeout=300 accel=tcg nics=1 tries=1
until='' fail='' run='' poweroff='' log='' firmware=bios vars='' asked='' answer='' agent=''
while [ $# -gt 0 ]; do
	case $1 in
	--snapshot) snapshot=on; shift; continue ;;
	--poweroff) poweroff=1; shift; continue ;;
	--type)
		[ $# -gt 2 ] || usage
		asked=$2 answer=$3
		shift 3
		continue ;;
	--bus|--kind|--firmware|--vars|--timeout|--tries|--nics|--until|--fail|--run|--log|--accel|--agent)
		[ $# -gt 1 ] || usage ;;
	esac
	case $1 in
	--bus) bus=$2 ;;
	--kind)
		kinds=$(dirname "$0")/kinds
		# shellcheck source=/dev/null
		. "$kinds/$2.sh"
		bus=$controller asked=${asks-} answer=${passphrase-} ;;
	--firmware) firmware=$2 ;;
	--vars) vars=$2 ;;
	--timeout) timeout=$2 ;;
	--tries) tries=$2 ;;
	--nics) nics=$2 ;;
	--until) until=$2 ;;
	--fail) fail=$2 ;;
	--run) run=$2 ;;
	--log) log=$2 ;;
	--agent) agent=$2 ;;
	--accel) accel=$2 ;;
	-*) usage ;;
	*) break ;;
	esac
	shift 2
done
[ $# -gt 0 ] || usage
need qemu-system-x86_64 qemu-system-x86

work=$(mktemp -d) pid='' reader=''
finish() {
	[ -z "$reader" ] || kill "$reader" 2>/dev/null || :
	[ -z "$pid" ] || { kill -9 "$pid" && wait "$pid"; } 2>/dev/null || :
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
log=${log:-$work/console}

bad="Kernel panic - not syncing|ALERT! .* does not exist|\(initramfs\)"
bad="$bad|[Dd]ropping to a shell|emergency mode|Cannot open root device"
bad="$bad|dracut:/#|grub rescue>|error: no such (device|partition)|No bootable device"
bad="$bad|No bootable option or device|Shell> |>>Start PXE"
bad="$bad${fail:+|$fail}"
if [ -n "$run$poweroff" ]; then
	until=${until:-H2K-RUN-END}
	[ -z "$run" ] || cat "$run" >"$work/run"
	[ -z "$poweroff" ] || echo 'systemctl --no-block poweroff' >>"$work/run"
else
	# A getty that begins hangs up the console, and what was told just then is
	# lost: it is told once more.
	cat >"$work/run" <<-'END'
		sleep 10
		sed '/^report$/q' /usr/local/sbin/h2k-report | sh
	END
fi
until=${until:-H2K-GUEST-END}

# One -drive per disk. A comma in a name is doubled, as QEMU wants it.
disks=$# n=0
for disk in "$@"; do
	format=
	case $disk in
	*:raw|*:qcow2|*:vmdk|*:vdi) format=${disk##*:} disk=${disk%:*} ;;
	*.raw|*.qcow2|*.vmdk|*.vdi) format=${disk##*.} ;;
	esac
	[ -r "$disk" ] || die "cannot read $disk"
	file=$(printf %s "$disk" | sed 's/,/,,/g')
	set -- "$@" -drive "file=$file,if=none,id=d$n,cache=unsafe,discard=unmap,snapshot=$snapshot${format:+,format=$format}"
	case $bus in
	virtio-blk) set -- "$@" -device "virtio-blk-pci,drive=d$n" ;;
	sata) set -- "$@" -device "ide-hd,drive=d$n,bus=ide.$n" ;;
	*) set -- "$@" -device "scsi-hd,drive=d$n,bus=s.0" ;;
	esac
	n=$((n + 1))
done
shift "$disks"

cpu=${H2K_CPU:-qemu64}
case $bus in virtio-*) ;; *) cpu=$(vmware_cpu) ;; esac
nic=netdev=n,mac=00:50:56:aa:bb:01
case $bus in
# What gives a NIC the name ens192 is PCI slot 192; with ACPI hot-plugging on
# bridges QEMU's firmware tables would name another.
pvscsi) set -- -device pvscsi,id=s "$@" ;;
sata) ;;
virtio-scsi) set -- -device virtio-scsi-pci,id=s "$@" ;;
virtio-blk) ;;
*) usage ;;
esac
# Without their ROMs nothing is looked for on the network.
case $bus in
virtio-*) set -- -device "virtio-net-pci,romfile=,$nic" -device virtio-rng-pci "$@" ;;
*) set -- -smbios "$vmware_smbios" -device "vmxnet3,bus=rp,romfile=,$nic" "$@" ;;
esac
if [ "$nics" -gt 1 ]; then
	second=romfile=,netdev=n2,mac=00:50:56:aa:bb:02
	case $bus in
	virtio-*) set -- -device "virtio-net-pci,$second" "$@" ;;
	*) set -- -device pcie-root-port,id=rp2,slot=224,chassis=2 \
		-device "vmxnet3,bus=rp2,$second" "$@" ;;
	esac
	set -- -netdev user,id=n2,restrict=on,net=10.0.3.0/24 "$@"
fi
[ -z "$agent" ] || set -- -chardev "socket,id=ga,path=$agent,server=on,wait=off" \
	-device virtio-serial-pci \
	-device virtserialport,chardev=ga,name=org.qemu.guest_agent.0 "$@"
[ -z "$vars" ] || cp "$vars" "$work/vars"
firmware_args "$firmware" "$work/vars"
console="file,id=tty,path=$log"
if [ -n "$asked" ]; then
	mkfifo "$work/tty.in" "$work/tty.out"
	exec 3<>"$work/tty.in" # so that neither side waits for the other to open it
	cat <>"$work/tty.out" >/dev/null 3>&- &
	reader=$!
	console="pipe,id=tty,path=$work/tty,logfile=$log"
fi
# shellcheck disable=SC2086
set -- $firmware_args -m 1024 -smp 2 -no-reboot -no-user-config -nodefaults \
	-display none -global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off \
	-device pcie-root-port,id=rp,slot=192,chassis=1 \
	-netdev user,id=n,restrict=on \
	-chardev "$console" -serial chardev:tty "$@"
[ ! -e "$work/run" ] || set -- "$@" -fw_cfg "name=opt/h2k/run,file=$work/run"

seen() { grep -aqE "$1" "$log" 2>/dev/null; }
alive() { kill -0 "$pid" 2>/dev/null; }
typed=
start() {
	: >"$log"
	typed=
	case $accel in
	kvm|auto) qemu-system-x86_64 -accel kvm -cpu host "$@" & ;;
	*) qemu-system-x86_64 -accel tcg,thread=multi -cpu "$cpu" "$@" & ;;
	esac
	pid=$! begun=$(date +%s)
}
elapsed() { echo $(($(date +%s) - begun)); }
# What was told, without the terminal's escape sequences.
plain() { sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g; s/\r//g' "$log"; }
quote() { plain | grep -aE "$1" | head -n 5 >&2 || :; }
last_lines() { plain | grep -a . | tail -n 8 >&2 || :; }

start "$@"
if [ "$accel" = auto ]; then
	while alive && [ "$(elapsed)" -lt 20 ] && ! seen 'Linux version'; do sleep 0.5; done
	if ! seen 'Linux version'; then
		say "no kernel came up on KVM: emulating"
		{ kill -9 "$pid" && wait "$pid"; } 2>/dev/null || :
		accel=tcg
		start "$@"
	fi
fi

while :; do
	running=1
	alive || running= # asked first: what it said last is read after it
	if seen "$until"; then break; fi
	if [ -n "$asked" ] && [ -z "$typed" ] && seen "$asked"; then
		printf '%s\r' "$answer" >&3
		typed=1
	fi
	if seen "$bad"; then
		say "did not come up on $bus after $(elapsed) s:"
		quote "$bad"
		exit 1
	fi
	[ -n "$running" ] || { say "QEMU ended before '$until' was seen"; quote .; exit 1; }
	if [ "$(elapsed)" -ge "$timeout" ]; then
		say "nothing on $bus for $timeout s; the last lines:"
		last_lines
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || exit 2
		{ kill -9 "$pid" && wait "$pid"; } 2>/dev/null || :
		start "$@"
	fi
	sleep 0.5
done
say "up on $bus after $(elapsed) s"
[ -n "$poweroff" ] || exit 0
while alive; do
	[ "$(elapsed)" -lt "$timeout" ] || { say "did not power off in $timeout s"; exit 2; }
	sleep 0.5
done
