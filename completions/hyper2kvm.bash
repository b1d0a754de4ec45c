# SPDX-License-Identifier: LGPL-3.0-or-later
# bash completion for hyper2kvm.  The options are those of --help-all;
# tests/cli/test-help.sh compares.
_hyper2kvm()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    case $before in
    --fstab-mode)
        mapfile -t COMPREPLY < <(compgen -W "stabilize-all bypath-only noop" -- "$word")
        return ;;
    --out-format | -O)
        mapfile -t COMPREPLY < <(compgen -W "qcow2 raw" -- "$word")
        return ;;
    --compression)
        mapfile -t COMPREPLY < <(compgen -W "zlib zstd" -- "$word")
        return ;;
    --output-dir)
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        return ;;
    esac
    case $word in
    -*)
        mapfile -t COMPREPLY < <(compgen -W "
            --manifest --config --vmdk --qcow2 --raw --ova --ovf --output-dir --report
            --dry-run --strict --out-format --compress --compress-level
            --compression --root --key --fstab-mode --no-grub --regen-initramfs --no-regen-initramfs
            --remove-vmware-tools --guest-agent --no-backup --print-fstab
            --user-config-inject
            --service-config-inject --hostname-config-inject
            --network-config-inject --test-boot
            --verbose --quiet --json --json-progress --log-file --help
            --help-all --version" -- "$word") ;;
    *)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        if [ "$COMP_CWORD" -eq 1 ]; then
            mapfile -t -O ${#COMPREPLY[@]} COMPREPLY \
                < <(compgen -W "inspect validate convert" -- "$word")
        fi ;;
    esac
}
complete -o filenames -F _hyper2kvm hyper2kvm
