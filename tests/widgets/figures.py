"""A figure of each kind, for tests that ask the same of all."""

from types import SimpleNamespace
from typing import Any

from cnnlab import widgets
from cnnlab.widgets.frame import Figure


def patch(picture: int, box: tuple[int, int, int, int], image: list[list[int]]) -> SimpleNamespace:
    """A patch as `cnnlab.style.Responses` gives it, without the network."""
    return SimpleNamespace(picture=picture, box=box, image=image, value=2.5)


# What a figure cannot be shown without.
NEEDED: dict[str, dict[str, Any]] = {
    "PatchExplorer": {
        "pictures": [[[0, 90, 9, 0], [64, 0, 9, 128], [9, 9, 200, 255]]] * 2,
        "patches": {
            "first": {
                4: [patch(1, (0, 1, 2, 3), [[90, 9], [0, 9]]), patch(0, (2, 0, 3, 1), [[9]])]
            },
            "second": {0: [patch(0, (0, 0, 3, 1), [[0], [64], [9]])]},
        },
        "deconvolutions": {
            "first": {4: [[[0, 9], [9, 0]], [[128]]]},
            "second": {0: [[[9], [0], [255]]]},
        },
    },
    "Predict": {"question": "How many numbers has the result?", "truth": 16},
    "StylePlayer": {
        "frames": [[[0, 255, 9], [64, 0, 9]], [[0, 9, 128], [255, 32, 9]]],
        "steps": [0, 3],
        "costs": {"content": [0, 0.2, 0.3, 0.3], "style": [90, 40, 8, 2.5]},
        "mixes": {
            (0.1, 10): [[0, 255], [64, 0]],
            (0.1, 100): [[9, 255], [64, 0]],
            (1, 10): [[0, 255], [64, 9]],
            (1, 100): [[0, 9], [64, 255]],
        },
    },
}


def make(name: str) -> Figure:
    """The figure of that name, with nothing given that need not be."""
    return getattr(widgets, name)(**NEEDED.get(name, {}))
