"""Colab's machine, as far as packages go: its versions, its older Jupyter, its own first cell.

    python -m tests.colab .colab

makes the environment from ``colab.txt``. A test run with ``--colab`` installs the built wheel in it
as a notebook's first cell does, and runs every notebook there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.student import KERNEL, OFFLINE, ROOT, run

PINNED = Path(__file__).with_name("colab.txt")
PYTHON = (3, 13)  # Colab's
PROBE = "import sys; print(*sys.version_info[:2])"
OUTPUT = '''"""What the first cell of a notebook asks of Colab."""


def enable_custom_widget_manager():
    """Colab draws figures of other people's packages from now on."""
'''


def version(python: str | Path) -> tuple[int, int] | None:
    """Of an interpreter; None if it does not run, as the stand-in of a version manager may not."""
    try:
        done = subprocess.run([python, "-c", PROBE], capture_output=True, text=True, timeout=60)
        major, minor = map(int, done.stdout.split())
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return major, minor


def find_python() -> str:
    """Colab's Python where it is found, else the newest that is older, this one if need be."""
    minors = range(PYTHON[1], 10, -1)
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    for minor in minors:
        name = f"python{PYTHON[0]}.{minor}"
        managed = sorted(kept.glob(f"{PYTHON[0]}.{minor}.*/bin/{name}"), reverse=True)
        for python in filter(None, [shutil.which(name), *map(str, managed), sys.executable]):
            if version(python) == (PYTHON[0], minor):
                return python
    return sys.executable


def make_environment(folder: Path) -> None:
    """Colab's packages, byte-compiled, and a stand-in for the one that only Colab has."""
    python = find_python()
    major, minor = version(python)
    note = "" if (major, minor) == PYTHON else f"; Colab's {PYTHON[0]}.{PYTHON[1]} was not found"
    print(f"Python {major}.{minor}{note}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", folder / "venv"], check=True)
    # Compiled now, or TensorFlow is compiled anew in each kernel.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    install = [folder / "venv/bin/python", "-m", "pip", "install", "--disable-pip-version-check"]
    subprocess.run([*install, "--quiet", "-r", PINNED], check=True, env=environment)
    (own,) = folder.glob("venv/lib/python*/site-packages")
    colab = own / "google" / "colab"
    colab.mkdir(parents=True, exist_ok=True)
    (colab / "__init__.py").touch()
    (colab / "output.py").write_text(OUTPUT, "utf-8")
    (own / "sitecustomize.py").write_text(OFFLINE, "utf-8")


def frozen(python: Path, cwd: Path) -> set[str]:
    """The packages and versions that are installed."""
    return set(run(python, "-m", "pip", "freeze", cwd=cwd).splitlines())


def make_colab(folder: Path, wheel: Path) -> Path:
    """The Python of Colab's machine in this folder, with the wheel; its home knows it as KERNEL.

    Raises
    ------
    AssertionError
        If the install changes anything but this package.
    """
    python = folder.resolve() / "venv/bin/python"
    run(python, "-m", "pip", "uninstall", "--yes", "--quiet", "cnnlab", cwd=folder)
    before = frozen(python, folder)
    # As the first cell of a notebook does, but from a folder: needs must be met by what is there.
    finds = ("--find-links", wheel.parent)
    run(python, "-m", "pip", "install", "--quiet", *finds, "cnnlab", cwd=folder)
    after = frozen(python, folder)
    changed = {line for line in after ^ before if not line.startswith("cnnlab")}
    assert not changed and len(after) == len(before) + 1, f"the install changed {sorted(changed)}"
    run(python, "-m", "ipykernel", "install", "--user", "--name", KERNEL, cwd=folder)
    return python


if __name__ == "__main__":
    make_environment(ROOT / sys.argv[1])
