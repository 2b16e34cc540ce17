"""When a page runs again: if its cells change, or anything that its cells use.

jupyter-cache knows a notebook by its cells alone. So the cache lies in a folder that is named after
the rest: the source of `cnnlab`, the versions of the packages that pages use, Keras's backend, and
what makes and runs the notebooks. Another key is another folder, and there every page runs again.

The packages are those of this environment or, if PAGES_ON names the folder of an environment with
Colab's packages (`tests/colab.py`), of that one.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

import cnnlab
from cnnlab.measured import PACKAGES, machine

from .mathematics import KATEX

SOURCES = {".py", ".js", ".css", ".json", ".npz", ".txt"}
HERE = Path(__file__).resolve().parent
RUNNERS = (
    *("conftest.py", "tests/student.py", "tools/notebooks.py", "book/_ext/coursebook/runs.py"),
    *("tests/colab.py", "tests/colab.txt"),
    "exercises/*.md",  # the wheel brings them to the judge
)
KEPT = 3  # caches: switching back to a branch finds its own
MACHINE = "machine.json"
PAGES_ON = "PAGES_ON"


def digest(files: Iterable[Path], *words: str) -> str:
    """A short name for the contents of files, wherever they lie, and for some words."""
    found = hashlib.sha256("\n".join(words).encode())
    for file in sorted(files):
        found.update(f"\n{file.name} {file.parent.name}\n".encode() + file.read_bytes())
    return found.hexdigest()[:16]


def package_files() -> list[Path]:
    """The source and the data of `cnnlab`, as a kernel would import it."""
    return [
        file
        for file in Path(cnnlab.__file__).parent.rglob("*")
        if file.suffix in SOURCES and "__pycache__" not in file.parts
    ]


def machine_of_pages() -> dict[str, Any]:
    """The processor, and the versions that pages run with."""
    found = machine()
    if folder := os.environ.get(PAGES_ON):
        (packages,) = Path(folder).glob("venv/lib/python*/site-packages")
        found["versions"] = {"Python": packages.parent.name.removeprefix("python")} | {
            name: one.version
            for name in PACKAGES
            for one in distributions(name=name, path=[str(packages)])
        }
    return found


def prune(root: Path, current: Path) -> None:
    """Remove all but the last few caches; the one in use counts as the newest."""
    os.utime(current)
    caches = sorted(root.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in caches[KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)


def current(build: Path) -> Path:
    """The cache, in the folder of what is built, that fits the source and the versions of today."""
    found = machine_of_pages()
    # A newer patch of Python changes no result.
    minor = ".".join(found["versions"]["Python"].split(".")[:2])
    words = [
        f"{name} {version}" for name, version in (found["versions"] | {"Python": minor}).items()
    ]
    words.append(f"backend {os.environ.get('KERAS_BACKEND', 'tensorflow')}")
    runners = [file for pattern in RUNNERS for file in HERE.parents[2].glob(pattern)]
    root = build / ".jupyter_cache"
    cache = root / digest([*package_files(), *runners], *words)
    if not (cache / MACHINE).exists():
        cache.mkdir(parents=True, exist_ok=True)
        (cache / MACHINE).write_text(json.dumps(found, indent=1), "utf-8")
    prune(root, cache)
    return cache


def choose_cache(app: Sphinx, config: Config) -> None:
    """Point myst-nb at the cache of today; make pages again if what makes them has changed."""
    config.nb_execution_cache_path = str(current(Path(app.outdir).parent))
    # A change in the machinery makes the pages again, from the same cache.
    config.course_machinery = digest([*HERE.rglob("*.py"), KATEX])
    static = [Path(app.srcdir, folder) for folder in config.html_static_path]
    assets = (file for folder in static for file in folder.glob("*.*"))
    config.course_assets = digest(assets)
    # Every page shows the table of contents beside its text.
    config.course_contents = digest([Path(app.srcdir, config.external_toc_path)])


def forget_failed_build(app: Sphinx, exception: Exception | None) -> None:
    """After warnings or an error, let the next build read every page again.

    Sphinx warns while it reads a page, and does not read it twice: without this, a build that
    failed on a warning would succeed the second time.
    """
    if exception or app._warncount:
        Path(app.doctreedir, "environment.pickle").unlink(missing_ok=True)


def setup(app: Sphinx) -> None:
    app.add_config_value("course_machinery", "", "env", str)
    app.add_config_value("course_assets", "", "html", str)
    app.add_config_value("course_contents", "", "html", str)
    # Jupyter Book sets this one even where the extension that reads it is not loaded.
    app.add_config_value("comments_config", {}, "", dict)
    app.connect("config-inited", choose_cache)
    app.connect("build-finished", forget_failed_build)
