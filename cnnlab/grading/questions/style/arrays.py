"""Arrays that this room's questions share."""

import numpy as np

Array = np.ndarray


def whole(rng: np.random.Generator, *shape: int) -> Array:
    """Small whole numbers, none of them 0, for an example that can be followed by hand."""
    return rng.choice([-2.0, -1.0, 1.0, 2.0, 3.0], shape)


def normal(rng: np.random.Generator, *shape: int, mean: float = 0) -> Array:
    return rng.normal(mean, 1, shape).round(2)


def gram_of(a: Array) -> Array:
    """Of one volume ``(H, W, C)``: the products of each two channels, added place by place."""
    gram = np.zeros((a.shape[-1], a.shape[-1]))
    for place in np.ndindex(a.shape[:-1]):
        gram += np.outer(a[place], a[place])
    return gram


def windows_of(x: Array, w: Array) -> Array:
    """A layer without bias or padding: ``(H, W, C)`` and ``(f, f, C, K)``, weight by weight."""
    f_h, f_w, _, K = w.shape
    rows, columns = len(x) - f_h + 1, x.shape[1] - f_w + 1
    z = np.zeros((rows, columns, K))
    for u, v in np.ndindex(f_h, f_w):
        z += x[u : u + rows, v : v + columns] @ w[u, v]
    return z


def handed_back(dz: Array, w: Array) -> Array:
    """From what each number of z weighs to what each pixel does: the layer's way back."""
    f_h, f_w, C, _ = w.shape
    H, W = dz.shape[0] + f_h - 1, dz.shape[1] + f_w - 1
    dx = np.zeros((H, W, C))
    for i, j in np.ndindex(dz.shape[:2]):
        for u, v in np.ndindex(f_h, f_w):
            dx[i + u, j + v] += w[u, v] @ dz[i, j]
    return dx
