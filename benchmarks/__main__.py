"""Run the benchmarks: all of them, or those that are named.

``python -m benchmarks [topic ...]``. The file is written after each topic, so an interrupted run
keeps what it has, and a run of one topic leaves the others as they are.
"""

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import benchmarks
from cnnlab.measured import FILE, beside_peers, in_words, machine, read

DIGITS = 6  # significant: what a clock can tell


def topics() -> dict[str, Callable[[], dict]]:
    """The function ``run`` of each module beside this one, by topic."""
    names = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    modules = (importlib.import_module(f"benchmarks.{n}") for n in names if n != "__main__")
    return {
        module.__name__.rpartition(".")[2].replace("_", "-"): module.run
        for module in modules
        if hasattr(module, "run")
    }


def rounded(value: object) -> object:
    """`value` with its floats cut to `DIGITS` significant digits, and NumPy's made Python's."""
    if isinstance(value, dict):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if hasattr(value, "tolist"):  # a NumPy number or array
        return rounded(value.tolist())
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def lines(results: dict, path: str = "") -> Iterator[str]:
    """A table with a line for each result: where it stands, and what it is."""
    for key, value in results.items():
        name = f"{path}{key}"
        if isinstance(value, dict):
            yield from lines(value, f"{name} · ")
        else:
            yield f"  {name:<48} {value}"


def save(topic: str, results: dict, file: Path) -> None:
    """Put the results of one topic into the file, and leave the others."""
    everything = (read(file) if file.exists() else {}) | {topic: results}
    text = json.dumps(everything, indent=2, sort_keys=True, ensure_ascii=False)
    file.write_text(text + "\n", "utf-8")


def main(
    arguments: Sequence[str], known: Mapping[str, Callable[[], dict]], file: Path = FILE
) -> None:
    """Run, print and save, topic by topic."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="topic", help=f"of: {', '.join(known)}")
    chosen = parser.parse_args(arguments).topics or list(known)
    unknown = [topic for topic in chosen if topic not in known]
    if unknown:
        parser.error(f"no topic {', '.join(unknown)}; expected one of {', '.join(known)}")
    for topic in chosen:
        print(f"== {topic}", flush=True)
        results = rounded({**known[topic](), "machine": machine()})
        print(*lines(results), sep="\n", flush=True)
        save(topic, results, file)
    print(
        "== beside peers: what, beside, ours, theirs, times as fast", *table(read(file)), sep="\n"
    )


def table(results: Mapping) -> list[str]:
    """What was measured beside others' work, a line for each."""
    return ["  " + " · ".join(in_words(row)) for row in beside_peers(results)]


if __name__ == "__main__":
    main(sys.argv[1:], topics())
