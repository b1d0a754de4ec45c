mkdir up && exported_disk && mv web-disk1.vmdk up/secret.vmdk
ovf %2e%2e%2fup%2fsecret.vmdk
migrate ovf
