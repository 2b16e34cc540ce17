"""What ``make bench`` measured, for pages to quote: no result stands in the prose by hand."""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("measured.json")


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
