"""A student's machine: the built wheel, the made notebooks, no checkout, no other host.

The environment borrows the dependencies of the one that runs the tests, through links; it lacks
this package until the wheel is installed.
"""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNEL = "student"
# TensorFlow, OpenMP and NumPy's linear algebra each take all cores, unless these say otherwise.
THREADS = (
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
)
# Read by every Python of the environment as it starts.
OFFLINE = """
import ipaddress
import socket

def local(host):
    try:
        return host in (None, "", "localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

def guarded(function, host_of):
    def guard(*args, **kwargs):
        host = host_of(args)
        if not local(host):
            raise OSError(f"this test reaches no other host, but {host} was asked for")
        return function(*args, **kwargs)
    return guard

def connects_to(args):
    return args[1][0] if args[0].family != socket.AF_UNIX else None

socket.socket.connect = guarded(socket.socket.connect, connects_to)
socket.socket.connect_ex = guarded(socket.socket.connect_ex, connects_to)
socket.getaddrinfo = guarded(socket.getaddrinfo, lambda args: args[0])
"""


def build_wheel(out: Path) -> Path:
    """The wheel, built into an empty folder."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    done = subprocess.run([*build, str(ROOT)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = out.iterdir()
    return found


def make_notebooks(out: Path) -> None:
    """Write the notebook of ``book/<room>/<page>.md`` as ``out/book/<room>/<page>.ipynb``."""
    command = [sys.executable, ROOT / "tools/notebooks.py", out]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def make_environment(folder: Path) -> Path:
    """The Python of a new environment in this folder, with everything but this package."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    (own,) = (folder / "venv").glob("lib/python*/site-packages")
    borrowed = folder / "borrowed"
    borrowed.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        ours = re.match(r"_*(editable_impl_)?cnnlab\b", entry.name)
        if not ours and entry.suffix != ".pth" and entry.name != "__pycache__":
            (borrowed / entry.name).symlink_to(entry)
    (own / "borrowed.pth").write_text(f"{borrowed}\n", "utf-8")
    (own / "sitecustomize.py").write_text(OFFLINE, "utf-8")
    return folder / "venv/bin/python"


def surroundings(python: Path) -> dict[str, str]:
    """The variables of the environment of this Python: nothing of ours, a home of its own."""
    keep = ("PATH", "TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND")
    home = str(python.parents[2] / "home")
    pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {name: os.environ[name] for name in keep if name in os.environ} | {"HOME": home} | pip


def thread_share(kernels: int) -> dict[str, str]:
    """The variables that give each of several kernels its share of the processor's cores."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count())
    share = str(max(1, len(usable) // kernels))
    return dict.fromkeys(THREADS, share)


def run(python: Path, *arguments: object, cwd: Path, **variables: str) -> str:
    """What a command of the environment prints."""
    done = subprocess.run(
        [python, *map(str, arguments)],
        cwd=cwd,
        env=surroundings(python) | variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def make_student(folder: Path, wheel: Path) -> Path:
    """The Python of a new environment with the wheel; its home knows it as the kernel KERNEL."""
    python = make_environment(folder)
    run(python, "-m", "pip", "install", "--no-deps", wheel, cwd=folder)
    run(python, "-m", "ipykernel", "install", "--user", "--name", KERNEL, cwd=folder)
    return python
