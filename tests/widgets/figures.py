"""A figure of each kind, for tests that ask the same of all."""

from typing import Any

from cnnlab import widgets
from cnnlab.widgets.frame import Figure

# What a figure cannot be shown without.
NEEDED: dict[str, dict[str, Any]] = {
    "Predict": {"question": "How many numbers has the result?", "truth": 16},
    "ThresholdExplorer": {
        "genuine": {"many": [0.3, 0.5, 0.7, 0.9], "few": [0.6, 1.1]},
        "impostor": {"many": [0.8, 1.2, 1.3, 1.5], "few": [0.5, 0.9, 1.6]},
    },
}


def make(name: str) -> Figure:
    """The figure of that name, with nothing given that need not be."""
    return getattr(widgets, name)(**NEEDED.get(name, {}))
