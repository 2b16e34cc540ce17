"""Who may import whom: a room uses the rooms before it and the ground floor, and nothing above.

An import inside a function counts like any other: it only hides an arrow from Python.
"""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import cnnlab
from cnnlab.rooms import NAMES

HOUSE = Path(cnnlab.__file__).parent
# They may use rooms; no room uses them.
UPSTAIRS = ("widgets", "plots", "grading", "__main__")
Arrows = dict[str, set[str]]


# ---- reading ----


def modules(package: Path) -> dict[str, Path]:
    """The files of a package by their dotted names."""
    found = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = file
    return found


def homes(tree: ast.Module) -> dict[str, str]:
    """The table of a package whose names are imported when they are first asked for."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "HOMES":
            return ast.literal_eval(node.value)
    return {}


def arrows(package: Path) -> Arrows:
    """From each module to those of the same package that it imports, wherever the line stands."""
    files = modules(package)
    trees = {name: ast.parse(file.read_text("utf-8")) for name, file in files.items()}

    def target(module: str, name: str) -> str:
        """The module that ``from module import name`` needs."""
        home = homes(trees[module]).get(name, name) if module in trees else name
        return f"{module}.{home}" if f"{module}.{home}" in files else module

    def needed(importer: str) -> Iterator[str]:
        for node in ast.walk(trees[importer]):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    is_package = files[importer].name == "__init__.py"
                    up = importer.split(".")[: (1 if is_package else 0) - node.level or None]
                    base = ".".join([*up, *filter(None, [base])])
                yield from (target(base, alias.name) for alias in node.names)

    return {name: {one for one in needed(name) if one in files} - {name} for name in files}


# ---- the rules ----


def place(module: str) -> str:
    """What stands on the ground floor has no place of its own: ``""``."""
    part = (*module.split("."), "")[1]
    return part if part in NAMES or part in UPSTAIRS else ""


def may_import(importer: str, imported: str) -> bool:
    above, below = place(importer), place(imported)
    if below in ("", above):
        return True
    if above in NAMES:
        return below in NAMES[: NAMES.index(above)]
    return above in UPSTAIRS and (below in NAMES or (above, below) == ("__main__", "grading"))


def circle(graph: Arrows) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


# ---- the house ----


@pytest.fixture(scope="module")
def house() -> Arrows:
    return arrows(HOUSE)


def test_no_arrow_runs_upwards(house):
    upwards = [
        f"{importer} → {imported}"
        for importer, found in house.items()
        for imported in found
        if not may_import(importer, imported)
    ]
    assert not upwards


def test_nobody_walks_in_a_circle(house):
    assert not circle(house)


def test_the_arrows_are_seen(house):
    """Some that stand in the house, so that an empty graph does not pass."""
    assert len(house) > 60
    assert "cnnlab.architectures.blocks" in house["cnnlab.detection.yolo"]
    assert "cnnlab.detection.checks" in house["cnnlab.detection.boxes"]  # a module by its package
    assert "cnnlab.detection.yolo" in house["cnnlab.widgets.yolo_target"]  # inside a function
    assert {place(name) for name in house} == {"", *NAMES, *UPSTAIRS}


def test_names_that_are_imported_late_are_where_they_are_said_to_be():
    late = [
        name for name, file in modules(HOUSE).items() if homes(ast.parse(file.read_text("utf-8")))
    ]
    assert {"cnnlab", "cnnlab.detection", "cnnlab.widgets"} <= set(late)
    for package in map(import_module, late):
        assert not [name for name in package.HOMES if not hasattr(package, name)], package


# ---- the rules themselves ----


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        ("detection.yolo", "architectures.blocks", True),
        ("detection.yolo", "data.fetch", True),
        ("detection.nms", "detection.boxes", True),
        ("widgets.nms_stepper", "detection.nms", True),
        ("grading.networks", "checks", True),
        ("__main__", "grading.cli", True),
        ("architectures.table", "detection.boxes", False),
        ("convolution.train", "architectures", False),
        ("data.voc", "detection.boxes", False),
        ("checks", "convolution.geometry", False),
        ("lazy", "widgets.frame", False),
        ("detection.nms", "widgets.frame", False),
        ("detection.nms", "plots", False),
        ("detection.nms", "grading.check", False),
        ("widgets.frame", "plots", False),
        ("plots", "grading.texts", False),
    ],
)
def test_what_may_import_what(importer, imported, allowed):
    assert may_import(f"cnnlab.{importer}", f"cnnlab.{imported}") is allowed


def test_imports_of_every_kind_are_read(tmp_path):
    files = {
        "__init__": "HOMES = {'late': 'inner.c'}",
        "a": "import small.b\nimport os",
        "b": "def f():\n    from small.inner import c",
        "d": "from small import late",
        "e": "from small import a, unknown",
        "inner/__init__": "from .c import x",
        "inner/c": "from ..a import y\nfrom . import d",
        "inner/d": "class D:\n    import small.f",
        "f": "",
    }
    for name, text in files.items():
        file = tmp_path / "small" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    found = arrows(tmp_path / "small")
    assert found == {
        "small": set(),
        "small.a": {"small.b"},
        "small.b": {"small.inner.c"},
        "small.d": {"small.inner.c"},
        "small.e": {"small.a", "small"},
        "small.inner": {"small.inner.c"},
        "small.inner.c": {"small.a", "small.inner.d"},
        "small.inner.d": {"small.f"},
        "small.f": set(),
    }
    assert set(circle(found)) == {"small.a", "small.b", "small.inner.c"}


def test_a_circle_is_named():
    assert circle({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == {"a", "b", "c"}
