"""What ``make bench`` measured, for pages to quote: no result stands in the prose by hand."""

import json
import os
import platform
from collections.abc import Mapping
from functools import reduce
from importlib.metadata import PackageNotFoundError, version
from operator import getitem
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).with_name("measured.json")
PACKAGES = (  # those that change a result or its seconds
    "numpy",
    "keras",
    "tensorflow-cpu",
    "tensorflow",
    "jax",
    "matplotlib",
    "scikit-image",
    "anywidget",
)


class Peer(NamedTuple):
    """What is measured of ours, beside the same thing of somebody else's.

    Attributes
    ----------
    what, beside
        In words: what is timed, and whose it is compared with.
    topic
        Of the benchmark.
    ours, theirs
        Where the two numbers stand in its results: each key leads one step down.
    unit
        ``"s"`` for seconds, of which fewer are better, or what is counted in a minute.
    """

    what: str
    beside: str
    topic: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    unit: str = "s"


def _timed(what: str, beside: str, topic: str, path: str, ours: str, theirs: str) -> Peer:
    """A comparison of medians: `path` leads to the seconds, step by step with `` · `` between."""
    steps = (*path.split(" · "), "seconds")
    return Peer(what, beside, topic, (*steps, ours, "median"), (*steps, theirs, "median"))


PEERS = (
    _timed(
        *("conv2d in NumPy (im2col), 32 images of 64×64×16", "TensorFlow's convolution"),
        *("convolution", "large", "im2col", "tensorflow"),
    ),
    *(
        _timed(f"non-max suppression, {place}", "TensorFlow's", "nms", place, "ours", "tensorflow")
        for place in ("around 10 objects", "around 200 objects", "anywhere")
    ),
    *(
        _timed(
            f"{name}, {step}", "Keras's own", "architectures", f"{name} · {step}", "ours", "keras"
        )
        for name in ("ResNet50", "MobileNetV2", "EfficientNetB0")
        for step in ("forward", "training step")
    ),
    *(
        _timed(
            *(f"U-Net, {step}", "that of Keras's example, as wide"),
            *("unet", f"beside keras.io · {step}", "ours", "keras"),
        )
        for step in ("forward", "training step")
    ),
    Peer(
        *("hand-ins marked in a minute", "nbgrader", "grading"),
        *(("hand-ins a minute", "ours"), ("hand-ins a minute", "nbgrader"), "a minute"),
    ),
)


def beside_peers(results: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """What was measured beside others' work: a row for each of `PEERS` whose topic was measured.

    Parameters
    ----------
    results
        All results by topic; those of ``make bench`` if none are given.

    Returns
    -------
    list of dict
        ``what``, ``beside``, ``unit``, ``ours``, ``theirs``, and ``ratio``: how many times as much
        ours does in the same time.
    """
    found = read() if results is None else results
    rows = []
    for peer in PEERS:
        if peer.topic not in found:
            continue
        ours, theirs = (reduce(getitem, way, found[peer.topic]) for way in (peer.ours, peer.theirs))
        ratio = theirs / ours if peer.unit == "s" else ours / theirs
        row = {"what": peer.what, "beside": peer.beside, "unit": peer.unit}
        rows.append({**row, "ours": ours, "theirs": theirs, "ratio": ratio})
    return rows


def in_words(row: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    """A row of :func:`beside_peers` as a table shows it: what, beside, ours, theirs, ratio."""

    def written(value: float) -> str:
        return (
            f"{1000 * value:,.1f}\u00a0ms" if row["unit"] == "s" else f"{value:.3g} {row['unit']}"
        )

    return (
        row["what"],
        row["beside"],
        *map(written, (row["ours"], row["theirs"])),
        f"{row['ratio']:.2f}",
    )


def read(file: Path = FILE) -> dict[str, dict[str, Any]]:
    """All results, by topic."""
    return json.loads(file.read_text("utf-8"))


def measured(topic: str) -> dict[str, Any]:
    """The results of one benchmark.

    Parameters
    ----------
    topic
        Such as ``"convolution"``: the name of the module in ``benchmarks/``, with hyphens.

    Returns
    -------
    dict
        What the benchmark returned, and under ``"machine"`` the processor and the versions.

    Raises
    ------
    ValueError
        If this was not measured.
    """
    results = read()
    if topic not in results:
        raise ValueError(
            f"topic is {topic!r}, which was not measured; expected one of"
            f" {', '.join(map(repr, results))}. To measure it: python -m benchmarks {topic}"
        )
    return results[topic]


def runs(result: Mapping[str, Any], form: str = ".1%") -> str:
    """What each run of a measurement gave, one for each seed, for a sentence.

    Parameters
    ----------
    result
        A number over several seeds, as ``benchmarks.over_seeds`` writes it.
    form
        How each is written.

    Examples
    --------
    >>> runs({"mean": 0.972, "spread": 0.007, "runs": [0.9761, 0.9688]})
    '97.6%, 96.9%'
    """
    return ", ".join(f"{run:{form}}" for run in result["runs"])


def machine() -> dict[str, Any]:
    """What seconds depend on: processor, cores that may be used, system, and versions."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count())
    return {
        "processor": processor(),
        "cores": len(usable),
        "system": f"{platform.system()} ({platform.machine()})",
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """The version of Python, and of each of `PACKAGES` that is installed."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def processor() -> str:
    """The processor's name, as the system gives it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8", "replace").splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
