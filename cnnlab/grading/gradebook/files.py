"""Files of a hand-in: in a folder, in a zip, in a zip inside of a zip, with limits.

Nothing is unpacked to disk. A zip that grows too much and a name that leaves its folder are listed,
not followed.
"""

import io
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from unicodedata import normalize

from cnnlab.grading.texts import tr

SUFFIXES = (".ipynb", ".md", ".py")
# What moves a terminal's cursor, turns the direction of writing, or is not seen at all.
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
)
BROWSERS = re.compile(r"\.ipynb\.(txt|json)$", re.IGNORECASE)  # what some save a notebook as
LONGEST_PATH = 2_000  # characters that are looked at: marks over letters take their time
LONGEST_NAME = 150  # characters of a folder's or a file's name that are shown
LARGEST = 20 << 20  # bytes of a file
LARGEST_ZIP = 200 << 20  # bytes of a zip inside of another, and of all that is read from it
MOST_FILES = 100_000  # in a zip
DEEPEST = 3  # zips inside of zips
ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, MemoryError),
    *(RuntimeError, NotImplementedError, ValueError),  # a password, a method, a broken date
)


NO_FILE = tr("There is no file in it.")


class UnreadableError(Exception):
    """A file that is no hand-in; the message says why."""


class Source(Protocol):
    """Where a file's bytes are."""

    def __call__(self) -> bytes: ...


@dataclass(frozen=True)
class Found:
    """A file as it was found.

    Attributes
    ----------
    path
        With its folders inside the hand-in; a zip counts as a folder.
    modified
        When it was last changed, in local time; None if it is not known.
    read
        Its bytes.
    fault
        Why it is not to be read.
    """

    path: str
    modified: datetime | None
    read: Source
    fault: str = ""


def printable(text: str) -> str:
    """Text without what a terminal or a browser would obey, or nobody would see."""
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _shown(path: str) -> str:
    """A path as it is shown to people, and in which students are looked for."""
    if len(path) > LONGEST_PATH:
        path = f"{path[: LONGEST_PATH // 2]}…{path[-LONGEST_PATH // 2 :]}"
    parts = printable(normalize("NFC", path)).split("/")
    return "/".join(
        part if len(part) <= LONGEST_NAME else f"{part[: LONGEST_NAME - 30]}…{part[-29:]}"
        for part in parts
    )


def found_in(place: Path, leave_out: Path | None) -> Iterator[Found]:
    if place.is_dir() and (export := _only_zip(place)):
        yield from _in_zip(export, _shown(export.name), 1)
    elif place.is_dir():
        yield from _in_folder(place, leave_out)
    elif place.suffix.lower() == ".zip":
        yield from _in_zip(place, "", 1)
    else:
        yield Found(_shown(place.name), _modified(place), partial(_read_file, place))


def _only_zip(place: Path) -> Path | None:
    """The zip that is all that a folder has: the times in it are the platform's."""
    names = [path for path in place.iterdir() if not _ignored(path.name)]
    alone = len(names) == 1 and names[0].suffix.lower() == ".zip"
    return names[0] if alone and names[0].is_file() and not names[0].is_symlink() else None


def _in_folder(place: Path, leave_out: Path | None) -> Iterator[Found]:
    for folder, names, files in os.walk(place):
        here = Path(folder)
        names[:] = sorted(
            name
            for name in names
            if not _ignored(name) and not (leave_out and _same(here / name, leave_out))
        )
        links = [name for name in names if (here / name).is_symlink()]
        shown = sorted([*links, *(name for name in files if not _ignored(name))])
        if not shown and not names and here != place:
            yield Found(_shown(here.relative_to(place).as_posix()), None, bytes, NO_FILE)
        for name in shown:
            path = here / name
            inside = _shown(path.relative_to(place).as_posix())
            if path.is_symlink():
                fault = tr("It is a link to another place, which is not followed.")
                yield Found(inside, None, bytes, fault)
            elif path.is_file() and path.suffix.lower() == ".zip":
                yield from _in_zip(path, inside, 1, _modified(path))
            elif path.is_file():
                yield Found(inside, _modified(path), partial(_read_file, path))
            else:  # a pipe or a device: who opens it may wait for ever
                yield Found(inside, None, bytes, tr("It is no ordinary file."))


