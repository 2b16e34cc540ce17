"""Who may import whom: a room uses the rooms before it and the ground floor, and nothing above.

An import inside a function counts like any other: it only hides an arrow from Python.
"""

import ast
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import cnnlab
from cnnlab.rooms import NAMES
from tools.imports import Arrows, Imports, homes, modules

HOUSE = Path(cnnlab.__file__).parent
# They may use rooms; no room uses them.
UPSTAIRS = ("widgets", "plots", "grading", "__main__")


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
    return Imports(HOUSE).arrows


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
    found = Imports(tmp_path / "small").arrows
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
