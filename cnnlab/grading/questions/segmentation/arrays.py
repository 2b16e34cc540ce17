"""Arrays that this room's questions share."""

from collections.abc import Sequence

import numpy as np

Array = np.ndarray


def whole(rng: np.random.Generator, *shape: int) -> Array:
    """Small whole numbers, none of them 0, for an example that can be followed by hand."""
    return rng.choice([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0], shape)


def one_sided(rng: np.random.Generator, *shape: int) -> Array:
    """Small whole numbers of which no two are equal in a filter: no turn leaves it as it was."""
    count = int(np.prod(shape[:2]))
    filters = [rng.permutation(count) + 1.0 for _ in range(int(np.prod(shape[2:])))]
    return np.stack(filters, axis=1).reshape(shape)


def normal(rng: np.random.Generator, *shape: int) -> Array:
    return rng.normal(size=shape).round(2)


def stamped(
    x: Array,
    w: Array,
    step: int,
    size: Sequence[int],
    overwrite: bool = False,
) -> Array:
    """Each number of x stamps the filters onto a canvas of zeros, `step` cells on from the last.

    x is ``(N, h, w, K)``, the filters ``(f_h, f_w, C, K)``, the canvas ``(N, *size, C)``: one
    product at a time, and what lies beyond the canvas is lost.
    """
    canvas = np.zeros((len(x), *size, w.shape[2]))
    for n, i, j in np.ndindex(x.shape[:3]):
        for u, v in np.ndindex(w.shape[:2]):
            row, column = i * step + u, j * step + v
            if row < size[0] and column < size[1]:
                before = 0 if overwrite else canvas[n, row, column]
                canvas[n, row, column] = before + w[u, v] @ x[n, i, j]
    return canvas


def full_size(x: Array, w: Array, step: int) -> tuple[int, int]:
    """Rows and columns of the canvas that just holds all stamps."""
    (h, width), (f_h, f_w) = x.shape[1:3], w.shape[:2]
    return step * (h - 1) + f_h, step * (width - 1) + f_w


def cut(canvas: Array, before: int, after: int) -> Array:
    """Without that many rows and columns at the top and the left, and below and on the right."""
    H, W = canvas.shape[1:3]
    return canvas[:, before : H - after, before : W - after]
