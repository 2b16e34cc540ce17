"""Handwritten digits: 5,000 that come with the package, or the whole of MNIST."""

from pathlib import Path

import numpy as np

from cnnlab.data.fetch import fetch

BUNDLED = Path(__file__).with_name("digits.npz")
SETS = {"small": lambda: BUNDLED, "full": lambda: fetch("mnist")}

Part = tuple[np.ndarray, np.ndarray]


def digits(size: str = "small") -> tuple[Part, Part]:
    """Handwritten digits from MNIST, split into a part to train with and a part to test with.

    Parameters
    ----------
    size
        ``"small"``: 4,000 and 1,000 digits, bundled. Each digit is there 400 and 100 times, and
        they take turns (0, 1, … 9, 0, …), so any first few hundred are a fair sample.
        ``"full"``: MNIST's 60,000 and 10,000, in MNIST's order, fetched once (11 MB) and kept.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Images, ``(N, 28, 28, 1)`` float32 in [0, 1], white on black; labels, ``(N,)`` int64.

    Raises
    ------
    ValueError
        If `size` is neither of the two.
    OSError
        If the full set is not here and cannot be fetched.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document
    recognition, Proceedings of the IEEE, 1998.
    """
    if size not in SETS:
        raise ValueError(f"size is {size!r}; expected one of {', '.join(map(repr, SETS))}")
    with np.load(SETS[size]()) as file:
        return _part(file, "train"), _part(file, "test")


def _part(file: np.lib.npyio.NpzFile, name: str) -> Part:
    x = file[f"x_{name}"].astype(np.float32)[..., np.newaxis]  # (N, 28, 28, 1)
    x /= 255
    return x, file[f"y_{name}"].astype(np.int64)
