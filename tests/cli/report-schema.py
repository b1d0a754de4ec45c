#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""report-schema.py SCHEMA FILE[:DEFINITION]...: does each file fit the
schema, or one definition in it?  Says what does not, and ends with 1."""
import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
bad = 0
for argument in sys.argv[2:]:
    name, _, definition = argument.partition(":")
    wanted = dict(schema)
    if definition:
        wanted = {"definitions": schema["definitions"],
                  "$ref": "#/definitions/" + definition}
    for error in jsonschema.Draft7Validator(wanted).iter_errors(
            json.load(open(name))):
        place = ".".join(str(part) for part in error.absolute_path)
        print(f"{name}: {place}: {error.message[:300]}")
        bad = 1
sys.exit(bad)
