"""Every benchmark that runs a page finds there what it needs."""

import importlib
import pkgutil
import re

import pytest

import benchmarks
from benchmarks import numpy_convnet
from benchmarks.page import prepared
from cnnlab.measured import measured

MODULES = [
    importlib.import_module(f"benchmarks.{module.name}")
    for module in pkgutil.iter_modules(benchmarks.__path__)
    if module.name != "__main__"
]
ON_PAGES = [module for module in MODULES if hasattr(module, "PAGE")]

each = pytest.mark.parametrize("topic", ON_PAGES, ids=lambda module: module.__name__)


def test_they_are_found():
    assert numpy_convnet in ON_PAGES


@each
def test_the_page_takes_another_seed_and_leaves_the_results(topic):
    notebook = prepared(topic.PAGE, topic.NAMES, seed=5)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    source = "\n".join(code[:-1])
    assert "seed = 5" in source and "seed = 0" not in source
    for name in topic.NAMES:
        assert re.search(rf"^(?:[\w, ]*, )?{name}\b[\w, ]* = ", source, re.MULTILINE), name
    assert "measured(" not in source


@each
def test_it_was_measured_with_three_seeds(topic):
    name = topic.__name__.rpartition(".")[2].replace("_", "-")
    text = str(measured(name))
    assert text.count("'runs': [") >= len(topic.NAMES)
