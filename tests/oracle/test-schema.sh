#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# The JSON Schemas and our own checks give the same verdict on every sample.
. "$H2K_SOURCE/tests/tap.sh"

python=/usr/bin/python3
need "$python"
if ! "$python" -c 'import jsonschema, yaml' 2>/dev/null; then
    need python3-jsonschema-and-python3-yaml
fi
cd "$H2K_SOURCE" || exit 1
samples=tests/oracle/manifests
# Two of the examples are parts of a manifest, not manifests.
examples=$(ls examples/artifact-*.json examples/migration-*.json examples/migration-*.yaml |
    grep -v -e configuration -e defaults)
check=$H2K_BUILD/tests/oracle/manifest-check

"$python" tests/oracle/schema-verdict.py schemas "$samples"/*/* $examples >"$tap_dir/schema"
ok $? "the schemas are schemas of Draft 7"
"$check" --structure "$samples"/*/* $examples >"$tap_dir/ours"
ok $? "our own verdicts"

expected()
{
    case $1 in */valid/* | examples/*) echo valid ;; *) echo invalid ;; esac
}

while read -r verdict file; do
    is "$verdict" "$(expected "$file")" "ours: $verdict $file"
    case $file in
    */beyond-schema/*) # what a schema cannot say, so it accepts it
        is "$(grep -F " $file" "$tap_dir/schema")" "valid $file" \
            "the schema: valid $file" ;;
    *)
        is "$(grep -F " $file" "$tap_dir/schema")" "$verdict $file" \
            "the schema: $verdict $file" ;;
    esac
done <"$tap_dir/ours"

count=$(grep -c '^invalid' "$tap_dir/schema")
[ "$count" -ge 25 ]
ok $? "at least 25 samples are refused by both"

for file in examples/migration-configuration.json \
    examples/migration-pipeline-defaults.json; do
    "$check" --fragment '' "$file" 2>/dev/null
    ok $? "a part of a manifest: $file"
done

# What we write in YAML is the same document for another reader.
for file in $examples "$samples"/valid/*; do
    "$check" --write "$tap_dir/out.yaml" "$file" &&
        "$check" --write "$tap_dir/out.json" "$file" &&
        "$python" - "$tap_dir/out.yaml" "$tap_dir/out.json" <<'PYTHON'
import json, sys, yaml
with open(sys.argv[1]) as a, open(sys.argv[2]) as b:
    sys.exit(yaml.safe_load(a) != json.load(b))
PYTHON
    ok $? "another reader agrees: $file"
done
tap_done
