"""A process that can do no harm: namespaces, an own user, a file system that shows little, limits.

The process is forked from one that has Keras in memory, so it cannot be started through a tool such
as bubblewrap, which would have to import everything again; these are the system calls that such a
tool makes. See ``man 7 namespaces``, ``man 2 pivot_root``, ``man 7 capabilities``.
"""

import ctypes
import os
import resource
import signal
import sys
import sysconfig
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

import cnnlab
from cnnlab import rooms
from cnnlab.grading.judge.limits import Limits
from cnnlab.grading.judge.syscalls import (
    BIND,
    DETACH,
    NEWIPC,
    NEWNET,
    NEWNS,
    NEWPID,
    NEWUSER,
    NEWUTS,
    NODEV,
    NOEXEC,
    NOSUID,
    PR_CAPBSET_DROP,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    PRIVATE,
    RDONLY,
    REC,
    REMOUNT,
    call,
    forbid_system_calls,
    mount,
    number,
)

LEVELS = {
    "full": "namespaces: own processes, no network, own user, a read-only list of folders, limits",
    "limits": "only limits on time, memory, processes and files",
    "none": "nothing: this is not Linux",
}
FIRST_USER = 1_000_000  # systems give these numbers to nobody
WATCH_SECONDS = 0.25  # between two looks at the memory of all processes
TOO_MUCH_MEMORY = 71  # exit code
MOST_FILES = 20_000  # of a hand-in: an empty one takes memory too, which no limit counts
SLOTS = 256  # submissions that a judge may run at the same time
PACKAGE = Path(cnnlab.__file__).resolve().parent
LIBRARIES = ("numpy", "keras", "IPython")
# Of the folder of a Python. Around an environment that lies in the course's own folder, there are
# hand-ins and marks.
PARTS = ("bin", "etc", "fonts", "include", "lib", "lib64", "share", "ssl", "pyvenv.cfg")
# Where packages lie in a folder that is shown.
PLACES = ("", "*-packages", "python3*/*-packages", "*/python3*/*-packages")
PLACES += ("local/lib/python3*/*-packages",)
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/fonts", "/etc/alternatives")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random")


class IsolationError(Exception):
    """This system cannot isolate the code of strangers."""


class State:
    """Of this process."""

    shut_in = False  # whether it is the first of its own name space, and sees no other processes


state = State()


def readable() -> list[Path]:
    """The folders that the code may read: Python, its packages, this package, the system's.

    Packages may lie elsewhere than in Python's own folders (``pip install --user``, ``.pth`` files,
    links to another environment): their place is that of the libraries in memory, since parts of
    them are imported late. Links on the way are in the list too; behind them, all is the same.
    """
    found = [Path(sys.modules[name].__file__) for name in LIBRARIES if name in sys.modules]
    named = {Path(path) for key, path in sysconfig.get_paths().items() if key != "data"}
    parts = {Path(prefix) / part for prefix in (sys.prefix, sys.base_prefix) for part in PARTS}
    used = [*named, *filter(Path.exists, parts), *(path.parents[1] for path in found)]
    places = {*(path.resolve() for path in used), *(path.resolve().parents[1] for path in found)}
    links = {part for path in used for part in (path, *path.parents) if part.is_symlink()}
    folders = {PACKAGE, *places, *links, *map(Path, SYSTEM)}
    # A link such as /lib is made again as it is, since its target is in the list.
    return sorted(folder for folder in folders if folder.exists())


@cache
def hidden() -> list[Path]:
    """The folders that hold answers: the questions, the rooms, which teach the same, and copies.

    A copy of this package is one that another Python has, or the one that is installed beside the
    clone from which a judge runs.
    """
    own = [PACKAGE / "grading" / "questions", *(PACKAGE / room.name for room in rooms.ROOMS)]
    name = PACKAGE.name
    found = {path for folder in readable() for place in PLACES for path in _matching(folder, place)}
    found |= {Path(folder) for folder in sys.path}
    copies = {(folder / name).resolve() for folder in found if (folder / name).is_dir()}
    return [*own, *sorted(copies - {PACKAGE})]


def _matching(folder: Path, place: str) -> Iterable[Path]:
    return folder.glob(place) if place else (folder,)


def refuse_mixed(private: Iterable[Path]) -> None:
    """Raise an IsolationError if what is private is at the same time what students' code needs."""
    for path in private:
        if path.resolve() in readable():
            raise IsolationError(
                f"{path} is a folder of libraries, which students' code has to see; expected"
                " hand-ins and marks in folders of their own"
            )


def user(judge: int, slot: int) -> int:
    """The user that runs a submission: no other judge on this machine has it, and no other slot.

    Parameters
    ----------
    judge
        The process number of its zygote.
    slot
        A number from 0 that no other submission of this judge has at the same time.
    """
    return FIRST_USER + judge * SLOTS + slot % SLOTS


def isolate(root: Path, runs_as: int, limits: Limits, private: Iterable[Path] = ()) -> None:
    """Shut this process in. It returns in a child; this process itself waits for it, and ends.

    Parameters
    ----------
    root
        An empty folder, where the new file system is put together.
    runs_as
        The user, where this process is root's. Else it stays as it is.
    limits
        What the process may use.
    private
        Files and folders that it must not see, wherever they lie.

    Raises
    ------
    OSError
        If the system refuses.
    """
    privileged = os.geteuid() == 0
    own, group = os.geteuid(), os.getegid()
    space, resident = memory_in_use()
    Path("/proc/self/oom_score_adj").write_text("1000")  # short of memory, this is what has to go
    call("unshare", NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET | (0 if privileged else NEWUSER))
    if not privileged:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{own} {own} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _continue_as_first_process(resident + 2 * limits.memory)
    mount("none", "/", None, REC | PRIVATE)
    _build(root, limits.disk, [*hidden(), *private])
    _enter(root)
    limit(limits, space)
    _drop_privileges(runs_as if privileged else None)
    forbid_system_calls()
    state.shut_in = True


