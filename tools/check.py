"""A first answer after a change: the tests and the pages that it can reach, in about three minutes.

    python -m tools.check --jobs 2

Changed is what differs from the branch `main`. A test or a page is reached if it changed, or if it
imports, directly or through others, a module that changed; a test also if it names the file. What
is slow, or needs the built book, is left to ``make test``, and pages that would take too long too.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import jupytext

from tools import pages
from tools.imports import Imports

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "cnnlab"
BUDGET = 75.0  # seconds for the pages; the tests take about as long
NEEDS_BOOK = "tests/book/test_site.py"


def git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else []


def changed_files() -> set[str]:
    """Paths that differ from where this branch left `main`; new ones that git does not know too."""
    (base,) = (
        git("merge-base", "HEAD", "main") or git("merge-base", "HEAD", "origin/main") or ["HEAD"]
    )
    new = git("ls-files", "--others", "--exclude-standard")
    return {*git("diff", "--name-only", base), *new}


def touched_modules(changed: set[str], files: dict[str, Path]) -> set[str]:
    """The modules that a change alters: by themselves, or by a file beside them that they read."""
    found = set()
    for path in map(ROOT.joinpath, changed):
        if not path.is_relative_to(ROOT / PACKAGE):
            continue
        same = {
            name for name, file in files.items() if file.with_suffix("") == path.with_suffix("")
        }
        beside = {name for name, file in files.items() if file.parent == path.parent}
        found |= same or beside
    return found


def code(file: Path) -> str:
    """The Python of a test or a page."""
    if file.suffix == ".py":
        return file.read_text("utf-8")
    cells = jupytext.read(file, fmt="md:myst").cells
    lines = "\n".join(cell.source for cell in cells if cell.cell_type == "code").splitlines()
    return "\n".join(f"pass  # {line}" if line.startswith(("%", "!")) else line for line in lines)


def conftests(test: Path) -> list[Path]:
    """What pytest reads before a test."""
    folders = [folder for folder in test.parents if folder.is_relative_to(ROOT / "tests")]
    return [file for file in (folder / "conftest.py" for folder in folders) if file.exists()]


def reached(changed: set[str], tests: list[Path], notebooks: list[Path]) -> list[Path]:
    """The tests and pages, of those given, that the changed files can reach."""
    imports = Imports(ROOT / PACKAGE)
    touched = touched_modules(changed, imports.files)
    outside = [path for path in changed if not path.startswith((PACKAGE, "book/", "_"))]
    helpers = {Path(path).name for path in outside if Path(path).suffix}  # `run` is in every text

    def concerned(file: Path) -> bool:
        own = [file, *conftests(file)]
        if any(each.relative_to(ROOT).as_posix() in changed for each in own):
            return True
        sources = [code(each) for each in own]
        named = file.suffix == ".py" and any(name in sources[0] for name in helpers)
        return named or any(imports.reach(source) & touched for source in sources)

    return [file for file in (*tests, *notebooks) if concerned(file)]


def within(
    budget: float, wanted: list[Path], seconds: dict[str, float], changed: set[str]
) -> list[Path]:
    """The pages to run now: those that changed, then the shortest, while there is time."""

    def urgency(page: Path) -> tuple[bool, float]:
        return pages.name(page) not in changed, pages.length(page, seconds)

    chosen = []
    for page in sorted(wanted, key=urgency):
        budget -= pages.length(page, seconds)
        if budget >= 0 or pages.name(page) in changed:
            chosen.append(page)
    return chosen


def say(title: str, files: list[Path]) -> None:
    names = ", ".join(file.relative_to(ROOT).with_suffix("").as_posix() for file in files)
    print(f"{title}: {names or 'none'}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, required=True, help="how many processes run at a time")
    jobs = parser.parse_args().jobs

    changed = changed_files()
    tests = sorted(set(ROOT.glob("tests/**/test_*.py")) - {ROOT / NEEDS_BOOK})
    store, missing = pages.to_run(pages.notebooks(ROOT / "_toc.yml", exercises=True))
    found = reached(changed, tests, missing)
    chosen_tests = [file for file in found if file.suffix == ".py"]
    wanted = [file for file in found if file.suffix == ".md"]
    seconds = pages.runs.last_seconds(store)
    now = within(BUDGET * jobs, wanted, seconds, changed)
    figures = any(path.startswith(("cnnlab/widgets/", "tests/widgets/")) for path in changed)
    marks = "not slow" if figures else "not slow and not browser"

    say(f"{len(changed)} changed files reach the tests", chosen_tests)
    say("and the pages", now)
    say(
        "Left to make test: what is slow or needs the built book, and the pages",
        [page for page in wanted if page not in now],
    )
    failed = False
    if chosen_tests:
        command = ["-m", "pytest", "-q", "-n", str(jobs), "--dist", "worksteal", "-m", marks]
        done = subprocess.run([sys.executable, *command, *chosen_tests], cwd=ROOT)
        failed = done.returncode not in (0, 5)  # 5: all of them are left to make test
    if now:
        failed |= (
            subprocess.run(pages.command(store, now, jobs, f"--keep={store}"), cwd=ROOT).returncode
            != 0
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
