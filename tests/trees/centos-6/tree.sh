# SPDX-License-Identifier: LGPL-3.0-or-later
# CentOS release 6.10 (Final)
redhat6 2.6.32-754.35.1.el6.x86_64 CentOS
echo 'CentOS release 6.10 (Final)' | file etc/redhat-release
ln -s redhat-release etc/centos-release
