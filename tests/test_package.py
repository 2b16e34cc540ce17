"""What `import cnnlab` costs, and what it must not bring along."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import cnnlab

HEAVY = ("tensorflow", "keras", "jax", "matplotlib", "scipy", "skimage", "anywidget")

PROBE = """
import sys, time
import numpy  # the one thing that the first room may need
start = time.process_time()
import cnnlab, cnnlab.convolution
print(time.process_time() - start, *sorted({name.partition('.')[0] for name in sys.modules}))
"""


def probe() -> tuple[float, set[str]]:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    seconds, *modules = done.stdout.split()
    return float(seconds), set(modules)


def test_import_is_light():
    """In seconds of the processor, the best of three: it takes 0.04 alone, 0.05 beside others."""
    runs = [probe() for _ in range(3)]
    for _, modules in runs:
        assert not set(HEAVY) & modules
    assert min(seconds for seconds, _ in runs) < 0.3


def test_version_is_the_installed_one():
    from importlib.metadata import version

    assert cnnlab.__version__ == version("cnnlab")


def test_colab_s_versions_are_enough():
    """An install on Colab replaces none of its packages: each bound is at most what it has."""
    root = Path(__file__).resolve().parent.parent
    needed = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    there = {}
    for line in (root / "tests" / "colab.txt").read_text("utf-8").splitlines():
        if "==" in line and not line.startswith("#"):
            name, _, found = line.partition("==")
            there[canonicalize_name(name)] = found
    assert len(there) > 100
    for requirement in map(Requirement, needed):
        name = canonicalize_name(requirement.name)
        assert requirement.specifier.contains(there[name]), (
            f"{requirement}: Colab has {there[name]}"
        )


def test_what_is_imported_is_required():
    """Each package that `cnnlab` imports comes with it, or with one of its extras."""
    project = tomllib.loads(
        (Path(__file__).resolve().parents[1] / "pyproject.toml").read_text("utf-8")
    )
    required = [*project["project"]["dependencies"]]
    for extra in project["project"]["optional-dependencies"].values():
        required += extra
    names = {canonicalize_name(Requirement(one).name) for one in required}
    called = {"PIL": "pillow", "skimage": "scikit-image", "yaml": "pyyaml", "IPython": "ipython"}
    called |= {"sklearn": "scikit-learn"}
    called |= {"requests": "pooch", "markupsafe": "jinja2"}  # they bring these
    called |= {"tensorflow": "tensorflow-cpu", "markdown_it": "markdown-it-py"}
    for file in Path(cnnlab.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module]
            for top in {module.partition(".")[0] for module in modules}:
                if top in sys.stdlib_module_names or top == "cnnlab":
                    continue
                assert canonicalize_name(called.get(top, top)) in names, f"{file.name}: {top}"
