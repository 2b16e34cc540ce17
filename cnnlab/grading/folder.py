"""Questions of a teacher's own: a folder with a file for each, in the form of the course's own."""

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from cnnlab.grading.question import Question


@dataclass(frozen=True)
class Folder:
    """The questions of a folder.

    Attributes
    ----------
    room
        The name of the folder, which is that of its exercise.
    version
        Of the exercise: ``VERSION`` in ``__init__.py``; 1 without.
    questions
        In the order of the names of their files.
    fingerprint
        Of what is in the files; another one means that all has to be marked again.
    """

    room: str
    version: int
    questions: tuple[Question, ...]
    fingerprint: str


def read(path: Path) -> Folder:
    """The questions of a folder: each file that has a ``QUESTION``.

    Raises
    ------
    ValueError
        If there are none, or a file cannot be read; it names the file.
    """
    path = path.resolve()
    if not path.is_dir():
        raise ValueError(f"the questions are in {path}, which does not exist; expected a folder")
    if not path.name.isidentifier():
        raise ValueError(
            f"the questions are in {path}; expected a folder whose name has letters, digits and _"
        )
    files = sorted(path.glob("*.py"))
    questions: dict[str, Question] = {}
    version = 1
    with _importable(path):
        for file in files:
            module = _run(path.name, file)
            version = getattr(module, "VERSION", version)
            question = getattr(module, "QUESTION", None)
            if question is None:
                continue  # what several questions share
            if not isinstance(question, Question):
                raise ValueError(f"{file}: QUESTION is {question!r}; expected a Question")
            if question.id in questions:
                raise ValueError(f"{file}: there is another question {question.id!r}")
            questions[question.id] = replace(question, room=path.name)
    if not questions:
        raise ValueError(f"{path} has no question; expected files with a QUESTION")
    text = b"".join(file.name.encode() + file.read_bytes() for file in files)
    return Folder(path.name, version, tuple(questions.values()), hashlib.sha256(text).hexdigest())


def _run(room: str, file: Path) -> ModuleType:
    spec = spec_from_file_location(f"cnnlab_own_{room}_{file.stem}", file)
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ValueError(f"{file} stopped with {type(error).__name__}: {error}") from error
    return module


@contextmanager
def _importable(path: Path) -> Iterator[None]:
    """While its files run, one of them may import another; nobody else finds it later."""
    before = {*sys.modules}
    sys.path.insert(0, str(path))
    try:
        yield
    finally:
        sys.path.remove(str(path))
        for name in {*sys.modules} - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and path in Path(file).parents:
                del sys.modules[name]
