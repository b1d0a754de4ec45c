# Two systems, and --root says which.
guest disk.raw
dd if=disk.raw of=second.raw bs=1M skip=16 count=23 status=none
cat >manifest.json <<END
{ "manifest_version": "1.0", "output": { "directory": "out" },
  "disks": [
    { "id": "one", "source_format": "raw", "bytes": 41943040,
      "local_path": "disk.raw" },
    { "id": "two", "source_format": "raw", "bytes": 24117248,
      "local_path": "second.raw" } ] }
END
run()
{
    hyper2kvm --manifest manifest.json --root /dev/sda4
}
