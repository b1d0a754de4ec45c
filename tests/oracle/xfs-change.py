# SPDX-License-Identifier: LGPL-3.0-or-later
# xfs-change.py DIRECTORY SEED COUNT SYNCS: random changes of a tree, on which
# a kernel is cut off; the more SYNCS, the more often something is made sure
# of.
import ctypes, fcntl, os, random, sys, time

top, seed, count, syncs = sys.argv[1], *map(int, sys.argv[2:5])
r = random.Random(seed)
libc = ctypes.CDLL(None, use_errno=True)
os.chdir(top)
names, dirs, number = [], ['.'], 0
for base, subs, files in os.walk('.'):
    dirs += [os.path.join(base, d) for d in subs]
    names += [os.path.join(base, f) for f in files]
names.sort(), dirs.sort()


def new():
    global number
    number += 1
    return os.path.join(r.choice(dirs[-8:]), '%d.%d.%s' % (
        seed, number, 'n' * r.choice([1, 3, 20, 200])))


def some():
    return r.choice(names)


def file():
    for i in range(20):
        name = some()
        if os.path.isfile(name) and not os.path.islink(name):
            return name
    return create()


def write(name, size, at=0):
    with open(name, 'r+b' if os.path.exists(name) else 'wb') as f:
        f.seek(at)
        f.write(bytes([r.randrange(256)]) * size)


def create():
    name = new()
    write(name, r.choice([0, 1, 100, 4096, 5000, 70000, 300000]))
    names.append(name)
    return name


def change():
    write(file(), r.choice([1, 4096, 10000]), r.choice([0, 5, 4096, 100000]))


def mkdir():
    name = new()
    os.mkdir(name)
    dirs.append(name)


def symlink():
    name = new()
    os.symlink('/t' * r.choice([2, 50, 400]), name)
    names.append(name)


def link():
    name = new()
    os.link(some(), name, follow_symlinks=False)
    names.append(name)


def unlink():
    for i in range(r.choice([1, 1, 5])):
        if len(names) > 1:
            os.unlink(names.pop(r.randrange(len(names))))


def rename():
    name = new()
    i = r.randrange(len(names))
    os.rename(names[i], name)
    names[i] = name


def truncate():
    os.truncate(file(), r.choice([0, 3, 4096, 50000, 1 << 22]))


def allocate():
    fd = os.open(file(), os.O_RDWR)
    # Keeping the size, punching, collapsing, zeroing, plain.
    libc.fallocate(fd, r.choice([1, 3, 8, 16, 0]),
                   ctypes.c_long(4096 * r.randrange(40)),
                   ctypes.c_long(4096 * r.randrange(1, 60)))
    os.close(fd)


def holes():
    name = new()
    with open(name, 'wb') as f:
        for i in range(r.choice([4, 30, 300])):
            f.seek(i * 8192)
            f.write(b'x')
        os.fsync(f.fileno())
    names.append(name)


def clone():
    source, name = file(), new()
    with open(source, 'rb') as f, open(name, 'wb') as g:
        try:
            fcntl.ioctl(g.fileno(), 0x40049409, f.fileno())
        except OSError:
            pass
    names.append(name)


def attribute():
    name = file()
    for i in range(r.choice([1, 1, 6])):
        os.setxattr(name, 'user.%d' % r.randrange(30),
                    b'v' * r.choice([0, 5, 60, 400, 3000, 9000]))


def forget():
    name = file()
    if os.listxattr(name):
        os.removexattr(name, r.choice(os.listxattr(name)))


def owner():
    os.chown(some(), r.randrange(5), r.randrange(5), follow_symlinks=False)


def sync():
    # Some time for what the kernel does behind unlink: with an even seed.
    time.sleep(0 if seed % 2 else .05)
    fd = os.open(file(), os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def node():
    name = new()
    os.mknod(name, 0o20600, os.makedev(r.randrange(9), r.randrange(9)))
    names.append(name)


create(), create()
kinds = ([create] * 6 + [change] * 3 + [unlink] * 4 + [rename] * 2 +
         [attribute] * 3 + [truncate] * 2 + [allocate] * 2 +
         [mkdir, symlink, link, holes, clone, forget, owner, node] +
         [sync] * syncs)
for i in range(count):
    try:
        r.choice(kinds)()
    except OSError as e:
        # A full disk, a full attribute fork, too many links …
        if e.errno not in (7, 22, 28, 31):
            raise