def _ignored(name: str) -> bool:
    return name.startswith(".") or name in ("__MACOSX", "__pycache__")


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _modified(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    except (ValueError, OverflowError):  # a time that no calendar has
        return None


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return _limited(file, LARGEST)


def _limited(file: Any, most: int) -> bytes:
    """What is in a file, whatever its size is said to be."""
    data = file.read(most + 1)
    if len(data) > most:
        raise UnreadableError(tr("It is larger than {:,} bytes.").format(most))
    return data


def _in_zip(
    archive: Path | Source, path: str, depth: int, handed_in: datetime | None = None
) -> Iterator[Found]:
    """The files of a zip, which is a file, or inside of another one.

    What a student has packed was handed in when the zip was: the times in it are the student's own.
    """
    try:
        file = zipfile.ZipFile(_opened(archive))
        infos = file.infolist()
        _refuse_bomb(infos, inside=bool(path))
    except (UnreadableError, *ZIP_ERRORS) as error:
        said = str(error).removesuffix(".") or type(error).__name__
        reason = tr("The zip cannot be read: {}.").format(said)
        yield Found(path or _shown(archive.name), None, bytes, printable(reason))
        return
    # A zip on disk stays open, for its list of files is long; one inside of another is read anew.
    keeper = file if isinstance(archive, Path) else archive
    for folder in _without_files(infos):
        inside = f"{path}/{folder}" if path else folder
        yield Found(inside, None, bytes, NO_FILE)
    for info in infos:
        name = _shown(info.filename)
        inside = f"{path}/{name}" if path else name
        if info.is_dir():
            continue
        if _leaves(name):
            fault = tr("Its name leaves the folder of the zip.")
            yield Found(inside.replace("..", "…"), None, bytes, fault)
        elif any(map(_ignored, PurePosixPath(name).parts)):
            continue
        elif suffix_of(name) == ".zip" and depth < DEEPEST:
            read = partial(_read_from_zip, keeper, info, LARGEST_ZIP)
            yield from _in_zip(read, inside, depth + 1, handed_in or _zip_time(info))
        elif suffix_of(name) == ".zip":
            fault = tr("Zips lie inside of zips, more than {} deep.").format(DEEPEST)
            yield Found(inside, None, bytes, fault)
        else:
            read = partial(_read_from_zip, keeper, info, LARGEST)
            yield Found(inside, handed_in or _zip_time(info), read)


def _without_files(infos: Iterable[zipfile.ZipInfo]) -> list[str]:
    """The folders of a zip that hold nothing, or nothing but what systems leave behind."""
    bare: set[PurePosixPath] = set()
    filled: set[PurePosixPath] = set()
    for info in infos:
        name = _shown(info.filename)
        parts = PurePosixPath(name).parts
        if _leaves(name):
            continue
        visible = list(takewhile(lambda part: not _ignored(part), parts))
        folder = PurePosixPath(*visible)
        if len(visible) == len(parts) and not info.is_dir():
            filled.update(folder.parents)
        elif visible:
            filled.update(folder.parents)
            bare.add(folder)
    return sorted(map(str, bare - filled))


def _opened(archive: Path | Source) -> Any:
    return archive if isinstance(archive, Path) else io.BytesIO(archive())


def _refuse_bomb(infos: list[zipfile.ZipInfo], inside: bool) -> None:
    if len(infos) > MOST_FILES:
        raise UnreadableError(
            tr("It has {:,} files; at most {:,} are read.").format(len(infos), MOST_FILES)
        )
    size = sum(info.file_size for info in infos if suffix_of(info.filename) in (*SUFFIXES, ".zip"))
    if inside and size > LARGEST_ZIP:
        raise UnreadableError(
            tr("Unpacked, it has {:,} bytes; at most {:,} are read.").format(size, LARGEST_ZIP)
        )


def _leaves(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return not parts or ".." in parts or name[0] in "/\\" or parts[0][1:2] == ":"


def _read_from_zip(keeper: zipfile.ZipFile | Source, info: zipfile.ZipInfo, most: int) -> bytes:
    file = keeper if isinstance(keeper, zipfile.ZipFile) else _inner(keeper)
    with file.open(info) as member:
        return _limited(member, most)


@lru_cache(1)
def _inner(keeper: Source) -> zipfile.ZipFile:
    """A zip inside of another one: its files are read one after another, and its list once."""
    return zipfile.ZipFile(_opened(keeper))


def _zip_time(info: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*info.date_time).astimezone()
    except (ValueError, OverflowError):
        return None


def suffix_of(path: str) -> str:
    """Of a file's name, in small letters; a notebook stays one whatever a browser adds."""
    return ".ipynb" if BROWSERS.search(path) else PurePosixPath(path).suffix.lower()


def not_a_notebook(path: str) -> str:
    if suffix_of(path) in SUFFIXES:
        return ""
    return tr("It is no notebook; expected a file that ends in {}.").format(", ".join(SUFFIXES))
