"""disk.c, built and preloaded into daemons, and the numbers that say what it does."""

import errno
import mmap
import os
import re
import struct
import subprocess

HERE = os.path.dirname(os.path.realpath(__file__))
FIELDS = ["slow_us", "write_errno", "sync_errno", "cut", "cut_after", "seed", "records", "hits", "took_us"]
TEAR, POWER = 1, 2
FAULTS = {"full": {"write_errno": errno.ENOSPC}, "write": {"write_errno": errno.EIO}, "sync": {"sync_errno": errno.EIO}}


class Disk:
    """Of the database at `path`. `env` is for the daemons that are to have it."""

    def __init__(self, folder, path, program, slow_us=0, records=False):
        shim, control = os.path.join(folder, "disk.so"), os.path.join(folder, "disk")
        source = os.path.join(HERE, "disk.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-O1", "-o", shim, source, "-ldl"], check=True)
        with open(control, "wb") as file:
            file.write(bytes(4 * len(FIELDS)))
        with open(control, "r+b") as file:
            self.control = mmap.mmap(file.fileno(), 4 * len(FIELDS))
        self.env = {"LD_PRELOAD": ":".join([*sanitizers(program), shim]), "DISK_CONTROL": control,
                    "DISK_PATH": os.path.realpath(path)}
        self.set(slow_us=slow_us, records=records)

    def set(self, **numbers):
        for name, number in numbers.items():
            struct.pack_into("i", self.control, 4 * FIELDS.index(name), int(number))

    def get(self, name):
        return struct.unpack_from("i", self.control, 4 * FIELDS.index(name))[0]

    def fail(self, fault):
        self.set(hits=0, **FAULTS[fault])

    def mend(self):
        self.set(write_errno=0, sync_errno=0, cut=0)

    def cut(self, kind, after, seed):
        self.set(cut_after=after, seed=seed)
        self.set(cut=kind)


def sanitizers(program):
    """A sanitizer's library wants to be loaded before everything else."""
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"=> (\S*/lib[alut]+san\.so\S*)", libraries)
