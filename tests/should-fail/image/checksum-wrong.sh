disk disk.raw
manifest disk.raw raw "$CONVERT_ONLY"
sed -i 's/"bytes"/"checksum": "sha256:'"$(printf '%064d' 7)"'", &/' manifest.json
