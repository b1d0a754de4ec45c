cat >disk.vmdk <<END
# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="monolithicFlat"
RW 81920 FLAT "disk-flat.vmdk" 0
ddb.adapterType = "lsilogic"
END
head -c 1000000 /dev/zero >disk-flat.vmdk
manifest disk.vmdk vmdk
