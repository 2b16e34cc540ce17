"""What publishes the book and carries its project: addresses, workflows, containers, tools."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tools import check, links, preview

ROOT = Path(__file__).resolve().parents[1]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ADDRESS = re.compile(
    r"https://(?:colab\.research\.google\.com/github|mybinder\.org/v2/gh|github\.com)"
    r"/([\w.-]+/cnnlab)\b|(https://[\w.-]+\.github\.io/cnnlab/)"
)
STEPS = re.compile(r"\bmake ((?:[\w./-]+ ?)+)")


def repository() -> str:
    """The owner and name of the repository, as `_config.yml` says."""
    return "/".join(CONFIG["repository"]["url"].rstrip("/").split("/")[-2:])


def other_addresses(text: str) -> list[str]:
    """The addresses of a course in a text that are not this one's."""
    own = {repository(), CONFIG["html"]["baseurl"]}
    found = [one or other for one, other in ADDRESS.findall(text)]
    return [each.removesuffix(".git") for each in found if each.removesuffix(".git") not in own]


def texts() -> list[Path]:
    """The files of the repository that people read or programs obey; tests have examples."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    ends = (".md", ".py", ".toml", ".cff", ".yml", ".json", ".js")
    files = [ROOT / name for name in done.stdout.splitlines() if name.endswith(ends)]
    return [file for file in files if file.exists() and "tests" not in file.parts]


# ---- where the course lives ----


def test_every_mention_of_where_the_course_lives_is_that_of_the_configuration():
    files = texts()
    assert len(files) > 100
    found = {file.name: other_addresses(file.read_text("utf-8")) for file in files}
    assert {name: addresses for name, addresses in found.items() if addresses} == {}


def test_files_that_cannot_read_the_configuration_repeat_it():
    url = CONFIG["repository"]["url"]
    assert PROJECT["urls"]["Repository"] == url
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["repository-code"] == url
    assert f"git clone {url}.git" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/other/cnnlab.git",
        "see https://other.github.io/cnnlab/book/intro.html",
        "https://mybinder.org/v2/gh/other/cnnlab/main",
    ],
)
def test_another_address_is_seen(text):
    assert other_addresses(text) != []
    own = text.replace("other/", f"{repository().split('/')[0]}/")
    own = own.replace("https://other.github.io/cnnlab/", CONFIG["html"]["baseurl"])
    assert other_addresses(own) == []


def test_versions_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == PROJECT["version"]
    assert f"\n## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


# ---- workflows and containers ----


def targets() -> set[str]:
    """What `make` can make."""
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("$(VENV)", ".venv")
    makefile = makefile.replace("$(READY):", ".venv/ready:")
    return set(re.findall(r"^([\w./-]+):", makefile, re.MULTILINE))


def asked(text: str) -> set[str]:
    """What a file asks `make` for."""
    words = {word for line in STEPS.findall(text) for word in line.split()}
    return {word for word in words if word.islower() and "=" not in word}


@pytest.mark.parametrize(
    "file",
    [*WORKFLOWS, ROOT / ".devcontainer/devcontainer.json", ROOT / ".ci/run"],
    ids=lambda path: path.name,
)
def test_what_is_asked_of_make_is_there(file):
    lines = [line.partition("#")[0] for line in file.read_text("utf-8").splitlines()]
    commands = "\n".join(line for line in lines if "name:" not in line or "json" in file.suffix)
    assert asked(commands) <= targets() | {"make"}


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_little_and_ends(file):
    """It reads unless a job says more, each job has its time, and each action its version."""
    workflow = yaml.safe_load(file.read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 90
        for step in job["steps"]:
            assert re.fullmatch(r"(docker://)?[\w./-]+[@:][\w./]+", step.get("uses", "a@1"))


def test_the_workflows_themselves_are_checked():
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"]
    uses = [step.get("uses", "") for job in jobs.values() for step in job["steps"]]
    assert any(re.fullmatch(r"docker://rhysd/actionlint:\d+\.\d+\.\d+", each) for each in uses)


def test_the_book_is_tested_before_it_is_published():
    jobs = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text("utf-8"))["jobs"]
    steps = [f"{step.get('uses')} {step.get('run')}" for step in jobs["book"]["steps"]]
    order = ("make book", "browser", "make pdf offline", "upload-pages-artifact", "deploy-pages")
    places = [next(n for n, step in enumerate(steps) if word in step) for word in order]
    assert places == sorted(places)


def test_environments_ask_for_what_the_package_offers():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    *plain, pip = environment["dependencies"]
    extras = re.fullmatch(r"-e \.\[([\w,]+)\]", pip["pip"][0])[1].split(",")
    assert set(extras) <= PROJECT["optional-dependencies"].keys()
    assert "jupyterlab" in " ".join(PROJECT["optional-dependencies"]["book"])
    python = next(one for one in plain if one.startswith("python="))
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))
    assert f"python:{python.removeprefix('python=')}-" in container["image"]
    assert f"Programming Language :: Python :: {python[7:]}" in PROJECT["classifiers"]


# ---- small tools ----


def test_the_preview_names_pages_by_how_they_changed(tmp_path, monkeypatch):
    header = "---\njupytext: {text_representation: {format_name: myst}}\n---\n\n"
    code = header + "```{code-cell}\nfrom cnnlab import boxes\n```\n"
    files = {"cnnlab/__init__.py": "", "cnnlab/boxes.py": ""}
    pages = {"own": code, "uses": code, "still": header, "words": "# Words", "quiet": "# Quiet"}
    for name, text in (files | {f"book/{name}.md": text for name, text in pages.items()}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    for module in (check, preview):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    changed = {"cnnlab/boxes.py", "book/own.md", "book/words.md"}
    sources = [tmp_path / "book" / f"{name}.md" for name in pages]
    found = preview.changed_pages(changed, sources)
    assert found == {
        "Text changed": ["book/own", "book/words"],
        "Uses what changed": ["book/uses"],
    }
    assert '<a href="book/uses.html">' in preview.as_html(found)
    assert "- `book/words.html`" in preview.as_markdown(found)
    assert preview.as_markdown({"Text changed": []}).endswith("none")


def test_links_to_other_hosts_are_listed_with_their_pages(tmp_path):
    a = '<article><a href="https://a.org/x#part">.</a><a href="b.html">.</a></article>'
    b = '<article><a href="https://a.org/x">.</a><a href="https://own.org/p">.</a></article>'
    (tmp_path / "a.html").write_text(a + '<footer><a href="https://c.org">.</a></footer>')
    (tmp_path / "b.html").write_text(b)
    found = links.external(tmp_path, own=("own.org",))
    assert found == {"https://a.org/x": ["a.html", "b.html"]}


@pytest.mark.parametrize("name, good", [("", True), ("missing.html", False)])
def test_a_dead_address_is_told_from_a_living_one(tmp_path, serve, name, good):
    (tmp_path / "index.html").write_text("here")
    assert (links.fault(serve(tmp_path) + name) is None) == good


def test_the_map_of_the_house_has_the_books_machinery():
    """Each module of the extension, and each style and script beside it."""
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    section = page.partition("\n## The book's machinery\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([\w.-]+)`", "\n".join(re.findall(r"^\| (.+?) \|", section, re.M))))
    modules = {file.stem for file in (ROOT / "book/_ext/coursebook").glob("[!_]*.py")}
    static = (ROOT / "book/_static").glob("*.*s")
    assert named == modules | {file.name for file in static}
