# SPDX-License-Identifier: LGPL-3.0-or-later
# bash completion for hyperexport.  The options are those of --help-all;
# tests/cli/test-help.sh compares.
_hyperexport_profiles()
{
    local file
    for file in ~/.hyperexport/profiles/*.json; do
        [ -e "$file" ] || continue
        file=${file##*/}
        printf '%s\n' "${file%.json}"
    done
}

_hyperexport()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    case $before in
    --format)
        mapfile -t COMPREPLY < <(compgen -W "ovf ova" -- "$word")
        return ;;
    --manifest-target)
        mapfile -t COMPREPLY < <(compgen -W "qcow2 raw vdi" -- "$word")
        return ;;
    --transport)
        mapfile -t COMPREPLY < <(compgen -W "auto lease datastore nbd" -- "$word")
        return ;;
    --provider)
        mapfile -t COMPREPLY < <(compgen -W "vsphere" -- "$word")
        return ;;
    --profile | --save-profile | --delete-profile)
        mapfile -t COMPREPLY < <(compgen -W "$(_hyperexport_profiles)" -- "$word")
        return ;;
    --filter)
        compopt -o nospace
        mapfile -t COMPREPLY < <(compgen -W "power= guest= host= name= template= tag=" -- "$word")
        return ;;
    --output)
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        return ;;
    --batch | --config | --password-file | --ca-file | --log-file)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return ;;
    --vm | --folder | --parallel | --bandwidth-limit | --nbd-uri | --url | \
        --username | --password-command | --thumbprint | --datacenter)
        return ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "
            --vm --batch --folder --filter --list --vm-info --validate-only
            --dry-run --output --format --compress --verify --power-off
            --snapshot --parallel --bandwidth-limit --transport --nbd-uri
            --resume --force --manifest --verify-manifest --manifest-checksum
            --manifest-target --convert --convert-only --provider --url
            --username --password-file --password-command --ca-file
            --thumbprint --insecure --datacenter --profile --save-profile
            --list-profiles --delete-profile --config --show-settings
            --verbose --quiet --json --json-progress --log-file --help
            --help-all --version" -- "$word")
}
complete -o filenames -F _hyperexport hyperexport
