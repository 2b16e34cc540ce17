"""System calls by their names, for what Python has no function for.

See ``man 2 syscalls``, ``man 2 mount``, ``man 2 seccomp``.
"""

import ctypes
import errno
import os

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    *(0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000),
)
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
DETACH = 2
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 22, 24, 38
# Their numbers on the machines that are known.
NUMBERS = {
    "x86_64": {
        "shmget": 29,
        "clone": 56,
        "semget": 64,
        "msgget": 68,
        "ptrace": 101,
        "pivot_root": 155,
        "mount": 165,
        "umount2": 166,
        "mq_open": 240,
        "add_key": 248,
        "unshare": 272,
        "perf_event_open": 298,
        "setns": 308,
        "memfd_create": 319,
        "bpf": 321,
        "userfaultfd": 323,
    },
    "aarch64": {
        "umount2": 39,
        "mount": 40,
        "pivot_root": 41,
        "unshare": 97,
        "ptrace": 117,
        "mq_open": 180,
        "msgget": 186,
        "semget": 190,
        "shmget": 194,
        "add_key": 217,
        "clone": 220,
        "perf_event_open": 241,
        "setns": 268,
        "memfd_create": 279,
        "bpf": 280,
        "userfaultfd": 282,
    },
}
NEW_NUMBERS = {  # the same on every machine
    "io_uring_setup": 425,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "clone3": 435,
}
# They make name spaces or mounts, or touch other processes. A mount of one's own, a file that is in
# memory only, or memory and messages that belong to no process could fill the memory unseen.
FORBIDDEN = (
    *("ptrace", "mount", "umount2", "unshare", "perf_event_open", "setns", "memfd_create", "bpf"),
    *("open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "io_uring_setup"),
    *("shmget", "semget", "msgget", "mq_open", "add_key", "userfaultfd"),
)
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # as seccomp names them


def number(name: str) -> int:
    """The number of a system call on this machine.

    Raises
    ------
    OSError
        If it is not known.
    """
    machine = os.uname().machine
    known = NUMBERS.get(machine, {}) | NEW_NUMBERS
    if machine not in NUMBERS or name not in known:
        raise OSError(f"no number is known for {name} on {machine}")
    return known[name]


class _Step(ctypes.Structure):  # of a filter, struct sock_filter
    _fields_ = (
        *(("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8)),
        ("k", ctypes.c_uint32),
    )


class _Filter(ctypes.Structure):  # struct sock_fprog
    _fields_ = (("length", ctypes.c_uint16), ("steps", ctypes.POINTER(_Step)))


def forbid_system_calls() -> None:
    """Forbid what no exercise needs (``man 2 seccomp``): it fails with an error."""
    load, equal, masked, answer = 0x20, 0x15, 0x54, 0x06
    allow, refuse, missing = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
    steps = [_Step(load, 0, 0, 4), _Step(equal, 1, 0, ARCHITECTURE[os.uname().machine])]
    steps += [_Step(answer, 0, 0, refuse), _Step(load, 0, 0, 0)]  # the number of the call
    for name in FORBIDDEN:
        steps += [_Step(equal, 0, 1, number(name)), _Step(answer, 0, 0, refuse)]
    # clone3 hides its flags in memory. Without it, the C library uses clone.
    steps += [_Step(equal, 0, 1, number("clone3")), _Step(answer, 0, 0, missing)]
    steps += [_Step(equal, 0, 4, number("clone")), _Step(load, 0, 0, 16)]  # clone's flags
    steps += [_Step(masked, 0, 0, NEWUSER), _Step(equal, 0, 1, NEWUSER)]
    steps += [_Step(answer, 0, 0, refuse), _Step(answer, 0, 0, allow)]
    program = (_Step * len(steps))(*steps)
    call("prctl", PR_SET_SECCOMP, 2, ctypes.byref(_Filter(len(steps), program)), 0, 0)


def mount(source: object, place: object, kind: str | None, flags: int, data: str = "") -> None:
    kind_bytes = kind.encode() if kind else None
    call(
        "mount",
        os.fsencode(str(source)),
        os.fsencode(str(place)),
        kind_bytes,
        ctypes.c_ulong(flags),
        data.encode() or None,
    )


def call(name: str, *arguments: object) -> int:
    """A function of the C library; an error becomes an exception."""
    result = getattr(_libc(), name)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
