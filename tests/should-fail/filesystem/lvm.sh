# A root on LVM of which one disk is not given.
TINY_LABEL=lvm "$H2K_SOURCE/tests/tiny-guest.sh" disk.raw
# The group's text says that the root goes on in a second physical volume.
python3 - <<'END'
import struct, zlib
def crc(data):
    return zlib.crc32(data, 0xf597a6cf ^ 0xffffffff) ^ 0xffffffff
with open("disk.raw", "r+b") as f:
    area = (16 << 20) + 4096
    f.seek(area)
    head = bytearray(f.read(512))
    at, size = struct.unpack_from("<QQ", head, 40)
    f.seek(area + at)
    text = f.read(size)
    pv = text[text.index(b"pv0 {"):text.index(b"logical_volumes")]
    pv = pv[:pv.index(b"}") + 1]
    ident = pv[pv.index(b'id = "') + 6:][:38]
    other = pv.replace(b"pv0", b"pv1").replace(ident, b"-".join(
        b"Z" * n for n in (6, 4, 4, 4, 4, 4, 6)))
    text = text.replace(pv, pv + b"\n" + other, 1)
    text = text.replace(b'"pv0", 0', b'"pv1", 0', 1)
    at = 512 * 1024
    f.seek(area + at)
    f.write(text)
    struct.pack_into("<QQI", head, 40, at, len(text), crc(text))
    struct.pack_into("<I", head, 0, crc(bytes(head[4:])))
    f.seek(area)
    f.write(head)
END
manifest disk.raw raw
