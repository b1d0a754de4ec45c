# SPDX-License-Identifier: LGPL-3.0-or-later
# Red Hat Enterprise Linux Server release 6.10 (Santiago)
redhat6 2.6.32-754.35.1.el6.x86_64 'Red Hat Enterprise Linux Server'
echo 'Red Hat Enterprise Linux Server release 6.10 (Santiago)' | file etc/redhat-release
