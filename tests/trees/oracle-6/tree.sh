# SPDX-License-Identifier: LGPL-3.0-or-later
# Oracle Linux Server release 6.10, which says in redhat-release that it is
# Red Hat's; with its own kernel.
redhat6 4.1.12-124.48.6.el6uek.x86_64 \
    'Oracle Linux Server Unbreakable Enterprise Kernel' kernel-uek
echo 'Red Hat Enterprise Linux Server release 6.10 (Santiago)' | file etc/redhat-release
echo 'Oracle Linux Server release 6.10' | file etc/oracle-release
