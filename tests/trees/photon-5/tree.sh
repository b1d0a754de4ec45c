# SPDX-License-Identifier: LGPL-3.0-or-later
# Photon OS 5
photon 5.0 dde71ec57 6.1.112-1.ph5
rpm_kernels sqlite usr/lib/sysimage/rpm linux 253.19-8.ph5 6.1.112-1.ph5
