# SPDX-License-Identifier: LGPL-3.0-or-later
# Photon OS 4
photon 4.0 1526e30ba 5.10.226-1.ph4
rpm_kernels sqlite var/lib/rpm linux 247.13-11.ph4 5.10.226-1.ph4
