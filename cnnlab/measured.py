"""What ``make bench`` measured, for pages to quote: no result stands in the prose by hand."""

import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

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
