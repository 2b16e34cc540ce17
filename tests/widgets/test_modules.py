"""One module out of many scripts: what is joined, in which order, and what is refused."""

import re

import pytest

from cnnlab import widgets
from cnnlab.widgets.modules import FOLDER, join, lean


@pytest.fixture
def write(tmp_path):
    """Write scripts: ``write(main="…", part="…")``; a name with an underscore: ``words_json``."""

    def write_(**files: str):
        for name, text in files.items():
            stem, _, kind = name.partition("_")
            (tmp_path / f"{stem}.{kind or 'js'}").write_text(text, "utf-8")
        return tmp_path

    return write_


def test_each_script_stands_once_and_before_those_that_use_it(write):
    folder = write(
        main='import { b } from "./b.js";\nimport {\n  a,\n  other,\n} from "./a.js";\nb(a);\n',
        b='import { a } from "./a.js";\nexport const b = () => a;\n',
        a="// the first\nexport const [a, other] = [1, 2];\n",
        main_css=".main{}",
        a_css=".a{}",
    )
    module, style = join("main", folder)
    assert module.splitlines() == [
        "export const [a,other]=[1,2];",
        "export const b=()=>a;",
        "b(a);",
    ]
    assert style == ".a{}.main{}"


def test_a_script_may_lie_in_another_folder_with_its_words(write):
    """Two ways to a script are one script."""
    write(
        part='import WORDS from "./part.json" with { type: "json" };\nexport const t = WORDS.t;\n',
        part_json='{"t": 1}',
        part_css=".part{}",
    )
    (write() / "inner").mkdir()
    for name in ("main", "other"):
        text = 'import { t } from "../part.js";\nexport const NAME = t;\n'.replace("NAME", name)
        if name == "main":
            text = 'import { other } from "./other.js";\n' + text.replace("= t", "= [t, other]")
        (write() / "inner" / f"{name}.js").write_text(text, "utf-8")
    module, style = join("main", write() / "inner")
    assert module.splitlines() == [
        "const WORDS={t:1};",
        "export const t=WORDS.t;",
        "export const other=t;",
        "export const main=[t,other];",
    ]
    assert style == ".part{}"


def test_words_become_a_constant(write):
    folder = write(
        main='import WORDS from "./main.json" with { type: "json" };\nexport default WORDS;\n',
        main_json='{"en": {"a": "// {n}", "b c": "x,\\"y\\":", "ñ": "\\u00ad"}}',
    )
    assert join("main", folder)[0].splitlines() == [
        'const WORDS={en:{a:"// {n}","b c":"x,\\"y\\":","ñ":"\u00ad"}};',
        "export default WORDS;",
    ]


@pytest.mark.parametrize(
    "main, words",
    [
        ('import { a } from "./gone.js";\n', 'main.js imports "./gone.js"; expected a file of'),
        ('import W from "./w.json" with { type: "json" };\n', 'main.js imports "./w.json"'),
        (
            'import { c } from "./part.js";\n',
            'main.js imports c from "./part.js"; expected one of a, b',
        ),
        ('import { hidden } from "./part.js";\n', "main.js imports hidden"),
        ('import { a as b } from "./part.js";\n', "main.js imports a as b"),
        ('import { a } from "./part.js";\nfunction hidden() {}\n', "part.js and main.js both"),
        ('import { a } from "./part.js";\nconst { x, b } = a;\n', "both declare b"),
        (
            'import a from "./part.json" with { type: "json" };\nimport { b } from "./part.js";\n',
            "both declare a",
        ),
        ('import * as part from "./part.js";\n', "main.js says 'import [*] as part"),
        ('import "https://example.org/a.js";\n', "main.js says"),
        ('import { a } from "./round.js";\n', "main.js → round.js → main.js"),
    ],
)
def test_what_cannot_be_joined_is_said(write, main, words):
    folder = write(
        main=main,
        part="export const a = 1;\nexport async function b() {}\nconst hidden = 2;\n",
        part_json="{}",
        round='import { x } from "./main.js";\nexport const a = 1;\n',
    )
    with pytest.raises(ValueError, match=words):
        join("main", folder)


def test_a_figure_without_its_script_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"the figure's script is nothing\.js"):
        join("nothing", tmp_path)


def test_only_comments_and_spaces_that_mean_nothing_are_left_out():
    script = (
        '// why\n/**\n * @param {number} a\n */\n  const a = 1; // a `b` "\n\n    // why not\n'
        'f(/** @type {Element} */ (a), "// x = 1", `// ${"/* y */"} , ${a ? b : c}`);\n'
        "const b = g(\n  [\n    1, // one\n    2,\n  ],\n  {\n    c: (d) => {\n      e();\n    },\n"
        "  },\n)\n  .map(h)\n  ?.i;\nj(/[a,]/ - -1 in k);\n"
    )
    assert lean(script).splitlines() == [
        "const a=1;",
        'f((a),"// x = 1",`// ${"/* y */"} , ${a ? b : c}`);',
        "const b=g([1,2],{",
        "c:(d)=>{",
        "e();",
        "}",
        "}).map(h)?.i;",
        "j(/[a,]/ - -1 in k);",
    ]


def test_a_template_in_a_template_stays_as_it_is():
    script = 'a = `x = ${b ? ` = ${c({ d : 1 })}` : ""} , y` ;\n'
    assert lean(script) == 'a=`x = ${b ? ` = ${c({ d : 1 })}` : ""} , y` ;'


@pytest.mark.parametrize("text", ["`${{ a: { b } }}`", "`no end"])
def test_a_template_that_is_too_deep_is_an_error(text):
    with pytest.raises(ValueError, match="this template cannot be read"):
        lean(f"const a = {text};")


every_script = pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*.js")), ids=lambda path: path.stem
)


@every_script
def test_an_editor_checks_the_types_of_every_script(path):
    assert path.read_text("utf-8").startswith("// @ts-check\n")


@every_script
def test_no_text_goes_over_several_lines(path):
    """Lines are trimmed: what a line break and spaces mean something in would be changed."""
    assert all(line.count("`") % 2 == 0 for line in lean(path.read_text("utf-8")).splitlines())


@pytest.mark.parametrize("name", widgets.__all__)
def test_no_line_is_left_that_imports(name):
    assert not re.search(r"\bimport\b", getattr(widgets, name)._esm)
