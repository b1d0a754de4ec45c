# Without FIX it is converted, with a warning.
# shellcheck source=windows.sh
. "$H2K_SOURCE/tests/should-fail/filesystem/windows.sh"
manifest disk.raw raw ', "pipeline": { "inspect": { "enabled": true },
  "convert": { "enabled": true }, "validate": { "enabled": true } }'
