# How the guest's disk is cut. Sourced, not run. MiB, and fixed identities, so
# that tests can name what they expect.
# shellcheck shell=sh disable=SC2034

DISK_MIB=6144
BIOS_START=1   BIOS_MIB=1
BOOT_START=2   BOOT_MIB=510
SWAP_START=512 SWAP_MIB=512
ROOT_START=1024 ROOT_MIB=5119 # the last MiB is for the backup GPT

DISK_GUID=6a1f0f6e-1c5b-4c0e-9a6d-0d6a0b1f2c00
BIOS_PARTUUID=6a1f0f6e-1c5b-4c0e-9a6d-0d6a0b1f2c01
BOOT_PARTUUID=6a1f0f6e-1c5b-4c0e-9a6d-0d6a0b1f2c02
SWAP_PARTUUID=6a1f0f6e-1c5b-4c0e-9a6d-0d6a0b1f2c03
ROOT_PARTUUID=6a1f0f6e-1c5b-4c0e-9a6d-0d6a0b1f2c04
BOOT_UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a02
SWAP_UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a03
ROOT_UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a04
