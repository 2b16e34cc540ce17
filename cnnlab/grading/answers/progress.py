"""The points so far, kept in a file beside the notebook. They are for the student alone."""

import json
import os
from pathlib import Path

FILE = Path("cnnlab-points.json")


def points(room: str, file: Path = FILE) -> dict[str, float]:
    """The best result of each question of a room; empty if there is none, or if it is damaged."""
    kept = _read(file).get(room, {})
    return {name: float(value) for name, value in kept.items() if isinstance(value, (int, float))}


def keep(room: str, name: str, earned: float, file: Path = FILE) -> None:
    """Keep a result, if it is the best so far. An interruption leaves the old file or the new one.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    everything = _read(file)
    best = points(room, file)
    best[name] = max(earned, best.get(name, 0))
    everything[room] = best
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(everything, indent=2), "utf-8")
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _read(file: Path) -> dict[str, dict]:
    try:
        kept = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    rooms = kept.items() if isinstance(kept, dict) else ()
    return {room: results for room, results in rooms if isinstance(results, dict)}
