seq 60000 >disk.vmdk
poke disk.vmdk 0 4b444d56
manifest disk.vmdk vmdk
