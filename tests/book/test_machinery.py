"""The book's extension: its parts one by one, then small books built with it."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from nbformat.v4 import new_output
from PIL import Image, ImageFilter

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from coursebook import cache, icons, launch, mathematics, mend, pictures, streams  # noqa: E402

HEADER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""
CELL = "```{{code-cell}} ipython3\n{}\n```\n"
PICTURE = """\
import base64, io
from IPython.display import display
from PIL import Image
png = io.BytesIO()
Image.new("RGB", (200, 100)).save(png, "png", dpi=(144, 144))
data = {"image/png": base64.b64encode(png.getvalue()).decode()}
display(data, metadata={"image/png": {"alt": ALT}}, raw=True)"""
DRAWING = """\
```{code-cell} ipython3
:tags: [hide-input]
:alt: OPTION

TITLE
import base64, io
from IPython.display import display
from PIL import Image
png = io.BytesIO()
Image.new("RGB", (20, 10), "red").save(png, "png")
picture = "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()
root = 'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" color="#1a1a1a" class="drawing"'
svg = (
    f'<svg {root} aria-label="Said by the code."><rect class="paper"/>'
    f'<clipPath id="c"><path d="M 0 0"/></clipPath><image href="{picture}"/></svg>'
)
display({"image/svg+xml": svg}, raw=True)
```
"""
COUNT = """\
import os
from pathlib import Path
runs = Path(os.environ["RUNS"])
runs.write_text(runs.read_text() + "x" if runs.exists() else "x")"""


def png(dpi: tuple[int, int] | None) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (300, 90)).save(file, "png", **({"dpi": dpi} if dpi else {}))
    return file.getvalue()


def test_a_picture_of_144_dpi_takes_half_its_pixels():
    assert pictures.css_size(png((144, 144))) == (150, 45)
    assert pictures.css_size(png((72, 72))) == (300, 90)
    assert pictures.css_size(png(None)) is None


def test_a_drawing_stays_exact_and_a_photograph_gets_light():
    drawing = png((144, 144))
    with Image.open(io.BytesIO(pictures.light(drawing))) as light:
        assert light.format == "WEBP"
        assert light.convert("RGB").tobytes() == Image.open(io.BytesIO(drawing)).tobytes()
    noise = np.random.default_rng(1).normal(128, 60, (600, 900)).clip(0, 255).astype(np.uint8)
    noise = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(2))
    file = io.BytesIO()
    noise.save(file, "png")
    assert len(pictures.light(file.getvalue())) < len(file.getvalue()) / 2


def test_no_picture_is_heavy_that_need_not_be():
    """With more and more detail the weight grows to the bound, and stays there while it can."""
    noise = np.random.default_rng(0).integers(0, 256, (600, 600), np.uint8)
    weights, exact = [], []
    for blur in (12, 8, 6, 4, 3, 2.5, 2, 1.5, 1):
        detail = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(blur)).convert("RGB")
        file = io.BytesIO()
        detail.save(file, "png")
        weights.append(len(light := pictures.light(file.getvalue())))
        with Image.open(io.BytesIO(light)) as image:
            exact.append(image.convert("RGB").tobytes() == detail.tobytes())
    assert exact == [True] * 2 + [False] * 7  # as long as that is light enough
    assert max(weights[:-1]) <= pictures.HEAVY < weights[-1]  # the last is heavy at any quality
    assert weights[-2] > 0.8 * pictures.HEAVY  # and no quality is lost without need


@pytest.mark.parametrize("alt", [None, "", "  ", "edges.png", "plots/Edges-2.SVG"])
def test_an_alt_text_that_says_nothing_is_a_fault(alt):
    assert pictures.fault(alt)


@pytest.mark.parametrize("alt", ["Four rows of edges.", "What edges.png shows: four rows."])
def test_an_alt_text_that_says_something_is_none(alt):
    assert pictures.fault(alt) is None


def test_images_in_raw_html_are_seen():
    html = '<p><img src="a.png"><IMG src="b.png" alt="Two lines."></p>'
    assert pictures.raw_alts(html) == [None, "Two lines."]


def test_the_key_follows_names_contents_and_words(tmp_path):
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text("a")
    two.write_text("b")
    key = cache.digest([one, two], "numpy 2")
    assert key == cache.digest([two, one], "numpy 2")
    assert key != cache.digest([one, two], "numpy 3")
    assert key != cache.digest([one], "numpy 2")
    two.write_text("c")
    assert key != cache.digest([one, two], "numpy 2")


def test_the_source_of_the_package_is_in_the_key():
    names = {file.relative_to(ROOT).as_posix() for file in cache.package_files()}
    assert {"cnnlab/__init__.py", "cnnlab/plots/style.py", "cnnlab/data/digits.npz"} <= names
    assert not any("__pycache__" in name for name in names)
    assert {"Python", "numpy", "keras", "matplotlib"} <= cache.machine_of_pages()["versions"].keys()


def test_pieces_of_a_printed_line_become_one_line():
    pieces = [
        new_output("stream", name="stdout", text=text) for text in ("max ", "(1, 84)\n", "end")
    ]
    other = new_output("stream", name="stderr", text="oh")
    joined = streams.join([*pieces, other])
    assert [output.text for output in joined] == ["max (1, 84)\nend", "oh"]


def test_old_caches_go_and_the_current_one_stays(tmp_path):
    for age, name in enumerate("abcde"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    cache.prune(tmp_path, tmp_path / "e")
    assert {folder.name for folder in tmp_path.iterdir()} == {"e", "a", "b"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://colab.research.google.com/github/o/r/blob/main/book/a.md",
            "https://colab.research.google.com/github/o/r/blob/made/book/a.ipynb",
        ),
        (
            "https://mybinder.org/v2/gh/o/r/main?urlpath=lab/tree/book/a.md",
            "https://mybinder.org/v2/gh/o/r/made?urlpath=lab/tree/book/a.ipynb",
        ),
    ],
)
def test_launch_addresses_point_at_the_made_notebook(url, expected):
    assert launch.notebook_address(url, "book/a", "main", "made") == expected


def test_figures_of_one_kind_share_their_script():
    kind, other = "application/vnd.jupyter.widget-state+json", "export default 2 < 3"
    script = "export default '</script><!--'"
    own = {
        "a": {"_esm": script, "_css": "p {}", "n": 1},
        "b": {"_esm": script, "_css": "p {}", "n": 2},
        "c": {"_esm": other, "_css": "p {}"},
        "d": {"width": None},
    }
    states = {"version_major": 2, "state": {name: {"state": state} for name, state in own.items()}}
    text = json.dumps(states).replace("<", r"\u003c")
    html = mend.mend(THEME_PAGE.replace("</head>", f'<script type="{kind}">{text}</script></head>'))
    page = BeautifulSoup(html, "html.parser")
    found = json.loads(page.find("script", type=kind).string)
    states["state"]["b"]["state"] = {"_esm": {"as": "a"}, "_css": {"as": "a"}, "n": 2}
    states["state"]["c"]["state"]["_css"] = {"as": "a"}
    assert found == states
    assert html.count("export default") == 2


@pytest.mark.parametrize(
    "text, expected",
    [
        ("{}, then", "<line>{},</line> then"),
        ("see ({}).", "see <line>({}).</line>"),
        ("(so {} is", "(so {} is"),
        ("{} <b>,</b>", "{} <b>,</b>"),
        ("{}{}.", "{}<line>{}.</line>"),
    ],
)
@pytest.mark.parametrize("tex, stays", [("x_i", True), ("x = y", False)])
def test_a_sign_stays_in_the_line_of_its_formula(text, expected, tex, stays):
    """Only if the formula has one part: a long one must be free to break."""
    formula = f'<span class="math">{mathematics.typeset(tex)}</span>'
    formula = BeautifulSoup(formula, "html.parser").decode()
    page = BeautifulSoup("<p>" + text.replace("{}", formula), "html.parser")
    mend.no_sign_alone(page)
    wanted = expected.replace("<line>", '<span class="one-line">').replace("</line>", "</span>")
    assert page.p.decode_contents() == (wanted if stays else text).replace("{}", formula)


def test_a_screen_reader_passes_over_icons():
    html = THEME_PAGE.replace("</body>", '<h2><i class="fa-solid fa-list"></i> Here</h2></body>')
    assert '<i aria-hidden="true" class="fa-solid fa-list">' in mend.mend(html)


def test_icons_that_no_page_names_go_from_the_style():
    style = 'p{color:red}.fa-old:before,.fa-star:before{content:"\\f005"}'
    style += '.fa-plus:before{content:"\\2b"}.fa-bug:before{content:"\\f188"}'
    used = icons.names(['<i class="fas fa-star"></i>', "icon.classList.add('fa-plus')"])
    kept, characters = icons.trimmed(style, used)
    assert kept == style.replace('.fa-bug:before{content:"\\f188"}', "")
    assert characters == {0xF005, 0x2B}
    assert icons.drawn('a{content:"\\f078"} b{--icon: "\uf05a"} i{content:"\\201c"}') == {
        0xF078,
        0xF05A,
    }


def test_a_font_keeps_the_glyphs_that_are_asked_for(tmp_path):
    theme = Path(find_spec("pydata_sphinx_theme").origin).parent
    (font,) = theme.rglob("fa-solid-900.ttf")
    icons.reduce(font, {0xF005, 0xF135}, tmp_path / "small.woff")
    with TTFont(tmp_path / "small.woff") as small:
        assert set(small.getBestCmap()) == {0xF005, 0xF135}
    assert (tmp_path / "small.woff").stat().st_size < 5_000


THEME_PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="auto"><head>
<meta name="viewport" content="a"><meta name="viewport" content="b">
<script>document.documentElement.dataset.theme = "auto";</script>
<script src="_static/scripts/fontawesome.js?digest=1"></script>
<script src="_static/searchtools.js"></script>
<script src="_static/documentation_options.js"></script>
<script src="_static/doctools.js"></script>
<link as="script" href="_static/scripts/bootstrap.js" rel="preload">
<script type="application/json">{"a": "1 < 2 && \\"b\\" <\\/p>"}</script>
</head><body><div id="pst-primary-sidebar"></div>
<div class="admonition dropdown"><p class="admonition-title">Answer</p><p>6 &lt; 7</p></div>
<img alt="A line." src="a.png" style="width: 200px; height: 100px;">
<pre>  two
lines</pre></body></html>"""


