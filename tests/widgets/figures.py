"""A figure of each kind, for tests that ask the same of all."""

from typing import Any

from cnnlab import widgets
from cnnlab.widgets.frame import Figure

# What a figure cannot be shown without.
NEEDED: dict[str, dict[str, Any]] = {
    "EmbeddingExplorer": {
        "embeddings": [
            [[0.0, 0.0], [0.3, 0.1], [0.2, 0.3], [0.1, -0.2]],
            [[0.0, 0.0], [0.1, 0.1], [0.9, 0.8], [1.0, 0.6]],
        ],
        "labels": ["Ana", "Ana", "Bruno", "Bruno"],
        "pictures": [
            [[0, 255], [64, 0]],
            [[0, 255], [32, 0]],
            [[9, 9], [255, 0]],
            [[255, 9], [9, 0]],
        ],
    },
    "Predict": {"question": "How many numbers has the result?", "truth": 16},
    "ThresholdExplorer": {
        "genuine": {"many": [0.3, 0.5, 0.7, 0.9], "few": [0.6, 1.1]},
        "impostor": {"many": [0.8, 1.2, 1.3, 1.5], "few": [0.5, 0.9, 1.6]},
    },
}


def make(name: str) -> Figure:
    """The figure of that name, with nothing given that need not be."""
    return getattr(widgets, name)(**NEEDED.get(name, {}))
