"""How far apart are two encodings? d(img1, img2) = ‖f(img1) − f(img2)‖².

F. Schroff, D. Kalenichenko, J. Philbin, FaceNet: a unified embedding for face recognition and
clustering, CVPR 2015.
"""

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.faces import checks


def squared_distances(f: ArrayLike, g: ArrayLike | None = None) -> np.ndarray:
    """The squared distance of each encoding in `f` to each in `g`.

    By ‖f − g‖² = ‖f‖² + ‖g‖² − 2 f·g, which is one product of matrices. Rounding may leave that
    a little below 0 where two are the same, so negative ones become 0.

    Parameters
    ----------
    f, g
        Encodings, ``(N, D)`` and ``(M, D)``. Without `g`: those of `f` with each other.

    Returns
    -------
    numpy.ndarray
        ``(N, M)`` in float64; for unit lengths from 0 to 4.

    Raises
    ------
    ValueError
        If they are not matrices of finite numbers, or of different D, or a square is too large.
    """
    f = checks.encodings("f", f)
    g = f if g is None else checks.encodings("g", g)
    if f.shape[1] != g.shape[1]:
        raise ValueError(f"g has shape {g.shape}; expected (M, {f.shape[1]}), as f has")
    with np.errstate(over="ignore", invalid="ignore"):
        squares = (f**2).sum(axis=1)[:, None] + (g**2).sum(axis=1) - 2 * f @ g.T  # (N, M)
    if not np.isfinite(squares).all():
        raise ValueError("f or g has numbers too large to be squared; expected less than 1e150")
    return np.maximum(squares, 0)


def unit_length(f: ArrayLike) -> np.ndarray:
    """Each encoding divided by its length; one that is 0 stays 0.

    Parameters
    ----------
    f
        ``(N, D)``.

    Returns
    -------
    numpy.ndarray
        ``(N, D)`` in float64.

    Raises
    ------
    ValueError
        If it is no matrix of finite numbers.
    """
    f = checks.encodings("f", f)
    largest = np.abs(f).max(axis=1, keepdims=True)  # squares of what is tiny or huge are lost
    f = f / np.where(largest > 0, largest, 1)
    lengths = np.linalg.norm(f, axis=1, keepdims=True)  # (N, 1)
    return f / np.where(lengths > 0, lengths, 1)


def all_pairs(f: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The squared distance of every two pictures, and whether they show the same person.

    Parameters
    ----------
    f
        Encodings, ``(N, D)``.
    labels
        ``(N,)``, whole numbers: whom each picture shows.

    Returns
    -------
    distances, same
        ``(N (N − 1) / 2,)`` each: no picture is paired with itself, and no pair is there twice.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    f = checks.encodings("f", f)
    labels = checks.labels("labels", labels, len(f))
    i, j = np.triu_indices(len(f), k=1)
    return squared_distances(f)[i, j], labels[i] == labels[j]