def test_a_mended_page():
    text = mend.mend(THEME_PAGE)
    page = BeautifulSoup(text, "html.parser")
    assert page.html["data-theme"] == "light"
    assert len(page.select("meta[name=viewport]")) == 1
    waits, runs_later = page.select("script[src]")
    assert (waits["src"], waits.get("defer")) == ("_static/documentation_options.js", None)
    assert (runs_later["src"], runs_later.get("defer")) == ("_static/doctools.js", "defer")
    assert not page.select('link[rel="preload"]')
    assert page.select_one("details.dropdown > summary").get_text() == "Answer"
    image = page.img
    assert (image["width"], image["height"], image.get("style")) == ("200", "100", None)
    # What is not mended stays as it was, to the letter.
    assert '{"a": "1 < 2 && \\"b\\" <\\/p>"}' in text
    assert "<p>6 &lt; 7</p>" in text
    assert "<pre>  two\nlines</pre>" in text


def write_book(folder: Path, **pages: str) -> None:
    """A book with the real configuration, and pages of our own."""
    (folder / "book").mkdir()
    shutil.copy(ROOT / "_config.yml", folder)
    shutil.copytree(
        ROOT / "book" / "_ext",
        folder / "book" / "_ext",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (folder / "book" / "_static").mkdir()
    for file in (ROOT / "book" / "_static").glob("*.*"):
        shutil.copy(file, folder / "book" / "_static")
    shutil.copy(ROOT / "book" / "references.bib", folder / "book")
    (folder / "cnnlab").mkdir()
    (folder / "cnnlab" / "__init__.py").write_text('SEED = 1\n__version__ = "0"\n')
    shutil.copy(ROOT / "cnnlab" / "measured.py", folder / "cnnlab")
    (folder / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "notebooks.py", folder / "tools")
    (folder / "exercises").mkdir()
    (folder / "exercises" / "lines.md").write_text(f"{HEADER}\n# Exercises: lines\n", "utf-8")
    for name, text in pages.items():
        (folder / "book" / f"{name}.md").write_text(text, "utf-8")
    write_contents(folder, *pages)


def write_contents(folder: Path, *pages: str) -> None:
    first, *others = pages
    chapters = "".join(f"- file: book/{name}\n" for name in others)
    (folder / "_toc.yml").write_text(f"format: jb-book\nroot: book/{first}\nchapters:\n{chapters}")


def build(folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """Build it as `make book` does, with its own `cnnlab` in front."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COURSE_", "GITHUB_"))
    }
    return subprocess.run(
        [Path(sys.executable).with_name("jupyter-book"), "build", ".", "-W", "--keep-going"],
        cwd=folder,
        env=inherited | {"PYTHONPATH": str(folder), "RUNS": str(folder / "runs")} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )


def parsed(folder: Path, page: str) -> BeautifulSoup:
    return BeautifulSoup(
        (folder / f"_build/html/book/{page}.html").read_text("utf-8"), "html.parser"
    )


def exercises(page: BeautifulSoup) -> list[tuple[str, str]]:
    links = page.select('a[href*="/exercises/"]')
    return [(link.get_text(), link["href"]) for link in links]


def launches(page: BeautifulSoup) -> list[str]:
    return [link["href"] for link in page.select(".dropdown-launch-buttons a")]


@pytest.mark.slow
def test_the_life_of_a_book(tmp_path):
    """A first build, then a change of prose, then one of the package and of the repository."""
    code = HEADER + "# Page\n\nOld prose {cite:p}`lecun1998gradient`.\n\n"
    code += "See {exercise}`lines` or {exercise}`those <lines>`, {beside}`on paper <book.pdf>`.\n\n"
    code += CELL.format(COUNT) + CELL.format(PICTURE.replace("ALT", '"A black field."'))
    drawn = DRAWING.replace("TITLE", "# Draw: a red field").replace("OPTION", "Red: all of it.", 1)
    code += drawn.replace("Red: all of it.", '"Red: all of it."')
    write_book(
        tmp_path,
        intro="# Start\n\nNo code here, but $a^2$.\n",
        page=code,
        record="# Record\n\n```{how-it-ran}\n```\n\n```{bibliography}\n```\n",
        passing=HEADER + "# Passing\n\n" + CELL.format("1"),
    )
    runs, record = tmp_path / "runs", tmp_path / "_build/html/book/record.html"

    first = build(tmp_path)
    assert first.returncode == 0, first.stdout
    assert runs.read_text() == "x"
    page = parsed(tmp_path, "page")
    image = page.select_one(".cell_output img")
    assert (image["alt"], image["width"], image["height"]) == ("A black field.", "100", "50")
    assert image["src"].endswith(".webp")
    drawing = page.select_one(".cell_output .drawing-box > svg")
    assert drawing["aria-label"] == "Red: all of it."
    assert drawing.get("color") is None and not drawing.select(".paper")
    red = tmp_path / "_build/html/book" / drawing.image["href"]
    assert red.suffix == ".webp"
    with Image.open(red) as opened:
        assert opened.convert("RGB").getpixel((3, 3)) == (255, 0, 0)
    fold = page.select_one("details.hide")
    assert {p.get_text() for p in fold.select("summary p")} == {"Draw: a red field"}
    assert launches(page) == [
        "https://mybinder.org/v2/gh/example/cnnlab/notebooks?urlpath=lab/tree/book/page.ipynb",
        "https://colab.research.google.com/github/example/cnnlab/blob/notebooks/book/page.ipynb",
    ]
    assert launches(parsed(tmp_path, "intro")) == []
    colab = "https://colab.research.google.com/github/example/cnnlab/blob/notebooks/"
    there = f"{colab}exercises/lines.ipynb"
    assert exercises(page) == [("Exercises: lines", there), ("those", there)]
    assert "Passing" in parsed(tmp_path, "intro").select_one("#pst-primary-sidebar").get_text()
    rows = [
        [cell.get_text(strip=True) for cell in row.select("td")]
        for row in parsed(tmp_path, "record").select("tbody tr")
    ]
    assert [row[0] for row in rows[:3]] == ["Page", "Passing", "All pages"]
    assert 0 < float(rows[0][1]) < 60
    assert ["Python", sys.version.split()[0]] in rows

    written = record.stat().st_mtime_ns
    source = tmp_path / "book" / "page.md"
    source.write_text(source.read_text("utf-8").replace("Old prose", "New prose"), "utf-8")
    second = build(tmp_path)
    assert second.returncode == 0, second.stdout
    assert runs.read_text() == "x"
    assert "New prose" in parsed(tmp_path, "page").get_text()
    assert record.stat().st_mtime_ns == written

    (tmp_path / "cnnlab" / "__init__.py").write_text('SEED = 2\n__version__ = "0"\n')
    write_contents(tmp_path, "intro", "page", "record")
    third = build(
        tmp_path,
        COURSE_REPOSITORY="a/b",
        COURSE_BRANCH="dev",
        COURSE_NOTEBOOK_BRANCH="made",
        COURSE_SITE="https://c.org/d",
    )
    assert third.returncode == 0, third.stdout
    assert runs.read_text() == "xx"
    page = parsed(tmp_path, "page")
    assert launches(page) == [
        "https://mybinder.org/v2/gh/a/b/made?urlpath=lab/tree/book/page.ipynb",
        "https://colab.research.google.com/github/a/b/blob/made/book/page.ipynb",
    ]
    assert page.select('a[href="https://github.com/a/b/edit/dev/book/page.md"]')
    there = "https://colab.research.google.com/github/a/b/blob/made/exercises/lines.ipynb"
    assert exercises(page) == [("Exercises: lines", there), ("those", there)]
    assert page.select_one('a[href="https://c.org/d/book.pdf"]').get_text() == "on paper"
    # The page that left the table of contents is gone, and no page names it.
    html = tmp_path / "_build/html"
    assert not [path for path in html.rglob("passing*") if path.is_file()]
    assert "Passing" not in parsed(tmp_path, "intro").get_text()
    assert "passing" not in (html / "searchindex.js").read_text("utf-8").lower()


@pytest.mark.slow
def test_a_fault_on_a_page_fails_the_build_again_and_again(tmp_path):
    page = HEADER + "# Page\n\nNobody wrote {cite:p}`nobody2099`.\n\n"
    page += "Nor is there {exercise}`nothing`.\n\n"
    page += CELL.format(PICTURE.replace("ALT", '""'))
    page += CELL.format(PICTURE.replace("ALT", '"edges.png"'))
    page += DRAWING.replace("TITLE", "x = 1").replace(":alt: OPTION\n", "")
    page += "```{figure} _static/favicon.svg\nA figure without alt text.\n```\n"
    write_book(tmp_path, page=page, other="# Other\n\n```{bibliography}\n```\n")
    for _ in range(2):
        done = build(tmp_path)
        assert done.returncode != 0
        found = re.findall(
            r"book/page\.md:(\d+): .*WARNING: "
            r"(a (?:picture|folded cell) [^:]*|could not find .*|there is no .*)",
            done.stdout,
        )
        sentences = [sentence for _, sentence in found]
        assert sum("has no alt text" in sentence for sentence in sentences) == 3
        assert sum("folded cell says nothing" in sentence for sentence in sentences) == 1
        assert sum("file name for an alt text (edges.png)" in s for s in sentences) == 1
        assert sum("nobody2099" in sentence for sentence in sentences) == 1
        assert sum("no exercise 'nothing'" in sentence for sentence in sentences) == 1
        assert len({line for line, _ in found}) == 6


@pytest.mark.slow
def test_a_failing_cell_fails_the_build_and_says_where(tmp_path):
    page = HEADER + "# Page\n\n" + CELL.format("assert 1 + 1 == 3, 'sums are off'")
    write_book(tmp_path, page=page, other="# Other\n")
    done = build(tmp_path)
    assert done.returncode != 0
    assert "sums are off" in done.stdout
    assert "book/page.md" in done.stdout
