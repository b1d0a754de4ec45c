cat >disk.vmdk <<END
# Disk DescriptorFile
version=1
CID=12345678
parentCID=9abcdef0
createType="monolithicSparse"
parentFileNameHint="base.vmdk"
RW 81920 SPARSE "delta.vmdk"
END
manifest disk.vmdk vmdk