def memory_in_use() -> tuple[int, int]:
    """Bytes of address space of this process, and those that lie in memory: libraries take much."""
    space, resident, *_ = map(int, Path("/proc/self/statm").read_text().split())
    return space * resource.getpagesize(), resident * resource.getpagesize()


def limit(limits: Limits, address_space: int) -> None:
    """Put limits on this process and its children, which take so many bytes already."""
    for what, most in (
        (resource.RLIMIT_AS, address_space + limits.memory),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_FSIZE, limits.disk),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_MEMLOCK, 1 << 20),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _continue_as_first_process(together: int) -> None:
    """Fork into the new process namespace; when this process goes, all in there go with it."""
    signals = {signal.SIGCHLD, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    call("prctl", PR_SET_PDEATHSIG, signal.SIGTERM)  # which ends all in there
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        return
    status = _watched(child, signals, together)
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _watched(child: int, signals: set[signal.Signals], together: int) -> int:
    """The status of the first process in there, which ends when all others are gone.

    It is ended on SIGTERM, and when all processes together have more than so many bytes.
    """
    outside = Path("/").stat().st_dev
    while True:
        reason = signal.sigtimedwait(signals, WATCH_SECONDS)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        inside = Path("/").stat().st_dev != outside  # only then is /proc that of the namespace
        too_much = inside and _memory_of_all() > together
        if too_much or (reason and reason.si_signo == signal.SIGTERM):
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            if too_much:
                os._exit(TOO_MUCH_MEMORY)
            return status


def _memory_of_all() -> int:
    """Bytes of all processes in /proc, shared ones counted once; 0 where nothing is shown."""
    total = 0
    for place in Path("/proc").glob("[0-9]*/smaps_rollup"):
        with suppress(OSError, ValueError):  # it may end meanwhile
            (line,) = (one for one in place.read_text().splitlines() if one.startswith("Pss:"))
            total += 1024 * int(line.split()[1])
    return total


def _build(root: Path, disk: int, unseen: Iterable[Path]) -> None:
    mount("tmpfs", root, "tmpfs", NOSUID | NODEV, "size=1m,mode=755")
    for folder in ("proc", "tmp", "old"):
        (root / folder).mkdir()
    # Before the rest: an environment may lie in /tmp, and would be hidden behind it.
    mount(
        "tmpfs",
        root / "tmp",
        "tmpfs",
        NOSUID | NODEV,
        f"size={disk},nr_inodes={MOST_FILES},mode=1777",
    )
    shown = readable()
    _show(root, shown)
    for path in unseen:
        _hide(root, path, shown)
    for device in map(Path, DEVICES):
        _bind(device, root / device.relative_to("/"), NOSUID | NOEXEC)
    with suppress(OSError):  # inside a container, /proc may have to stay empty
        mount("proc", root / "proc", "proc", NOSUID | NODEV | NOEXEC)


def _hide(root: Path, path: Path, shown: Iterable[Path]) -> None:
    """Put an empty folder or file over what lies inside of a folder that is shown."""
    if not any(path.is_relative_to(folder) for folder in shown):
        return
    place = root / path.relative_to("/")
    if place.is_dir():
        mount("tmpfs", place, "tmpfs", RDONLY | NOSUID, "size=4k")
    elif place.exists():
        mount("/dev/null", place, None, BIND)


def _show(root: Path, folders: Iterable[Path]) -> None:
    shown: list[Path] = []
    for path in folders:  # in ascending order: a folder comes before those inside it
        place = root / path.relative_to("/")
        if path.is_symlink():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(path.readlink())
        elif not any(path.is_relative_to(folder) for folder in shown):
            _bind(path, place, RDONLY | NOSUID | NODEV)
            shown.append(path)


def _bind(source: Path, place: Path, flags: int) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        place.mkdir(exist_ok=True)
    else:
        place.touch()
    mount(source, place, None, BIND | REC)
    # A mount may become stricter, never laxer: its own flags have to be said again.
    mount("none", place, None, REMOUNT | BIND | flags | os.statvfs(place).f_flag & 0xF)


def _enter(root: Path) -> None:
    os.chdir(root)
    call("syscall", number("pivot_root"), b".", b"old")
    os.chdir("/")
    call("umount2", b"/old", DETACH)
    Path("/old").rmdir()
    mount("none", "/", None, REMOUNT | BIND | RDONLY | NOSUID | NODEV)
    os.chdir("/tmp")


def _drop_privileges(user: int | None) -> None:
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(64):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    # Only now: a change of the user takes it back. The first process takes all others with it.
    call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    call("capset", header, (ctypes.c_uint32 * 6)())


def status_words(status: int) -> str:
    """In words, how a process ended that should not have."""
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == TOO_MUCH_MEMORY:
        return "its processes took too much memory together"
    if not os.WIFSIGNALED(status):
        return f"it ended its own process (exit code {os.waitstatus_to_exitcode(status)})"
    number = os.WTERMSIG(status)
    name = signal.Signals(number).name if number in signal.valid_signals() else str(number)
    return f"its process was ended by the signal {name} ({signal.strsignal(number)})"
