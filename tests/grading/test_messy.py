"""The judge on right notebooks as people write them: what surrounds an answer costs nothing."""

import os
from pathlib import Path

import pytest
from toy_exercise import RIGHT

from cnnlab.grading.judge.links import ENVIRONMENT

# The first lines of the cell that imports NumPy, as people have them.
SURROUNDINGS = {
    "inline pictures": "%matplotlib inline",
    "pip": "!pip install -q cnnlab",
    "pip as a magic": "%pip install --quiet cnnlab seaborn",
    "another folder": "%cd /content\nimport os\nos.chdir('/content/drive/MyDrive')",
    "Colab's drive": "from google.colab import drive\ndrive.mount('/content/drive')",
    "Colab's files": "from google.colab import files\nuploaded = files.upload()\nlist(uploaded)",
    "a package that is not here": "import seaborn as sns\nsns.set_theme()",
    "a room of the course": "from cnnlab.detection import iou, nms",
    "output of a command": "names = !ls *.png\nprint(names.n)",
    "extensions": "%load_ext autoreload\n%autoreload 2\n%config InlineBackend.rc = {}",
    "an unknown magic": "%tensorboard --logdir logs",
    "a file that is not here": "import matplotlib.pyplot as plt\nplt.imread('cat.png')",
    "a key that is not here": "import os\nos.environ['KAGGLE_KEY']",
    "a breakpoint": "breakpoint()\nimport pdb\npdb.set_trace()",
    "what was exported from Colab": "get_ipython().run_line_magic('matplotlib', 'inline')\n"
    "get_ipython().system('pip install cnnlab')",
    "a fresh name space": "%reset -f",
    "a question to the reader": "name = input('Your name?')",
    "an await": "import asyncio\nawait asyncio.sleep(0)",
    "a future": "from __future__ import annotations\n1 / 0",
}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_the_surroundings_of_a_notebook_cost_nothing(mark, name):
    lines = SURROUNDINGS[name]
    verdicts, result = mark(f"{lines}\nimport numpy as np\n{RIGHT[1]}", RIGHT[2])
    assert verdicts["area"].earned == 1 and verdicts["scaled"].earned == 2, result


@pytest.mark.parametrize("magic", ["%%time", "%%capture", "%%timeit_of_mine", "%%writefile x.py"])
def test_magics_of_a_cell(mark, magic):
    verdicts, _ = mark(f"{magic}\n1 / 0\n{RIGHT[1]}")
    assert verdicts["area"].earned == (0 if "writefile" in magic else 1)


@pytest.mark.parametrize("first", ["%%writefile mine.py\n{}", "open('mine.py', 'w').write({!r})"])
def test_a_cell_may_write_a_module_for_the_next(mark, first):
    verdicts, result = mark(first.format("area = (12, 20)"), "from mine import area", RIGHT[2])
    assert verdicts["area"].earned == 1 and verdicts["scaled"].earned == 2, result


def test_a_line_for_the_surroundings_is_told_to_be_left_out(mark):
    _, result = mark("!pip install -q cnnlab\n%matplotlib inline", *RIGHT[1:3])
    (output,) = result.outputs[0]
    assert output["text"].splitlines() == [
        "(left out while this notebook is marked: !pip install -q cnnlab)",
        "(left out while this notebook is marked: %matplotlib inline)",
    ]


def test_a_renamed_answer_is_told_by_the_name_near_it(mark):
    verdicts, _ = mark(RIGHT[0], "def scaled2(X, factor):\n    return X * factor")
    assert verdicts["scaled"].tier == "missing"
    assert verdicts["scaled"].message == (
        "No code cell makes scaled, but one makes scaled2. Was it renamed?"
    )
    assert verdicts["layer"].message == "No code cell makes layer."


def test_no_answer_names_the_cell_and_its_error(mark):
    verdicts, result = mark(
        RIGHT[0],
        "area = width * height",
        "def scaled(X, factor)\n    return X * factor",
        "layer = None",
    )
    assert verdicts["area"].tier == "missing"
    assert verdicts["area"].message == (
        "Code cell 2, which makes it, stopped with an error: NameError: name 'width' is not defined"
    )
    assert "Code cell 3" in verdicts["scaled"].message
    assert "SyntaxError" in verdicts["scaled"].message
    assert (verdicts["layer"].tier, verdicts["layer"].message) == ("missing", "")
    assert [one["output_type"] for one in result.outputs[1]] == ["error"]


def test_a_stub_of_a_network_is_no_answer(mark):
    verdicts, _ = mark(RIGHT[0], "def layer(units):\n    '''(3,) -> (units,)'''\nmodel = None")
    assert verdicts["layer"].tier == verdicts["model"].tier == "missing"


def test_errors_are_shown_where_a_cell_goes_on(mark):
    _, result = mark("1 / 0\nundefined\nprint('end')\n2 + 3")
    kinds = [one["output_type"] for one in result.outputs[0]]
    assert kinds == ["stream", "display_data", "error", "error"]
    assert result.outputs[0][1]["data"] == {"text/plain": "5"}


def test_figures_become_pictures(mark):
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\n"
    _, result = mark(f"{plot}plt.show()\nplt.figure()\nplt.plot([2, 1]);", "print('next')")
    pictures = [one for one in result.outputs[0] if "image/png" in one.get("data", {})]
    assert len(pictures) == 2 and result.outputs[1][0]["text"] == "next\n"


def test_many_pictures_are_shown_in_part_and_cost_nothing(mark):
    loud = "for n in range(100):\n    display({'text/plain': 'x' * 90_000}, raw=True)\n"
    verdicts, result = mark(f"{loud}{RIGHT[1]}", *(loud for _ in range(6)))
    assert verdicts["area"].earned == 1
    assert "outputs more, which were left out" in result.outputs[0][-1]["text"]
    characters = sum(len(str(one)) for cell in result.outputs for one in cell)
    assert characters < 10_000_000


def test_the_environment_is_small_and_made(mark):
    source = "import os\nprint(*os.environ)\nprint(open('/proc/self/environ').read())"
    _, result = mark(source)
    # What the process began with: libraries set variables of their own later.
    began = Path("/proc/self/environ").read_text().split("\0")
    names = {one.partition("=")[0] for one in began if one} | {"PYTEST_VERSION"}
    made = {name for name in names if name.startswith(("TF", "KERAS"))}
    teacher = names - {*ENVIRONMENT, *made, "MPLBACKEND", "OMP_NUM_THREADS"}
    assert "PYTEST_VERSION" in os.environ
    assert not teacher & {*result.outputs[0][0]["text"].split()}
    assert result.outputs[0][1]["ename"] == "PermissionError"


def test_what_a_cell_leaves_behind_ends_with_it(mark):
    busy = "import os\nfor n in range(20):\n    if os.fork() == 0:\n        while True: pass"
    count = "import os\nprint(*(name for name in os.listdir('/proc') if name.isdigit()))"
    _, result = mark(busy, count)
    assert result.outputs[1][0]["text"].split() == ["1"]
