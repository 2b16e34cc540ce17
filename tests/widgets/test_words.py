"""The words of the figures: in English and in Spanish, none missing and none too many."""

import json
import re

import pytest
from figures import NEEDED, make

from cnnlab import widgets
from cnnlab.widgets.modules import FOLDER, lean

FRAME = ("frame", "player", "walk", "boxes")
WITH = {"photo_edges": ("pictures",)}  # scripts whose words are a figure's own
WORDS = sorted(FOLDER.glob("*.json"))
HOMES = {home: name for name, home in widgets.HOMES.items()}
TEXTS = re.compile(r'"([^"\n]*)"'), re.compile(r"`([^`\n]*)`")

every_file = pytest.mark.parametrize("path", WORDS, ids=lambda path: path.stem)


def words(name: str) -> dict[str, dict[str, str]]:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def scripts(name: str) -> str:
    """The code whose words are in ``<name>.json``."""
    names = FRAME if name == "frame" else (name, *WITH.get(name, ()))
    return "\n".join(lean((FOLDER / f"{one}.js").read_text("utf-8")) for one in names)


def patterns(code: str) -> set[str]:
    """What stands in quotes, as patterns: ``class${label}`` is any word that begins with class."""
    pieces = (re.split(r"\$\{[^}]*\}", one) for texts in TEXTS for one in texts.findall(code))
    return {".+".join(map(re.escape, piece)) for piece in pieces if any(piece)}


def asked(code: str) -> set[str]:
    """The keys, as patterns, that stand in the first argument of ``t(…)`` itself."""
    found = set()
    for call in re.finditer(r"(?<![\w$])t\(", code):
        depth, i = 0, call.end()
        while depth or code[i] not in ",)":
            depth += (code[i] in "([{") - (code[i] in ")]}")
            i += 1
        argument = re.sub(r"[!=]== ?\"[^\"]*\"|\[[^\]]*(?==)", "", code[call.end() : i])
        found |= patterns(re.sub(r"\([^()]*\)", "", argument))
    return found


USE = """async () => {
  const next = () => new Promise((done) => setTimeout(done));
  const seen = (one) => one.checkVisibility();
  for (const one of document.querySelectorAll(".cnnlab select"))
    for (const { value } of [...one.options]) {
      if (!seen(one)) break;
      one.value = value;
      one.dispatchEvent(new Event("change"));
      await next();
    }
  for (const kind of ["button", "input[type=checkbox]"])
    for (let i = 0; i < document.querySelectorAll(`.cnnlab ${kind}`).length; i++) {
      const one = document.querySelectorAll(`.cnnlab ${kind}`)[i];
      if (seen(one)) one.click();
      await next();
    }
  return [...new Set(missing)];
}"""


def test_every_figure_has_its_words():
    assert {path.stem for path in WORDS} == {"frame", *HOMES}


@every_file
def test_both_languages_have_the_same_words_and_fill_in_the_same(path):
    both = words(path.stem)
    assert list(both) == ["en", "es"]
    english, spanish = both.values()
    assert english.keys() == spanish.keys()
    for key in english:
        assert english[key].strip() and spanish[key].strip()
        blanks = [sorted(set(re.findall(r"\{\w+\}", text[key]))) for text in (english, spanish)]
        assert blanks[0] == blanks[1], key


@every_file
def test_no_word_of_the_frame_is_changed(path):
    if path.stem != "frame":
        assert not words(path.stem)["en"].keys() & words("frame")["en"].keys()


@every_file
def test_every_word_is_used(path):
    """Its key stands in the script, or in what Python sends: kinds of layers, names of kernels."""
    code = scripts(path.stem)
    used = patterns(code) | set(re.findall(r"\b(\w+):", code))  # a table's keys are asked for too
    if path.stem in HOMES:
        state = make(HOMES[path.stem]).get_state()
        own = {key: value for key, value in state.items() if not key.startswith("_")}
        used |= patterns(json.dumps(own) + path.with_suffix(".py").read_text("utf-8"))
    keys = words(path.stem)["en"]
    assert [key for key in keys if not any(re.fullmatch(one, key) for one in used)] == []


@every_file
def test_every_word_that_is_asked_for_is_there(path):
    keys = words("frame")["en"].keys() | words(path.stem)["en"].keys()
    missing = [
        one for one in asked(scripts(path.stem)) if not any(re.fullmatch(one, k) for k in keys)
    ]
    assert missing == []


def test_a_key_is_found_wherever_a_call_names_it():
    code = 't("a", { n: "no" }) + t(x === "no" ? "b" : `c${z}`) + `${t("d")}` + at("e") + t(f("g"))'
    assert asked(code) == {"a", "b", "c.+", "d"}


@pytest.mark.browser
@pytest.mark.parametrize("name", widgets.__all__)
def test_no_phrase_is_missing_while_a_figure_is_used(name, show):
    """A key without a phrase stands for itself: only names that Python sends may do so."""
    figure = getattr(widgets, name)
    fallback = "??WORDS[lang][key]??key;"
    assert figure._esm.count(fallback) == 1
    kept = fallback.replace("??key", "??(missing.push(key),key)")
    module = "globalThis.missing=[];" + figure._esm.replace(fallback, kept)
    used = type(name, (figure,), {"_esm": module})(**NEEDED.get(name, {}))
    missing = show(used).evaluate(USE)
    own = json.dumps({key: v for key, v in used.get_state().items() if not key.startswith("_")})
    assert [key for key in missing if f'"{key.removeprefix("class ")}"' not in own] == []
