# A file of the host, as the disk of a stranger's machine.
mkdir up && exported_disk && mv web-disk1.vmdk up/secret.vmdk
ovf ../up/secret.vmdk
migrate ovf
