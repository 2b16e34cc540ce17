"""The made notebooks: plain Markdown, whole code, links that lead somewhere."""

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.request import urlopen

import jupytext
import nbformat
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

import cnnlab
from cnnlab.grading.questions import ROOMS

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("made_notebooks", ROOT / "tools" / "notebooks.py")
made = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = made
spec.loader.exec_module(made)

SITE = "https://site.example/book/"
CONFIG = {
    "repository": {"url": "https://host.example/owner/course", "branch": "trunk"},
    "html": {"baseurl": SITE},
    "parse": {
        "myst_enable_extensions": ["amsmath", "colon_fence", "deflist", "dollarmath", "tasklist"]
    },
    "bibtex_bibfiles": ["book/works.bib"],
}
HEADER = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

"""
BIB = r"""
@article{one, author = {Ann Alpha}, title = {On one}, journal = {J}, year = 2001, doi = {10.1/x}}
@article{two, author = {Ben Beta and van der Gamma, Carl}, title = {On two}, journal = {J},
  year = 2002, eprint = {2002.00001}}
@book{three, author = {D{\'i}az, Eva and Beta, Ben and Alpha, Ann}, title = {On three},
  publisher = {P}, year = 2003}
"""
PLAIN = MarkdownIt("commonmark").enable("table")
PICTURE = "book/_static/cat.png"


def course_of(folder: Path, exercise: str = "", **pages: str) -> "made.Course":
    """A small course: ``room/page``, ``room/other``, a glossary that is no notebook.

    It has an exercise and a solution of ``room`` if there is a text for it.
    """
    texts = {
        "start": "# Start\n",
        "room__page": "# The page\n",
        "room__other": "# The *other* page\n\n(there)=\n## Over there\n\n$$\nb\n$$ (eq-other)\n",
        "words": "# Words\n\n```{glossary}\nfeature map\n  A map.\n\nReLU\n  Not a line.\n```\n",
    } | pages
    toc = {"format": "jb-book", "root": "book/start", "chapters": []}
    (folder / "book/_static").mkdir(parents=True, exist_ok=True)
    (folder / PICTURE).write_bytes(b"")
    for key, text in texts.items():
        name = key.replace("__", "/")
        path = folder / f"book/{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text if name == "words" else HEADER + text, "utf-8")
        if name != "start":
            toc["chapters"].append({"file": f"book/{name}"})
    for name in ("exercises", "solutions") if exercise else ():
        (folder / name).mkdir()
        (folder / name / "room.md").write_text(HEADER + exercise, "utf-8")
    if exercise:
        toc["chapters"].append({"file": "solutions/room"})
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), "utf-8")
    (folder / "_config.yml").write_text(yaml.safe_dump(CONFIG), "utf-8")
    (folder / "book/works.bib").write_text(BIB, "utf-8")
    return made.Course(folder)


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    return course_of(tmp_path_factory.mktemp("course"))


@pytest.fixture
def plain(small):
    return made.Plain(small, small.pages["book/room/page"]).blocks


def markdown_of(course, page=None) -> str:
    cells = made.notebook(course, page or course.pages["book/room/page"]).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def leaves(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from leaves(token.children or [])


def code_in(text: str) -> list[str]:
    """The contents of all code in a plain Markdown text."""
    code = ("fence", "code_block", "code_inline")
    return [token.content for token in leaves(PLAIN.parse(text)) if token.type in code]


def myst_in(text: str) -> list[str]:
    """What is left of MyST in a text, as a reader of plain Markdown would see it."""
    tokens = list(leaves(PLAIN.parse(text)))
    directives = [t.info for t in tokens if t.type == "fence" and t.info.startswith("{")]
    roles = [
        token.content
        for token, after in pairwise(tokens)
        if after.type == "code_inline" and re.search(r"\{[\w:+-]+\}$", token.content)
    ]
    marks = re.compile(r"^:::|^:[\w-]+:|^\([\w-]+\)=|\$\$\s*\([\w-]+\)|^%|^\+\+\+")
    lines = [t.content for t in tokens if t.type == "text" and marks.search(t.content)]
    return directives + roles + lines


def test_the_search_for_myst_finds_it():
    found = ("```{note}\nx\n```", "a {term}`b`", ":::{tip}", "(a)=", "$$a$$ (b)", "% no", "+++")
    for text in found:
        assert myst_in(text), text
    for text in ("`{term}` and `a`", "```python\n:::\n```", "$x_{ij}$ `a`", "1 % 2", "(a) = b"):
        assert not myst_in(text), text


# Blocks


def test_admonition_becomes_a_quotation_under_a_bold_title(plain):
    text = "before\n\n```{tip}\nFirst.\n\n- a\n- b\n```\n\nafter"
    assert plain(text) == "before\n\n> **Tip**\n>\n> First.\n>\n> - a\n> - b\n\nafter"


@pytest.mark.parametrize(
    ("name", "title"),
    [("note", "Note"), ("warning", "Warning"), ("important", "Important"), ("seealso", "See also")],
)
def test_each_kind_has_its_title(plain, name, title):
    assert plain(f":::{{{name}}}\nText.\n:::") == f"> **{title}**\n>\n> Text."


def test_admonition_with_a_title_of_its_own(plain):
    text = "```{admonition} Before you start: $n$\n:class: note\nText.\n```"
    assert plain(text) == "> **Before you start: $n$**\n>\n> Text."


def test_text_on_the_first_line_of_an_admonition_is_kept(plain):
    assert plain("```{note} One.\nTwo.\n```") == "> **Note**\n>\n> One.\n> Two."


def test_dropdown_folds_and_its_markdown_stays_markdown(plain):
    text = "```{admonition} Answer\n:class: tip dropdown\nIt is **3**.\n\n$$\nx\n$$\n```"
    expected = (
        "<details>\n<summary><b>Answer</b></summary>\n\nIt is **3**.\n\n$$\nx\n$$\n\n</details>"
    )
    assert plain(text) == expected
    kinds = [token.type for token in leaves(PLAIN.parse(expected))]
    assert "strong_open" in kinds  # a blank line ends the HTML


def test_nested_fences_and_colons(plain):
    text = (
        ":::::{note}\nOuter.\n\n````{admonition} Inner\n:class: dropdown\n"
        "```python\nx = 1\n```\n````\n:::::"
    )
    made_text = plain(text)
    assert code_in(made_text) == ["x = 1\n"]
    assert not myst_in(made_text)
    assert made_text.startswith("> **Note**\n>\n> Outer.\n>\n> <details>")


def test_code_with_fences_and_roles_in_it_is_untouched(plain):
    inside = "```{note}\n{term}`x`\n```\n$$\ny\n$$ (label)\n"
    text = f"````markdown\n{inside}````"
    assert plain(text) == text
    quoted = plain(f"`````{{tip}}\n{text}\n`````")
    assert code_in(quoted) == [inside]


def test_directive_in_a_list_keeps_its_place(plain):
    text = "1. one\n\n   ```{note}\n   Inside.\n   ```\n\n2. two"
    assert plain(text) == "1. one\n\n   > **Note**\n   >\n   > Inside.\n\n2. two"


def test_equation_gets_the_number_it_has_in_the_book(tmp_path):
    course = course_of(
        tmp_path,
        start="# Start\n\n$$\na\n$$ (eq-a)\n\n```{note}\n$$\nb\n$$ (eq-b)\n```\n",
        room__page="# P\n\n$$\nc\n+ d\n$$ (eq-c)\n\n```{math}\n:label: eq-d\ne\n```\n\n"
        "$$\nf\n$$\n\n{eq}`eq-c` and {eq}`eq-d` and {eq}`eq-b`\n",
    )
    text = markdown_of(course)
    assert "$$\nc\n+ d \\tag{3}\n$$" in text
    assert "$$\ne \\tag{4}\n$$" in text
    assert "$$\nf\n$$" in text
    assert "(3) and (4) and [(2)](../start.ipynb)" in text


def test_equations_in_quotations_stand_on_one_line(plain):
    """Otherwise the mark > of the second line is taken for a part of the formula."""
    text = plain("```{note}\n$$\na \\\\\nb\n$$\n\nlet $x\n= y$ be\n```")
    assert "> $$a \\\\ b$$" in text
    assert "> let $x = y$ be" in text


def test_figure_comes_from_the_published_book(plain):
    text = "```{figure} ../_static/cat.png\n:alt: A cat\n:name: fig-cat\n\nThe *cat*.\n```"
    assert plain(text) == f"![A cat]({SITE}_images/cat.png)\n\nThe *cat*."


def test_the_living_network_says_where_it_lives(plain):
    text = plain("Before.\n\n```{living-network}\n```\n\nAfter.")
    assert f"> **In [the published page]({SITE}book/room/page.html), the network lives" in text
    assert text.startswith("Before.") and text.endswith("After.") and not myst_in(text)


def test_image_in_markdown_too(plain):
    assert plain("![A cat](../_static/cat.png)") == f"![A cat]({SITE}_images/cat.png)"
    assert plain("![A cat](https://x.example/c.png)") == "![A cat](https://x.example/c.png)"


def test_code_block_becomes_a_fence(plain):
    assert plain("```{code-block} python\nx = 1\n```") == "```python\nx = 1\n```"
    assert code_in(plain("````{code}\n```\n````")) == ["```\n"]


def test_target_becomes_an_anchor_and_comments_go(plain):
    assert plain("(here)=\n## Head") == '<a id="here" name="here"></a>\n\n## Head'
    assert "secret" not in plain("a\n\n% secret\n\nb")


# Lines


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("{doc}`other`", "[The *other* page](other.ipynb)"),
        ("{doc}`that one <other>`", "[that one](other.ipynb)"),
        ("{doc}`../start`", "[Start](../start.ipynb)"),
        ("{doc}`/book/start`", "[Start](../start.ipynb)"),
        ("{doc}`../words`", f"[Words]({SITE}book/words.html)"),
        ("{ref}`there`", "[Over there](other.ipynb)"),
        ("{ref}`that place <there>`", "[that place](other.ipynb)"),
        ("{term}`ReLU`", f"[ReLU]({SITE}book/words.html#term-ReLU)"),
        ("{term}`relu`", f"[relu]({SITE}book/words.html#term-ReLU)"),
        ("{term}`feature\nmap`", f"[feature map]({SITE}book/words.html#term-feature-map)"),
        ("{term}`maps <feature map>`", f"[maps]({SITE}book/words.html#term-feature-map)"),
        ("{eq}`eq-other`", "[(1)](other.ipynb)"),
        ("{math}`x^2`", "$x^2$"),
        ("{cite:p}`one`", "([Alpha, 2001](https://doi.org/10.1/x))"),
        ("{cite:t}`one`", "[Alpha (2001)](https://doi.org/10.1/x)"),
        (
            "{cite:p}`one, two`",
            "([Alpha, 2001](https://doi.org/10.1/x);"
            " [Beta and van der Gamma, 2002](https://arxiv.org/abs/2002.00001))",
        ),
        ("{cite:t}`three`", "[Díaz et al. (2003)](#three)"),
        ("[text](other.md)", "[text](other.ipynb)"),
        ("[text](../words.md#term-ReLU)", f"[text]({SITE}book/words.html#term-ReLU)"),
        ("[text](https://x.example/a.md)", "[text](https://x.example/a.md)"),
    ],
)
def test_roles_and_links(plain, role, expected):
    assert plain(f"See {role}, *yes*.") == f"See {expected}, *yes*."
    if "\n" not in role:
        assert plain(f"| a |\n|---|\n| {role} |") == f"| a |\n|---|\n| {expected} |"
    assert plain(f"```{{note}}\n{role}\n```") == f"> **Note**\n>\n> {expected}"


@pytest.mark.parametrize(
    "text",
    [
        "`{term}`ReLU``` is code",
        "Use `{doc}` and ``a ` {eq}`x` `` as they are",
        r"An escaped \`{term}\` and $5$ or \$5, and a_b*c",
        "$f(x) = \\{x\\}$ and `x[i](j)` and $a](b)$",
        "    {term}`indented code`",
        "<kbd>Tab</kbd> [x][y]\n\n[y]: https://x.example",
    ],
)
def test_what_is_plain_already_stays(plain, text):
    assert plain(text) == text


def test_works_that_are_cited_stand_at_the_end_once(tmp_path):
    text = "# P\n\n{cite:p}`three` {cite:t}`one` {cite:p}`one`\n"
    last = markdown_of(course_of(tmp_path, room__page=text)).partition("**Cited on this page**")[2]
    assert last.count("\n- ") == 2
    assert last.index("Ann Alpha. On one. *J*, 2001.") < last.index("Eva Díaz, Ben Beta, and Ann")
    assert 'id="three"' in last  # cited by a link to this place: it has no address
    assert "On two" not in last


def test_without_citations_there_is_no_list(small):
    assert "Cited" not in markdown_of(small)


# Refusals


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a\n\n```{mermaid}\nx\n```", 3, "directive {mermaid}"),
        ("```{note}\n:open: x\n\ntext\n```", 1, "option open"),
        ("```{note}\n---\nclass: x\n---\ntext\n```", 1, ":key: value"),
        ("```{note}\n:class: x\n\nfirst\n\n{kbd}`x`\n```", 6, "role {kbd}"),
        ("````{note}\n```{tip}\na\n\n{foo}`x`\n```\n````", 5, "role {foo}"),
        ("a\nb {numref}`x`", 2, "role {numref}"),
        ("a\n\nb\nc {doc}`none`", 4, "no page book/room/none"),
        ("{ref}`none`", 1, "no label none"),
        ("{eq}`none`", 1, "no equation none"),
        ("{term}`none`", 1, "no term 'none'"),
        ("{cite:p}`one,none`", 1, "no work 'none'"),
        ("[x](none.md)", 1, "no page book/room/none"),
        ("![x](none.png)", 1, "no file none.png"),
        ("```{figure} ../_static/cat.png\n```", 1, "without :alt:"),
        ("a\n: b", 1, "dl_open"),
        ("a[^1]\n\n[^1]: b", 3, "footnote"),
        ("\\begin{align}\nx\n\\end{align}", 1, "amsmath"),
        ("```{math}\na\n\nb\n```", 1, "empty line"),
        ("- ```{note}\n  a\n  ```", 1, "its own line"),
        ("> ```{note}\n> a\n> ```", 1, "its own line"),
        (":::\na\n:::", 1, "colon fence"),
        ("```{note}\n$$\na % b\n$$\n```", 2, "comment"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_page_and_line(tmp_path, text, line, why):
    course = course_of(tmp_path, room__page=f"# P\n\n```{{code-cell}} ipython3\n1\n```\n\n{text}\n")
    before = HEADER.count("\n") + 6
    with pytest.raises(made.RefusedError) as caught:
        made.notebook(course, course.pages["book/room/page"])
    place, message = str(caught.value).split(": ", 1)
    assert place == f"book/room/page.md:{before + line}"
    assert why in message


def test_myst_in_what_code_displays_is_refused(tmp_path):
    text = "# P\n\n```{code-cell} ipython3\nMarkdown('see {term}`ReLU`')\n```\n"
    course = course_of(tmp_path, room__page=text)
    with pytest.raises(made.RefusedError, match="role in what code displays"):
        made.notebook(course, course.pages["book/room/page"])


def test_a_page_that_is_not_there_is_named(tmp_path):
    course = course_of(tmp_path)
    (tmp_path / "book/room/other.md").unlink()
    with pytest.raises(made.RefusedError, match=r"no page book/room/other\.md"):
        made.write(course, tmp_path / "out")


# Exercises

EXERCISE = "# Exercises: room\n\nRead {doc}`/book/room/page`.\n\n$$\na\n$$\n"


def exercise_of(course) -> str:
    return markdown_of(course, course.exercises["room"])


def test_an_exercise_becomes_a_notebook_that_stands_alone(tmp_path):
    """A student may have this file only: it links to the published book, to no file beside it."""
    course = course_of(tmp_path, EXERCISE)
    files = {path.relative_to(tmp_path).as_posix() for path in made.write(course, tmp_path)}
    assert {"exercises/room.ipynb", "solutions/room.ipynb"} <= files
    text = exercise_of(course)
    assert f"Read [The page]({SITE}book/room/page.html)" in text
    assert f"[For students]({SITE}book/students.html)" in text
    assert "solutions" not in text
    links = [token.attrGet("href") for token in leaves(PLAIN.parse(text))]
    assert all("://" in link for link in filter(None, links))


def test_an_exercise_says_how_to_hand_it_in(tmp_path):
    text = exercise_of(course_of(tmp_path, "# Exercises\n"))
    assert "not a link to it" in text and "Download .ipynb" in text


def test_a_page_links_to_the_notebook_of_an_exercise(tmp_path):
    text = "# P\n\n{exercise}`room` and {exercise}`more <room>`\n"
    course = course_of(tmp_path, EXERCISE, room__page=text)
    address = "../../exercises/room.ipynb"
    assert f"[Exercises: room]({address}) and [more]({address})" in markdown_of(course)


def test_a_file_beside_the_book_is_found_where_the_book_is_published(tmp_path):
    course = course_of(tmp_path, room__page="# P\n\n{beside}`a PDF <book.pdf>`\n")
    assert f"[a PDF]({course.site}book.pdf)" in markdown_of(course)


@pytest.mark.parametrize(
    ("where", "text", "why"),
    [
        ("page", "{doc}`/solutions/room`", "a link to the solutions"),
        ("page", "{ref}`task`", "a link to the solutions"),
        ("page", "{exercise}`none`", "no exercise 'none'"),
        ("exercise", "{doc}`/solutions/room`", "a link to the solutions"),
        ("exercise", "{exercise}`room`", "no exercise 'room' that can be linked to from here"),
        ("exercise", "$$\na\n$$ (eq-a)", "its equations have no number"),
    ],
)
def test_links_that_a_student_cannot_follow_are_refused(tmp_path, where, text, why):
    task = "# Exercises\n\n(task)=\n## One\n\n"
    if where == "page":
        course = course_of(tmp_path, task, room__page=f"# P\n\n{text}\n")
        page = course.pages["book/room/page"]
    else:
        course = course_of(tmp_path, f"{task}{text}\n")
        page = course.exercises["room"]
    with pytest.raises(made.RefusedError, match=f"room(/page)?.md:[0-9]+: .*{why}"):
        made.notebook(course, page)


# Whatever is written, no MyST is left and no code is lost

PLAIN_WORDS = ("plain", "**bold**", "$a_b$", "`{term}`", "``a ` {ref}`b` ``", "(x)")
MYST_WORDS = ("{term}`ReLU`", "{term}`maps <feature map>`", "{doc}`other`", "{eq}`eq-other`")
WORDS = st.sampled_from([*PLAIN_WORDS, *MYST_WORDS, "{cite:p}`one`", "[l](other.md)"])
PARAGRAPHS = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
CODE = st.sampled_from(
    ["x = 1", "```\n{note}\n```", "{term}`x`", ":::{tip}\n:::", "$$\na\n$$ (eq)", "(a)=", "% no"]
)


def fenced(inside: str, mark: str, head: str) -> str:
    """The text between fences that are longer than any fence in it."""
    longest = max(map(len, re.findall(rf"{mark}+", inside)), default=0)
    fence = mark * max(3, longest + 1)
    return f"{fence}{head}\n{inside}\n{fence}"


def around(blocks: st.SearchStrategy) -> st.SearchStrategy:
    several = st.lists(blocks, min_size=1, max_size=3).map("\n\n".join)
    heads = st.sampled_from(
        ["{note}", "{tip}", "{admonition} A $t$", "{admonition} B\n:class: dropdown\n"]
    )
    indented = several.map(lambda text: "- " + text.replace("\n", "\n  "))
    directives = st.builds(fenced, several, st.sampled_from("`:"), heads)
    in_list = directives.map(lambda text: "- item\n\n  " + text.replace("\n", "\n  "))
    return directives | in_list | several | indented.filter(lambda text: text[2] not in "`:$(%~")


BLOCKS = st.recursive(
    PARAGRAPHS
    | st.builds(fenced, CODE, st.just("`"), st.just("python"))
    | st.sampled_from(
        ["$$\na\n$$", "(t)=\n### Head {term}`ReLU`", "| a |\n|---|\n| {term}`ReLU` |", "***"]
    ),
    around,
    max_leaves=8,
)


@settings(deadline=None, max_examples=200)
@given(BLOCKS)
def test_no_myst_survives_and_no_code_is_lost(small, text):
    plain = made.Plain(small, small.pages["book/room/page"])
    result = plain.blocks(text)
    assert not myst_in(result)
    wanted = [
        line
        for token in leaves(small.parse(text))
        for line in ([token.content] if token.type == "fence" and token.info == "python" else [])
    ]
    assert all(code in code_in(result) for code in wanted)
    assert result.count("<details>") == result.count("</details>") == text.count("dropdown")


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="ab`{}$\\*_:[]()<>\n -#1|~%+=", max_size=40))
def test_any_text_is_either_rewritten_or_refused(small, text):
    try:
        result = made.Plain(small, small.pages["book/room/page"]).blocks(text)
    except made.RefusedError as error:
        assert str(error).startswith("book/room/page.md:")
    else:
        left = [token for token in leaves(small.parse(result)) if token.type.startswith("myst_")]
        assert not left


# Notebooks


def test_first_cell_installs_the_released_package_on_colab_only(small):
    cell = made.notebook(small, small.pages["book/room/page"]).cells[0]
    assert cell.cell_type == "code"
    assert f"%pip install -q cnnlab=={cnnlab.__version__}\n" in cell.source
    assert "--upgrade" not in cell.source
    tree = cell.source.partition("else:")  # nothing before this runs where Colab is not
    assert "google.colab" in tree[0]
    assert "%pip" not in tree[0]


def test_hidden_cells_are_folded_and_code_is_untouched(tmp_path):
    text = (
        "# P\n\n```{code-cell} ipython3\n:tags: [remove-input]\nx = '{note}'\n```\n\n"
        "```{code-cell} ipython3\nprint('$$ {x}')\n```\n"
    )
    cells = made.notebook(
        c := course_of(tmp_path, room__page=text), c.pages["book/room/page"]
    ).cells
    hidden, shown = (cell for cell in cells[1:] if cell.cell_type == "code")
    assert hidden.source == "x = '{note}'"
    assert hidden.metadata == {
        "tags": ["remove-input"],
        "jupyter": {"source_hidden": True},
        "cellView": "form",
    }
    assert shown.source == "print('$$ {x}')"
    assert shown.metadata == {}


def test_a_folded_cell_has_a_title_and_a_picture_has_its_words_below(tmp_path):
    text = (
        "# P\n\n```{code-cell} ipython3\n:tags: [hide-input]\n:alt: 'A cat: it sleeps.'\n\n"
        "# Draw: the cat\n# in two lines\nshow(x)\n```\n\nMore.\n"
    )
    c = course_of(tmp_path, room__page=text)
    _, _, folded, words, more, _ = made.notebook(c, c.pages["book/room/page"]).cells
    title = '#@title Draw: the cat { display-mode: "form" }'
    assert folded.source == f"{title}\n# in two lines\nshow(x)"
    assert folded.metadata["cellView"] == "form"
    assert folded.metadata["jupyter"] == {"source_hidden": True}
    summary = "<summary>The picture in words</summary>"
    assert words.source == f"<details>\n{summary}\n\nA cat: it sleeps.\n\n</details>"
    assert more.source == "More."


def test_pages_without_code_cells_header_are_no_notebooks(small, tmp_path):
    files = {path.relative_to(tmp_path).as_posix() for path in made.write(small, tmp_path)}
    names = ("start", "room/page", "room/other")
    assert files == {f"book/{name}.ipynb" for name in names}


def test_the_same_pages_give_the_same_bytes(small, tmp_path):
    first = [path.read_bytes() for path in made.write(small, tmp_path / "a")]
    again = made.Course(small.root)
    assert [path.read_bytes() for path in made.write(again, tmp_path / "b")] == first


def test_addresses_come_from_the_configuration_or_the_environment(small):
    text = markdown_of(small)
    assert f"({SITE}book/room/page.html)" in text
    assert "(https://host.example/owner/course/blob/trunk/book/room/page.md)" in text
    environment = {
        "COURSE_SITE": "https://pages.example/c",
        "COURSE_REPOSITORY": "somebody/fork",
        "COURSE_BRANCH": "dev",
    }
    text = markdown_of(made.Course(small.root, environment))
    assert "(https://pages.example/c/book/room/page.html)" in text
    assert "(https://github.com/somebody/fork/blob/dev/book/room/page.md)" in text
    assert "site.example" not in text


# The course's own pages


@pytest.fixture(scope="session")
def course():
    return made.Course(ROOT)


@pytest.fixture(scope="session")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("notebooks").resolve()


@pytest.fixture(scope="session")
def notebooks(course, out):
    return made.write(course, out)


def test_every_page_that_runs_is_made_and_valid(course, notebooks, out):
    pages = [page.name for page in course.pages.values() if page.is_notebook]
    exercises = [f"exercises/{room}" for room in ROOMS]
    names = [path.relative_to(out).with_suffix("").as_posix() for path in notebooks]
    assert sorted(names) == sorted(pages + exercises)
    for path in notebooks:
        nbformat.validate(json.loads(path.read_text("utf-8")))


def test_no_page_shows_raw_myst(notebooks):
    for path in notebooks:
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "markdown":
                assert not myst_in(cell.source), path.name


def test_every_link_leads_somewhere(course, notebooks):
    made_beside = (ROOT / "Makefile").read_text("utf-8").split()
    for path in notebooks:
        cells = nbformat.read(path, 4).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        anchors = set(re.findall(r'<a id="([^"]+)"', text))
        for token in leaves(PLAIN.parse(text)):
            url = token.attrGet("href") or token.attrGet("src")
            if url is None:
                continue
            if url.startswith("#"):
                assert url[1:] in anchors, f"{path.name}: {url}"
            elif url.startswith(course.site):
                page = url.removeprefix(course.site).partition("#")[0].removesuffix(".html")
                known = not page or page in course.pages or page.startswith("_images/")
                known = known or f"_build/html/{page}" in made_beside  # the PDF, the zip
                assert known, f"{path.name}: {url}"
            elif "://" not in url:
                assert (path.parent / url).resolve() in notebooks, f"{path.name}: {url}"


def test_code_is_the_page_s_code(course, notebooks):
    pages = [page for page in course.pages.values() if page.is_notebook]
    for path, page in zip(notebooks, [*pages, *course.exercises.values()], strict=True):
        cells = jupytext.reads(page.text, fmt="md:myst").cells
        wanted = [cell.source for cell in cells if cell.cell_type == "code"]
        made_cells = [c for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
        form = r'\A#@title (.*) \{ display-mode: "form" \}'
        found = [re.sub(form, r"# \1", cell.source) for cell in made_cells]
        assert found[1:] == wanted


# The same things in the built book


@pytest.mark.browser
def test_equations_have_the_numbers_of_the_book(course, site):
    for page in course.pages.values():
        html = urlopen(f"{site}{page.name}.html").read().decode()
        ours = [number for holder, number in course.equations.values() if holder is page]
        assert [int(n) for n in re.findall(r'class="eqno">\((\d+)\)', html)] == ours, page.name


@pytest.mark.browser
def test_terms_lead_to_their_place_in_the_book(course, site):
    for address in course.glossary.values():
        page, _, anchor = address.removeprefix(course.site).partition("#")
        assert f'id="{anchor}"' in urlopen(site + page).read().decode(), anchor
