"""The benchmark that runs a page: on a small page, and on what the real one must offer."""

from textwrap import dedent

import pytest

from benchmarks import numpy_convnet

HEADER = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""
PAGE = HEADER + dedent(
    """
    ```{code-cell} ipython3
    :tags: [parameters]
    seed = 7
    ```

    ```{code-cell} ipython3
    numpy_accuracy = 0.5 + seed / 10
    keras_accuracy = 0.9 - seed / 10
    ```

    ```{code-cell} ipython3
    :tags: [remove-input]
    raise RuntimeError("this cell quotes the benchmark, which has not run yet")
    ```
    """
)


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE, "utf-8")
    return path


def test_each_seed_runs_the_page_once(page):
    results = numpy_convnet.run(page, seeds=(0, 2))
    assert results["numpy"]["accuracy"]["runs"] == [0.5, 0.7]
    assert results["numpy"]["accuracy"]["mean"] == pytest.approx(0.6)
    assert results["keras"]["accuracy"]["runs"] == pytest.approx([0.9, 0.7])
    assert results["keras"]["accuracy"]["spread"] == pytest.approx(0.2)


def test_a_page_needs_one_cell_with_the_seed(page):
    page.write_text(PAGE.replace(":tags: [parameters]", ""), "utf-8")
    with pytest.raises(ValueError, match=r"page\.md has 0 cells tagged parameters"):
        numpy_convnet.run(page)


def test_the_measured_accuracies_are_what_the_page_promises():
    from cnnlab.measured import measured

    results = measured("numpy-convnet")
    assert min(results["numpy"]["accuracy"]["runs"]) >= 0.95
    assert min(results["keras"]["accuracy"]["runs"]) >= 0.975
    assert len(results["keras"]["accuracy"]["runs"]) == 3
