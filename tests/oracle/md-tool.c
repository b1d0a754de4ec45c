/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * md-tool FILE...: the arrays on these raw disks (whole, or in partitions):
 * "UUID NAME METADATA LEVEL BYTES rw|ro|-", and what is wrong with each;
 * problems go to standard error.
 * md-tool cat UUID FILE...: its bytes, to standard output.
 * md-tool write UUID FILE...: standard input over its bytes, into the FILEs.
 */
#include "base/cleanup.h"
#include "block/file.h"
#include "guest/guest.h"
