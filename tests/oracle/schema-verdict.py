# SPDX-License-Identifier: LGPL-3.0-or-later
"""schema-verdict.py SCHEMAS FILE...: "valid FILE" or "invalid FILE" for
each, by the JSON Schema of its kind and python3-jsonschema."""
import json
import os
import re
import sys

import jsonschema
import yaml


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema, where PyYAML has 1.1's types."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?",
     "-+.0123456789"),
]:
    Core.add_implicit_resolver("tag:yaml.org,2002:" + tag,
                               re.compile("^(?:" + pattern + ")$"),
                               [c.replace("\0", "") for c in first])


def load(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.lstrip()[:1] in ("{", "["):
        return json.loads(text)
    return yaml.load(text, Core)


def main():
    schemas = {}
    for kind in ("artifact", "migration"):
        name = kind + "-manifest-1.0.schema.json"
        with open(os.path.join(sys.argv[1], name), encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft7Validator.check_schema(schema)
        schemas[kind] = jsonschema.Draft7Validator(
            schema, format_checker=jsonschema.FormatChecker())
    for path in sys.argv[2:]:
        document = load(path)
        artifact = isinstance(document, dict) and "manifest_version" in document
        validator = schemas["artifact" if artifact else "migration"]
        verdict = "valid" if validator.is_valid(document) else "invalid"
        print(verdict, path)


main()
